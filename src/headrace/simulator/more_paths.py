"""What release 2.41 answers besides its listings of executions, and what it answers otherwise."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from headrace.simulator.listing import offset_page
from headrace.simulator.release import NEWER
from headrace.simulator.slow_counts import counting_seconds
from headrace.simulator.surroundings import (
    data_table_rows,
    data_tables,
    newer_workflows,
    tags,
    users,
    versions,
)
from headrace.simulator.world import World

_Answer = Callable[[re.Match[str], Mapping[str, str]], bytes]
_Rows = Sequence[Mapping[str, Any]]
_LICENSED = {"/projects": "feat:projectRole:admin", "/variables": "feat:variables"}
_STOP = re.compile(r"/executions/([1-9][0-9]{0,17})/stop")
_EXECUTION = re.compile(r"/executions/([1-9][0-9]{0,17})")
_NEVER = "1970-01-01T00:00:00.000Z"


class Refused(Exception):  # noqa: N818 - it is what the API says, not our failure
    """A request is refused; the message is what the API says about it.

    Args:
        status: The status of the answer.
        message: The message in it.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(status, message)
        self.status, self.message = status, message


class MorePaths:
    """Answers the paths that only a newer release has.

    Args:
        world: The executions that it shows.
        slow_counts: Whether a page takes longer the more rows are left.
    """

    def __init__(self, world: World, *, slow_counts: bool = False) -> None:
        self._world = world
        self._slow_counts = slow_counts
        self._routes: tuple[tuple[str, re.Pattern[str], _Answer], ...] = (
            ("POST", _STOP, self._stop),
            ("GET", _EXECUTION, self._execution),
            ("GET", re.compile("/workflows"), _workflows),
            ("GET", re.compile("/workflows/([^/]+)/history"), _versions),
            ("GET", re.compile("/tags"), _tags),
            ("GET", re.compile("/users"), _users),
            ("GET", re.compile("/data-tables"), _data_tables),
            ("GET", re.compile("/data-tables/([^/]+)/rows"), _data_table_rows),
            ("GET", re.compile("|".join(_LICENSED)), _without_a_licence),
        )

    def knows(self, method: str, path: str) -> bool:
        """Tell whether a request is answered here.

        Args:
            method: `GET`, ...
            path: Below the API's base, as `/tags`.
        """
        return any(
            method == known and pattern.fullmatch(path) for known, pattern, _ in self._routes
        )

    def seconds_to_count(self, query: Mapping[str, str]) -> float:
        """Tell how long a page of executions takes, in seconds.

        Args:
            query: The request's parameters, which gave the page.
        """
        return counting_seconds(self._world.rows_left(query)) if self._slow_counts else 0.0

    def answer(self, path: str, query: Mapping[str, str]) -> bytes:
        """Return the JSON text of the answer to a request that is known.

        Args:
            path: Below the API's base, as `/tags`.
            query: The request's parameters.

        Raises:
            BadParameter: One of the parameters cannot be used.
            Refused: The answer is another one than 200.
        """
        for _, pattern, route in self._routes:
            found = pattern.fullmatch(path)
            if found is not None:
                return route(found, query)
        raise Refused(404, "not found")

    def _execution(self, found: re.Match[str], query: Mapping[str, str]) -> bytes:
        include_data = query.get("includeData") == "true"
        row = self._world.execution(int(found[1]), include_data=include_data)
        if row is None:
            raise Refused(404, "Not Found")
        return msgspec.json.encode(row)

    def _stop(self, found: re.Match[str], query: Mapping[str, str]) -> bytes:
        execution_id = int(found[1])
        with self._world.lock:
            row = self._world.execution(execution_id)
            if row is None:
                raise Refused(404, "Not Found")
            try:
                self._world.stop(execution_id)
            except ValueError:
                state = f"{execution_id} is currently {row['status']}"
                message = f"Only running or waiting executions can be stopped and {state}"
                raise Refused(400, message) from None
            stopped = self._world.execution(execution_id) or row
        answer = {
            "mode": stopped["mode"],
            "startedAt": stopped["startedAt"] or _NEVER,
            "stoppedAt": stopped["stoppedAt"],
            "finished": stopped["finished"],
            "status": stopped["status"],
        }
        return msgspec.json.encode(answer)


def _workflows(found: re.Match[str], query: Mapping[str, str]) -> bytes:
    return _page(newer_workflows(), query)


def _versions(found: re.Match[str], query: Mapping[str, str]) -> bytes:
    rows = versions(found[1])
    if rows is None:
        raise Refused(404, "Not Found")
    return _page(rows, query)


def _tags(found: re.Match[str], query: Mapping[str, str]) -> bytes:
    return _page(tags(), query)


def _users(found: re.Match[str], query: Mapping[str, str]) -> bytes:
    return _page(users(include_role=query.get("includeRole") == "true"), query)


def _data_tables(found: re.Match[str], query: Mapping[str, str]) -> bytes:
    return _page(data_tables(), query)


def _data_table_rows(found: re.Match[str], query: Mapping[str, str]) -> bytes:
    rows = data_table_rows(found[1])
    if rows is None:
        raise Refused(404, f"Could not find the data table: '{found[1]}'")
    return _page(rows, query)


def _without_a_licence(found: re.Match[str], query: Mapping[str, str]) -> bytes:
    feature = _LICENSED[found[0]]
    raise Refused(
        403,
        f"Your license does not allow for {feature}. To enable {feature}, please upgrade to a "
        "license that supports this feature.",
    )


def _page(rows: _Rows, query: Mapping[str, str]) -> bytes:
    return offset_page([msgspec.json.encode(row) for row in rows], query, NEWER)
