"""Values have the order of what they say, whatever way each is written in."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from headrace.core.value_order import Kind, compare, count_otherwise, placed, sortable

BEGIN = datetime(2026, 8, 10, 10, tzinfo=UTC)
# Few that differ by little, so that equal and nearly equal ones meet.
INSTANTS = st.builds(
    lambda seconds, part: (seconds, part),
    st.integers(-7200, 7200),
    st.sampled_from(["", "5", "500", "499", "000", "000001", "5000000001", "123456789"]),
)
OFFSETS = st.sampled_from([0, 60, 120, -330, 345, 840, -720])


@st.composite
def written_instants(draw: st.DrawFn) -> tuple[tuple[int, str], str]:
    """An instant, and one of the ways in which APIs write it."""
    seconds, part = draw(INSTANTS)
    ahead = draw(OFFSETS)
    local = BEGIN + timedelta(seconds=seconds, minutes=ahead)
    day, between = draw(st.sampled_from([("%Y-%m-%d", "T"), ("%Y-%m-%d", " "), ("%Y/%m/%d", " ")]))
    zones = [f"{'+' if ahead >= 0 else '-'}{abs(ahead) // 60:02}{{}}{abs(ahead) % 60:02}"]
    if ahead == 0:
        zones += ["Z", "z", " UTC", ""]
    zone = draw(st.sampled_from(zones)).format(draw(st.sampled_from([":", ""])))
    fraction = f"{draw(st.sampled_from('.,'))}{part}" if part else ""
    return (seconds, part), f"{local:{day}}{between}{local:%H:%M:%S}{fraction}{zone}"


def number_of(instant: tuple[int, str]) -> Decimal:
    seconds, part = instant
    return seconds + Decimal(f"0.{part or 0}")


def sign(number: Decimal) -> int:
    return (number > 0) - (number < 0)


def order(one: Any, other: Any) -> int | None:
    places = placed(one), placed(other)
    assert places[0] is not None
    assert places[1] is not None
    return compare(places[0], places[1])


@given(written_instants(), written_instants())
def test_times_have_the_order_of_instants(
    one: tuple[tuple[int, str], str], other: tuple[tuple[int, str], str]
) -> None:
    assert order(one[1], other[1]) == sign(number_of(one[0]) - number_of(other[0]))


@given(
    st.decimals(-1000, 1000, places=2) | st.integers(-1000, 1000),
    st.decimals(-1000, 1000, places=2) | st.integers(-1000, 1000),
    st.booleans(),
    st.booleans(),
)
@example(9, 10, True, True)
def test_numbers_have_their_order_also_as_texts(a: Any, b: Any, a_text: bool, b_text: bool) -> None:
    assert order(str(a) if a_text else a, str(b) if b_text else b) == sign(a - b)


@given(st.text("ab-Z", min_size=1), st.text("ab-Z", min_size=1))
def test_other_texts_have_the_order_of_texts(one: str, other: str) -> None:
    assert order(one, other) == (one > other) - (one < other)


@given(st.lists(written_instants(), min_size=1, max_size=6))
def test_times_that_are_sorted_without_being_read_have_the_same_order(
    written: list[tuple[tuple[int, str], str]],
) -> None:
    found = sortable([text for _, text in written])
    if found is not None:
        numbers = [number_of(instant) for instant, _ in written]
        for at, number in enumerate(numbers):
            for place, other in enumerate(numbers):
                assert sign(number - other) == (found[at] > found[place]) - (
                    found[at] < found[place]
                )


MIDDAY = "2026-08-10T12:00:0{}{}Z"


@pytest.mark.parametrize(
    "texts",
    [
        [MIDDAY.format(second, "") for second in (1, 3, 2)],
        [MIDDAY.format(second, f".{second}00") for second in (3, 1, 2)],
        [MIDDAY.format(0, part) for part in ("", ".5", ".25", ".250001", ".000")],
        [f"2026-08-10 0{hour}:00:00+02:00" for hour in (1, 3, 2)],
        ["2026-08-10", "2026-08-09", "2026-10-01"],
        ["9", "10", "100", "099"],
        ["01ARZ3NDEKTSV4RRFFQ69G5FAV", "01BX5ZZKBKACTAV9WEVGEMMVRZ", "01ARZ3NDEKTSV4RRFFQ69G5FAW"],
        [f"{place:024x}" for place in (11, 9, 16**9)],
    ],
)
def test_what_is_written_alike_need_not_be_read(texts: list[str]) -> None:
    found = sortable(texts)
    assert found is not None
    for text, place in zip(texts, found, strict=True):
        for other, its in zip(texts, found, strict=True):
            assert order(text, other) == (place > its) - (place < its)


@pytest.mark.parametrize(
    "texts",
    [
        ["2026-08-10T10:30:00+02:00", "2026-08-10T09:15:00+01:00"],
        ["2026-08-10T10:30:00+02:00", "2026-08-10T09:15:00.000Z"],
        ["2026-08-10 10:00 AM", "2026-08-10 09:00 PM"],
        ["-1", "-2"],
        ["1.5", "10.25"],
        ["Mon, 10 Aug 2026 10:00:00 GMT", "Tue, 11 Aug 2026 10:00:00 GMT"],
        ["3/4/2026", "4/4/2026"],
        ["A-9", "A-10"],
    ],
)
def test_what_is_not_must_be(texts: list[str]) -> None:
    assert sortable(texts) is None


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("2026-08-10", "2026-08-10T00:00:00.001Z"),
        ("20260810T100000.000000001", "20260810T100000.000000002"),
        ("2026-08-10T10:00:00.0000001Z", "2026-08-10T10:00:00.0000002Z"),
        ("2026-W33-1", "2026-08-10T00:00:01Z"),
        ("20260810T095959Z", "2026-08-10T10:00:00Z"),
        ("2026-08-10T10:00+02", "2026-08-10T08:00:01Z"),
        ("2026-08-10T12:00:00+02:00[Europe/Berlin]", "2026-08-10T10:00:00.1Z"),
        ("2026-08-09T23:59:59Z", "2026-08-09T24:00:00Z"),
        ("2016-12-31T23:59:59Z", "2016-12-31T23:59:60Z"),
        ("Sun, 09 Aug 2026 23:00:00 GMT", "Mon, 10 Aug 2026 01:00:00 +0100"),
        ("Wed Oct 10 20:19:24 +0000 2018", "Thu Oct 11 01:00:00 +0000 2018"),
        ("Mon Aug 31 10:00:00 CEST 2026", "Tue Sep 01 09:00:00 CEST 2026"),
        ("2026-08-10 10:00 AM", "2026-08-10 09:00 PM"),
        ("2026-08-10 12:30:00 am", "2026-08-10 12:15:00 PM"),
        ("2025", "2025-01-01T00:00:01Z"),
        ("2026-08-09T10:00:00Z", "2026-09"),
        (date(2026, 8, 10), "2026-08-10T00:00:01Z"),
        (datetime(2026, 8, 10, 12, tzinfo=timezone(timedelta(hours=2))), "2026-08-10T10:00:01Z"),
        (datetime(2026, 8, 10, 10), "2026-08-10T12:00:00.5+02:00"),
        (9, "10"),
        ("9.5", 10),
        (Decimal("0.1"), "0.10000000000000000001"),
        ("1" + "0" * 30, "1" + "0" * 29 + "1"),
        ("007", "8"),
        ("9e9", "1.5e+10"),
        ("2e-3", 1),
    ],
)
def test_pairs(earlier: Any, later: Any) -> None:
    assert order(earlier, later) == -1
    assert order(later, earlier) == 1
    assert order(earlier, earlier) == 0


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2026-08-10T10:00:00Z", "yesterday"),
        ("2026-08-10T10:00:00Z", 1786356000),
        ("2026-08-10T10:00:00Z", "1786356000"),
        ("2026-08-10T10:00:00Z", "0000-00-00 00:00:00"),
        (9, "10a"),
        (2026, "2026-08-10"),
    ],
)
def test_values_of_two_kinds_have_no_order(one: Any, other: Any) -> None:
    assert order(one, other) is None


@pytest.mark.parametrize(
    "value",
    [
        "1,000",
        "3,14",
        "3/4/2026",
        "31.12.2026 10:00",
        "Aug 10, 2026",
        "10-Aug-2026",
        [1],
        {},
        True,
        None,
    ],
)
def test_what_has_no_place(value: Any) -> None:
    assert placed(value) is None


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("A-9", "A-10", True),
        ("v1.10.0", "v1.9.0", True),
        ("9", "10a", True),
        ("10a", "11b", False),
        ("A-09", "A-10", False),
        ("A-1", "B-1", False),
        ("a", "b", False),
        ("9", "10", False),  # both are numbers, and compared as such
        ("66b3c1f0a1", "66b39af0a1", False),
        ("2026-W9", "2026-W10", True),
    ],
)
def test_texts_that_count_the_other_way_round(one: str, other: str, expected: bool) -> None:
    places = placed(one), placed(other)
    assert places[0] is not None
    assert places[1] is not None
    assert count_otherwise(places[0], places[1]) is expected
    assert count_otherwise(places[1], places[0]) is expected


@pytest.mark.parametrize(
    "text", ["12-34-5678", "12-11-2024-A", "Marvin 22", "1.2.10", "2026-W9", "A,B", "0000-00-00"]
)
def test_texts_that_only_look_like_dates(text: str) -> None:
    found = placed(text)
    assert found is not None
    assert found.kind is Kind.TEXT


def test_kinds_name_themselves_in_messages() -> None:
    kinds = [place and place.kind for place in map(placed, ["9", "2026-08-10", "A-9"])]
    assert kinds == [Kind.NUMBER, Kind.TIME, Kind.TEXT]
    assert [str(kind) for kind in kinds] == ["a number", "a time", "a text"]
