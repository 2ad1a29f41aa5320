"""Windows that are read at once tile a range as those do that are read one after the other."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.sansio.windows import CatchUp, Window, WindowLanes, WindowWalk
from tests.unit.sansio.windows.test_walk import settings_of

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC).timestamp()
HOUR = 3_600 * 1_000_000


@given(
    st.integers(1, 9),
    st.integers(1, 60),
    st.integers(1, 5),
    st.lists(st.booleans(), max_size=40),
    st.lists(st.integers(0, 9), max_size=60),
)
def test_the_windows_of_all_lanes_tile_the_range(
    step: int, length: int, at_once: int, refusals: list[bool], picks: list[int]
) -> None:
    settings = settings_of("dates", step, is_closed=False)
    lanes = WindowLanes(settings, 100, 100 + length)
    refused, picked = iter(refusals), iter(picks)
    walks: list[WindowWalk] = []
    windows: list[Window] = []
    while True:
        while len(walks) < at_once and (walk := lanes.take()) is not None:
            walks.append(walk)
        if not walks:
            break
        walk = walks[next(picked, 0) % len(walks)]
        window = walk.window
        if window is None:
            walks.remove(walk)
        elif not (next(refused, False) and walk.halve()):
            windows.append(window)
            walk.pass_on()
    windows.sort(key=lambda each: each.low)
    assert [each.high for each in windows[:-1]] == [each.low for each in windows[1:]]
    assert (windows[0].low, windows[-1].high) == (100, 100 + length)
    assert [each.is_first for each in windows] == [True] + [False] * (len(windows) - 1)
    assert [each.is_last for each in windows] == [False] * (len(windows) - 1) + [True]


def test_what_is_given_out_behind_a_window_that_was_too_large_is_as_small() -> None:
    settings = settings_of("dates", 8, is_closed=False)
    lanes = WindowLanes(settings, 0, 100)
    first, second = lanes.take(), lanes.take()
    assert first is not None
    assert second is not None
    assert first.halve()
    third = lanes.take()
    found = [each.window for each in (first, second, third) if each is not None]
    assert [each and (each.low, each.high) for each in found] == [(0, 4), (8, 16), (16, 20)]


def caught_up(style: str = "times", end: int | None = None) -> CatchUp:
    return CatchUp(settings_of(style, 7_200, is_closed=False), 0, end, NOON)


def test_a_look_begins_before_the_earlier_of_two_clocks_and_ends_ahead_of_the_later() -> None:
    catch_up = caught_up()
    catch_up.meet(NOON - 600, NOON + 900)
    look = catch_up.next_look(NOON + 60)
    noon = int(NOON * 1_000_000)
    assert look == (noon - 600 * 1_000_000 - HOUR, noon + 900 * 1_000_000 + 2 * HOUR)


def test_without_a_clock_of_the_api_this_machine_may_be_off_by_an_hour() -> None:
    catch_up = caught_up()
    look = catch_up.next_look(NOON)
    noon = int(NOON * 1_000_000)
    assert look == (noon - 2 * HOUR, noon + 2 * HOUR)
    # Behind its end something may have changed.
    catch_up.end_look(NOON + 3_700, pages=1, new=0)
    assert not catch_up.is_settled


@pytest.mark.parametrize(
    ("pages", "new", "is_settled"), [(1, 9, True), (2, 0, True), (2, 1, False), (0, 0, True)]
)
def test_a_look_is_the_last_that_shows_one_moment_or_nothing_new(
    pages: int, new: int, is_settled: bool
) -> None:
    catch_up = caught_up()
    catch_up.next_look(NOON)
    catch_up.end_look(NOON + 1, pages=pages, new=new)
    assert catch_up.is_settled == is_settled
    assert (catch_up.next_look(NOON + 2) is None) == is_settled


def test_the_looks_come_to_an_end() -> None:
    catch_up = caught_up()
    while catch_up.next_look(NOON) is not None:
        catch_up.end_look(NOON, pages=2, new=1)
    assert (catch_up.looks, catch_up.is_settled) == (10, False)


def test_a_range_that_has_passed_needs_no_look() -> None:
    catch_up = caught_up(end=int((NOON - 3 * 3_600) * 1_000_000))
    assert catch_up.next_look(NOON) is None
    assert catch_up.is_settled
