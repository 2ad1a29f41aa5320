"""What a world does by itself while time passes, and what holds whatever is done to it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from headrace.simulator import Pace, World

from .worlds import Row, ids, listing, row

HOUR, DAY = 3_600, 86_400
OPEN = ("running", "waiting")
SETTLED = ("success", "error", "canceled", "crashed")
LIVELY = Pace(
    executions_per_hour=120,
    share_failing=0.3,
    share_parked=0.2,
    share_retries_failing=0.5,
    share_late=0.1,
    share_lost=0.05,
    old_retries_per_day=50,
    deletions_per_day=50,
    prune_after_days=1,
)


def lived(*, seed: int = 1, rows: int = 500, pace: Pace = LIVELY, days: float = 2) -> World:
    world = World(rows=rows, seed=seed, pace=pace)
    world.advance(days * DAY)
    return world


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(),
    stretches=st.lists(st.integers(0, 4 * HOUR * 1_000), max_size=4),
)
def test_only_the_seed_and_the_time_matter_not_the_stretches(
    seed: int, stretches: list[int]
) -> None:
    bit_by_bit = World(rows=50, seed=seed, pace=LIVELY)
    for milliseconds in stretches:
        bit_by_bit.advance(milliseconds / 1_000)
        listing(bit_by_bit, limit=250)
    at_once = World(rows=50, seed=seed, pace=LIVELY)
    at_once.advance(sum(stretches) / 1_000)

    assert bit_by_bit.now == at_once.now
    assert list(bit_by_bit.truth()) == list(at_once.truth())


def test_another_seed_is_another_course_of_things() -> None:
    assert list(lived(seed=1, rows=0).truth()) != list(lived(seed=2, rows=0).truth())


def test_two_days_bring_all_that_a_server_meets() -> None:
    world = World(rows=500, pace=replace(LIVELY, prune_after_days=None))
    before = {each["id"]: each for each in world.truth()}
    world.advance(2 * DAY)
    rows = list(world.truth())
    newest = max(ids(rows))

    statuses = Counter(each["status"] for each in rows)
    assert set(statuses) == {"success", "error", "canceled", "crashed", "running", "waiting"}
    assert 120 * 48 * 0.8 < newest - 500 < 120 * 48 * 1.5
    living = [each for each in rows if each["id"] > 500]
    retries = [each for each in living if each["retryOf"] is not None]
    assert any(int(each["retryOf"]) <= 500 for each in retries)
    assert any(int(each["retryOf"]) > 500 for each in retries)
    assert any(each["id"] <= 500 and each != before[each["id"]] for each in rows)
    assert len(before.keys() - set(ids(rows))) > 0
    gaps = set(range(501, newest)) - set(ids(rows))
    assert 0.02 < len(gaps) / (newest - 500) < 0.15


def test_rows_that_time_has_made_are_consistent() -> None:
    rows = list(lived(pace=replace(LIVELY, prune_after_days=None)).truth())
    by_id = {each["id"]: each for each in rows}

    for each in rows:
        assert each["finished"] == (each["status"] == "success")
        assert (each["waitTill"] is not None) == (each["status"] == "waiting")
        assert each["status"] == "running" or each["startedAt"] <= each["stoppedAt"]
        if each["id"] > 500:
            assert (each["mode"] == "retry") == (each["retryOf"] is not None)
        if each["retrySuccessId"] in by_id:
            assert by_id[each["retrySuccessId"]]["retryOf"] == str(each["id"])
            assert by_id[each["retrySuccessId"]]["status"] == "success"


def test_nobody_retries_what_a_retry_has_set_right() -> None:
    rows = list(lived(pace=replace(LIVELY, prune_after_days=None)).truth())
    by_id = {each["id"]: each for each in rows}
    pairs = [(each, by_id.get(int(each["retryOf"]))) for each in rows if each["retryOf"]]
    successes = [
        (retry, by_id[old["retrySuccessId"]])
        for retry, old in pairs
        if old is not None and old["retrySuccessId"] in by_id
    ]

    assert len(successes) > 100
    for retry, success in successes:
        marked = datetime.fromisoformat(success["stoppedAt"]) + timedelta(seconds=2)
        assert datetime.fromisoformat(retry["startedAt"]) <= marked


def test_a_parked_execution_runs_again_with_its_old_stop_time_and_then_ends() -> None:
    surely = replace(
        Pace.still(), share_parked=1, share_failing=0, share_canceled=0, share_crashed=0
    )
    world = World(rows=0, pace=replace(surely, executions_per_hour=60, run_seconds=120))
    seen: dict[int, list[str]] = {}
    for _ in range(4 * 60):
        world.advance(60)
        for each in world.truth():
            state = each["status"] + (" after a stop" if each["stoppedAt"] else "")
            states = seen.setdefault(each["id"], [state])
            if states[-1] != state:
                states.append(state)

    course = ["running", "waiting after a stop", "running after a stop", "success after a stop"]
    assert list(seen.values()).count(course) > 20
    for states in seen.values():
        # A minute is too long a time to see each state of each execution.
        assert states == [state for state in course if state in states]


def test_the_history_stays_as_long_as_the_pace_says() -> None:
    world = lived(rows=2_000, pace=Pace(executions_per_hour=60, prune_after_days=3), days=10)
    ends = [
        datetime.fromisoformat(each["stoppedAt"]).timestamp()
        for each in world.truth()
        if each["status"] not in OPEN
    ]

    assert len(ends) > 1_000
    assert 2.9 * DAY < world.now - min(ends) <= 3 * DAY + HOUR


def test_at_a_still_pace_nothing_happens() -> None:
    world = World(rows=50, pace=Pace.still())
    open_ones = [world.start() for _ in range(3)]
    before = list(world.truth())
    world.advance(100 * DAY)

    assert list(world.truth()) == before
    assert ids(listing(world, status="running")) == open_ones[::-1]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"run_seconds": -1}, "run_seconds must be 0 or more, not -1"),
        ({"prune_after_days": float("nan")}, "prune_after_days must be 0 or more, not nan"),
        ({"share_parked": 1.5}, "share_parked must be 1 or less, not 1.5"),
        ({"share_failing": 0.7, "share_crashed": 0.4}, "must be 1 or less in sum"),
        ({"share_late": 0.7, "share_lost": 0.4}, "must be 1 or less in sum"),
        ({"prune_every_seconds": 0}, "prune_every_seconds must be more than 0"),
    ],
)
def test_a_pace_that_makes_no_sense_is_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Pace(**wrong)


class AnyCourse(RuleBasedStateMachine):
    """Steps in any order; after each, what must hold in every world."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World(rows=30, seed=3, pace=LIVELY)
        self.before: dict[int, Row] = {each["id"]: each for each in self.world.truth()}
        self.gone: set[int] = set()
        self.reserved: list[int] = []
        self.due_to_vanish: set[int] | None = set()
        """What the last step takes away; None where time passed, in which anything may."""

    def pick(self, data: st.DataObject, *statuses: str) -> int | None:
        self.due_to_vanish = set()
        found = [each["id"] for each in self.before.values() if each["status"] in statuses]
        return data.draw(st.sampled_from(found)) if found else None

    @rule(reserved=st.booleans())
    def give_out_an_id(self, reserved: bool) -> None:
        self.due_to_vanish = set()
        new = self.world.reserve() if reserved else self.world.start()
        assert new > max([0, *self.before, *self.gone, *self.reserved])
        if reserved:
            self.reserved.append(new)

    @precondition(lambda self: self.reserved)
    @rule()
    def appear(self) -> None:
        self.due_to_vanish = set()
        self.world.start(self.reserved.pop(0))

    @rule(data=st.data(), status=st.sampled_from(SETTLED))
    def finish(self, data: st.DataObject, status: str) -> None:
        execution = self.pick(data, *OPEN)
        if execution is not None:
            self.world.finish(execution, status)

    @rule(data=st.data(), seconds=st.integers(0, 7_200))
    def park(self, data: st.DataObject, seconds: int) -> None:
        execution = self.pick(data, "running")
        if execution is not None:
            self.world.park(execution, seconds)

    @rule(data=st.data())
    def wake(self, data: st.DataObject) -> None:
        execution = self.pick(data, "waiting")
        if execution is not None:
            self.world.wake(execution)

    @rule(data=st.data(), status=st.sampled_from(SETTLED), at_once=st.booleans())
    def retry(self, data: st.DataObject, status: str, at_once: bool) -> None:
        execution = self.pick(data, "error", "canceled", "crashed")
        if execution is None:
            return
        before = row(self.world, execution)
        retry = self.world.retry(execution)
        self.world.finish(retry, status)
        assert row(self.world, execution) == before
        if at_once and status == "success":
            self.world.mark_retried(retry)
            assert row(self.world, execution) == before | {"retrySuccessId": retry}

    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        execution = self.pick(data, *OPEN, *SETTLED)
        if execution is not None:
            self.world.delete(execution)
            self.due_to_vanish = {execution}

    @rule(minutes=st.integers(0, 30 * 1_440))
    def prune_by_age(self, minutes: int) -> None:
        moment = self.world.now - minutes * 60
        self.world.prune(after_days=minutes / 1_440)
        self.due_to_vanish = {
            each["id"]
            for each in self.before.values()
            if each["status"] in SETTLED
            and in_milliseconds(datetime.fromisoformat(each["stoppedAt"]).timestamp())
            <= in_milliseconds(moment)
        }

    @rule(count=st.integers(0, 60))
    def prune_by_count(self, count: int) -> None:
        self.world.prune(after_days=10_000, above_rows=count)
        older = list(self.before.values())[count:]
        self.due_to_vanish = {each["id"] for each in older if each["status"] in SETTLED}

    @rule(seconds=st.one_of(st.integers(0, 600), st.integers(0, 3 * HOUR)))
    def advance(self, seconds: int) -> None:
        self.world.advance(seconds)
        self.due_to_vanish = None

    @invariant()
    def listings_show_all_but_the_hidden(self) -> None:
        rows = list(self.world.truth())
        listed = [each for each in rows if each["status"] in SETTLED]
        running = [each for each in rows if each["status"] == "running"]
        assert ids(rows) == sorted(set(ids(rows)), reverse=True)
        assert listing(self.world, limit=7) == list(self.world.listed()) == listed
        assert listing(self.world, status="running", limit=3) == running

    @invariant()
    def what_was_there_stays_what_it_was(self) -> None:
        rows = {each["id"]: each for each in self.world.truth()}
        vanished = self.before.keys() - rows.keys()
        assert self.due_to_vanish in (None, vanished)
        self.gone |= vanished
        assert not self.gone & rows.keys()
        assert all(self.world.execution(each) is None for each in self.gone)
        for each in rows.values():
            before = self.before.get(each["id"])
            if before is not None and before["status"] in SETTLED:
                assert each == before | {"retrySuccessId": each["retrySuccessId"]}
        self.before = rows


def in_milliseconds(seconds: float) -> int:
    return round(seconds * 1_000)


TestAnyCourse = AnyCourse.TestCase
TestAnyCourse.settings = settings(max_examples=12, stateful_step_count=25, deadline=None)
