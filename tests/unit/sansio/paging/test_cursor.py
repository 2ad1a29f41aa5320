"""The cursor paginators: where they end, what they send, and what they refuse."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.core.exceptions import ExpressionError, PageError
from headrace.core.exchange import Headers, Request
from headrace.core.expressions.expression import STOP_CONDITION_NAMES, Expression
from headrace.core.json_path import JsonPath
from headrace.sansio.paging import (
    BoundedPaginator,
    CursorPaginator,
    CursorSettings,
    HeaderCursorPaginator,
    Page,
    Place,
    SinglePagePaginator,
)
from tests.unit.sansio.paging.pages import FIRST, followed, page


def paginator(cursor_path: str = "next", **settings: Any) -> CursorPaginator:
    if "has_more_path" in settings:
        settings["has_more_path"] = JsonPath(settings["has_more_path"])
    return CursorPaginator(CursorSettings(JsonPath(cursor_path), **settings))


def stopped(condition: str) -> BoundedPaginator:
    return BoundedPaginator(paginator(), stop_condition=Expression(condition, STOP_CONDITION_NAMES))


CURSORS = st.one_of(
    st.text(min_size=1, max_size=5),
    st.integers().filter(bool),
    st.integers(2**64, 2**70),
    st.floats(allow_nan=False).filter(bool),
    st.lists(st.integers(), min_size=1, max_size=2),
)


@given(
    st.lists(CURSORS, max_size=30, unique_by=repr),
    st.sampled_from([{}, {"next": None}, {"next": ""}, {"next": 0}, {"next": False}, {"next": []}]),
)
def test_a_chain_of_cursors_ends_exactly_where_the_server_ends_it(
    cursors: list[Any], end: dict[str, Any]
) -> None:
    pages = paginator()
    request = pages.first_request(FIRST)
    for number, cursor in enumerate(cursors, start=1):
        following = pages.next_request(request, page({"next": cursor}, number=number))
        assert following == FIRST.with_param("cursor", cursor)
        request = following
    assert pages.next_request(request, page(end, number=len(cursors) + 1)) is None


@given(st.lists(CURSORS, min_size=2, max_size=12, unique_by=repr), st.data())
def test_a_cursor_that_comes_back_is_an_error_at_once(
    cursors: list[Any], data: st.DataObject
) -> None:
    # What a page was asked for by may be named again: see test_guards.py.
    again = data.draw(st.sampled_from(cursors[:-1]))
    pages = paginator()
    request = FIRST
    for number, cursor in enumerate(cursors, start=1):
        following = pages.next_request(request, page({"next": cursor}, number=number))
        assert following is not None
        request = following
    with pytest.raises(PageError, match="followed before"):
        pages.next_request(request, page({"next": again}, number=len(cursors) + 1))


def test_another_pass_through_a_listing_may_follow_the_same_cursors() -> None:
    for _ in range(2):
        assert paginator().next_request(FIRST, page({"next": "a"})) is not None


def test_the_limit_is_asked_for_from_the_first_page_on() -> None:
    pages = paginator(limit=50, limit_param="per_page")
    first = pages.first_request(FIRST)
    assert first.params == {"status": "done", "per_page": 50}
    second = pages.next_request(first, page({"next": "a"}))
    assert second is not None
    assert second.params == {"status": "done", "per_page": 50, "cursor": "a"}
    assert FIRST.params == {"status": "done"}


@pytest.mark.parametrize("value", [True, "true", "True", "YES", "t", "y", "1"])
def test_has_more_goes_on_where_the_page_says_yes(value: Any) -> None:
    pages = paginator(has_more_path="more")
    assert pages.next_request(FIRST, page({"next": "a", "more": value})) is not None


@pytest.mark.parametrize("value", [False, "false", "False", "NO", "f", "n", "0"])
def test_has_more_ends_where_the_page_says_no_though_it_names_a_cursor(value: Any) -> None:
    pages = paginator(has_more_path="more")
    assert pages.next_request(FIRST, page({"next": "a", "more": value})) is None


def test_more_without_a_cursor_is_an_error() -> None:
    pages = paginator(has_more_path="more")
    with pytest.raises(PageError, match=r"says that there is more .* but names no cursor"):
        pages.next_request(FIRST, page({"more": True, "next": None}))


@pytest.mark.parametrize("value", [0, 1, "", "maybe", " true", [], {}, "x" * 1000])
def test_has_more_that_is_no_boolean_is_an_error(value: Any) -> None:
    with pytest.raises(PageError, match="should lead to true or false") as caught:
        paginator(has_more_path="more").next_request(FIRST, page({"next": "a", "more": value}))
    assert len(str(caught.value)) < 450


@pytest.mark.parametrize("document", [{}, {"next": "a"}, {"next": "a", "more": None}])
def test_has_more_that_is_missing_is_an_error_with_and_without_a_cursor(document: Any) -> None:
    with pytest.raises(PageError, match="leads to nothing"):
        paginator(has_more_path="more").next_request(FIRST, page(document))


def test_an_empty_page_ends_the_listing_only_if_told_so() -> None:
    empty = page({"next": "a"}, rows=0)
    assert paginator(stop_after_empty_page=True).next_request(FIRST, empty) is None
    assert paginator(stop_after_empty_page=False).next_request(FIRST, empty) is not None
    full = page({"next": "a"}, rows=1)
    assert paginator(stop_after_empty_page=True).next_request(FIRST, full) is not None


@pytest.mark.parametrize(
    ("condition", "ends"),
    [
        ("rows < 2", True),
        ("rows < 1", False),
        ("page >= 3", True),
        ("page > 3", False),
        ("headers.get('x-last') == 'yes'", True),
        ("headers.get('X-LAST') == 'yes'", True),
        ("headers.get('X-Other') is not None", False),
        ("response['last']", True),
        ("response.get('total', 0) > 10", False),
        ("response['next'] is None", False),
    ],
)
def test_a_stop_condition_sees_rows_page_headers_and_the_response(
    condition: str, ends: bool
) -> None:
    last = page(
        {"next": "a", "last": True, "total": 5}, rows=1, number=3, headers={"X-Last": "yes"}
    )
    following = stopped(condition).next_request(FIRST, last)
    assert (following is None) == ends


def test_a_stop_condition_that_fails_on_a_page_is_an_expression_error() -> None:
    with pytest.raises(ExpressionError):
        stopped("response['last'] > 1").next_request(FIRST, page({"next": "a"}))


def test_a_stop_condition_is_asked_of_a_page_without_a_cursor_too() -> None:
    with pytest.raises(ExpressionError, match="no 'last'"):
        stopped("response['last'] > 1").next_request(FIRST, page({}))


@pytest.mark.parametrize(
    ("body", "path", "sent"),
    [
        (None, "cursor", {"cursor": "a"}),
        (None, "page.cursor", {"page": {"cursor": "a"}}),
        ({"q": 1}, "page.cursor", {"q": 1, "page": {"cursor": "a"}}),
        ({"page": {"size": 9}}, "page.cursor", {"page": {"size": 9, "cursor": "a"}}),
        ({"page": None}, "page.cursor", {"page": {"cursor": "a"}}),
    ],
)
def test_a_cursor_for_the_body_is_put_there(body: Any, path: str, sent: Any) -> None:
    request = Request("POST", "/search", json=body)
    following = paginator(place=Place(body_path=path)).next_request(request, page({"next": "a"}))
    assert following is not None
    assert following.json == sent
    assert following.params == {}


def test_a_cursor_for_the_body_leaves_the_callers_dict_as_it_was() -> None:
    body = {"page": {"cursor": "first", "sort": ["id"]}}
    request = Request("POST", "/search", json=body)
    pages = paginator(place=Place(body_path="page.cursor"))
    requests = [request]
    for cursor in ["a", "b"]:
        following = pages.next_request(requests[-1], page({"next": cursor}))
        assert following is not None
        requests.append(following)
    assert [each.json["page"]["cursor"] for each in requests] == ["first", "a", "b"]
    assert body == {"page": {"cursor": "first", "sort": ["id"]}}
    assert all(one.json is not other.json for one, other in pairwise(requests))


def test_a_cursor_may_be_the_key_of_the_last_row() -> None:
    document = {"data": [{"id": 7}, {"id": 5}]}
    pages = paginator("data[-1].id", place=Place("before"))
    following = pages.next_request(FIRST, Page({}, document, Headers(), 2, 1))
    assert following is not None
    assert following.params["before"] == 5
    assert pages.next_request(following, Page({}, {"data": []}, Headers(), 0, 2)) is None


def test_a_paginator_names_the_paths_that_it_looks_up() -> None:
    assert [str(path) for path in paginator("a.b", has_more_path="more").paths] == ["a.b", "more"]
    assert [str(path) for path in paginator("a.b").paths] == ["a.b"]


def test_a_single_page_has_no_next_one() -> None:
    pages = SinglePagePaginator()
    assert pages.first_request(FIRST) is FIRST
    assert pages.next_request(FIRST, page({"next": "a"})) is None


def test_a_cursor_in_a_header_goes_to_its_parameter() -> None:
    pages = HeaderCursorPaginator("X-Next", "after")
    request = followed(pages, page(headers={"x-next": "a=b&c"}))
    assert request == FIRST.with_param("after", "a=b&c")
    request = followed(pages, page(headers={"X-NEXT": "d"}), request)
    assert request == FIRST.with_param("after", "d")


@pytest.mark.parametrize("headers", [{}, {"next": ""}, {"other": "x"}])
def test_without_a_cursor_in_the_header_the_listing_ends(headers: dict[str, str]) -> None:
    assert HeaderCursorPaginator().next_request(FIRST, page(headers=headers)) is None


@pytest.mark.parametrize("chain", ["aaa", "aba", "abcb"])
def test_the_first_cursor_of_a_header_that_comes_again_is_an_error(chain: str) -> None:
    pages = HeaderCursorPaginator()
    for number, cursor in enumerate(chain[:-1], start=1):
        followed(pages, page(number=number, headers={"next": cursor}))
    with pytest.raises(PageError, match="a cursor in its header `next` that was followed before"):
        pages.next_request(FIRST, page(number=len(chain), headers={"next": chain[-1]}))
