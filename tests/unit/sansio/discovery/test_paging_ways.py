"""The ways to go on that a page shows."""

from typing import Any

import msgspec
import pytest

from headrace.core.exchange import Headers
from headrace.http.link_header import links_by_relation
from headrace.sansio.discovery.paging_ways import behind_last_row, links_shown, tokens_shown
from headrace.sansio.paging import Page

LAST = {"id": 17, "sort": [3, "a"]}


def page(rest: Any, headers: dict[str, str] | None = None) -> Page:
    return Page(rest, rest, Headers(headers or {}), 25, 1, rows_at=("data",))


@pytest.mark.parametrize(
    ("rest", "path"),
    [
        ({"next": "/orders?page=2"}, "next"),
        ({"paging": {"next": {"link": "https://a/b?after=x"}}}, "paging.next.link"),
        ({"@odata.nextLink": "https://a/b?$skip=2"}, "@odata.nextLink"),
        ({"links": [{"rel": "self", "href": "/a"}, {"rel": "next", "href": "/b"}]}, "rel=='next'"),
        ({"_links": {"next": {"href": "/b?cursor=1"}}}, "_links.next.href"),
    ],
)
def test_a_link_is_followed_where_it_stands(rest: Any, path: str) -> None:
    (way,) = links_shown(page(rest), links_by_relation)
    assert way.paginator["type"] == "json_link"
    assert path in way.paginator["next_url_path"]


def test_a_link_in_a_header_comes_first() -> None:
    headers = {"Link": '<https://a/b?page=2>; rel="next"'}
    ways = links_shown(page({"next": "/c"}, headers), links_by_relation)
    assert [way.paginator["type"] for way in ways] == ["header_link", "json_link"]


def test_what_leads_back_or_to_later_changes_is_no_next_page() -> None:
    rest = {"prev": "/a", "first": "/a", "deltaLink": "/d", "nextSyncToken": "abc"}
    assert links_shown(page(rest), links_by_relation) == []
    assert tokens_shown(page(rest), in_body=False) == []


@pytest.mark.parametrize(
    ("rest", "param"),
    [
        ({"nextPageToken": "t"}, "pageToken"),
        ({"next_cursor": "t"}, "cursor"),
        ({"paging": {"next": {"after": "t"}}}, "after"),
        ({"meta": {"next_offset": 50}}, "offset"),
        ({"next_page": 2}, "page"),
        ({"continuation": "t"}, "continuation"),
    ],
)
def test_a_token_goes_back_by_the_name_it_tells(rest: Any, param: str) -> None:
    (token,) = tokens_shown(page(rest), in_body=False)
    assert token.ways[0].paginator["cursor_param"] == param


def test_where_there_is_a_body_a_token_goes_into_it() -> None:
    (token,) = tokens_shown(page({"next_cursor": "t"}), in_body=True)
    assert token.ways[0].paginator["cursor_body_path"] == "cursor"


def test_a_token_in_a_header_is_found() -> None:
    (token,) = tokens_shown(page({}, {"X-Next-Cursor": "t"}), in_body=False)
    assert token.ways[0].paginator == {
        "type": "header_cursor",
        "cursor_key": "X-Next-Cursor",
        "cursor_param": "cursor",
    }


def test_behind_the_last_row_comes_what_is_sorted_behind_it() -> None:
    ways = behind_last_row(page({"has_more": True}), LAST, ["id"], in_body=True)
    assert ways[0].paginator["cursor_body_path"] == "search_after"
    assert ways[1].paginator == {
        "type": "cursor",
        "cursor_path": "data[-1].id",
        "cursor_param": "starting_after",
        "stop_after_empty_page": True,
    }


@pytest.mark.parametrize(("told", "is_token"), [("17", True), (17, True), (18, False)])
def test_a_value_of_the_last_row_leads_on_where_a_page_names_it_so(
    told: Any, is_token: bool
) -> None:
    rest = {"more": True, "last_item": told}
    shown = Page(rest, rest, Headers({}), 1, 1, rows=[msgspec.Raw(b'{"id": 17, "at": null}')])
    found = [token.ways[0].paginator["cursor_path"] for token in tokens_shown(shown, in_body=False)]
    assert found == (["last_item"] if is_token else [])
