"""What one step after the other does to a world's executions, and what a listing shows of it."""

from __future__ import annotations

import doctest
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from headrace.simulator import Pace, World
from headrace.simulator import world as world_module

from .test_contract import DETAILED_FIELDS, LISTED_FIELDS
from .worlds import ids, listing, row


@pytest.fixture
def world() -> World:
    """Ten settled executions, and nothing that happens by itself."""
    return World(rows=10, pace=Pace.still())


def moment(world: World, seconds_ago: float = 0) -> str:
    then = datetime.fromtimestamp(world.now - seconds_ago, UTC)
    return then.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def test_the_example_in_the_docstring_is_true() -> None:
    assert doctest.testmod(world_module).attempted > 10
    assert doctest.testmod(world_module).failed == 0


def test_time_passes_only_when_told_to(world: World) -> None:
    assert moment(world) == "2026-11-23T00:00:00.000Z"
    before = list(world.truth())

    world.advance(2 * 86_400 + 0.25)

    assert moment(world) == "2026-11-25T00:00:00.250Z"
    assert list(world.truth()) == before
    with pytest.raises(ValueError, match="time does not go back"):
        world.advance(-1)


def test_a_running_execution_is_hidden_until_it_ends(world: World) -> None:
    slow = world.start(workflow_id="0c6f81RpIcAKtfil", mode="webhook")
    quick = world.start()
    world.advance(1.5)
    world.finish(quick)

    assert (slow, quick) == (11, 12)
    assert ids(listing(world)) == [12, *range(10, 0, -1)]
    assert ids(listing(world, status="running")) == [slow]
    assert row(world, slow) == {
        "id": 11,
        "finished": False,
        "mode": "webhook",
        "retryOf": None,
        "retrySuccessId": None,
        "status": "running",
        "createdAt": "2026-11-22T23:59:59.998Z",
        "startedAt": "2026-11-23T00:00:00.000Z",
        "stoppedAt": None,
        "deletedAt": None,
        "workflowId": "0c6f81RpIcAKtfil",
        "waitTill": None,
        "storedAt": "db",
        "tracingContext": None,
        "deduplicationKey": None,
    }

    world.finish(slow)

    assert ids(listing(world)) == list(range(12, 0, -1))
    assert row(world, slow)["stoppedAt"] == moment(world)
    assert ids(listing(world, status="running")) == []


@pytest.mark.parametrize("status", ["success", "error", "canceled", "crashed"])
def test_an_execution_ends_in_one_of_four_ways(world: World, status: str) -> None:
    execution = world.start()
    world.finish(execution, status)

    assert row(world, execution)["status"] == status
    assert row(world, execution)["finished"] == (status == "success")
    assert listing(world, status=status)[0]["id"] == execution


def test_a_parked_execution_is_hidden_and_woken_when_its_time_has_come(world: World) -> None:
    parked = world.start()
    world.advance(1)
    world.park(parked, 3_600)
    parked_at = moment(world)

    found = row(world, parked)
    assert (found["status"], found["stoppedAt"]) == ("waiting", parked_at)
    assert found["waitTill"] == moment(world, -3_600)
    assert parked not in ids(listing(world))
    assert listing(world, status="waiting") == []

    world.advance(3_599.999)
    assert row(world, parked)["status"] == "waiting"
    world.advance(0.001)

    found = row(world, parked)
    assert (found["status"], found["waitTill"]) == ("running", None)
    assert found["stoppedAt"] == parked_at
    assert parked not in ids(listing(world))
    assert ids(listing(world, status="running")) == [parked]

    world.advance(10)
    world.finish(parked)
    assert row(world, parked)["stoppedAt"] == moment(world)
    assert listing(world)[0]["id"] == parked


def test_parked_executions_can_be_listed_too() -> None:
    world = World(rows=3, pace=Pace.still(), parked_hidden=False)
    parked = world.start()
    world.park(parked, 60)

    assert ids(listing(world)) == [4, 3, 2, 1]
    assert ids(listing(world, status="waiting")) == [parked]


def test_one_woken_by_hand_is_not_woken_again_from_a_later_wait_step(world: World) -> None:
    execution = world.start()
    world.park(execution, 10)
    world.wake(execution)
    world.park(execution, 100)

    world.advance(50)
    assert row(world, execution)["status"] == "waiting"
    world.advance(50)
    assert row(world, execution)["status"] == "running"


def test_a_parked_execution_can_be_canceled(world: World) -> None:
    parked = world.start()
    world.park(parked, 60)
    world.finish(parked, "canceled")
    world.advance(60)

    assert row(world, parked)["status"] == "canceled"
    assert row(world, parked)["waitTill"] is None


def test_the_success_of_a_retry_changes_the_older_row_a_moment_later(world: World) -> None:
    failed = world.start()
    world.finish(failed, "error")
    before = row(world, failed)
    retry = world.retry(failed)
    assert row(world, retry)["retryOf"] == str(failed)
    assert row(world, retry)["mode"] == "retry"
    assert row(world, retry)["workflowId"] == before["workflowId"]
    world.finish(retry)

    world.advance(1.999)
    assert row(world, failed) == before
    world.advance(0.001)
    assert row(world, failed) == before | {"retrySuccessId": retry}


def test_the_older_row_can_be_marked_at_once(world: World) -> None:
    failed = world.start()
    world.finish(failed, "error")
    first = world.retry(failed)
    world.finish(first)
    world.mark_retried(first)
    assert row(world, failed)["retrySuccessId"] == first

    # What was due for the first retry must not undo what came with the second.
    second = world.retry(failed)
    world.finish(second)
    world.mark_retried(second)
    world.advance(60)
    assert row(world, failed)["retrySuccessId"] == second
    with pytest.raises(ValueError, match=f"execution {second} is no retry"):
        world.mark_retried(second)


def test_the_moment_between_the_two_steps_can_be_chosen() -> None:
    world = World(rows=0, pace=replace(Pace.still(), mark_seconds=60))
    failed = world.start()
    world.finish(failed, "error")
    world.finish(world.retry(failed))

    world.advance(59)
    assert row(world, failed)["retrySuccessId"] is None
    world.advance(1)
    assert row(world, failed)["retrySuccessId"] == 2


def test_a_retry_that_fails_changes_nothing_below(world: World) -> None:
    failed = world.start()
    world.finish(failed, "error")
    before = row(world, failed)
    world.finish(world.retry(failed), "error")
    world.advance(60)

    assert row(world, failed) == before


def test_an_archived_execution_can_be_retried() -> None:
    world = World(rows=20_000, pace=Pace.still())
    failed = next(
        each["id"]
        for each in world.truth(status="error")
        if each["id"] < 10_000 and each["retrySuccessId"] is None
    )
    before = list(world.listed())
    retry = world.retry(failed)
    world.finish(retry)
    world.advance(2)

    after = list(world.listed())
    assert after[0]["retryOf"] == str(failed)
    assert after[1:] == [
        each | {"retrySuccessId": retry} if each["id"] == failed else each for each in before
    ]
    assert listing(world, limit=250) == after
    assert listing(world, status="error") == list(world.listed(status="error"))


def test_a_deleted_execution_is_gone_everywhere(world: World) -> None:
    new = world.start()
    for each in (3, 10, new):
        world.delete(each)

        assert each not in ids(list(world.truth()))
        assert world.execution(each) is None
        with pytest.raises(LookupError, match=f"there is no execution {each}"):
            world.delete(each)
    assert ids(listing(world)) == [9, 8, 7, 6, 5, 4, 2, 1]
    assert world.start() == new + 1


def test_what_was_due_for_a_deleted_execution_does_not_happen(world: World) -> None:
    failed, parked = world.start(), world.start()
    world.finish(failed, "error")
    retry = world.retry(failed)
    world.finish(retry)
    world.park(parked, 1)
    world.delete(failed)
    world.delete(parked)
    world.advance(60)

    assert ids(list(world.truth())) == [retry, *range(10, 0, -1)]


def test_a_reserved_id_is_a_gap_until_its_row_appears(world: World) -> None:
    late, lost = world.reserve(), world.reserve()
    above = world.start()
    world.finish(above)
    world.advance(5)

    assert (late, lost, above) == (11, 12, 13)
    assert ids(listing(world)) == [13, *range(10, 0, -1)]
    assert world.execution(late) is None

    world.start(late)
    world.finish(late)
    assert ids(listing(world)) == [13, 11, *range(10, 0, -1)]
    assert row(world, late)["startedAt"] == moment(world, seconds_ago=5)
    with pytest.raises(ValueError, match="id 11 is not reserved"):
        world.start(late)


def test_old_settled_executions_are_pruned_and_others_stay() -> None:
    world = World(rows=10, pace=Pace.still())
    running, parked, ended = world.start(), world.start(), world.start()
    world.park(parked, 100 * 86_400)
    world.finish(ended)
    world.advance(5 * 86_400)
    young = world.start()
    world.finish(young)

    world.prune(after_days=5)

    assert ids(list(world.truth())) == [young, parked, running]
    assert world.execution(ended) is None
    assert world.execution(10) is None


@pytest.mark.parametrize(
    ("rows", "left"),
    [(0, [13, 11]), (1, [14, 13, 11]), (3, [14, 13, 12, 11]), (6, [14, 13, 12, 11, 10, 9])],
)
def test_only_so_many_executions_are_kept_and_those_that_are_open(
    rows: int, left: list[int]
) -> None:
    world = World(rows=10, pace=Pace.still())
    world.start()
    world.finish(world.start())
    world.start()
    world.finish(world.start())

    world.prune(above_rows=rows)

    assert ids(list(world.truth())) == left


def test_pruning_takes_its_numbers_from_the_pace() -> None:
    pace = replace(Pace.still(), prune_above_rows=4, prune_every_seconds=600)
    world = World(rows=10, pace=pace)

    world.advance(599)
    assert len(list(world.truth())) == 10
    world.advance(1)
    assert ids(list(world.truth())) == [10, 9, 8, 7]


def test_ids_can_be_text() -> None:
    world = World(rows=1, pace=Pace.still(), string_ids=True)
    failed = world.start()
    world.finish(failed, "error")
    world.finish(world.retry(failed))
    world.advance(2)

    assert [each["id"] for each in listing(world)] == ["3", "2", "1"]
    assert row(world, failed)["retrySuccessId"] == "3"
    assert row(world, 3)["retryOf"] == "2"


def test_living_and_archived_rows_have_the_same_fields(world: World) -> None:
    new = world.start()
    world.finish(new)

    for each in listing(world):
        assert list(each) == LISTED_FIELDS
        found = row(world, each["id"])
        assert list(found) == DETAILED_FIELDS
        assert {name: found[name] for name in LISTED_FIELDS} == each


def test_steps_that_make_no_sense_are_refused(world: World) -> None:
    running, parked, ended = world.start(), world.start(), world.start()
    world.park(parked, 60)
    world.finish(ended)

    with pytest.raises(ValueError, match="has ended already: success"):
        world.finish(ended)
    with pytest.raises(ValueError, match="ends in one of success, error, canceled, crashed, not"):
        world.finish(running, "running")
    with pytest.raises(ValueError, match="does not run: waiting"):
        world.park(parked, 60)
    with pytest.raises(ValueError, match="cannot wait for -1 seconds"):
        world.park(running, -1)
    with pytest.raises(ValueError, match="is not parked: running"):
        world.wake(running)
    with pytest.raises(ValueError, match="cannot be retried: success"):
        world.retry(ended)
    with pytest.raises(ValueError, match="cannot be retried: running"):
        world.retry(running)
    with pytest.raises(LookupError, match="there is no execution 99"):
        world.wake(99)
