"""A sample API like release 2.41: what is listed, what is queued, what changes afterwards."""

from __future__ import annotations

from itertools import islice
from typing import Any

import pytest

from headrace.simulator import Pace, Simulator, World

from .asking import all_rows, ask, send
from .newer import recorded, shape
from .worlds import listing, page, row


def newer_world(rows: int = 0, **more: Any) -> World:
    return World(rows=rows, pace=Pace.still(), like="2.41", **more)


def queued_world() -> World:
    """Two run, four are queued, as in the recording."""
    world = newer_world(at_once=2)
    for _ in range(6):
        world.start(mode="webhook")
    return world


def ids(rows: list[dict[str, Any]]) -> list[int]:
    return [int(each["id"]) for each in rows]


def test_queued_rows_are_listed_and_running_ones_only_when_asked_for() -> None:
    world = queued_world()

    assert ids(listing(world)) == ids(listing(world, status="new")) == [6, 5, 4, 3]
    assert ids(listing(world, status="running")) == [2, 1]
    for query in ({"limit": 8}, {"status": "new"}):
        newest = page(world, **query)[0][0]
        told = recorded("t1 two run")["data"][0]
        assert shape(newest) == shape(told)
        assert (newest["status"], newest["startedAt"], newest["stoppedAt"]) == ("new", None, None)
    assert shape(listing(world, status="running")) == shape(recorded("t1 ?status=running")["data"])


def test_a_queued_row_begins_when_its_turn_has_come() -> None:
    world = queued_world()
    world.advance(5)
    world.finish(1)

    begun = row(world, 3)
    assert begun["status"] == "running"
    assert begun["createdAt"] < begun["startedAt"]
    world.finish(3)
    world.delete(2)
    assert ids(listing(world, status="running")) == [5, 4]
    assert ids(listing(world)) == [6, 3, 1]


def test_what_is_started_by_hand_or_called_never_waits() -> None:
    world = queued_world()
    called = [world.start(mode=mode) for mode in ("manual", "integrated", "retry")]

    assert {row(world, each)["status"] for each in called} == {"running"}


def test_a_row_that_is_stopped_in_the_queue_never_starts() -> None:
    world = queued_world()
    with Simulator(world=world) as simulator:
        key = {"X-API-KEY": simulator.api_key}
        answers = [
            send(simulator, f"/executions/{each}/stop", method="POST", headers=key)
            for each in (6, 5, 1)
        ]
        again = send(simulator, "/executions/6/stop", method="POST", headers=key)
        unknown = send(simulator, "/executions/99/stop", method="POST", headers=key)
        refused = send(simulator, "/executions/4/stop", method="POST", headers={})
        listed = ask(simulator, "/executions").body["data"]

    told = recorded("t1 stop a queued one")
    assert [each.status for each in answers] == [200, 200, 200]
    assert all(shape(each.body) == shape(told) for each in answers)
    never = told["startedAt"]
    assert [each.body["startedAt"] == never for each in answers] == [True, True, False]
    assert (again.status, unknown.status, refused.status) == (400, 404, 401)
    assert shape(listed[0]) == shape(recorded("t2")["data"][0])
    assert [(each["status"], each["startedAt"]) for each in listed[:2]] == [("canceled", None)] * 2
    world.advance(1_000)
    assert row(world, 6)["startedAt"] is None


def test_parked_rows_are_listed() -> None:
    world = newer_world()
    world.park(world.start(), 60)

    told = recorded("t3 ?status=waiting")["data"][0]
    assert shape(page(world)[0][0]) == shape(page(world, status="waiting")[0][0]) == shape(told)


def test_rows_are_asked_for_by_their_start() -> None:
    world = newer_world(20_000)
    running = world.start()
    everything = listing(world, limit=250)
    started = sorted(each["startedAt"] for each in everything if each["startedAt"])
    first, last = started[4_000], started[9_000]
    wanted = [each for each in everything if first <= (each["startedAt"] or "") <= last]

    assert listing(world, limit=250, startedAfter=first, startedBefore=last) == wanted
    assert listing(world, limit=250, startedAfter=started[-1], status="running") == [
        each for each in world.truth() if int(each["id"]) == running
    ]
    assert len(wanted) == 5_001
    with Simulator(world=world) as simulator:
        answer = ask(simulator, "/executions", startedAfter="yesterday")
    assert (answer.status, answer.body) == (
        400,
        {"message": 'request/query/startedAfter must match format "date-time"'},
    )


def test_the_history_has_rows_that_never_started() -> None:
    world = newer_world(20_000)
    rows = listing(world, limit=250)
    never = [each for each in rows if each["startedAt"] is None]

    assert 5 < len(never) < 100
    assert {each["status"] for each in never} == {"canceled"}
    assert all(each["stoppedAt"] for each in never)
    assert rows == list(world.truth())
    for each in never:
        detail = row(world, int(each["id"]))
        assert detail["startedAt"] is None
        assert detail["createdAt"] <= each["stoppedAt"]
    assert not any(
        each["startedAt"] is None for each in listing(world, startedAfter="2020-01-01T00:00:00Z")
    )


def test_a_limit_that_is_too_large_is_cut() -> None:
    with Simulator(rows=1_000, like="2.41") as simulator:
        answer = ask(simulator, "/executions", limit=300)
        below = ask(simulator, "/executions", limit=0)

    told = recorded("limit=300")
    assert (answer.status, len(answer.body["data"])) == (200, told["rows"])
    assert below.status == 400


def test_a_restart_changes_what_crashed_once() -> None:
    world = newer_world()
    crashed = [world.start(), world.start()]
    world.finish(crashed[0], "crashed")
    before = row(world, crashed[0])
    world.advance(60)
    world.restart()
    after = row(world, crashed[0])
    world.advance(60)
    world.finish(crashed[1], "crashed")
    world.restart()

    assert after == before | {"stoppedAt": after["stoppedAt"]}
    assert after["stoppedAt"] > before["stoppedAt"]
    assert row(world, crashed[0]) == after
    world.prune(after_days=30 / 86_400)
    assert ids(listing(world)) == [2]


def test_runs_that_keep_nothing_leave_gaps_for_good() -> None:
    with Simulator(rows=5_000, like="2.41", gaps=300) as simulator:
        listed = [int(each["id"]) for each in all_rows(simulator, "/executions", limit=250)]
        failed = [int(each["id"]) for each in all_rows(simulator, "/executions", status="error")]
        missing = sorted(set(range(1, 5_001)) - set(listed))
        answers = [ask(simulator, f"/executions/{each}") for each in missing[:2]]

    runs = [each for each in missing if each - 1 not in missing]
    assert all({*range(each, each + 300)} <= set(missing) for each in runs)
    assert len(runs) == 4
    assert set(failed) <= set(listed)
    assert [each.status for each in answers] == [404, 404]
    assert answers[0].body == recorded("t4 an id of the gap")


def test_a_living_world_makes_gaps_and_queues_and_restarts() -> None:
    pace = Pace(share_crashed=0.02, executions_per_hour=1_200)
    world = World(rows=1_000, pace=pace, like="2.41", at_once=5, gaps=300)
    world.advance(6 * 3_600)
    truth = {int(each["id"]): each for each in world.truth()}
    newest = max(truth)
    missing = [each for each in range(1_001, newest) if each not in truth]
    never = [each for each in truth.values() if each["startedAt"] is None]

    assert sum(each - 149 in missing for each in missing) > 10
    assert {each["status"] for each in never} <= {"canceled", "new"}
    assert any(each["status"] == "canceled" for each in never)
    crashed = {key: each for key, each in truth.items() if each["status"] == "crashed"}
    world.advance(86_400)
    now = {int(each["id"]): each for each in world.truth(status="crashed")}
    changed = [key for key in crashed if key in now and now[key] != crashed[key]]
    assert changed
    world.advance(86_400)
    later = {int(each["id"]): each for each in world.truth(status="crashed")}
    assert all(later[key] == now[key] for key in changed if key in later)


@pytest.mark.parametrize("incidents", [False, True])
def test_a_history_that_stays_is_the_same_but_for_its_release(incidents: bool) -> None:
    with (
        Simulator(rows=2_000, incidents=incidents, string_ids=True) as older,
        Simulator(rows=2_000, incidents=incidents, like="2.41") as newer,
    ):
        for old, new in zip(older.truth(), newer.truth(), strict=True):
            assert new == old | {"startedAt": new["startedAt"]}
        assert (
            list(islice(newer.truth(status="error"), 5))
            == (ask(newer, "/executions", status="error", limit=5).body["data"])
        )


def test_a_wrong_key_is_told_in_the_words_of_the_release() -> None:
    with Simulator(rows=5, like="2.41") as simulator:
        answer = send(simulator, "/executions", headers={})

    assert (answer.status, answer.body) == (401, recorded("bad key"))


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Simulator(like="2.30"), "like must be one of 2.20, 2.41, not 2.30"),
        (lambda: Simulator(gaps=5), "gaps and payload are for like='2.41', not '2.20'"),
        (lambda: newer_world(gaps=-1), "gaps must be 0 or more, not -1"),
        (lambda: newer_world(at_once=0), "at_once must be 1 or more, not 0"),
        (lambda: World(at_once=2), "at_once queues executions, which release 2.20 does not show"),
        (lambda: Simulator(world=World(), like="2.41"), "are the world's own"),
    ],
)
def test_what_does_not_go_together_is_refused(build: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build()
