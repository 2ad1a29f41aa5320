"""The next page is foretold by a glimpse at what stands around the rows, and nothing changes."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.core.exchange import Headers
from headrace.core.json_path import JsonPath
from headrace.sansio.paging import Page
from headrace.sansio.paging.cursor import CursorPaginator, CursorSettings, HeaderCursorPaginator
from headrace.sansio.paging.foretelling import around_rows
from headrace.sansio.paging.guards import BoundedPaginator
from headrace.sansio.paging.links import HeaderLinkPaginator, JsonLinkPaginator
from headrace.sansio.paging.page import Paginator
from tests.unit.sansio.paging.pages import FIRST, page

texts = st.text(max_size=8)
values = st.none() | st.booleans() | st.integers(-9, 9) | texts
names = texts.filter(lambda name: name != "data")
rows = st.lists(st.dictionaries(texts, values | st.lists(values, max_size=3), max_size=3))
spaces = st.sampled_from([(",", ":"), (", ", ": ")])


@given(
    st.dictionaries(names, values, max_size=3),
    rows,
    st.dictionaries(names, values, max_size=3),
    spaces,
)
def test_what_stands_around_the_rows_is_read_or_given_up(
    before: dict[str, Any], found: list[Any], after: dict[str, Any], written: tuple[str, str]
) -> None:
    whole = {**before, "data": found, **{k: v for k, v in after.items() if k not in before}}
    body = json.dumps(whole, separators=written).encode()

    around = around_rows(body, ("data",))

    # What a text holds may look like the key or like the end of a list.
    if not any(each in str(value) for each in ('"data"', "]") for value in (before, after)):
        assert around == {**whole, "data": None}


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"data":[1],"next":'])
def test_what_is_no_such_page_gives_nothing(body: bytes) -> None:
    assert around_rows(body, ("data",)) is None
    assert around_rows(body, ()) is None


def test_rows_may_stand_deeper() -> None:
    body = b'{"found":{"total":3,"items":[{"tags":["a"]}],"next":"b"},"took":1}'

    around = around_rows(body, ("found", "items"))

    assert around == {"found": {"total": 3, "items": None, "next": "b"}, "took": 1}


def links_of(value: str) -> dict[str, str]:
    return {"next": value} if value else {}


PAGINATORS = {
    "cursor": CursorPaginator(CursorSettings(JsonPath("next"))),
    "bounded": BoundedPaginator(CursorPaginator(CursorSettings(JsonPath("next"))), max_pages=9),
    "json link": JsonLinkPaginator(JsonPath("next")),
    "header link": HeaderLinkPaginator(links_of, link_header="Link"),
    "header cursor": HeaderCursorPaginator("X-Next"),
}
LINK = "https://api.example.com/items?page=2"


@pytest.mark.parametrize("paginator", PAGINATORS.values(), ids=PAGINATORS)
def test_what_is_foretold_is_what_follows_and_foretelling_changes_nothing(
    paginator: Paginator,
) -> None:
    paginator = copy.deepcopy(paginator)
    request = paginator.first_request(FIRST)
    came = page({"next": LINK}, number=1, headers={"Link": LINK, "X-Next": LINK})
    glimpse = Page(came.rest, came.rest, came.headers, 0, 1, came.url)

    foretold = [paginator.foretold_request(request, glimpse) for _ in range(3)]

    assert foretold == [paginator.next_request(request, came)] * 3
    assert foretold[0] is not None


@pytest.mark.parametrize("paginator", PAGINATORS.values(), ids=PAGINATORS)
def test_the_last_page_foretells_nothing(paginator: Paginator) -> None:
    last = Page({"next": None}, {"next": None}, Headers({}), 0, 1, "https://api.example.com/items")

    assert copy.deepcopy(paginator).foretold_request(FIRST, last) is None


def test_nothing_is_foretold_past_the_most_pages_nor_where_a_page_says_that_it_is_the_last() -> (
    None
):
    settings = CursorSettings(JsonPath("next"), has_more_path=JsonPath("more"))
    document = {"next": "b", "more": False}
    last = Page(document, document, Headers({}), 0, 3)
    more = Page({**document, "more": True}, {**document, "more": True}, Headers({}), 0, 3)

    assert CursorPaginator(settings).foretold_request(FIRST, last) is None
    assert CursorPaginator(settings).foretold_request(FIRST, more) is not None
    bounded = BoundedPaginator(CursorPaginator(settings), max_pages=3)
    assert bounded.foretold_request(FIRST, more) is None
