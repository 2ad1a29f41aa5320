"""The random histories of `test_model.py`, with a listing that is read in stretches at first.

They are read in any order, at different times, some of them twice, and each is exact on its own.
With one ordinary sync behind them the table is as if one reader had read all. More of them than the
few that run each time:

    HEADRACE_EXAMPLES=2000 scripts/test tests/unit/sansio/tail/test_stretches_model.py
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from math import ceil
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from headrace.sansio.tail import ListAsk, OwnListAsk, Planner, from_state, to_state
from headrace.sansio.tail.key_starts import KeyStarts
from headrace.sansio.tail.keys import KeyKind
from headrace.sansio.tail.ledger import Checkpoint
from headrace.sansio.tail.merging import merged
from headrace.sansio.tail.messages import Answer, Ask
from headrace.sansio.tail.settings import KeyLaneSettings
from headrace.sansio.tail.within import Within
from tests.unit.sansio.tail.model import Mirror, Row, Sync
from tests.unit.sansio.tail.test_lanes_model import LIMITS
from tests.unit.sansio.tail.test_model import (
    PICKS,
    FixedKeyHistories,
    HiddenListingHistories,
    ListedOnlyHistories,
)

EXAMPLES = int(os.environ.get("HEADRACE_EXAMPLES", "40"))
CHOICES = st.integers(0, 5)


class StretchSync(Sync):
    """The reading of one stretch, a request at a time."""

    def __init__(self, mirror: Mirror, started: float, within: Within) -> None:
        self.within = within
        self.shown: list[int] = []
        super().__init__(mirror, started)

    def _start_leg(self) -> None:
        ledger = from_state(json.loads(json.dumps(to_state(self.within.ledger())))).ledger
        self.planner = Planner(
            replace(self.mirror.settings, lanes=None),
            ledger,
            sync_started=self.started,
            is_one_leg=True,
            within=self.within,
        )
        self.leg, self.gone, self.waiting = {}, [], []

    def _answer(self, ask: Ask) -> tuple[list[Row], Answer]:
        rows, answer = super()._answer(ask)
        if isinstance(ask, ListAsk):
            self.shown += [row.key for row in rows if self.within.holds(row.key)]
        return rows, answer

    def promises(self, row: Row) -> bool:
        """Whether a row lies in the stretch, and between the oldest and newest that were listed."""
        within, shown = self.within, self.shown
        if not within.holds(row.key):
            return False
        if within.high is None and row.key > max(shown, default=row.key - 1):
            return False
        return within.low is not None or row.key >= min(shown, default=row.key + 1)


class StretchedHistories(FixedKeyHistories):
    """Reads stretches before the first sync."""

    reading: StretchSync | None = None
    is_backfilled = False
    is_known = False

    @initialize(
        limit=LIMITS,
        as_key=st.sampled_from([int, str]),
        count=st.integers(0, 300),
        by_filter=st.booleans(),
        starts=st.sampled_from(["heeded", "heeded", "at most"]),
        cuts=st.lists(st.integers(0, 320), max_size=6),
    )
    def start(
        self,
        limit: int,
        as_key: Callable[[Any], Any],
        count: int,
        by_filter: bool,
        starts: str,
        cuts: list[int],
    ) -> None:
        lanes = KeyLaneSettings(1, cursor_below=None if by_filter else self.cursor_below)
        self.begin(limit, as_key, lanes=lanes, **self.changes())
        self.mirror.has_instants = self.mirror.settings.has_hidden
        # A page of one row that shows the bound itself proves nothing, and so is not planned with.
        self.server.starts = starts if limit > 1 else "heeded"
        self.read: dict[int, list[tuple[dict[int, Row], dict[str, Any]]]] = {}
        self.starts = KeyStarts(lanes, KeyKind.INTEGER, "1", names_text=False)
        for _ in range(count):
            self.new_row()
        # Above the newest row there are more keys than are asked for.
        self.edges = sorted({cut for cut in cuts if cut <= count}, reverse=True)
        now = self.mirror.clock
        # As the plan sees the top of the listing, before any stretch is read.
        self.top = Checkpoint(self.next_id, now, now)

    def changes(self) -> dict[str, Any]:
        """What the settings have besides."""
        return {}

    def cursor_below(self, text: str) -> str:
        """The cursor as the server makes them now."""
        return f"[{self.server.epoch}, {text}, {text}]"

    def within(self, place: int) -> Within:
        """A stretch, by its place."""
        bounds = [None, *self.edges, None]
        return Within(bounds[place], bounds[place + 1], self.starts)

    # What is read

    @precondition(lambda self: not self.is_backfilled and self.reading is None)
    @rule(pick=PICKS)
    def begin_stretch(self, pick: int) -> None:
        self.place = pick % (len(self.edges) + 1)
        self.mirror.clock += 1
        self.reading = StretchSync(self.mirror, self.mirror.clock, self.within(self.place))

    @precondition(lambda self: self.reading is not None)
    @rule(count=st.integers(1, 6), choice=CHOICES)
    def go_on_with_stretch(self, count: int, choice: int) -> None:
        for _ in range(count):
            if self.reading is not None and not self.reading.is_done:
                self.reading.step(choice)

    @precondition(lambda self: self.reading is not None)
    @rule()
    def lose_stretch(self) -> None:
        self.reading = None

    @precondition(lambda self: self.reading is not None)
    @rule(choice=CHOICES)
    def finish_stretch(self, choice: int = 0) -> None:
        reading = self.reading
        assert reading is not None
        self.reading = None
        while not reading.is_done:
            reading.step(choice)
            assert len(reading.asked) < 2_000, "the stretch does not end"
        self.check_stretch(reading)
        lookback = self.mirror.settings.lookback(knows_hidden=self.mirror.settings.has_hidden)
        top = None if lookback is None else self.top
        ledger = reading.within.told(reading.planner.ledger, top, self.top.asked)
        state = json.loads(json.dumps(to_state(ledger)))
        self.read.setdefault(self.place, []).append((reading.leg, state))

    def check_stretch(self, reading: StretchSync) -> None:
        assert all(reading.within.holds(number) for number in reading.leg)
        for number, row in reading.before.items():
            if number not in self.server.rows or not reading.promises(row):
                continue
            if number not in reading.leg and self.may_miss(reading, number):
                continue
            assert number in reading.leg, f"row {row} is missing"
            assert reading.leg[number].version >= row.version, f"row {row} is old"

    def may_miss(self, reading: StretchSync, number: int) -> bool:
        """Whether a reading may leave a row to the next sync."""
        return False

    @precondition(lambda self: not self.is_backfilled and self.reading is None)
    @rule(pick=PICKS)
    def quiet_stretch(self, pick: int) -> None:
        """A stretch while nothing happens: its pages and one more."""
        self.begin_stretch(pick)
        reading = self.reading
        assert reading is not None
        rows = [row for row in self.server.rows.values() if reading.within.holds(row.key)]
        shown = sum(not row.hidden for row in rows)
        hidden = sum(row.hidden for row in self.server.rows.values())
        self.finish_stretch()
        lists = sum(isinstance(ask, ListAsk) for ask in reading.asked)
        own = sum(isinstance(ask, OwnListAsk) for ask in reading.asked)
        shows_bound = self.server.starts == "at most" and self.starts.filters
        assert lists <= ceil(shown / (self.server.limit - shows_bound)) + 1
        assert own <= 2 * max(ceil(hidden / self.server.limit), 1)

    @precondition(lambda self: not self.is_backfilled and self.edges)
    @rule(pick=PICKS, rows=st.integers(1, 3), is_hidden=st.booleans())
    def leave_an_edge(self, pick: int, rows: int, is_hidden: bool) -> None:
        """The rows with which a stretch begins are deleted, or hidden where they can be."""
        edge, seen = self.edges[pick % len(self.edges)], self.newest_seen()
        below = sorted(row.id for row in self.server.rows.values() if row.key <= edge)
        for number in below[-rows:]:
            row = self.server.rows[number]
            if is_hidden and not row.settled:
                self.change(row, hidden=True)
            elif row.names is None and number not in seen:
                del self.server.rows[number]

    @precondition(lambda self: not self.is_backfilled and self.edges and self.reading is None)
    @rule(pick=PICKS, rows=st.integers(1, 3), is_hidden=st.booleans(), goes_back=st.booleans())
    def part_at_an_edge(self, pick: int, rows: int, is_hidden: bool, goes_back: bool) -> None:
        """Two neighbours are read, and what lies at their edge changes between the two."""
        place = pick % len(self.edges)
        for each in sorted((place, place + 1), reverse=goes_back):
            self.begin_stretch(each)
            self.finish_stretch()
            self.leave_an_edge(place, rows, is_hidden)

    @precondition(lambda self: not self.is_backfilled)
    @rule(pick=PICKS)
    def commit_stretches(self, pick: int = 0) -> None:
        """Reads what is left, and takes one reading of each stretch."""
        if self.reading is not None:
            self.finish_stretch()
        for place in range(len(self.edges) + 1):
            if place not in self.read:
                self.begin_stretch(place)
                self.finish_stretch()
        chosen = [each[pick % len(each)] for each in self.read.values()]
        loaded: dict[int, Row] = {}
        for rows, _ in chosen:
            assert loaded.keys().isdisjoint(rows), "a row is in two stretches"
            loaded |= rows
        self.mirror.table |= loaded
        known = from_state(self.mirror.state).ledger if self.is_known else None
        ledger = merged(
            [from_state(state).ledger for _, state in chosen], self.mirror.settings, known
        )
        self.mirror.state = json.loads(json.dumps(to_state(ledger)))
        self.is_backfilled = True

    @precondition(lambda self: not self.is_backfilled)
    @rule()
    def sync_meanwhile(self) -> None:
        """A sync that knows nothing of the stretches, before they are loaded."""
        self.is_backfilled = self.is_known = True
        super().finish_sync()
        self.is_backfilled = False

    @rule(pick=PICKS, is_oldest=st.booleans())
    def delete(self, pick: int, is_oldest: bool) -> None:
        """A row that names another one stays until the stretches are loaded: it tells of it."""
        named = {row.id: row.names for row in self.server.rows.values() if row.names is not None}
        before = dict(self.server.rows)
        super().delete(pick, is_oldest)
        for number in before.keys() - self.server.rows.keys():
            if number in named and not self.is_backfilled:
                self.server.rows[number] = before[number]

    # What follows

    @precondition(lambda self: self.sync is None)
    @rule()
    def start_sync(self) -> None:
        if not self.is_backfilled:
            self.commit_stretches()
        super().start_sync()

    @rule(choice=CHOICES)
    def finish_sync(self, choice: int = 0) -> None:
        if not self.is_backfilled:
            self.commit_stretches()
        super().finish_sync(choice)

    def newest_seen(self) -> set[int]:
        states = [state for each in self.read.values() for _, state in each]
        found = set[int]().union(*(state["newest"] for state in states))
        return found if not self.is_backfilled else super().newest_seen() | found

    def check_promise(self, sync: Sync) -> None:
        super().check_promise(sync)
        coverage = sync.ledger.coverage
        assert sync.ledger.split is None
        assert not coverage.spans or coverage.first_hole() is None
        assert len(coverage.spans) <= 1

    @precondition(lambda self: self.is_backfilled and self.sync is None)
    @rule()
    def quiet_sync(self) -> None:
        """The seams cost a request each, and where the API filters some to prove that it does."""
        self.start_sync()
        sync = self.sync
        assert sync is not None
        spans = sync.ledger.coverage.spans
        if len(spans) < 2 or sync.ledger.open or sync.ledger.touched:
            self.finish_sync()
            return
        seams = sum(sync.ledger.coverage.has_hole_under(span) for span in spans)
        new = sum(not r.hidden and r.key > spans[0].high for r in self.server.rows.values())
        left = sum(
            not row.hidden and not any(span.low <= row.key <= span.high for span in spans)
            for row in self.server.rows.values()
        )
        epoch = {json.loads(span.cursor)[0] for span in spans if span.cursor is not None}
        self.finish_sync()
        lists = sum(isinstance(ask, ListAsk) for ask in sync.asked)
        if epoch <= {self.server.epoch}:
            proof = 4 if self.starts.filters else 0
            assert lists <= ceil(new / self.server.limit) + 1 + seams + left + proof


class StretchedListings(StretchedHistories, ListedOnlyHistories):
    """The same without a path to single rows, and with keys that are far apart."""

    def changes(self) -> dict[str, Any]:
        return {"late_rows": "none", "has_refresh_path": False, "has_touches": False}

    @rule(count=st.sampled_from([1, 50, 1_000]))
    def keep_nothing(self, count: int) -> None:
        """Ids of which there never is a row."""
        self.next_id += count


class StretchedHiddenListing(StretchedHistories, HiddenListingHistories):
    """The same where the server lists the rows that it hides."""

    def changes(self) -> dict[str, Any]:
        return {"has_hidden": True, "has_open": True, "trust_after": 3}

    def may_miss(self, reading: StretchSync, number: int) -> bool:
        """One that was hidden only while its page was read."""
        return number in reading.planner.ledger.missing

    @rule()
    def quiet_sync(self) -> None:
        """How much is asked for is tested where there is no such listing."""
        self.finish_sync()


BUDGET = settings(
    max_examples=EXAMPLES,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)

TestStretched = StretchedHistories.TestCase
TestStretched.settings = BUDGET
TestStretchedListings = StretchedListings.TestCase
TestStretchedListings.settings = BUDGET
TestStretchedHiddenListing = StretchedHiddenListing.TestCase
TestStretchedHiddenListing.settings = BUDGET
