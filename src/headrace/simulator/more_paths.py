"""What release 2.41 answers about single executions, and how long its pages take."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import msgspec

from headrace.simulator.refused import Refused
from headrace.simulator.slow_counts import counting_seconds
from headrace.simulator.world import World

_Answer = Callable[[re.Match[str], Mapping[str, str]], bytes]
_STOP = re.compile(r"/executions/([1-9][0-9]{0,17})/stop")
_EXECUTION = re.compile(r"/executions/([1-9][0-9]{0,17})")
_NEVER = "1970-01-01T00:00:00.000Z"


class MorePaths:
    """Answers the paths of single executions that only a newer release has.

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
        )

    def knows(self, method: str, path: str) -> bool:
        """Tell whether a request is answered here.

        Args:
            method: `GET`, ...
            path: Below the API's base, as `/executions/12/stop`.
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
            path: Below the API's base, as `/executions/12/stop`.
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
