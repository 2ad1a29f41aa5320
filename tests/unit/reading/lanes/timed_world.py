"""A world of rows with the time of their last change, and an API that lists them by it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

from headrace.core.exchange import Request
from headrace.sansio.windows import WindowSettings, scale_of, step_on
from tests.unit.reading.lanes.held_answers import Answered

BEGAN = datetime(2026, 3, 2, 21, 30, tzinfo=UTC)
FIRST: dict[str, Any] = {
    "times": "2026-03-01T00:00:00Z",
    "seconds": "2026-03-01T00:00:00Z",
    "epoch": int(datetime(2026, 3, 1, tzinfo=UTC).timestamp()),
    "local": "2026-03-01T00:00:00",
    "dates": "2026-03-01",
}
"""By the way in which times are written: the one at which the range begins."""


@dataclass(frozen=True)
class ApiSettings:
    """How the API lists.

    Args:
        style: How it writes times.
        order: The order of a listing: `asc` or `desc` by the time, or by the `id`.
        page_rows: The number of rows in a page.
        is_closed: Whether it counts what is at the end of a range to it.
        tells_time: Whether its answers tell its clock.
        zone_hours: How far its own zone is ahead of UTC, for times without one.
        most_rows: The largest number of rows of a range that it does not refuse; None for any.
        ends_empty: Whether the last page that it names has no rows.
    """

    style: str = "times"
    order: str = "asc"
    page_rows: int = 2
    is_closed: bool = False
    tells_time: bool = True
    zone_hours: int = 0
    most_rows: int | None = None
    ends_empty: bool = False


@dataclass
class TimedRow:
    """A row.

    Args:
        changed: When it was last changed.
        version: How often it was changed.
    """

    changed: datetime
    version: int = 0


class TimedWorld:
    """Rows that come, change and go.

    Args:
        api: How the API lists them.
        step: The length of a window, in hours, or in days for dates.
        smallest: The length of the smallest one, in seconds; of dates it is a day.
    """

    def __init__(self, api: ApiSettings, step: int) -> None:
        self.api = api
        unit = "d" if api.style == "dates" else "h"
        scale = scale_of(FIRST[api.style], f"{step}{unit}", None)
        smallest = "1d" if api.style == "dates" else "1s"
        self.windows = WindowSettings(
            scale,
            step_on(scale, f"{step}{unit}", "step"),
            step_on(scale, smallest, "smallest_step"),
            is_closed=api.is_closed,
        )
        self.now = BEGAN
        self.rows: dict[int, TimedRow] = {}
        self._next = 1

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def insert(self, age: float = 0.0) -> int:
        """A row comes to be shown, which says that it was changed so many seconds ago."""
        self.rows[self._next] = TimedRow(self.now - timedelta(seconds=age))
        self._next += 1
        return self._next - 1

    def change(self, key: int, age: float = 0.0) -> None:
        row = self.rows[key]
        self.rows[key] = TimedRow(
            max(self.now - timedelta(seconds=age), row.changed), row.version + 1
        )

    def written(self, moment: datetime) -> Any:
        """A time as the API writes it."""
        local = (moment + timedelta(hours=self.api.zone_hours)).replace(tzinfo=None)
        match self.api.style:
            case "times":
                return moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
            case "seconds":
                return moment.replace(tzinfo=None).isoformat(timespec="seconds") + "Z"
            case "epoch":
                return int(moment.timestamp())
            case "local":
                return local.isoformat(timespec="milliseconds")
            case _:
                return local.date().isoformat()

    def place(self, row: TimedRow) -> int:
        """Where the time of a row is on the scale, as it is written."""
        place = self.windows.scale.read(self.written(row.changed))
        assert place is not None
        return place

    def answer(self, request: Request) -> Answered:
        """What the API answers now."""
        headers = {"Content-Type": "application/json"}
        if self.api.tells_time:
            headers["Date"] = format_datetime(self.now, usegmt=True)
        low, high = (self.windows.scale.read(request.params[name]) for name in ("from", "to"))
        assert low is not None
        assert high is not None
        high += self.api.is_closed
        found = [
            ((key if self.api.order == "id" else self.place(row)), key)
            for key, row in self.rows.items()
            if low <= self.place(row) < high
        ]
        if self.api.most_rows is not None and len(found) > self.api.most_rows:
            return 422, headers, {"message": "too many results"}
        found.sort(reverse=self.api.order == "desc")
        cursor = request.params.get("cursor")
        if cursor is not None:
            place, key = map(int, cursor.split("/"))
            last = (place, key)
            found = [
                each for each in found if (each < last if self.is_newest_first else each > last)
            ]
        page = found[: self.api.page_rows]
        has_more = bool(page) if self.api.ends_empty else len(found) > len(page)
        following = "/".join(map(str, page[-1])) if has_more else None
        return 200, headers, {"data": [self._shown(key) for _, key in page], "next": following}

    @property
    def is_newest_first(self) -> bool:
        return self.api.order == "desc"

    def _shown(self, key: int) -> dict[str, Any]:
        row = self.rows[key]
        return {"id": key, "at": self.written(row.changed), "version": row.version}
