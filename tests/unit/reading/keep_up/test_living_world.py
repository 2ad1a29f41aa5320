"""Random histories of an executions API whose rows change, mirrored by the real connector's lane.

After each sync the table must keep the promise of `docs/keeping-up.md`, neither more nor less: see
`promise.py`. A run of the tests makes a few histories; this makes more of them:

    HEADRACE_EXAMPLES=1000 scripts/test -n 2 tests/unit/reading/keep_up/test_living_world.py
"""

from __future__ import annotations

import os
import re
from dataclasses import replace
from datetime import datetime
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from headrace.core.exceptions import HeadraceError
from headrace.simulator import Pace
from tests.unit.reading.keep_up.living_mirror import (
    CRASHED_FOR,
    SETTLED,
    EndedSync,
    LivingMirror,
    LivingSync,
    MirrorSettings,
)
from tests.unit.reading.keep_up.promise import broken_promises, most_requests
from tests.unit.reading.keep_up.watched_world import WatchedWorld

EXAMPLES = int(os.environ.get("HEADRACE_EXAMPLES", "0"))
NEVER = float("inf")
PICKS = st.integers(0, 1_000)
FATES = ("running", "parked", "error", "retried", "success")
CHOICES = st.integers(0, 7)
LIMITS = st.one_of(st.integers(1, 6), st.integers(1, 250))
MIRRORS = st.builds(
    MirrorSettings,
    limit=LIMITS,
    concurrency=st.sampled_from([1, 2, 8]),
    leg_bytes=st.sampled_from([NEVER, 1, 3_000]),
    max_probes=st.sampled_from([200, 200, 3]),
    trust_after=st.sampled_from([0, 3, 100]),
    heeds_status=st.sampled_from([True, True, False]),
)


class Histories(RuleBasedStateMachine):
    """The steps of time and of a sync; the subclasses add what happens in the world."""

    mirror: LivingMirror
    sync: LivingSync | None = None
    is_caught_up = True

    def begin(self, world: WatchedWorld, mirror: MirrorSettings, *, parked_hidden: bool) -> None:
        self.world = world
        if parked_hidden or not mirror.heeds_status:
            # Keys without a row must not speak for a listing that leaves rows out: by what is meant
            # to be few of them, and is none in these short histories.
            mirror = replace(mirror, trust_after=10_000)
        self.mirror = self.new_mirror(mirror)
        self.misses: dict[int, int] = {}

    def new_mirror(self, settings: MirrorSettings) -> LivingMirror:
        """The table that is kept up with the world."""
        return LivingMirror(self.world, settings)

    def new_sync(self) -> LivingSync:
        """A sync that begins now."""
        return LivingSync(self.mirror)

    def pick(self, pick: int, keys: list[int]) -> int | None:
        return keys[pick % len(keys)] if keys else None

    @rule(seconds=st.sampled_from([1.0, 30.0, 301.0, 601.0, 3_600.0]))
    def time_passes(self, seconds: float) -> None:
        self.world.advance(seconds)

    @rule()
    def expire_cursors(self) -> None:
        self.world.expire_cursors()

    # A sync

    @precondition(lambda self: self.sync is None)
    @rule()
    def begin_sync(self) -> None:
        self.sync = self.new_sync()

    @precondition(lambda self: self.sync is not None)
    @rule(count=st.integers(1, 6), choice=CHOICES)
    def go_on(self, count: int, choice: int) -> None:
        assert self.sync is not None
        for _ in range(count):
            if not self.sync.is_over:
                self.sync.step(choice)

    @precondition(lambda self: self.sync is not None)
    @rule(choice=CHOICES)
    def answer_is_on_its_way(self, choice: int) -> None:
        assert self.sync is not None
        self.sync.answer(choice)

    @rule()
    def load_the_last_leg(self) -> None:
        self.mirror.load()

    @precondition(lambda self: self.sync is not None)
    @rule(is_loaded=st.booleans())
    def crash(self, is_loaded: bool) -> None:
        """Ends the sync; the next run loads what it has extracted, or that is lost."""
        assert self.sync is not None
        self.sync.crash()
        self.end_badly()
        if is_loaded:
            self.mirror.load()
        self.mirror.extracted = None

    def end_badly(self) -> None:
        self.sync, self.is_caught_up = None, False

    @rule(choice=CHOICES)
    def finish_sync(self, choice: int = 0) -> None:
        """Brings the sync under way to its end; where there is none, makes a whole one."""
        if self.sync is None:
            self.begin_sync()
        sync = self.sync
        assert sync is not None
        try:
            ended = sync.finish(choice)
        except HeadraceError as error:
            if not self.may_fail(sync, error):
                raise
            self.end_badly()
            self.mirror.load()
            return
        self.sync = None
        self.check(ended)

    @precondition(lambda self: self.sync is None)
    @rule(times=st.integers(2, 4), seconds=st.sampled_from([30.0, 301.0, 601.0]))
    def sync_on_schedule(self, times: int, seconds: float) -> None:
        for _ in range(times):
            self.finish_sync()
            self.time_passes(seconds)

    def may_fail(self, sync: LivingSync, error: HeadraceError) -> bool:
        """Whether a sync has failed for a reason that it can rightly give."""
        message = str(error)
        if "cursors without a new row between them" in message:
            return sync.refused > 5
        if found := re.search(r"shows is `(\d+)`, but .* seems to have been reset", message):
            return sync.seen.high is not None and int(found[1]) < sync.seen.high
        # A row was deleted between the page that showed it and the request for it alone.
        found = re.search(r"the listing shows row `(\d+)`, but GET", message)
        return found is not None and self.world.execution(int(found[1])) is None

    def check(self, sync: EndedSync) -> None:
        wrong = broken_promises(self.mirror, sync)
        assert not wrong, wrong
        self.is_caught_up = not sync.saw_nothing
        self.count_misses(sync)

    def count_misses(self, sync: EndedSync) -> None:
        """Checks that open rows that two syncs did not find are said to be gone, and no others."""
        missed = sync.open - sync.before.keys() - self.mirror.gone.keys()
        self.misses = {key: self.misses.get(key, 0) + 1 for key in missed}
        assert max(self.misses.values(), default=0) < 2, f"not said to be gone: {self.misses}"
        for key, since in self.mirror.gone.items():
            assert self.world.execution(key) is None
            assert since <= self.world.now
            assert self.mirror.is_open(key)

    @precondition(lambda self: self.sync is None and self.is_caught_up)
    @rule()
    def quiet_sync(self) -> None:
        """Checks that a sync during which nothing happens keeps within its bound of requests."""
        self.world.advance(0)
        most = most_requests(self.mirror)
        self.begin_sync()
        sync = self.sync
        assert sync is not None
        self.finish_sync()
        if self.is_caught_up and not sync.refused:
            assert sync.told.requests <= most, f"{sync.told.requests} requests, not {most}"

    def teardown(self) -> None:
        if hasattr(self, "mirror"):
            if self.sync is not None:
                self.sync.crash()
            self.mirror.loop.close()


TOLD: Any = {
    "mirror": MIRRORS,
    "pages": st.integers(0, 6),
    "living": st.lists(st.sampled_from([*FATES, "lost"]), max_size=12),
    "string_ids": st.booleans(),
    "parked_hidden": st.booleans(),
    "mark_seconds": st.sampled_from([0.0, 2.0, 590.0, 3_600.0]),
    "at_once": st.sampled_from([None, None, 3]),
}
"""Draws with what a history begins."""


class ToldHistories(Histories):
    """Histories in which each step of the world is a rule, so that a failing one is short."""

    @initialize(**TOLD)
    def start_world(
        self,
        mirror: MirrorSettings,
        pages: int,
        living: list[str],
        string_ids: bool,
        parked_hidden: bool,
        mark_seconds: float,
        at_once: int | None,
    ) -> None:
        pace = replace(Pace.still(), mark_seconds=mark_seconds)
        rows = max(0, pages * mirror.limit - 1)
        world = WatchedWorld(
            rows,
            pace=pace,
            string_ids=string_ids,
            parked_hidden=parked_hidden,
            like="2.20" if at_once is None else "2.41",
            at_once=at_once,
        )
        self.begin(world, mirror, parked_hidden=parked_hidden)
        for fate in living:
            world.advance(7)
            if fate == "lost":
                world.reserve()
            else:
                self.lead_to(world.start(), fate)

    def lead_to(self, row: int, fate: str) -> None:
        """Leads a running execution to its fate, one of `FATES`; one that is queued waits."""
        world = self.world
        if self.is_queued(row):
            return
        if fate == "parked":
            world.park(row, 3_600)
        elif fate == "retried":
            world.finish(row, "error")
            self.lead_to(world.retry(row), "success")
        elif fate != "running":
            world.finish(row, fate)

    @rule(count=st.integers(1, 8))
    def start(self, count: int) -> None:
        for _ in range(count):
            self.world.start()

    @rule(count=st.integers(1, 30), status=st.sampled_from(SETTLED))
    def run_through(self, count: int, status: str) -> None:
        for _ in range(count):
            self.lead_to(self.world.start(), status)

    def is_queued(self, row: int) -> bool:
        """Whether an execution waits for its turn."""
        execution = self.world.execution(row)
        return execution is not None and execution["status"] == "new"

    @precondition(lambda self: self.world.started("new"))
    @rule(pick=PICKS)
    def stop_in_the_queue(self, pick: int) -> None:
        """Such a row never starts."""
        row = self.pick(pick, self.world.started("new"))
        assert row is not None
        self.world.stop(row)

    @rule()
    def restart(self) -> None:
        """Rows that crashed in the last day get another `stoppedAt`."""
        now = self.world.now
        stops = [each["stoppedAt"] for each in self.world.truth(status="crashed")]
        ages = [now - datetime.fromisoformat(stop).timestamp() for stop in stops]
        if max(ages, default=0.0) < CRASHED_FOR:
            self.world.restart()

    @rule(runs=st.sampled_from([1, 50, 600, 5_000]))
    def keep_nothing(self, runs: int) -> None:
        """Runs leave ids that answer 404 for good."""
        self.world.keep_nothing(runs)

    @rule(pick=PICKS, status=st.sampled_from(SETTLED))
    def finish(self, pick: int, status: str) -> None:
        row = self.pick(pick, self.world.started("running", "waiting"))
        if row is not None:
            self.world.finish(row, status)

    @rule(pick=PICKS, seconds=st.sampled_from([0.0, 60.0, 3_600.0]))
    def park(self, pick: int, seconds: float) -> None:
        row = self.pick(pick, self.world.started("running"))
        if row is not None:
            self.world.park(row, seconds)

    @rule(pick=PICKS)
    def wake(self, pick: int) -> None:
        row = self.pick(pick, self.world.started("waiting"))
        if row is not None:
            self.world.wake(row)

    @rule(pick=PICKS, fate=st.sampled_from(FATES))
    def retry(self, pick: int, fate: str) -> None:
        row = self.pick(pick, self.rows("error", "canceled", "crashed"))
        if row is not None:
            self.lead_to(self.world.retry(row), fate)

    @precondition(lambda self: self.world.unmarked())
    @rule(pick=PICKS)
    def mark_retried(self, pick: int) -> None:
        row = self.pick(pick, self.world.unmarked())
        assert row is not None
        self.world.mark_retried(row)

    @rule(pick=PICKS, statuses=st.sampled_from([("running", "waiting"), SETTLED]))
    def delete(self, pick: int, statuses: tuple[str, ...]) -> None:
        row = self.pick(pick, self.rows(*statuses))
        if row is not None:
            self.world.delete(row)

    def rows(self, *statuses: str) -> list[int]:
        """The keys of the rows with these statuses, newest first."""
        return [int(row["id"]) for row in self.world.truth() if row["status"] in statuses]

    @rule(kept=st.integers(0, 60))
    def prune(self, kept: int) -> None:
        self.world.prune(above_rows=kept)

    @rule(count=st.integers(1, 3))
    def reserve(self, count: int) -> None:
        for _ in range(count):
            self.world.reserve()

    @precondition(lambda self: self.world.notes.reserved)
    @rule(pick=PICKS, fate=st.sampled_from(FATES))
    def start_late(self, pick: int, fate: str) -> None:
        row = self.pick(pick, sorted(self.world.notes.reserved))
        assert row is not None
        self.lead_to(self.world.start(row), fate)


PACES = st.builds(
    Pace,
    executions_per_hour=st.sampled_from([20.0, 60.0]),
    run_seconds=st.sampled_from([8.0, 200.0]),
    share_failing=st.just(0.3),
    share_parked=st.just(0.1),
    park_seconds=st.just(300.0),
    share_retried=st.just(0.8),
    retry_seconds=st.sampled_from([5.0, 300.0]),
    mark_seconds=st.sampled_from([0.0, 2.0, 590.0]),
    share_late=st.just(0.1),
    late_seconds=st.sampled_from([3.0, 300.0]),
    share_lost=st.just(0.05),
    old_retries_per_day=st.sampled_from([0.0, 300.0]),
    deletions_per_day=st.sampled_from([0.0, 300.0]),
    prune_above_rows=st.sampled_from([None, 100]),
    prune_every_seconds=st.just(600.0),
)


LIVELY: Any = {
    "mirror": MIRRORS,
    "pace": PACES,
    "seed": st.integers(0, 2**32),
    "rows": st.sampled_from([0, 30, 300]),
    "string_ids": st.booleans(),
    "parked_hidden": st.booleans(),
    "cursor_seconds": st.sampled_from([None, 20.0, 300.0]),
    "rows_per_answer": st.sampled_from([0.02, 0.2]),
}
"""Draws with what a history begins."""


class LivelyHistories(Histories):
    """Histories of a world that goes on by itself, between syncs and between any two answers."""

    @initialize(**LIVELY)
    def start_world(
        self,
        mirror: MirrorSettings,
        pace: Pace,
        seed: int,
        rows: int,
        string_ids: bool,
        parked_hidden: bool,
        cursor_seconds: float | None,
        rows_per_answer: float,
    ) -> None:
        world = WatchedWorld(
            rows,
            seed,
            pace=pace,
            string_ids=string_ids,
            parked_hidden=parked_hidden,
            cursor_seconds=cursor_seconds,
        )
        self.begin(world, mirror, parked_hidden=parked_hidden)
        self.seconds_per_answer = rows_per_answer * 3_600 / pace.executions_per_hour
        self.mirror.seconds_per_answer = self.seconds_per_answer

    @precondition(lambda self: self.sync is None and self.is_caught_up)
    @rule()
    def quiet_sync(self) -> None:
        self.mirror.seconds_per_answer = 0.0
        super().quiet_sync()
        self.mirror.seconds_per_answer = self.seconds_per_answer


def budget(examples: int, steps: int) -> settings:
    return settings(
        max_examples=EXAMPLES or examples,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


TestTold = ToldHistories.TestCase
TestTold.settings = budget(20, 50)
TestLively = LivelyHistories.TestCase
TestLively.settings = budget(10, 30)
