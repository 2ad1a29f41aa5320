"""Servers that are asked for what has changed: by a token, or by both ends of a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

from tests.support.servers import Answer, Asked

from .style import Rows, Style, row


class SyncToken(Style):
    name = "sync-token"
    first = ("GET /v1/events", "GET /v1/events?pageToken=3")
    second = ("GET /v1/events?syncToken=1",)

    def __init__(self, server: Any) -> None:
        super().__init__(server)
        self.rows = {number: row(number) for number in range(1, 6)}
        self.log = [(1, number) for number in self.rows]
        self.now = 1

    def answer(self, asked: Asked) -> Answer:
        since, at = int(asked.query.get("syncToken", 0)), int(asked.query.get("pageToken", 0))
        changed = [number for version, number in self.log if version > since]
        found = [self.rows.get(number, {"id": number, "deleted": True}) for number in changed]
        page: dict[str, Any] = {"items": found[at : at + 3]}
        if at + 3 < len(found):
            page["nextPageToken"] = str(at + 3)
        else:
            page["nextSyncToken"] = str(self.now)
        return Answer(page)

    def change(self) -> None:
        self.now += 1
        self.rows.pop(2, None)
        self.rows |= {1: row(1) | {"name": "changed"}, 6: row(6)}
        self.log += [(self.now, number) for number in (1, 2, 6)]

    def truth(self) -> Mapping[str, Rows]:
        return {"events": list(self.rows.values())}


class Windows(Style):
    name = "windows"

    def __init__(self, server: Any) -> None:
        super().__init__(server)
        self.today = datetime.now(UTC).date()
        self.rows = [self._row(number) for number in range(1, 90, 7)]
        self.first = self._windows("2024-01-01")
        # As far back as a window is long, where the last ones had no rows.
        self.second = self._windows((self.today - timedelta(31)).isoformat())

    @staticmethod
    def _row(number: int) -> dict[str, Any]:
        return row(number, day=(date(2024, 1, 1) + timedelta(number)).isoformat())

    def _windows(self, start: str) -> Sequence[str]:
        tomorrow = self.today + timedelta(1)
        ends = [date.fromisoformat(start)]
        while ends[-1] < tomorrow:
            ends.append(min(ends[-1] + timedelta(31), tomorrow))
        return [f"GET /v1/visits?from={a}&to={b}" for a, b in pairwise(ends)]

    def answer(self, asked: Asked) -> Answer:
        start, end = asked.query.get("from"), asked.query.get("to")
        if start is None or end is None:
            return Answer({"message": "from and to are required"}, 400)
        if date.fromisoformat(end) - date.fromisoformat(start) > timedelta(31):
            return Answer({"message": "at most 31 days"}, 400)
        return Answer({"visits": [each for each in self.rows if start <= each["day"] < end]})

    def change(self) -> None:
        self.rows.append(row(100, day=self.today.isoformat()))

    def truth(self) -> Mapping[str, Rows]:
        return {"visits": self.rows}
