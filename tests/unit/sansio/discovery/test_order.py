"""An order is one that all rows seen are in, over the borders of pages too."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.sansio.discovery.order import find_order, order_of_page_one

Row = dict[str, Any]


def listed(field: str, values: list[Any], size: int = 5) -> list[list[Row]]:
    rows: list[Row] = [{field: value, "place": place} for place, value in enumerate(values)]
    return [rows[start : start + size] for start in range(0, len(rows), size)]


def at(seconds: int) -> str:
    return (datetime(2024, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)).isoformat()


def test_a_listing_is_newest_first_by_its_key() -> None:
    found = find_order(listed("id", [*range(30, 10, -1)]), ["id"])
    assert found is not None
    assert (found.field, found.direction, found.kind, found.ties) == ("id", "desc", "integer", 0)
    assert found.evidence == "`id` goes down: 20 rows over 4 pages, no two alike"


@pytest.mark.parametrize(
    ("values", "direction", "kind"),
    [
        (["8", "9", "10", "11", "12", "100"], "asc", "integer"),
        (["1", "10", "100", "11", "2", "9"], "asc", "text"),
        (["fox", "elk", "dog", "cow", "bat", "ant"], "desc", "text"),
        ([at(9), at(8), at(7), at(6), at(5), at(4)], "desc", "time"),
        (["ant", "bat", "cow", "dog", "fox", "elk"], None, None),
        ([1, 2, 3, 4, 5], None, None),
        ([1, 1, 1, 1, 1, 1, 1], None, None),
        ([1, 2, 3, None, 5, 6, 7], None, None),
        ([1, 2, 3, "4", "x", 6, 7], None, None),
        ([1.5, 2.5, 3.5, 4.5, 5.5, 6.5], None, None),
        ([[1], [2], [3], [4], [5], [6]], None, None),
    ],
)
def test_orders_by_the_key(values: list[Any], direction: str | None, kind: str | None) -> None:
    found = find_order(listed("id", values), ("id",))
    assert (found and found.direction, found and found.kind) == (direction, kind)


def test_times_may_be_alike() -> None:
    pages = listed("created_at", [at(second // 3) for second in range(30)])
    found = find_order(pages, None)
    assert found is not None
    assert (found.field, found.direction, found.ties) == ("created_at", "asc", 20)
    assert found.evidence == (
        "`created_at` goes up: 30 rows over 6 pages, 20 rows with the same as the one before"
    )


def test_the_key_comes_before_times_and_the_making_before_the_changing() -> None:
    rows = [{"id": n, "updatedAt": at(n), "createdAt": at(n), "ended": at(n)} for n in range(9)]
    found = find_order([rows], ["id"])
    assert found is not None
    assert (found.field, found.also) == ("id", ("createdAt", "updatedAt", "ended"))
    found = find_order([rows], ["id", "ended"])
    assert found is not None
    assert (found.field, found.also) == ("createdAt", ("updatedAt",))


def test_numbers_with_the_name_of_a_time_and_no_other_numbers() -> None:
    assert find_order(listed("timestamp", [*range(1_700_000_000, 1_700_000_009)]), None)
    assert find_order(listed("amount", [*range(9)]), None) is None


def test_an_order_of_page_one_alone_is_none() -> None:
    values = [*range(10), *range(10)]
    pages = listed("id", values, 10)
    assert find_order(pages, ["id"]) is None
    found = order_of_page_one(pages, ["id"])
    assert found is not None
    assert found.evidence == "`id` goes up over page one, on page 2 no longer"
    assert order_of_page_one(pages[:1], ["id"]) is None
    assert order_of_page_one(listed("id", [*range(20)], 10), ["id"]) is None
    late = order_of_page_one(listed("id", [*range(20), *range(10)], 10), ["id"])
    assert late is not None
    assert late.evidence == "`id` goes up over page one, not over all pages"


def test_rows_that_came_on_two_pages_break_no_order() -> None:
    rows = listed("id", [*range(30, 0, -1)], 30)[0]
    found = find_order([rows[:15], rows[12:]], ["id"])
    assert found is not None
    assert (found.direction, found.ties) == ("desc", 0)
    assert find_order([rows[:15], [*rows[15:], rows[3]]], ["id"]) is None


@given(
    st.lists(st.one_of(st.integers(0, 99), st.text("ab12", max_size=2), st.none()), max_size=30),
    st.integers(1, 9),
)
def test_a_found_order_holds_from_row_to_row(values: list[Any], size: int) -> None:
    found = find_order(listed("id", values, size), ["id"])
    if found is None:
        return
    assert len(set(values)) >= 6
    read = [int(value) if found.kind == "integer" else value for value in values]
    assert read == sorted(read, reverse=found.direction == "desc")
    assert found.ties == len(values) - len(set(read))


@given(st.lists(st.integers(), min_size=6, max_size=30, unique=True), st.booleans(), st.booleans())
def test_an_order_is_found(values: list[int], descends: bool, as_text: bool) -> None:
    ordered = sorted(values, reverse=descends)
    found = find_order(listed("id", [*map(str, ordered)] if as_text else ordered), ["id"])
    assert found is not None
    assert (found.direction, found.kind) == ("desc" if descends else "asc", "integer")
