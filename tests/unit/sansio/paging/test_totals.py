"""Where an answer tells how many rows there are, and when a listing is shorter than that."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.core.exchange import Headers
from headrace.core.json_path import JsonPath
from headrace.sansio.paging import Accounting, ListingAccount, Page, RowKeys, TotalPlace
from headrace.sansio.paging.totals import find_pages, find_total


@pytest.mark.parametrize(
    ("rest", "headers", "place", "total"),
    [
        ({"total": 7}, {}, "`total`", 7),
        ({"count": "7"}, {}, "`count`", 7),
        ({"count": 2, "total_entries": 7}, {}, "`total_entries`", 7),
        ({"meta": {"pagination": {"totalItems": 7}}}, {}, "`meta.pagination.totalItems`", 7),
        ({"page": {"number": 0, "totalElements": 7, "size": 2}}, {}, "`page.totalElements`", 7),
        ({"hits": {"total": {"value": 7, "relation": "eq"}}}, {}, "`hits.total`", 7),
        ({"@odata.count": 7}, {}, "`'@odata.count'`", 7),
        ({"response": {"numFound": 7, "start": 0}}, {}, "`response.numFound`", 7),
        ({}, {"X-Total-Count": "7"}, "the header `X-Total-Count`", 7),
        ({}, {"Content-Range": "items 0-1/7"}, "the header `Content-Range`", 7),
        ({}, {"Content-Range": "*/0"}, "the header `Content-Range`", 0),
        ({}, {"Total-Records": "7"}, "the header `Total-Records`", 7),
    ],
)
def test_a_total_is_found_by_its_usual_name(
    rest: Any, headers: dict[str, str], place: str, total: int
) -> None:
    found = find_total(rest, Headers(headers))
    assert found is not None
    assert (str(found), found.read(rest, Headers(headers))) == (place, total)


@pytest.mark.parametrize(
    ("rest", "headers"),
    [
        ({"total": 12.5}, {}),
        ({"total": True}, {}),
        ({"total": -1}, {}),
        ({"total": {"usd": 7}}, {}),
        ({"price_total": 7, "size": 7, "limit": 7}, {}),
        # Of what is not beside the rows, nobody knows what it counts.
        ({"stats": {"count": 7}}, {}),
        ({}, {"Content-Range": "items 0-1/*"}),
        ({}, {"Content-Length": "7"}),
    ],
)
def test_what_is_no_number_of_rows_is_not_taken_for_it(rest: Any, headers: dict[str, str]) -> None:
    assert find_total(rest, Headers(headers)) is None


def test_a_total_above_the_rows_is_found_wherever_they_are() -> None:
    rest = {"data": {"users": {"totalCount": 7}}}
    assert find_total(rest, {}) is None
    assert str(find_total(rest, {}, ("data", "users", "nodes"))) == "`data.users.totalCount`"


def test_a_number_of_pages_is_none_of_rows() -> None:
    rest = {"meta": {"page_count": 3, "lastPage": 3}}
    assert find_total(rest, {}) is None
    assert find_pages(rest) == (("meta", "page_count"), 3)


def account(keys: bool = True, **settings: Any) -> ListingAccount:
    row_keys = RowKeys(["id"]) if keys else None
    return ListingAccount(Accounting(keys=row_keys, **settings))


def met(counted: ListingAccount, *pages: tuple[list[Any], Any]) -> ListingAccount:
    for number, (rows, rest) in enumerate(pages, start=1):
        raw = [msgspec.Raw(json.dumps({"id": row}).encode()) for row in rows]
        counted.meet(Page(rest, rest, Headers(), len(raw), number, rows=raw))
    return counted


def test_a_listing_that_ends_below_the_total_says_both_numbers() -> None:
    shortfall = met(account(), ([1, 2], {"total": 5}), ([3], {"total": 5})).shortfall()
    assert shortfall is not None
    assert "ended with 3 rows, but the API tells 5 (`total`)" in shortfall
    assert "`endpoint.total: null`" in shortfall


def test_rows_count_once_however_often_they_come() -> None:
    shortfall = met(account(), ([1, 2], {"total": 4}), ([2, 3], {"total": 4})).shortfall()
    assert shortfall is not None
    assert "4 rows of 3 different keys" in shortfall
    assert "stable order" in shortfall
    assert (
        met(account(keys=False), ([1, 2], {"total": 4}), ([2, 3], {"total": 4})).shortfall() is None
    )


@given(st.lists(st.integers(0, 9), min_size=2, max_size=5), st.integers(0, 9))
def test_a_total_that_moves_is_held_at_its_lowest(totals: list[int], rows: int) -> None:
    pages: list[tuple[list[Any], Any]] = [([-1], {"total": total}) for total in totals]
    pages[0] = (list(range(rows)), pages[0][1])
    of_each_page = totals[0] == rows and set(totals[1:]) == {1}
    counted = met(account(), *pages)
    assert (counted.shortfall() is None) == (rows + 1 >= min(totals) or of_each_page)


def test_a_total_of_an_empty_page_may_be_that_of_another_listing() -> None:
    shortfall = met(account(), ([1, 2], {"total": 9}), ([], {"total": 0})).shortfall()
    assert shortfall is not None
    assert "2 rows, but the API tells 9" in shortfall
    # The last two were deleted meanwhile.
    assert met(account(), ([1, 2], {"total": 4}), ([], {"total": 2})).shortfall() is None


def test_a_number_that_is_that_of_each_page_is_no_total() -> None:
    counted = met(account(), ([1, 2], {"count": 2}), ([3], {"count": 1}))
    assert (counted.shortfall(), counted.total) == (None, None)


def test_the_rows_before_the_first_page_count() -> None:
    assert met(account(before=2), ([3, 4], {"total": 4})).shortfall() is None
    shortfall = met(account(before=2), ([3, 4], {"total": 5})).shortfall()
    assert shortfall is not None
    assert "2 rows after the 2 that it leaves out" in shortfall


def test_the_config_says_where_the_total_is_or_that_there_is_none() -> None:
    pages = ([1, 2], {"total": 9, "of_mine": 3})
    assert met(account(is_told=False), pages).shortfall() is None
    own = TotalPlace(JsonPath("of_mine"))
    shortfall = met(account(total=own, total_key="endpoint.total"), pages).shortfall()
    assert shortfall is not None
    assert "tells 3 (`of_mine`)" in shortfall


def test_what_was_asked_for_counts_more_than_what_pages_tell() -> None:
    counted = account()
    counted.count(2)
    met(counted, ([1, 2], {"total": 9}))
    assert counted.shortfall() is None
    assert counted.is_whole


@pytest.mark.parametrize("keys", [["id"], ["id", "at"], ['"', "at"]])
def test_keys_of_rows_are_read_as_they_are_written(keys: list[str]) -> None:
    rows = [msgspec.Raw(b'{"at": 1, "id": "a", "x": {}}'), msgspec.Raw(b'{"id":"a","at":1}')]
    if '"' in keys:
        with pytest.raises(ValueError, match="name"):
            RowKeys(keys)
        return
    first, second = RowKeys(keys).of(rows) or (b"", b"-")
    assert first == second
    assert RowKeys(keys).of([*rows, msgspec.Raw(b'{"ID": 1}')]) is None
    assert RowKeys(keys).of([msgspec.Raw(b"7")]) is None
