"""Offsets and page numbers: each row once, whatever says that the end is reached."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.core.exceptions import PageError
from headrace.core.exchange import Request
from headrace.core.json_path import JsonPath
from headrace.sansio.paging import Numbering, OffsetPaginator, PageNumberPaginator, Paginator, Place
from headrace.sansio.paging.guards import MOST_ALIKE
from tests.unit.sansio.paging.pages import FIRST, followed, page

TOTAL = JsonPath("total")
MORE = JsonPath("more")


def offsets(**settings: Any) -> OffsetPaginator:
    return OffsetPaginator(Numbering(Place("offset"), **{"step": 2, **settings}), Place("limit"))


def numbers(**settings: Any) -> PageNumberPaginator:
    return PageNumberPaginator(Numbering(Place("page"), **settings))


ENDS: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "total_path": st.sampled_from([TOTAL, None]),
        "has_more_path": st.sampled_from([MORE, None]),
        "stop_after_empty_page": st.booleans(),
    }
).filter(lambda ends: any(ends.values()))


@given(st.integers(0, 20), st.integers(1, 6), st.integers(0, 3), ENDS)
def test_offsets_reach_each_row_once(
    count: int, limit: int, start: int, ends: dict[str, Any]
) -> None:
    def served(request: Request) -> Any:
        first, size = request.params["offset"], request.params["limit"]
        rows = list(range(count))[first : first + size]
        return {"total": str(count), "more": first + size < count}, rows

    rows = listed(offsets(step=limit, start=start, **ends), served)
    assert rows == list(range(start, count))


@given(st.integers(0, 20), st.integers(1, 6), st.integers(0, 1), ENDS)
def test_page_numbers_reach_each_row_once(
    count: int, size: int, base: int, ends: dict[str, Any]
) -> None:
    def served(request: Request) -> Any:
        first = (request.params["page"] - base) * size
        return (
            {"total": -(-count // size), "more": first + size < count},
            list(range(count))[first : first + size],
        )

    rows = listed(numbers(start=base, base=base, **ends), served)
    assert rows == list(range(count))


def listed(paginator: Paginator, served: Any) -> list[int]:
    rows: list[int] = []
    request: Request | None = paginator.first_request(FIRST)
    for number in range(1, 100):
        if request is None:
            return rows
        document, found = served(request)
        rows.extend(found)
        request = paginator.next_request(request, page(document, found, number))
    raise AssertionError("it goes on and on")


def test_a_maximum_ends_the_listing_where_the_number_would_reach_it() -> None:
    pages = offsets(maximum=5)
    for offset in (2, 4):
        assert followed(pages, page(rows=2, number=offset)).params["offset"] == offset
    assert pages.next_request(FIRST, page(rows=2, number=6)) is None
    assert pages.stopped_by_user


def test_number_and_limit_may_be_in_the_body() -> None:
    numbering = Numbering(Place(body_path="page.from"), start=4, step=2)
    pages = OffsetPaginator(numbering, Place(body_path="page.size"))
    body = {"q": 1, "page": {"sort": "id"}}
    first = pages.first_request(Request("POST", "/search", json=body))
    assert first.json == {"q": 1, "page": {"sort": "id", "from": 4, "size": 2}}
    second = followed(pages, page(rows=2), first)
    assert second.json == {"q": 1, "page": {"sort": "id", "from": 6, "size": 2}}
    assert (second.params, body) == ({}, {"q": 1, "page": {"sort": "id"}})


@pytest.mark.parametrize("total", [None, "", "many", [3], {"n": 3}, float("inf")])
def test_a_total_that_is_no_number_is_an_error(total: Any) -> None:
    with pytest.raises(PageError, match=r"`paginator\.total_path` \(`total`\)") as caught:
        offsets(total_path=TOTAL).next_request(FIRST, page({"total": total}))
    assert "`total_path: null`" in str(caught.value)


def test_a_total_is_not_asked_of_an_empty_page_that_ends_the_listing() -> None:
    assert offsets(total_path=TOTAL).next_request(FIRST, page({}, rows=0)) is None


def test_more_is_asked_of_each_page_even_at_the_total() -> None:
    pages = offsets(total_path=TOTAL, has_more_path=MORE)
    with pytest.raises(PageError, match="has_more_path"):
        pages.next_request(FIRST, page({"total": 1}))


@pytest.mark.parametrize(
    ("pages", "key"),
    [(offsets(), "offset_param"), (numbers(total_path=TOTAL), "page_param")],
)
def test_the_same_rows_again_are_an_error(pages: Paginator, key: str) -> None:
    total = {"total": 2}
    assert pages.next_request(FIRST, page(total, ["a", "b"], 1)) is not None
    with pytest.raises(PageError, match="page 2 brought the same rows") as caught:
        pages.next_request(FIRST, page(total, ["a", "b"], 2))
    assert f"Check `paginator.{key}`" in str(caught.value)


@pytest.mark.parametrize("other", [["a", "c"], ["b", "a"], ["a"], ["a", "b", "c"]])
def test_other_rows_are_none(other: list[str]) -> None:
    pages = offsets()
    for number in range(1, 7):
        followed(pages, page({}, other if number % 2 else ["a", "b"], number))


def test_empty_pages_are_not_the_same_rows() -> None:
    pages = offsets(stop_after_empty_page=False, total_path=TOTAL)
    for number in range(1, 5):
        followed(pages, page({"total": 99}, 0, number))


@pytest.mark.parametrize("rows", [[0], [0, 0, 0], [1, 2, 1]])
def test_rows_that_are_alike_may_come_again_but_not_for_ever(rows: list[int]) -> None:
    pages = offsets()
    for number in range(1, MOST_ALIKE + 1):
        followed(pages, page({}, rows, number))
    with pytest.raises(PageError, match="page 1,001 brought the same rows"):
        pages.next_request(FIRST, page({}, rows, MOST_ALIKE + 1))


def test_another_listing_may_bring_the_same_rows() -> None:
    for _ in range(2):
        followed(offsets(), page({}, ["a", "b"]))
