"""The guess from the first page: dlt's own, and told as a config would say it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from dlt.sources.helpers.rest_client import paginators as dlts
from dlt.sources.helpers.rest_client.detector import PaginatorFactory
from hypothesis import given
from hypothesis import strategies as st
from requests import Response

from headrace.core.exceptions import PageError
from headrace.core.json_path import JsonPath
from headrace.http.link_header import links_by_relation
from headrace.sansio.paging import AutoPaginator
from headrace.sansio.paging.detection import detect
from tests.unit.sansio.paging.pages import FIRST, followed, page

KEYS = st.sampled_from(
    [
        *("next", "Next", "nextPage", "next_url", "has_next", "NEXT", "href", "url", "URLs"),
        *("total_pages", "Pages", "totalPages", "total", "meta", "links", "data"),
    ]
)
VALUES = st.recursive(
    st.sampled_from(
        [None, True, 0, 3, 2.5, 1e300, "", "7", "x", "http://h/2", "/2", "2", "https", " /"]
    ),
    lambda inner: st.dictionaries(KEYS, inner, max_size=4) | st.lists(inner, max_size=2),
    max_leaves=8,
)
LINKS = st.sampled_from([None, "", '</2>; rel="next"', '</2>; rel="prev"', "x"])


@given(st.dictionaries(KEYS, VALUES, max_size=5) | VALUES, LINKS)
def test_what_dlt_guesses_is_guessed_as_dlt_does(document: Any, link: str | None) -> None:
    headers = {} if link is None else {"Link": link}
    detected = detect(page(document, headers=headers), links_by_relation)
    kind, path = guess_of_dlt(document, headers)
    keys = {name: str(value) for name, value in detected.keys.items() if name.endswith("_path")}
    names_next_page = keys.get("cursor_path", "").lower().endswith("nextpage")
    # dlt looks at the first `next...` alone: a URL behind it is followed here.
    finds_link = detected.type == "json_link" and kind in ("cursor", "page_number")
    if kind != "single_page" and not names_next_page and not finds_link:
        assert (detected.type, next(iter(keys.values()), None)) == (kind, path)


def guess_of_dlt(document: Any, headers: dict[str, str]) -> tuple[str, str | None]:
    response = Response()
    response._content = json.dumps(document).encode()
    response.headers.update(headers)
    match PaginatorFactory().create_paginator(response)[0]:
        case dlts.HeaderLinkPaginator():
            return "header_link", None
        case dlts.JSONLinkPaginator(next_url_path=path):
            return "json_link", str(path)
        case dlts.PageNumberPaginator(total_path=path, base_index=0, current_value=0):
            return "page_number", str(path)
        case dlts.JSONResponseCursorPaginator(cursor_path=path, cursor_param="cursor"):
            return "cursor", str(path)
        case found:
            assert isinstance(found, dlts.SinglePagePaginator)
            return "single_page", None


@pytest.mark.parametrize(
    ("document", "headers", "guess"),
    [
        ({"p": {"next": "/2"}}, {}, "type: json_link, next_url_path: p.next"),
        (
            {"p": {"nextToken": "x"}},
            {},
            "type: cursor, cursor_path: p.nextToken, cursor_param: nextToken",
        ),
        ({"total_pages": 4, "next": "x"}, {}, "type: page_number, total_path: total_pages"),
        ({}, {"Link": '</2>; rel="next"'}, "type: header_link"),
        ({"next": None}, {}, "type: single_page"),
        ({"nextSyncToken": "x"}, {}, "type: single_page"),
        ({"offset": "itr/x"}, {}, "type: cursor, cursor_path: offset, cursor_param: offset"),
        ({"offset": "20"}, {}, "type: single_page"),
        (
            {"paging": {"next": {"after": "x"}}},
            {},
            "type: cursor, cursor_path: paging.next.after, cursor_param: after",
        ),
        (
            {"metadata": {"continue": "x"}},
            {},
            "type: cursor, cursor_path: metadata.continue, cursor_param: continue",
        ),
        (
            {},
            {"X-Next-Cursor": "x"},
            "type: header_cursor, cursor_key: X-Next-Cursor, cursor_param: cursor",
        ),
        (
            {"odd key.": {"next page": 2}},
            {},
            "type: cursor, cursor_path: 'odd key.'.'next page', cursor_param: page",
        ),
    ],
)
def test_the_guess_is_told(document: Any, headers: dict[str, str], guess: str) -> None:
    pages = AutoPaginator(links_by_relation)
    assert pages.guess is None
    pages.next_request(pages.first_request(FIRST), page(document, headers=headers))
    assert pages.guess == guess


@pytest.mark.parametrize(
    ("params", "document", "headers", "guess", "following"),
    [
        (
            {"_page": 1, "_per_page": 2},
            {"first": 1, "next": 2, "pages": 4, "items": 7},
            {},
            "type: page_number, base_page: 1, page_param: _page, total_path: pages",
            {"_page": 2, "_per_page": 2},
        ),
        (
            {"pageNumber": "0"},
            {"totalPages": 4},
            {},
            "type: page_number, page_param: pageNumber, total_path: totalPages",
            {"pageNumber": 1},
        ),
        (
            {"page": 1},
            {"total_pages": 4},
            {},
            "type: page_number, base_page: 1, total_path: total_pages",
            {"page": 2},
        ),
        (
            {"pagination[pageSize]": 2},
            {"meta": {"pagination": {"page": 1, "pageSize": 2, "pageCount": 4}}},
            {},
            "type: page_number, base_page: 1, page_param: pagination[page], "
            "total_path: meta.pagination.pageCount",
            {"pagination[page]": 2, "pagination[pageSize]": 2},
        ),
        (
            {"page[size]": 2, "page[number]": 1},
            {"meta": {"total_pages": 4}},
            {},
            "type: page_number, base_page: 1, page_param: page[number], "
            "total_path: meta.total_pages",
            {"page[number]": 2, "page[size]": 2},
        ),
        (
            {"page[size]": 2},
            {"meta": {"page": {"number": 1, "totalPages": 4}}},
            {},
            "type: page_number, base_page: 1, page_param: page[number], "
            "total_path: meta.page.totalPages",
            {"page[number]": 2, "page[size]": 2},
        ),
        (
            {},
            {"meta": {"pagination": {"page": 1, "pageCount": 4}}},
            {},
            "type: page_number, base_page: 1, total_path: meta.pagination.pageCount",
            {"page": 2},
        ),
        (
            {"pageNo": 1},
            {"nextPage": 2},
            {},
            "type: cursor, cursor_path: nextPage, cursor_param: pageNo",
            {"pageNo": 2},
        ),
        (
            {"page_no": 1},
            [],
            {"X-Next-Page": "2"},
            "type: header_cursor, cursor_key: X-Next-Page, cursor_param: page_no",
            {"page_no": "2"},
        ),
        (
            {},
            [],
            {"X-Pagination-Next-Page": "2"},
            "type: header_cursor, cursor_key: X-Pagination-Next-Page, cursor_param: page",
            {"page": "2"},
        ),
        (
            {"page": 7},
            {"total_pages": 9},
            {},
            "type: page_number, total_path: total_pages",
            {"page": 1},
        ),
    ],
)
def test_the_parameter_that_asks_for_the_first_page_asks_for_the_others(
    params: dict[str, Any],
    document: Any,
    headers: dict[str, str],
    guess: str,
    following: dict[str, Any],
) -> None:
    pages = AutoPaginator(links_by_relation)
    first = pages.first_request(replace(FIRST, params=params))
    request = pages.next_request(first, page(document, ["a", "b"], headers=headers))

    assert pages.guess == guess
    assert request is not None
    assert request.params == following


def test_the_whole_first_page_is_looked_at_and_later_ones_where_the_guess_leads() -> None:
    pages = AutoPaginator(links_by_relation)
    assert [str(path) for path in pages.paths] == ["$"]
    followed(pages, page({"meta": {"next": "x"}}))
    assert [str(path) for path in pages.paths] == ["meta.next"]


def test_a_key_of_any_kind_is_found_again() -> None:
    pages = AutoPaginator(links_by_relation)
    for number, cursor in enumerate("abc", start=1):
        document = {"a.b": {"next-'one'": cursor}}
        request = followed(pages, page(document, number=number))
        assert request.params["'one'"] == cursor


def test_a_wrong_guess_says_that_it_was_one() -> None:
    pages = AutoPaginator(links_by_relation)
    followed(pages, page({"pages": 9}, ["a", "b"]))
    with pytest.raises(PageError, match="the same rows as the page before") as caught:
        pages.next_request(FIRST, page({"pages": 9}, ["a", "b"], number=2))
    assert "guessed from the first page (`type: page_number, total_path: pages`)" in str(
        caught.value
    )
    assert "`base_page`" in str(caught.value)


def test_a_total_is_looked_up_where_it_was_found() -> None:
    pages = AutoPaginator(links_by_relation)
    paths = [JsonPath("p.Pages").text]
    request = followed(pages, page({"p": {"Pages": "3"}}))
    assert request.params == {"status": "done", "page": 1}
    assert [str(path) for path in pages.paths] == paths


@pytest.mark.parametrize(
    ("document", "seen"),
    [
        ({"more_topics_url": "latest"}, "it names `more_topics_url`"),
        ({"nbHits": 7}, "tells 7 (`nbHits`)"),
        ({"recordsTotal": 7}, "tells 7 (`recordsTotal`)"),
        ({"metadata": {"remainingItemCount": 5}}, "more are left (`metadata.remainingItemCount`)"),
        ({"nbPages": 3}, "it tells 3 pages (`nbPages`)"),
        ({"continue": {"continue": "-||", "cmcontinue": "x"}}, "it names `continue.continue`"),
    ],
)
def test_what_is_seen_of_more_pages_is_named(document: Any, seen: str) -> None:
    pages = AutoPaginator(links_by_relation)
    with pytest.raises(PageError, match="no paginator is named") as caught:
        pages.next_request(pages.first_request(FIRST), page(document))
    assert seen in str(caught.value)


@pytest.mark.parametrize("headers", [{"X-WP-TotalPages": "4"}, {"X-Has-More": "true"}])
def test_a_header_that_tells_of_more_is_named(headers: dict[str, str]) -> None:
    pages = AutoPaginator(links_by_relation)
    with pytest.raises(PageError, match="more are left"):
        pages.next_request(pages.first_request(FIRST), page(headers=headers))
