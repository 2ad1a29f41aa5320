"""A mirror of what the nodes of a world's executions did: rows made of parts of the listed ones."""

from __future__ import annotations

import json

import msgspec

from headrace.core.exchange import Response
from headrace.reading.fetched_page import FetchedPage
from tests.unit.reading.keep_up.held_client import HeldClient, HeldRequest, Row
from tests.unit.reading.keep_up.living_mirror import (
    SETTLED,
    LivingMirror,
    LivingSync,
    MirrorSettings,
)
from tests.unit.reading.keep_up.watched_world import WatchedWorld

MadeRow = tuple[int, str, int, float, float, str, str | None]
"""Execution, node, run, start in milliseconds, milliseconds, status, name of the error."""
MadeRows = frozenset[MadeRow]
_DRAFT = "Draft"


def made_of(row: Row) -> MadeRows:
    """The rows that the table has to have of an execution, in plain Python.

    Args:
        row: The execution with its data.
    """
    return frozenset(
        (
            *(int(row["id"]), node, place, run["startTime"], run["executionTime"]),
            *(run["executionStatus"], run.get("error", {}).get("name")),
        )
        for node, runs in row["data"]["resultData"]["runData"].items()
        for place, run in enumerate(runs)
    )


def with_drafts(row: Row, now: float) -> Row:
    """An execution with parts that are there only until it ends, now more of them and now fewer.

    Args:
        row: The execution with its data; it is changed.
        now: The time in seconds since 1970.
    """
    runs = row["data"]["resultData"]["runData"]
    count = (int(row["id"]) + int(now)) % 3
    if row["status"] not in SETTLED and runs and count:
        draft = {"startTime": 0, "executionTime": 0, "executionStatus": "running", "source": []}
        runs[_DRAFT] = [draft] * count
    return row


class DraftingClient(HeldClient):
    """A client of a world whose executions have drafts."""

    def __init__(self, world: WatchedWorld, *, heeds_status: bool) -> None:
        super().__init__(world, heeds_status=heeds_status)
        self._of = world

    def answer(self, held: HeldRequest) -> None:
        """Answers a request, with the drafts of this moment in it."""
        super().answer(held)
        if not held.rows or not isinstance(held.answer, Response):
            return
        rows = [with_drafts(row, self._of.now) for row in held.rows]
        is_page = held.is_list or held.is_of_one_kind
        body = {"data": rows, "nextCursor": held.next_cursor} if is_page else rows[0]
        answer = held.answer
        held.answer = Response(
            answer.status, answer.headers, json.dumps(body).encode(), answer.request
        )


class MadeMirror(LivingMirror):
    """The table of `node_runs`.

    The rows of an execution that comes again take the place of all that were made of it, as a merge
    by the `merge_key` has it.
    """

    resource = "node_runs"

    def __init__(self, world: WatchedWorld, settings: MirrorSettings) -> None:
        super().__init__(world, settings)
        self.fields |= {"data"}

    def made(self, key: int) -> MadeRows:
        """The rows that the table has of an execution."""
        row = self.table.get(key)
        return frozenset() if row is None else row["made"]

    def open_rows(self) -> set[int]:
        """None: what can still change is not told by the rows that were made."""
        return set()

    def is_open(self, key: int) -> bool:
        """Whether the execution could still change."""
        return True


class MadeSync(LivingSync):
    """A sync of what nodes did."""

    def __init__(self, mirror: MadeMirror) -> None:
        super().__init__(mirror)
        world = mirror.world
        for key in self.told.before:
            row = world.execution(key, include_data=True)
            assert row is not None
            self.told.before[key] = with_drafts(row, world.now)

    def new_client(self, world: WatchedWorld) -> HeldClient:
        """One that shows drafts."""
        return DraftingClient(world, heeds_status=self.mirror.settings.heeds_status)

    def _extract(self, page: FetchedPage) -> None:
        assert not page.unreadable
        found: dict[int, list[MadeRow]] = {}
        for raw in page.rows:
            row = msgspec.json.decode(raw)
            found.setdefault(int(row["execution_id"]), []).append(_as_made(row))
        for key, rows in found.items():
            assert key not in self.leg.rows, f"execution {key} is loaded twice in a leg"
            assert len(set(rows)) == len(rows) == len({each[:3] for each in rows})
            self.leg.rows[key] = {"made": frozenset(rows)}
            self.leg.read_at[key] = self.mirror.world.now


def _as_made(row: Row) -> MadeRow:
    return (
        *(int(row["execution_id"]), row["node"], row["run"], row["started"], row["milliseconds"]),
        *(row["status"], row["error_name"]),
    )
