"""What holds for each paginator: `max_pages`, and no endless row of empty pages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from headrace.core.exceptions import PageError
from headrace.core.json_path import JsonPath
from headrace.sansio.paging import (
    BoundedPaginator,
    CursorPaginator,
    CursorSettings,
    Numbering,
    OffsetPaginator,
    Page,
    Place,
    SinglePagePaginator,
)
from headrace.sansio.paging.guards import MOST_EMPTY_PAGES
from tests.unit.sansio.paging.pages import FIRST, followed, page


def by_cursor(max_pages: int | None = None) -> BoundedPaginator:
    return BoundedPaginator(CursorPaginator(CursorSettings(JsonPath("next"))), max_pages)


def pages(rows: int) -> Iterator[Page]:
    for number in range(1, 1_000_000):
        yield page({"next": f"c{number}"}, rows, number)


def test_as_many_pages_as_max_pages_are_read_and_no_more() -> None:
    paginator = by_cursor(max_pages=2)
    first, second = page({"next": "a"}, number=1), page({"next": "b"}, number=2)
    followed(paginator, first)
    with pytest.raises(PageError, match="more than 2 pages"):
        paginator.next_request(FIRST, second)


def test_a_listing_of_exactly_max_pages_ends_well() -> None:
    paginator = by_cursor(max_pages=2)
    assert paginator.next_cursor(page({"next": "a"}, number=1)) == "a"
    assert paginator.next_cursor(page({"next": None}, number=2)) is None


def test_max_pages_holds_for_what_counts_by_itself() -> None:
    inner = OffsetPaginator(Numbering(Place("offset"), step=10), Place("limit"))
    paginator = BoundedPaginator(inner, 1)
    assert paginator.first_request(FIRST).params["limit"] == 10
    with pytest.raises(PageError, match="more than 1 pages"):
        paginator.next_request(FIRST, page())


def test_empty_pages_in_a_row_are_followed_so_far_and_no_further() -> None:
    paginator = by_cursor()
    empty = pages(rows=0)
    for _ in range(MOST_EMPTY_PAGES - 1):
        followed(paginator, next(empty))
    with pytest.raises(PageError, match="1,000 pages in a row, up to page 1,000"):
        paginator.next_cursor(next(empty))


def test_a_row_on_the_way_begins_the_count_anew() -> None:
    paginator = by_cursor()
    empty, full = pages(rows=0), page({"next": "full"}, rows=1)
    for _ in range(MOST_EMPTY_PAGES - 1):
        followed(paginator, next(empty))
    followed(paginator, full)
    for _ in range(MOST_EMPTY_PAGES - 1):
        followed(paginator, next(empty))


def test_the_end_is_the_end_however_many_pages_were_empty() -> None:
    paginator = by_cursor()
    empty = pages(rows=0)
    for _ in range(MOST_EMPTY_PAGES - 1):
        followed(paginator, next(empty))
    assert paginator.next_request(FIRST, page({}, rows=0, number=MOST_EMPTY_PAGES)) is None


def test_a_single_page_may_be_empty() -> None:
    assert BoundedPaginator(SinglePagePaginator(), 1).next_request(FIRST, page(rows=0)) is None
