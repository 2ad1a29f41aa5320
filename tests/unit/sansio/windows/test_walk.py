"""Windows tile a range: each row of it is in one of them, whatever gets halved on the way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from headrace.core.value_order import compare, placed
from headrace.sansio.windows import Window, WindowCut, WindowSettings, WindowWalk, scale_of, step_on

FIRST = datetime(2026, 3, 1, tzinfo=UTC)
# The value that each scale begins at, and the unit of its steps.
STYLES: dict[str, tuple[Any, str | int]] = {
    "dates": ("2026-03-01", "d"),
    "times": ("2026-03-01T00:00:00Z", "s"),
    "times with an offset": ("2026-03-01T02:00:00+02:00", "s"),
    "times without a zone": ("2026-03-01T00:00:00", "s"),
    "milliseconds": ("2026-03-01T00:00:00.000Z", "s"),
    "seconds since 1970": (int(FIRST.timestamp()), "s"),
    "milliseconds since 1970": (int(FIRST.timestamp()) * 1_000, "s"),
    "numbers": (7, 1),
    "numbers as texts": ("7", 1),
}


def value_of(style: str, place: float) -> Any:
    """A row's value so many units behind the start, parts of a unit where values flow."""
    moment = FIRST + timedelta(seconds=place)
    match style:
        case "dates":
            return (FIRST + timedelta(days=int(place))).date().isoformat()
        case "times without a zone":
            return moment.replace(tzinfo=None).isoformat()
        case "seconds since 1970":
            return moment.timestamp()
        case "milliseconds since 1970":
            return int(moment.timestamp() * 1_000)
        case "numbers":
            return 7 + int(place)
        case "numbers as texts":
            return str(7 + int(place))
        case _:
            return moment.isoformat()


def settings_of(style: str, step: int, *, is_closed: bool, smallest: int = 1) -> WindowSettings:
    initial, unit = STYLES[style]
    written: Any = step * unit if isinstance(unit, int) else f"{step}{unit}"
    scale = scale_of(initial, written, None)
    one: Any = smallest * unit if isinstance(unit, int) else f"{smallest}{unit}"
    return WindowSettings(
        scale,
        step_on(scale, written, "step"),
        step_on(scale, one, "smallest_step"),
        is_closed=is_closed,
    )


def shows(window: Window, settings: WindowSettings, value: Any) -> bool:
    """Whether an API shows a row when it is asked for a window, by the ends it was sent."""
    low, high, found = (placed(each) for each in (*window.ends(settings), value))
    assert low
    assert high
    assert found
    above, below = compare(found, low), compare(found, high)
    assert above is not None
    assert below is not None
    return above >= 0 and (below <= 0 if settings.is_closed else below < 0)


def times_it_comes(windows: list[Window], settings: WindowSettings, value: Any) -> int:
    """How often a row comes from all windows, without what is cut off."""
    shown = [each for each in windows if shows(each, settings, value)]
    return sum(not WindowCut(each, settings).outside([value]) for each in shown)


@example("times", True, 5, 11, [], [0.0, 5.0, 10.0])
@example("dates", True, 3, 9, [False], [3, 6])
@given(
    st.sampled_from(sorted(STYLES)),
    st.booleans(),
    st.integers(1, 9),
    st.integers(1, 60),
    st.lists(st.booleans(), max_size=40),
    st.lists(st.one_of(st.integers(0, 60), st.floats(0, 59.999).map(lambda n: round(n, 3)))),
)
def test_each_row_comes_once(
    style: str,
    is_closed: bool,
    step: int,
    length: int,
    refusals: list[bool],
    places: list[float],
) -> None:
    settings = settings_of(style, step, is_closed=is_closed)
    initial, _ = STYLES[style]
    low = settings.scale.read(initial)
    end = settings.end_at(value_of(style, length))
    assert low is not None
    assert end is not None
    walk = WindowWalk(settings, low, end)
    windows: list[Window] = []
    answers = iter(refusals)
    while (window := walk.window) is not None:
        if next(answers, False) and walk.halve():
            smaller = walk.window
            assert smaller is not None
            assert smaller.low == window.low < smaller.high < window.high
            continue
        windows.append(window)
        walk.pass_on()

    assert [each.high for each in windows[:-1]] == [each.low for each in windows[1:]]
    assert windows[0].low == low
    assert windows[-1].high == walk.reached == end
    assert [each.is_last for each in windows] == [False] * (len(windows) - 1) + [True]
    assert all(each.high - each.low <= settings.step for each in windows)
    for place in [*places, 0, length, step]:
        value = value_of(style, place)
        found, last = placed(value), placed(value_of(style, length))
        assert found
        assert last
        order = compare(found, last)
        assert order is not None
        is_in = order <= 0 if is_closed else order < 0
        assert times_it_comes(windows, settings, value) == is_in, value


@pytest.mark.parametrize("is_closed", [False, True])
def test_the_ends_that_are_sent(is_closed: bool) -> None:
    settings = settings_of("dates", 31, is_closed=is_closed)
    walk = WindowWalk(settings, 20_500, 20_550)
    sent = []
    while (window := walk.window) is not None:
        sent.append(window.ends(settings))
        walk.pass_on()
    assert sent == (
        [("2026-02-16", "2026-03-18"), ("2026-03-19", "2026-04-06")]
        if is_closed
        else [("2026-02-16", "2026-03-19"), ("2026-03-19", "2026-04-07")]
    )


@pytest.mark.parametrize(
    ("end_value", "is_closed", "sent"),
    [
        ("2026-06-03", False, "2026-06-03"),
        ("2026-06-03", True, "2026-06-03"),
        ("2026-06-03T12:00:00Z", False, "2026-06-04"),
        ("2026-06-03T12:00:00Z", True, "2026-06-03"),
        ("2026-06-03T00:00:00+09:00", False, "2026-06-03"),
        ("2026-06-03T00:00:00+09:00", True, "2026-06-03"),
        ("2026-06-03T00:00:00-05:00", True, "2026-06-03"),
    ],
)
def test_the_last_day_is_asked_for_wherever_its_end_is_written(
    end_value: str, is_closed: bool, sent: str
) -> None:
    settings = settings_of("dates", 31, is_closed=is_closed)
    end = settings.end_at(end_value)
    assert end is not None
    assert Window(end - 5, end).ends(settings)[1] == sent


def test_closed_times_meet_in_one_instant_and_numbers_in_none() -> None:
    times = settings_of("times", 60, is_closed=True)
    low = times.scale.read("2026-03-01T00:00:00Z")
    assert low is not None
    walk = WindowWalk(times, low, low + times.step * 2)
    sent = []
    while (window := walk.window) is not None:
        sent.append(window.ends(times))
        walk.pass_on()
    assert sent == [
        ("2026-03-01T00:00:00Z", "2026-03-01T00:01:00Z"),
        ("2026-03-01T00:01:00Z", "2026-03-01T00:02:00Z"),
    ]
    numbers = settings_of("numbers", 10, is_closed=True)
    assert Window(7, 17).ends(numbers) == (7, 16)


def test_a_window_that_is_halved_stays_small_for_a_while() -> None:
    settings = settings_of("numbers", 8, is_closed=False)
    walk = WindowWalk(settings, 0, 200)
    assert walk.halve()
    assert walk.halve()
    sizes = []
    while (window := walk.window) is not None:
        sizes.append(window.high - window.low)
        walk.pass_on()
    assert sizes == [2] * 10 + [4] * 10 + [8] * 17 + [4]


def test_what_a_window_had_not_shown_yet_is_not_settled() -> None:
    settings = settings_of("times", 7_200, is_closed=False)
    low = settings.scale.read("2026-03-01T00:00:00Z")
    assert low is not None
    hour = settings.step // 2
    walk = WindowWalk(settings, low, low + 12 * hour)
    walk.pass_on(low / 1_000_000 + 5 * 3_600)
    assert walk.settled == walk.reached == low + 2 * hour
    walk.pass_on(low / 1_000_000 + 5 * 3_600)
    assert (walk.settled, walk.reached) == (low + 3 * hour, low + 4 * hour)
    walk.pass_on(low / 1_000_000 + 20 * 3_600)
    walk.pass_on()
    assert (walk.settled, walk.reached) == (low + 3 * hour, low + 8 * hour)


def test_none_gets_smaller_than_the_smallest() -> None:
    settings = settings_of("dates", 31, is_closed=False, smallest=5)
    walk = WindowWalk(settings, 0, 31)
    sizes = []
    while walk.halve():
        window = walk.window
        assert window is not None
        sizes.append(window.high - window.low)
    assert sizes == [16, 8, 5]


NOON = datetime(2026, 11, 28, 12, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("style", "is_closed", "last_end"),
    [
        ("dates", False, "2026-11-29"),
        ("dates", True, "2026-11-28"),
        ("times", False, "2026-11-28T12:00:00Z"),
        ("times", True, "2026-11-28T12:00:00Z"),
        ("times with an offset", False, "2026-11-28T14:00:00+02:00"),
        ("seconds since 1970", False, int(NOON)),
        ("milliseconds since 1970", False, int(NOON) * 1_000),
    ],
)
def test_without_an_end_value_the_range_ends_today_or_now(
    style: str, is_closed: bool, last_end: Any
) -> None:
    settings = settings_of(style, 5, is_closed=is_closed)
    end = settings.end_now(NOON)
    assert Window(end - settings.scale.unit, end).ends(settings)[1] == last_end


@pytest.mark.parametrize(
    ("style", "settled"),
    [
        ("dates", "2026-11-23"),
        ("times", "2026-11-28T11:00:00Z"),
        ("times without a zone", "2026-11-27T12:00:00"),
    ],
)
def test_what_has_just_passed_is_not_settled(style: str, settled: str) -> None:
    settings = settings_of(style, 5, is_closed=False)
    assert settings.scale.shown(settings.settled(NOON)) == settled


def test_rows_that_may_be_of_another_day_elsewhere_are_kept() -> None:
    dates = settings_of("dates", 1, is_closed=False)
    low = dates.scale.read("2026-03-02")
    assert low is not None
    cut = WindowCut(Window(low, low + 1), dates)
    # The second of March, as somebody west of Greenwich counts it.
    assert cut.outside(["2026-03-02T10:00:00Z", "2026-03-03T03:00:00Z"]) == []
    assert cut.outside(["2026-03-01", "2026-03-02", None, "", "no day", "2026-03-03"]) == [0, 5]
