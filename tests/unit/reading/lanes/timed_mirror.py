"""A table that is kept up with a world by windows of time, several of them read at once.

The rows of a leg, the newest time and what is kept of the windows are committed together, as dlt
does it. Each sync starts from that alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from random import Random
from typing import Any

from headrace.core.exchange import Request
from headrace.core.figures import ResourceFigures
from headrace.core.json_path import JsonPath
from headrace.dlt_source.incremental import CursorValues, WindowRange
from headrace.http.auth.credentials import Credentials
from headrace.reading.fetched_page import FetchedPage
from headrace.reading.keep_up.legs import LegEnd
from headrace.reading.lanes.windows import LanedWindows
from headrace.reading.listing import Listing
from headrace.reading.window_legs import REACHED, SETTLED, WindowLegs
from headrace.reading.windowed_listing import WindowedListing
from headrace.sansio.paging import Accounting, CursorPaginator, CursorSettings, RowKeys
from headrace.sansio.windows import WindowCut
from tests.unit.reading.lanes.held_answers import HeldAnswers, run_in_steps
from tests.unit.reading.lanes.timed_world import BEGAN, FIRST, TimedWorld

Row = dict[str, Any]


@dataclass(frozen=True)
class MirrorSettings:
    """How the mirror reads.

    Args:
        at_once: How many windows are read at once.
        skew: How many seconds the clock of this machine is ahead of that of the world.
        lag: How far a sync goes back behind the newest row, in hours, or in days for dates.
        end_hours: When the range ends, in hours behind the beginning of the world; None where it
            has no end.
        leg_ends: How likely a leg ends behind a window; None where all is one leg.
        catches_up: Whether what has changed meanwhile is asked for behind the windows.
    """

    at_once: int = 4
    skew: float = 0.0
    lag: int = 0
    end_hours: int | None = None
    leg_ends: float | None = None
    catches_up: bool = True


@dataclass
class Committed:
    """What stands in the destination.

    Args:
        table: The rows by their keys.
        newest: The newest time of a row, as it was written.
        saved: What is kept of the windows.
    """

    table: dict[int, Row] = field(default_factory=dict)
    newest: Any = None
    saved: dict[str, Any] = field(default_factory=dict)


class TimedMirror:
    """The table, and the syncs that fill it.

    Args:
        world: The world.
        settings: How the mirror reads.
        random: Chooses what happens when.
    """

    def __init__(self, world: TimedWorld, settings: MirrorSettings, random: Random) -> None:
        self.world, self.settings, self.random = world, settings, random
        self.committed = Committed()
        self.client = HeldAnswers(world.answer)
        self.figures = ResourceFigures()

    @property
    def end_value(self) -> Any:
        """The time at which the range ends, as the config has it; None where it has no end."""
        hours = self.settings.end_hours
        if hours is None:
            return None
        place = self.world.windows.scale.place_of_time(BEGAN.timestamp() + 3_600 * hours)
        return self.world.windows.scale.write(self.world.windows.scale.floored(place))

    def sync(self, happens: Callable[[], object], crash_at: int | None = None) -> bool:
        """Makes a sync, with what happens meanwhile.

        Args:
            happens: Is called before each step.
            crash_at: The step at which the process is killed; None for none.

        Returns:
            Whether it came to its end.
        """
        self.figures = ResourceFigures()
        self.client.waiting.clear()
        self.client.on_their_way.clear()
        return run_in_steps(self._run(), self.client, self.random, happens, crash_at)

    def clock(self) -> float:
        """The present by the clock of this machine."""
        return self.world.now.timestamp() + self.settings.skew

    async def _run(self) -> None:
        world, settings = self.world, self.settings
        scale = world.windows.scale
        first, end_value = FIRST[world.api.style], self.end_value
        start = first
        newest = self.committed.newest
        if newest is not None and end_value is None:
            lag = settings.lag * (1 if world.api.style == "dates" else 3_600)
            back = scale.floored((scale.read(newest) or 0) - scale.lag(lag))
            start = newest if not lag else scale.write(max(back, scale.read(first) or 0))
        values = CursorValues(first, start, end_value, "at")
        asked = WindowRange.of_load(
            values,
            world.windows,
            lag=settings.lag,
            saved=self.committed.saved,
            now=self.clock(),
            request="rows",
        )
        listing = LanedWindows(
            WindowedListing("rows", world.windows, asked.low, asked.high, self._listing_of),
            settings.at_once,
            JsonPath("at"),
            RowKeys(["id"]),
            end=None if asked.backfill is None else asked.high,
            catches_up=settings.catches_up,
            clock=self.clock,
        )
        chance = settings.leg_ends
        is_over = None if chance is None else lambda size, age: self.random.random() < chance
        legs = WindowLegs(listing, self.figures, is_over)
        staged = deepcopy(self.committed)
        async for item in legs.items(self.client):
            if isinstance(item, FetchedPage):
                self._stage(staged, item, scale.read(start) or 0)
                continue
            if isinstance(item, LegEnd):
                reached, settled = item.state[REACHED], item.state[SETTLED]
                asked.keep(staged.saved, reached, settled=settled, is_last=item.is_last)
                self.committed = deepcopy(staged)
                item.go_on()

    def _stage(self, staged: Committed, page: FetchedPage, low: int) -> None:
        rows = [json.loads(bytes(row)) for row in page.rows]
        assert page.window is not None
        outside = set(WindowCut(page.window, self.world.windows).outside([r["at"] for r in rows]))
        scale = self.world.windows.scale
        for place, row in enumerate(rows):
            at = scale.read(row["at"]) or 0
            if place in outside or at < low:
                continue
            staged.table[row["id"]] = row
            if page.catches_up or self.end_value is not None:
                continue
            newest = staged.newest
            if newest is None or at > (scale.read(newest) or 0):
                staged.newest = row["at"]

    def _listing_of(self, start: Any, end: Any) -> Listing:
        keys = RowKeys(["id"])
        return Listing(
            "rows",
            Request("GET", "/rows", {"from": start, "to": end}),
            Credentials(),
            "data",
            lambda: CursorPaginator(CursorSettings(JsonPath("next")), keys),
            accounting=Accounting(keys=keys),
        )
