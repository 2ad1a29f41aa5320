"""Single cases that the random histories of `test_living_world.py` have brought to light."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from headrace.simulator import Pace
from tests.unit.reading.keep_up.living_mirror import LivingMirror, LivingSync, MirrorSettings
from tests.unit.reading.keep_up.promise import broken_promises
from tests.unit.reading.keep_up.watched_world import WatchedWorld

NewMirror = Callable[..., LivingMirror]


@pytest.fixture
def new_mirror() -> Iterator[NewMirror]:
    """Makes a mirror of a world without rows in which nothing happens by itself."""
    made = []

    def new(*, parked_hidden: bool = False, **settings: Any) -> LivingMirror:
        world = WatchedWorld(0, pace=Pace.still(), parked_hidden=parked_hidden)
        mirror = LivingMirror(world, MirrorSettings(**settings))
        made.append(mirror)
        return mirror

    yield new
    for mirror in made:
        mirror.loop.close()


def ended(world: WatchedWorld, *statuses: str) -> list[int]:
    """Starts and ends executions, one after the other, with these statuses; gives their ids."""
    rows = []
    for status in statuses:
        rows.append(world.start())
        world.finish(rows[-1], status)
    return rows


def test_a_row_of_this_leg_that_a_newer_one_names_is_loaded_once(new_mirror: NewMirror) -> None:
    mirror = new_mirror(limit=3, concurrency=1)
    world = mirror.world
    _, _, failed, _ = ended(world, "success", "success", "error", "success")
    sync = LivingSync(mirror)
    sync.step()
    sync.step()
    # The listing starts again at the top, where the retry stands above what it names.
    world.expire_cursors()
    retry = world.retry(failed)
    world.finish(retry)

    # Would fail when a row is loaded twice in a leg.
    assert not broken_promises(mirror, sync.finish())
    world.advance(5)
    assert not broken_promises(mirror, mirror.sync())
    assert mirror.table[failed]["retrySuccessId"] == retry


def test_a_row_that_came_alone_is_not_loaded_again_from_a_page(new_mirror: NewMirror) -> None:
    mirror = new_mirror(limit=2, concurrency=2, heeds_status=False)
    world = mirror.world
    ended(world, "success", "success", "success")
    hidden = world.start()
    ended(world, "success")
    sync = LivingSync(mirror)
    sync.step()
    sync.step()
    sync.step(1)
    assert sync.told.probed == {hidden}
    # It shows up on the page with which the listing starts again.
    world.finish(hidden)
    world.expire_cursors()

    # Would fail when a row is loaded twice in a leg.
    assert not broken_promises(mirror, sync.finish())
    assert not broken_promises(mirror, mirror.sync())


def test_more_hidden_rows_than_probes_come_with_later_syncs(new_mirror: NewMirror) -> None:
    mirror = new_mirror(max_probes=3, heeds_status=False)
    world = mirror.world
    ended(world, "success")
    running = [world.start() for _ in range(5)]
    ended(world, "success")

    assert len(mirror.sync().probed) == 3
    # The newest and the oldest alike.
    assert mirror.table.keys() >= {running[0], *running[3:]}
    assert len(mirror.sync().probed) == 2
    assert mirror.table.keys() >= set(running)


def test_a_probe_that_is_not_needed_any_more_goes_to_another_key(new_mirror: NewMirror) -> None:
    mirror = new_mirror(limit=1, concurrency=2, max_probes=2)
    world = mirror.world
    ended(world, "success", "success", "success")
    lost = [world.reserve() for _ in range(4)]
    ended(world, "success")
    sync = LivingSync(mirror)
    for _ in range(3):
        sync.step()
    # Two are to be asked for; one of them comes on a page, as the listing starts at the top again.
    world.finish(world.start(lost[2]))
    world.expire_cursors()

    assert sync.finish().probed == {lost[3], lost[0]}


def test_no_page_is_listed_for_rows_that_only_probes_have_found(new_mirror: NewMirror) -> None:
    mirror = new_mirror(limit=4, max_probes=3, heeds_status=False)
    world = mirror.world
    ended(world, "success")
    for _ in range(6):
        world.start()
    ended(world, *["success"] * 12)
    # The last three are found by a sync that lists no page near them.
    mirror.sync()
    mirror.sync()

    told = mirror.sync()

    assert (told.pages, told.requests) == (1, 7)


@pytest.mark.parametrize("pages", [1, 2])
def test_rows_that_a_page_shows_below_their_retries_are_not_asked_for_alone(
    pages: int, new_mirror: NewMirror
) -> None:
    mirror = new_mirror(limit=10)
    world = mirror.world
    failed = ended(world, "error", "error", "error")
    mirror.sync()
    for row in failed:
        world.finish(world.retry(row))
    # The pages above that one are new as a whole.
    ended(world, *["success"] * 10 * (pages - 1))

    told = mirror.sync()

    assert (told.requests, told.pages) == (1 + pages, pages)
    assert not broken_promises(mirror, told)


def test_hidden_rows_come_in_one_request_a_page_however_many_keys_are_missing(
    new_mirror: NewMirror,
) -> None:
    mirror = new_mirror(limit=250, concurrency=1)
    world = mirror.world
    ended(world, "success")
    running = [world.start() for _ in range(3)]
    # What is not kept leaves ids without a row.
    for _ in range(600):
        world.reserve()
    ended(world, "success")

    first = mirror.sync()

    assert mirror.table.keys() >= set(running)
    # 100 keys without a row say that the listing of hidden rows is whole.
    # One more sees whether the path of single rows leads anywhere.
    assert (first.pages, first.rows_alone, first.requests) == (1, 101, 103)
    world.advance(60)
    told = mirror.sync()
    assert (told.pages, told.rows_alone, told.requests) == (1, 0, 2)
    assert mirror.open_rows() == set(running)


def test_a_row_that_came_and_ended_between_two_syncs_is_found_without_a_probe(
    new_mirror: NewMirror,
) -> None:
    mirror = new_mirror(limit=250, trust_after=0)
    world = mirror.world
    ended(world, "success")
    late = world.reserve()
    ended(world, "success")
    mirror.sync()
    world.advance(500)
    world.finish(world.start(late))

    told = mirror.sync()

    assert late in mirror.table
    assert (told.pages, told.rows_alone, told.requests) == (1, 0, 2)


def test_a_parked_row_that_is_in_no_listing_is_found_and_ends_the_trust(
    new_mirror: NewMirror,
) -> None:
    mirror = new_mirror(limit=250, trust_after=20, concurrency=1, parked_hidden=True)
    world = mirror.world
    ended(world, "success")
    for _ in range(30):
        world.reserve()
    ended(world, "success")
    assert mirror.sync().rows_alone == 21
    parked = world.start()
    world.advance(30)
    world.park(parked, 86_400)
    ended(world, "success")

    mirror.sync()

    assert parked in mirror.table
    # From then on each missing key is asked for, also those that were left out.
    assert mirror.sync().probed >= set(range(2, 32))


def test_old_missing_keys_are_not_starved_by_new_ones(new_mirror: NewMirror) -> None:
    mirror = new_mirror(limit=250, max_probes=20, heeds_status=False)
    world = mirror.world
    ended(world, "success")
    hidden = world.start()
    for _ in range(20):
        world.reserve()
    ended(world, "success")
    mirror.sync()
    for _ in range(20):
        world.reserve()
    ended(world, "success")

    mirror.sync()

    assert hidden in mirror.table


def test_a_missing_key_is_never_asked_for_once_it_had_no_row_after_ten_minutes(
    new_mirror: NewMirror,
) -> None:
    mirror = new_mirror(limit=250, heeds_status=False)
    world = mirror.world
    ended(world, "success")
    for _ in range(1_000):
        world.reserve()
    ended(world, "success")
    probes = []
    for _ in range(12):
        probes.append(mirror.sync().rows_alone)
        world.advance(150)

    # All of them within five syncs, and once more when ten minutes have passed; each sync that
    # finds no row sees with one request more whether the path leads anywhere.
    assert probes == [201] * 9 + [0, 0, 0]
