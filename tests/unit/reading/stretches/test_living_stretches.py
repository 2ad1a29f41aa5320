"""Random histories of an executions API whose listing is read in stretches, at different times.

Each stretch is exact on its own. What all of them brought, with one ordinary sync behind them,
keeps the promise of `docs/keeping-up.md`, as if one reader had listed everything.

    HEADRACE_EXAMPLES=2000 scripts/test -n 2 tests/unit/reading/stretches
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from headrace.core.exceptions import HeadraceError
from headrace.sansio.tail.settings import KeyLaneSettings
from headrace.simulator import Pace
from tests.unit.reading.keep_up.living_mirror import LivingMirror, MirrorSettings
from tests.unit.reading.keep_up.test_living_lanes import LANED, cursor_below
from tests.unit.reading.keep_up.test_living_world import (
    CHOICES,
    LIVELY,
    TOLD,
    Histories,
    LivelyHistories,
    ToldHistories,
    budget,
)
from tests.unit.reading.keep_up.watched_world import WatchedWorld
from tests.unit.reading.stretches.living_stretches import Backfill, LivingStretch, plan

WANTED = st.integers(2, 6)
LEAST_ROWS = st.sampled_from([1, 1, 10])


class StretchedHistories(Histories):
    """Reads the listing in stretches before the first sync."""

    wanted: int
    least_rows: int
    backfill: Backfill | None = None
    reading: LivingStretch | None = None
    place = 0

    def begin(self, world: WatchedWorld, mirror: MirrorSettings, *, parked_hidden: bool) -> None:
        limit = mirror.limit
        lanes = KeyLaneSettings(1, lambda key: cursor_below(key, limit), least_rows=self.least_rows)
        super().begin(world, replace(mirror, lanes=lanes), parked_hidden=parked_hidden)

    def plan(self) -> Backfill:
        """The plan, made when it is first needed."""
        if self.backfill is None:
            found, requests = plan(self.mirror, self.wanted)
            assert requests <= 25
            assert len(found.stretches) <= self.wanted
            assert found.stretches[0].high is None
            assert found.stretches[-1].low is None
            self.backfill = Backfill(self.mirror, found.stretches)
        return self.backfill

    @property
    def is_backfilled(self) -> bool:
        return self.mirror.has_listed_all

    @precondition(lambda self: not self.is_backfilled and self.reading is None)
    @rule(pick=st.integers(0, 20), anew=st.booleans())
    def begin_stretch(self, pick: int, anew: bool) -> None:
        """Begins to read a stretch, which may have been read before."""
        backfill = self.plan()
        places = backfill.left if backfill.left and not anew else range(len(backfill.stretches))
        self.place = places[pick % len(places)]
        self.reading = LivingStretch(self.mirror, backfill.stretches[self.place])

    @precondition(lambda self: self.reading is not None)
    @rule(count=st.integers(1, 6), choice=CHOICES)
    def go_on_with_stretch(self, count: int, choice: int) -> None:
        assert self.reading is not None
        for _ in range(count):
            if not self.reading.is_over:
                self.reading.step(choice)

    @precondition(lambda self: self.reading is not None)
    @rule(choice=CHOICES)
    def stretch_answer_is_on_its_way(self, choice: int) -> None:
        assert self.reading is not None
        self.reading.answer(choice)

    @precondition(lambda self: self.reading is not None)
    @rule()
    def lose_stretch(self) -> None:
        """The machine dies; the stretch is read again."""
        assert self.reading is not None
        self.reading.crash()
        self.reading = None

    @precondition(lambda self: not self.is_backfilled)
    @rule(choice=CHOICES)
    def finish_stretch(self, choice: int = 0) -> None:
        """Reads a stretch to its end."""
        if self.reading is None:
            self.begin_stretch(0, anew=False)
        reading = self.reading
        assert reading is not None
        self.reading = None
        while not reading.is_over:
            reading.step(choice)
        if reading.failure is not None:
            self.fail(reading, reading.failure)
            return
        wrong = reading.wrong()
        assert not wrong, wrong
        assert reading.ended is not None
        assert self.backfill is not None
        self.backfill.read.setdefault(self.place, []).append(reading.ended)

    def fail(self, reading: LivingStretch, error: HeadraceError) -> None:
        """Where cursors are made in another way by now, the listing is planned anew."""
        if "the server refuses `endpoint.lanes.cursor`" in str(error) and reading.refused:
            self.backfill = None
        elif not self.may_fail(reading, error):
            raise error

    @precondition(lambda self: not self.is_backfilled)
    @rule(choice=CHOICES)
    def commit(self, choice: int = 0) -> None:
        """Reads what is left, and loads everything."""
        for _ in range(50):
            if not self.plan().left:
                break
            self.finish_stretch(choice)
        self.plan().commit(choice)

    @rule(choice=CHOICES)
    def finish_sync(self, choice: int = 0) -> None:
        """The first sync follows upon the stretches."""
        if not self.is_backfilled:
            self.commit(choice)
        super().finish_sync(choice)

    @precondition(lambda self: self.sync is None)
    @rule()
    def begin_sync(self) -> None:
        if not self.is_backfilled:
            self.commit()
        super().begin_sync()

    def teardown(self) -> None:
        if self.reading is not None:
            self.reading.crash()
        super().teardown()


class ToldStretches(StretchedHistories, ToldHistories):
    """Histories in which each step of the world is a rule."""

    @initialize(
        wanted=WANTED,
        least_rows=LEAST_ROWS,
        **{**TOLD, "mirror": LANED, "pages": st.integers(3, 40)},
    )
    def start_world(self, wanted: int, least_rows: int, **world: Any) -> None:
        self.wanted, self.least_rows = wanted, least_rows
        super().start_world(**world)


class LivelyStretches(StretchedHistories, LivelyHistories):
    """Histories of a world that goes on by itself, also between any two answers."""

    @initialize(
        wanted=WANTED,
        least_rows=LEAST_ROWS,
        **{**LIVELY, "mirror": LANED, "rows": st.sampled_from([30, 300, 600])},
    )
    def start_world(self, wanted: int, least_rows: int, **world: Any) -> None:
        self.wanted, self.least_rows = wanted, least_rows
        lasts = world["cursor_seconds"]
        answer = world["rows_per_answer"] * 3_600 / world["pace"].executions_per_hour
        # Where cursors are refused before the next page is asked for, no listing comes to its end.
        world["cursor_seconds"] = None if lasts is None else max(lasts, 40 * answer)
        super().start_world(**world)


TestToldStretches = ToldStretches.TestCase
TestToldStretches.settings = budget(12, 50)
TestLivelyStretches = LivelyStretches.TestCase
TestLivelyStretches.settings = budget(8, 30)


def test_what_a_stretch_has_learned_of_the_hidden_rows_holds_for_the_sync_behind() -> None:
    """Missing keys that one has asked for in vain are not asked for again, all of them."""
    world = WatchedWorld(600, pace=Pace.still(), like="2.41")
    for _ in range(20):
        world.keep_nothing(9)
        world.finish(world.start())
    settings = MirrorSettings(
        limit=50,
        trust_after=20,
        lanes=KeyLaneSettings(1, lambda key: cursor_below(key, 50), least_rows=50),
    )
    mirror = LivingMirror(world, settings)
    found, _ = plan(mirror, 3)
    backfill = Backfill(mirror, found.stretches)
    asked = []
    for place, stretch in enumerate(found.stretches):
        world.advance(120)
        reading = LivingStretch(mirror, stretch)
        while not reading.is_over:
            reading.step()
        assert reading.failure is None
        assert reading.ended is not None
        backfill.read[place] = [reading.ended]
        asked.append(reading.told.rows_alone)
    backfill.commit(0)
    world.advance(120)

    ended = mirror.sync()

    assert len(found.stretches) == 3
    assert 20 <= max(asked) <= 40
    assert ended.rows_alone <= 4
    mirror.loop.close()
