"""Offsets and page numbers of servers that clamp, leave out, and tell totals that are none."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.core.exceptions import PageError
from headrace.core.exchange import Request
from headrace.core.json_path import JsonPath
from headrace.sansio.paging import (
    Numbering,
    OffsetPaginator,
    PageNumberPaginator,
    Place,
    TrustInTotals,
)
from tests.unit.sansio.paging.pages import FIRST, page

TOTAL = JsonPath("total")


def offsets(limit: int, total_path: str | None) -> OffsetPaginator:
    path = JsonPath(total_path) if total_path else None
    return OffsetPaginator(Numbering(Place("offset"), step=limit, total_path=path), Place("limit"))


def listed(paginator: OffsetPaginator, served: Any) -> tuple[list[Any], int]:
    """The rows, without those that came before, and the number of requests."""
    rows: list[Any] = []
    request: Request | None = paginator.first_request(FIRST)
    for number in range(1, 500):
        if request is None:
            return rows, number - 1
        document, found = served(request.params["offset"], request.params["limit"])
        request = paginator.next_request(request, page(document, found, number))
        rows.extend(found[paginator.listed_before :])
    raise AssertionError("it goes on and on")


@given(st.integers(0, 60), st.integers(1, 30), st.integers(1, 30), st.sampled_from([None, "total"]))
def test_a_server_that_clamps_the_limit_is_listed_whole(
    count: int, limit: int, most: int, total_path: str | None
) -> None:
    def served(offset: int, size: int) -> Any:
        return {"total": count}, list(range(count))[offset : offset + min(size, most)]

    rows, requests = listed(offsets(limit, total_path), served)
    assert rows == list(range(count))
    assert requests <= count // min(limit, most) + 2


@given(st.lists(st.integers(1, 9), min_size=1, max_size=12))
def test_pages_of_any_size_are_listed_whole(sizes: list[int]) -> None:
    count = sum(sizes)

    def served(offset: int, size: int) -> Any:
        came = sizes[offset % len(sizes)]
        return {}, list(range(count))[offset : offset + min(size, came)]

    rows, _ = listed(offsets(9, None), served)
    assert rows == list(range(count))


@given(st.sets(st.integers(0, 39)), st.integers(4, 12))
def test_rows_that_are_hidden_after_the_pages_are_cut_move_nothing(
    hidden: set[int], limit: int
) -> None:
    def served(offset: int, size: int) -> Any:
        whole = list(range(40))[offset : offset + size]
        return {"total": 40}, [row for row in whole if row not in hidden]

    paginator = OffsetPaginator(
        Numbering(
            Place("offset"),
            step=limit,
            total_path=JsonPath("total"),
            stop_after_empty_page=False,
        ),
        Place("limit"),
    )
    rows, _ = listed(paginator, served)
    shown = [row for row in range(40) if row not in hidden]
    # All of them; twice only where nothing tells that a page overlaps with the one before.
    assert set(rows) == set(shown)


def test_a_total_of_the_page_alone_is_asked_after_once_more() -> None:
    def served(offset: int, size: int) -> Any:
        rows = list(range(60))[offset : offset + size]
        return {"meta": {"total": len(rows)}}, rows

    rows, requests = listed(offsets(10, "meta.total"), served)
    assert (rows, requests) == (list(range(60)), 7)


@pytest.mark.parametrize(("count", "requests"), [(10, 2), (7, 2), (20, 2), (13, 2), (0, 1)])
def test_a_true_total_costs_one_request_more_only_where_it_may_be_that_of_a_page(
    count: int, requests: int
) -> None:
    def served(offset: int, size: int) -> Any:
        return {"total": count}, list(range(count))[offset : offset + size]

    assert listed(offsets(10, "total"), served) == (list(range(count)), requests)


def test_of_many_listings_one_is_asked_whether_its_total_is_that_of_the_page() -> None:
    def served(offset: int, size: int) -> Any:
        return {"total": 3}, [0, 1, 2][offset : offset + size]

    trust, numbering = TrustInTotals(), Numbering(Place("offset"), step=5, total_path=TOTAL)
    requests = [
        listed(OffsetPaginator(numbering, Place("limit"), trust), served)[1] for _ in range(4)
    ]
    assert requests == [2, 1, 1, 1]


def test_a_page_past_such_a_total_may_be_refused_by_the_server() -> None:
    paginator = offsets(10, "total")
    paginator.first_request(FIRST)
    assert paginator.next_request(FIRST, page({"total": 10}, 10)) is not None
    assert paginator.may_be_past_end
    paginator.next_request(FIRST, page({"total": 3}, 3, 2))
    assert not paginator.may_be_past_end


def test_an_empty_page_among_those_that_the_api_counts_is_an_error() -> None:
    numbers = PageNumberPaginator(
        Numbering(Place("page"), start=1, base=1, total_path=JsonPath("meta.total_pages"))
    )
    told = {"meta": {"total_pages": 4}}
    assert numbers.next_request(FIRST, page(told, 5)) is not None
    with pytest.raises(PageError, match=r"page 2 of 4 \(`meta\.total_pages`\) brought no rows"):
        numbers.next_request(FIRST, page(told, 0, 2))


def test_an_empty_page_behind_the_last_one_is_none() -> None:
    numbers = PageNumberPaginator(
        Numbering(Place("page"), start=1, base=1, total_path=JsonPath("pages"))
    )
    assert numbers.next_request(FIRST, page({"pages": 2}, 5)) is not None
    # A row was deleted meanwhile.
    assert numbers.next_request(FIRST, page({"pages": 1}, 0, 2)) is None


def test_a_server_that_answers_the_same_to_any_offset_is_believed_its_total() -> None:
    def served(offset: int, size: int) -> Any:
        return {"total": 3}, [0, 1, 2]

    assert listed(offsets(10, "total"), served) == ([0, 1, 2], 2)
    assert listed(offsets(10, "total"), lambda offset, size: ({"total": 1}, [0])) == ([0], 2)


@pytest.mark.parametrize(("told", "fails"), [(0, True), (1, True), (3, True), (2, False)])
def test_an_empty_page_with_a_number_of_pages_of_its_own_is_that_of_another_listing(
    told: int, fails: bool
) -> None:
    numbers = PageNumberPaginator(
        Numbering(Place("page"), start=1, base=1, total_path=JsonPath("pages"))
    )
    pages = 4 if fails else 3
    for number in (1, 2):
        assert numbers.next_request(FIRST, page({"pages": pages}, 5, number)) is not None
    if fails:
        with pytest.raises(PageError, match="page 3 of"):
            numbers.next_request(FIRST, page({"pages": told}, 0, 3))
    else:
        assert numbers.next_request(FIRST, page({"pages": told}, 0, 3)) is None
