"""Listing a world: what happens between two pages, cursors that expire, a long archive below."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from headrace.simulator import BadParameter, Pace, World
from headrace.simulator.archive import Archive
from headrace.simulator.history import History
from headrace.simulator.rhythm import HISTORY_END

from .worlds import cursor_below, ids, listing, page, pages


@pytest.mark.parametrize("string_ids", [False, True])
def test_an_untouched_world_is_its_archive_byte_by_byte(string_ids: bool) -> None:
    world = World(rows=20_000, seed=5, pace=Pace.still(), string_ids=string_ids)
    archive = Archive(History(20_000, 5), string_ids=string_ids)

    assert list(world.truth()) == list(archive.truth())
    for query in (
        {"limit": "250"},
        {"cursor": cursor_below(8_200, 250)},
        {"cursor": cursor_below(3, 9)},
        {"status": "error", "limit": "20"},
        {"status": "crashed", "workflowId": "hZHI423uQMRxfq7w"},
    ):
        assert world.page(query) == archive.page(query)
    assert world.execution(7) == archive.execution(7)


def test_rows_that_appear_while_a_listing_is_under_way() -> None:
    world = World(rows=10, pace=Pace.still())
    slow, above = world.start(), world.start()
    world.finish(above)
    walk = pages(world, limit=4)

    assert ids(next(walk)) == [12, 10, 9, 8]
    world.finish(slow)
    world.finish(world.start())
    world.delete(7)
    assert ids(next(walk)) == [6, 5, 4, 3]
    world.delete(1)
    world.delete(2)
    assert ids(next(walk)) == []
    assert ids(listing(world)) == [13, 12, 11, 10, 9, 8, 6, 5, 4, 3]


def test_the_last_page_is_told_by_what_is_shown() -> None:
    world = World(rows=0, pace=Pace.still())
    hidden, shown = world.start(), world.start()
    world.finish(shown)

    assert page(world, limit=1) == (list(world.listed()), None)
    world.finish(hidden)
    rows, cursor = page(world, limit=1)
    assert ids(rows) == [shown]
    assert cursor is not None
    assert page(world, limit=2)[1] is None


def test_filters_see_living_and_archived_rows() -> None:
    world = World(rows=300, pace=Pace.still())
    workflow_id = "hZHI423uQMRxfq7w"
    filters = ({"status": "error"}, {"workflowId": workflow_id, "status": "success"})
    for status in ("success", "error", "success"):
        world.finish(world.start(workflow_id=workflow_id), status)
    running = world.start(workflow_id=workflow_id)
    archived = [each["id"] for each in world.listed() if each["id"] <= 300]

    for happen in (
        lambda: None,
        lambda: [world.delete(each) for each in [301, *archived[::7]]],
        lambda: world.prune(above_rows=200),
    ):
        happen()
        everything = listing(world, limit=250)
        for query in filters:
            wanted = [each for each in everything if query.items() <= each.items()]
            assert len(wanted) > 3
            assert listing(world, limit=3, **query) == wanted
    assert ids(listing(world, workflowId=workflow_id, status="running")) == [running]
    assert listing(world, workflowId="nobody", status="running") == []


def test_all_cursors_can_expire_at_once() -> None:
    world = World(rows=10, pace=Pace.still())
    _, cursor = page(world, limit=4)
    assert cursor == "eyJsYXN0SWQiOiI3IiwibGltaXQiOjR9"  # as the recorded ones
    world.expire_cursors()

    with pytest.raises(BadParameter, match="An invalid cursor was provided"):
        page(world, cursor=cursor)
    _, cursor = page(world, limit=4)
    assert cursor is not None
    rows, cursor = page(world, cursor=cursor)
    assert ids(rows) == [6, 5, 4, 3]
    assert cursor is not None
    world.expire_cursors()
    with pytest.raises(BadParameter):
        page(world, cursor=cursor)


def test_cursors_can_expire_by_age() -> None:
    world = World(rows=10, pace=Pace.still(), cursor_seconds=600)
    _, cursor = page(world, limit=4)
    assert cursor is not None

    world.advance(600)
    assert ids(page(world, cursor=cursor)[0]) == [6, 5, 4, 3]
    world.advance(0.001)
    with pytest.raises(BadParameter, match="An invalid cursor was provided"):
        page(world, cursor=cursor)


def test_a_world_is_read_as_it_stood_at_the_call() -> None:
    world = World(rows=3, pace=Pace.still())
    running = world.start()
    truth, listed, succeeded = world.truth(), world.listed(), world.listed(status="success")
    world.finish(running)
    world.delete(2)
    world.start()

    assert [(each["id"], each["status"] == "running") for each in truth] == [
        (4, True),
        (3, False),
        (2, False),
        (1, False),
    ]
    assert ids(list(listed)) == [3, 2, 1]
    assert ids(list(succeeded)) == [3, 2, 1]


def test_a_long_history_costs_only_what_is_looked_at() -> None:
    world = World(rows=1_000_000_000, pace=Pace.still())
    world.finish(world.start())
    world.delete(500_000_000)
    world.retry(next(world.listed(status="error"))["id"])
    blocks = world.blocks_computed

    rows, _ = page(world, cursor=cursor_below(500_000_100, 250))
    assert ids(rows) == [*range(500_000_099, 500_000_000, -1), *range(499_999_999, 499_999_848, -1)]
    assert world.blocks_computed - blocks <= 2
    world.prune(above_rows=1_000)
    assert len(list(world.truth())) == 1_000
    assert world.blocks_computed - blocks <= 3


def test_pruning_an_archive_by_age_leaves_exactly_what_stopped_later() -> None:
    world = World(rows=30_000, pace=Pace.still())
    before = list(world.truth())
    deleted = [before[place]["id"] for place in (0, 15_000, 29_999)]
    for each in deleted:
        world.delete(each)

    for days in (20, 10.5, 10.4):
        world.prune(after_days=days)

        moment = (HISTORY_END - timedelta(days=days)).isoformat(timespec="milliseconds")[:23]
        left = [each for each in before if each["id"] not in deleted and each["stoppedAt"] > moment]
        assert list(world.truth()) == listing(world, limit=250) == left
        assert all(
            (world.execution(each["id"]) is None) == (each not in left) for each in before[::997]
        )


def test_pruning_again_looks_only_at_what_is_due_now() -> None:
    world = World(rows=400_000, pace=Pace.still())
    world.prune(after_days=20)
    blocks = world.blocks_computed
    assert blocks > 16

    world.prune(after_days=19.9)

    assert world.blocks_computed - blocks <= 1


def test_a_changed_row_is_pruned_where_an_older_one_stays() -> None:
    world = World(rows=20_000, pace=Pace.still())
    rows = list(world.truth())
    failed = next(
        newer
        for newer, older in pairwise(rows)
        if newer["status"] == "error" and newer["stoppedAt"] < older["stoppedAt"]
    )
    retry = world.retry(failed["id"])
    world.finish(retry)
    world.mark_retried(retry)

    stopped = datetime.fromisoformat(failed["stoppedAt"])
    world.prune(after_days=(HISTORY_END - stopped) / timedelta(days=1))

    left = [each for each in rows if each["stoppedAt"] > failed["stoppedAt"]]
    assert left[-1]["id"] < failed["id"]
    assert listing(world, limit=250)[1:] == left
    assert world.execution(failed["id"]) is None
