"""Lanes of numbered pages: what was there all the while is handed on, whatever changes."""

from __future__ import annotations

import os
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.sansio.lanes import Ask, LanesGaveUpError, PageLanes, plan_pages
from tests.unit.sansio.lanes.listed_world import LanedReading, ListedWorld, read_in_lanes

EXAMPLES = int(os.environ.get("HEADRACE_EXAMPLES", "100"))
SIZES = st.sampled_from([2, 3, 7, 10, 25, 100, 250])
COUNTS = st.integers(0, 12)


def read_some(
    size: int,
    pages: int,
    at_once: int,
    seed: int,
    *,
    by_offset: bool = True,
    overlaps: bool = True,
    deletes: bool = False,
    busy: float = 0.0,
) -> tuple[ListedWorld, LanedReading | None]:
    chance = random.Random(seed)
    world = ListedWorld(size, by_offset, chance, deletes, busy)
    world.fill(size * pages + chance.randrange(size))
    return world, read_in_lanes(world, at_once, overlaps=overlaps)


@settings(max_examples=EXAMPLES)
@given(SIZES, COUNTS, st.integers(2, 16), st.integers(), st.sampled_from([0.0, 0.1, 0.4]))
def test_pages_that_overlap_bring_all_though_rows_come_and_go(
    size: int, pages: int, at_once: int, seed: int, busy: float
) -> None:
    try:
        _, reading = read_some(size, pages, at_once, seed, deletes=True, busy=busy)
    except LanesGaveUpError:
        # Said aloud is not lost. It happens where hardly a row stays from one page to the next.
        assert busy > 0.1 or size < 25
        return
    if reading is not None:
        assert reading.missing == set()
        assert len(reading.handed) == len(set(reading.handed))
        assert reading.most_at_once <= at_once


@settings(max_examples=EXAMPLES)
@given(
    SIZES | st.just(1),
    COUNTS,
    st.integers(2, 16),
    st.integers(),
    st.booleans(),
    st.sampled_from([0.0, 0.1, 0.4]),
)
def test_seams_bring_all_where_rows_are_only_added(
    size: int,
    pages: int,
    at_once: int,
    seed: int,
    by_offset: bool,
    busy: float,
) -> None:
    try:
        _, reading = read_some(
            size, pages, at_once, seed, by_offset=by_offset, overlaps=False, busy=busy
        )
    except LanesGaveUpError:
        assert busy > 0.1 or size < 25
        return
    if reading is not None:
        assert reading.missing == set()
        assert len(reading.handed) == len(set(reading.handed))


@given(SIZES, COUNTS, st.integers(2, 16), st.integers(), st.booleans(), st.booleans())
def test_where_nothing_changes_each_row_comes_once_and_in_order(
    size: int,
    pages: int,
    at_once: int,
    seed: int,
    by_offset: bool,
    overlaps: bool,
) -> None:
    world, reading = read_some(size, pages, at_once, seed, by_offset=by_offset, overlaps=overlaps)
    if reading is None:
        assert len(world.rows) <= size
        return
    assert reading.handed == world.rows
    assert reading.is_proven_whole is (by_offset and overlaps)
    step = size - 1 if by_offset and overlaps else size
    needed = 1 + -(-(len(world.rows) - size) // step)
    assert world.requests <= needed + reading.lanes


def test_without_seams_rows_would_be_missed() -> None:
    """That the histories above would find it: the lanes are told that all pages join."""

    class Careless(PageLanes[list[bytes]]):
        def _waits(self, lane: object) -> bool:
            return False

        def _judge(self, lane: object) -> None:
            super()._judge(lane)  # type: ignore[arg-type]
            at_end = self._is_at_planned_end(lane)  # type: ignore[arg-type]
            lane.is_over |= at_end and not lane.is_asking  # type: ignore[attr-defined]

    found = 0
    for seed in range(50):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("tests.unit.sansio.lanes.listed_world.PageLanes", Careless)
            _, reading = read_some(10, 8, 8, seed, overlaps=False, busy=0.3)
        found += bool(reading and reading.missing)
    assert found > 10


def test_a_page_that_does_not_join_is_asked_for_from_further_up() -> None:
    plan = plan_pages(
        start=0, left_out=0, size=3, total=7, at_once=2, page_bytes=1, by_offset=True, overlaps=True
    )
    assert plan is not None
    assert plan.starts == (0, 2, 4)
    lanes = PageLanes[str](plan)
    lanes.begin("first", [b"1", b"2", b"3"], 7)
    assert lanes.asks() == [Ask(1, 2), Ask(2, 4)]

    # Rows 1 and 2 are deleted: at place 2 is row 5 by now.
    lanes.learn(Ask(1, 2), "gap", [b"5", b"6", b"7"], 5)
    lanes.learn(Ask(2, 4), "last", [b"7"], 5)
    assert lanes.asks() == [Ask(1, 0)]
    lanes.learn(Ask(1, 0), "bridge", [b"3", b"4", b"5"], 5)
    assert lanes.asks() == [Ask(1, 2)]
    lanes.learn(Ask(1, 2), "second", [b"5", b"6", b"7"], 5)

    handed = [(page.content, page.places) for page in lanes.ready()]
    assert handed == [("first", [0, 1, 2]), ("bridge", [1, 2]), ("second", [1, 2]), ("last", [])]
    assert lanes.is_over
    assert lanes.is_proven_whole


@pytest.mark.parametrize("overlaps", [True, False])
def test_of_large_pages_no_more_wait_than_there_is_room_for(overlaps: bool) -> None:
    plan = plan_pages(
        start=0,
        left_out=0,
        size=100,
        total=100_000,
        at_once=16,
        page_bytes=8 * 1024 * 1024,
        by_offset=True,
        overlaps=overlaps,
    )
    assert plan is not None
    lanes = PageLanes[str](plan)
    lanes.begin("first", [b"%d" % number for number in range(100)], 100_000)
    asked = 0
    while asks := [ask for ask in lanes.asks() if ask.lane]:
        asked += len(asks)
        for ask in asks:
            keys = [b"%d" % number for number in range(ask.number, ask.number + 100)]
            lanes.learn(ask, "page", keys, 100_000)

    # 32 MiB are four of them; one more joins the first lane to the second.
    assert asked <= 4 + 1


def test_a_listing_of_one_page_is_not_parted() -> None:
    plan = plan_pages(
        start=0, left_out=0, size=9, total=9, at_once=8, page_bytes=1, by_offset=True, overlaps=True
    )

    assert plan is None
