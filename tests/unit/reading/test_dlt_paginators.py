"""Paginators written for dlt: what they see, what they may change, and how they may fail."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from dlt.sources.helpers.rest_client.paginators import (
    BasePaginator,
    HeaderCursorPaginator,
    OffsetPaginator,
    SinglePagePaginator,
)
from requests import Request as TheirRequest
from requests import Response as TheirResponse

from headrace.core.exceptions import PageError
from headrace.core.exchange import Headers, Request, Response, ShownRequest
from headrace.reading.dlt_paginators import DltPaginator
from headrace.sansio.paging import Page
from tests.unit.sansio.paging.pages import followed, page

FIRST = Request("POST", "items", {"a": 1}, {"X-B": "b"}, {"q": {"r": 1}})


def adapted(paginator: BasePaginator, **headers: str) -> DltPaginator:
    return DltPaginator(paginator, lambda path: f"http://h/{path}", headers)


class Notes(BasePaginator):
    """A paginator that notes what it is shown, and lets a function change the request."""

    def __init__(self, change: Any = None) -> None:
        super().__init__()
        self.change = change
        self.seen: list[Any] = []

    def init_request(self, request: TheirRequest) -> None:
        self.seen.append((request.method, request.url, request.params, request.json))
        request.headers["X-Begun"] = "yes"

    def update_state(self, response: TheirResponse, data: list[Any] | None = None) -> None:
        self.seen.append((response, data))

    def update_request(self, request: TheirRequest) -> None:
        if self.change:
            self.change(request)


def test_a_paginator_sees_the_request_and_the_answer_as_in_dlts_client() -> None:
    mine = Notes()
    pages = adapted(mine, **{"X-A": "a"})
    first = pages.first_request(FIRST)
    assert first == Request(
        "POST",
        "http://h/items",
        {"a": 1},
        {"X-A": "a", "X-B": "b", "X-Begun": "yes"},
        {"q": {"r": 1}},
    )
    followed(pages, page({"m": 1}, ["x", 2**70, None], headers={"X-Left": "2"}), first)
    inner: Any = pages._paginator
    begun, (response, data) = inner.seen
    assert begun == ("POST", "http://h/items", {"a": 1}, {"q": {"r": 1}})
    assert data == ["x", 2**70, None]
    assert response.json() == {"m": 1, "data": data}
    assert (response.status_code, response.reason, response.ok) == (200, "OK", True)
    assert response.url == "https://api.example.com/v1/items?x=1"
    assert response.headers["x-LEFT"] == "2"
    assert response.request.method == "POST"
    assert mine.seen == [], "each listing has a paginator of its own"


def test_a_paginator_changes_the_next_request_and_nothing_else() -> None:
    def change(request: TheirRequest) -> None:
        request.method = "put"
        request.url = "http://h/else"
        request.params["a"] = 2
        body: Any = request.json
        body["q"]["r"] = 2

    pages = adapted(Notes(change))
    first = pages.first_request(FIRST)
    second = followed(pages, page(), first)
    assert (second.method, second.path, second.params) == ("PUT", "http://h/else", {"a": 2})
    assert second.json == {"q": {"r": 2}}
    assert (first.params, first.json) == ({"a": 1}, {"q": {"r": 1}})
    assert (FIRST.params, FIRST.json) == ({"a": 1}, {"q": {"r": 1}})


@pytest.mark.parametrize("params", [[("a", 1), ("a", 2)], "a=1&a=2"])
def test_parameters_may_be_in_any_form_that_requests_takes(params: Any) -> None:
    pages = adapted(Notes(lambda request: setattr(request, "params", params)))
    request = followed(pages, page(), pages.first_request(FIRST))
    assert (request.path, request.params) == ("http://h/items?a=1&a=2", {})


def test_the_listing_ends_where_the_paginator_ends() -> None:
    pages = adapted(SinglePagePaginator())
    assert pages.next_request(pages.first_request(FIRST), page()) is None


def test_a_row_that_is_no_json_is_shown_as_text() -> None:
    class Last(Notes):
        def update_state(self, response: TheirResponse, data: list[Any] | None = None) -> None:
            super().update_state(response, data)
            assert data is not None
            self._has_next_page = len(data) == 2

    pages = adapted(Last())
    answer = Response(200, Headers(), b"", ShownRequest.of("GET", ""), url="http://h/items")
    rows = [msgspec.Raw(b'{"a": NaN}'), msgspec.Raw(b'{"a": \xff')]
    followed(pages, Page({}, {}, Headers(), 2, 1, "", rows, answer), pages.first_request(FIRST))
    inner: Any = pages._paginator
    assert inner.seen[-1][1][1] == '{"a": \ufffd'


def fails(request: TheirRequest) -> None:
    raise KeyError("no such\nkey")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            fails,
            r"`Notes\.update_request` failed with KeyError: .* \(test_dlt_paginators\.py, line",
        ),
        (lambda request: setattr(request, "auth", ("me", "x")), "sets `auth` of the request"),
        (lambda request: setattr(request, "url", None), "has no URL to go on to"),
    ],
)
def test_an_error_says_what_went_wrong_in_a_paginator(change: Any, told: str) -> None:
    pages = adapted(Notes(change))
    first = pages.first_request(FIRST)
    with pytest.raises(PageError, match=told) as caught:
        pages.next_request(first, page())
    assert "\n" not in str(caught.value)


def test_a_reference_that_comes_again_is_an_error() -> None:
    pages = adapted(HeaderCursorPaginator())
    request = pages.first_request(FIRST)
    for number, cursor in enumerate("ab", start=1):
        request = followed(pages, page(number=number, headers={"next": cursor}), request)
    assert request.params["cursor"] == "b"
    with pytest.raises(PageError, match="followed before"):
        pages.next_request(request, page(number=3, headers={"next": "a"}))


def test_a_page_that_comes_again_is_an_error_where_pages_are_counted() -> None:
    pages = adapted(OffsetPaginator(limit=2, total_path=None))
    request = followed(pages, page({}, ["a", "b"]), pages.first_request(FIRST))
    assert request.params == {"a": 1, "offset": 2, "limit": 2}
    with pytest.raises(PageError, match="page 2 brought the same rows"):
        pages.next_request(request, page({}, ["a", "b"], 2))


def test_a_paginator_that_polls_may_bring_the_same_page_again() -> None:
    pages = adapted(Notes())
    request = pages.first_request(FIRST)
    for number in range(1, 4):
        request = followed(pages, page({}, ["a", "b"], number), request)
