"""Each paginator in each of its options: the requests and the rows are those of dlt's own source.

Both sources list the same server, outside of a pipeline.
"""

from __future__ import annotations

import copy
import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from dlt.sources.helpers.rest_client.paginators import (
    BasePaginator,
    HeaderLinkPaginator,
    JSONResponseCursorPaginator,
    OffsetPaginator,
    PageNumberPaginator,
)
from dlt.sources.rest_api import config_setup
from dlt.sources.rest_api import rest_api_source as dlt_rest_api_source
from requests import Request, Response

from headrace import rest_api_source
from tests.stories.against_dlt.paging_servers import (
    PAGES,
    ROWS,
    Rest,
    by_cursor,
    by_offset,
    by_page,
    following,
    header_cursor,
    in_json,
    linked,
    nothing,
)
from tests.support.servers import Answer, Asked, Handler, JsonServer

pytestmark = pytest.mark.comparison

# --- Configs ------------------------------------------------------------------------------------

POST = {"method": "POST", "json": {"q": "x", "page": {"sort": "id"}}}
PARAMS = {"params": {"status": "done", "tags": ["a", "b"]}}

CURSORS: dict[str, tuple[Any, dict[str, Any], Handler]] = {
    "defaults": ("cursor", {}, by_cursor(lambda at: {"cursors": {"next": following(at)}})),
    "path and param": (
        {"type": "cursor", "cursor_path": "meta.next", "cursor_param": "after"},
        PARAMS,
        by_cursor(lambda at: {"meta": {"next": following(at)}}, "after"),
    ),
    "in the body": (
        {"type": "cursor", "cursor_path": "next", "cursor_body_path": "page.cursor"},
        POST,
        by_cursor(in_json(), "page.cursor"),
    ),
    "in a body that is not there": (
        {"type": "cursor", "cursor_path": "next", "cursor_body_path": "after"},
        {"method": "POST"},
        by_cursor(in_json(), "after"),
    ),
    "has more": (
        {"type": "cursor", "cursor_path": "next", "has_more_path": "more"},
        {},
        by_cursor(lambda at: {"next": at + 1, "more": "yes" if at < 1 else "no"}),
    ),
    "to the last empty page": (
        {"type": "cursor", "cursor_path": "next", "stop_after_empty_page": True},
        {},
        lambda asked: Answer(
            {
                "data": [[{"id": 1}], [{"id": 2}], []][int(asked.query.get("cursor", 0))],
                "next": int(asked.query.get("cursor", 0)) + 1,
            }
        ),
    ),
    "past an empty page": (
        {"type": "cursor", "cursor_path": "next"},
        {},
        lambda asked: Answer(
            {
                "data": [[{"id": 1}], [], [{"id": 2}]][int(asked.query.get("cursor", 0))],
                "next": following(int(asked.query.get("cursor", 0))),
            }
        ),
    ),
    "from the last row": (
        {"type": "cursor", "cursor_path": "data[-1].id", "cursor_param": "after"},
        {},
        lambda asked: Answer(
            {"data": ROWS[int(asked.query.get("after", 0)) : int(asked.query.get("after", 0)) + 3]}
        ),
    ),
}
LINKS: dict[str, tuple[Any, dict[str, Any], Handler]] = {
    "in JSON": ("json_link", PARAMS, linked("{base}/items?place={place}")),
    "under its old name": ("json_response", {}, linked("{base}/items?place={place}")),
    "at a path": (
        {"type": "json_link", "next_url_path": "paging.next"},
        {},
        linked("{base}/items?place={place}"),
    ),
    "without a host": ("json_link", PARAMS, linked("/v2/items?place={place}")),
    "a query alone": ("json_link", {}, linked("?place={place}")),
    "beside the path": ("json_link", {"path": "a/b/items"}, linked("more?place={place}")),
    "above the path": ("json_link", {"path": "a/b/items"}, linked("../../up/?place={place}#top")),
    "without a scheme": (
        "json_link",
        {"path": "/items/"},
        lambda asked: linked(f"//{asked.headers['Host']}/x?place={{place}}")(asked),
    ),
    "with characters to encode": ("json_link", {}, linked("/it ems?q=ä+b%20c&place={place}")),
    "of a POST": ("json_link", POST, linked("{base}/items?place={place}")),
    "in a header": ("header_link", PARAMS, linked("{base}/items?place={place}", in_header=True)),
    "in a header, relative": ("header_link", {}, linked("/items?place={place}", in_header=True)),
    "in a header, by another rel": (
        {"type": "header_link", "links_next_key": "older"},
        {},
        linked("{base}/items?place={place}", in_header=True, rel="older"),
    ),
    "cursor in a header": ("header_cursor", PARAMS, header_cursor),
    "cursor in a header of another name": (
        {"type": "header_cursor", "cursor_key": "x-next-token", "cursor_param": "after"},
        {},
        header_cursor,
    ),
    "a single page": ("single_page", PARAMS, linked("{base}/items?place={place}")),
}
TOTAL_ROWS: Rest = lambda first: {"total": len(ROWS)}  # noqa: E731
OFFSETS: dict[str, tuple[Any, dict[str, Any], Handler]] = {
    "to the total": ({"limit": 3}, PARAMS, by_offset(TOTAL_ROWS)),
    "to a total in text": ({"limit": 3}, {}, by_offset(lambda at: {"total": "7"})),
    "from an offset": ({"limit": 3, "offset": 2}, {}, by_offset(TOTAL_ROWS)),
    "by other names": (
        {"limit": 2, "offset_param": "skip", "limit_param": "take", "total_path": "meta.count"},
        {},
        by_offset(lambda at: {"meta": {"count": 7}}, "skip", "take"),
    ),
    "in the body": (
        {"limit": 3, "offset_body_path": "page.from", "limit_body_path": "page.size"},
        POST,
        by_offset(TOTAL_ROWS, "page.from", "page.size"),
    ),
    "offset in the query, limit in the body": (
        {"limit": 3, "limit_body_path": "size"},
        {"method": "POST"},
        by_offset(TOTAL_ROWS, "offset", "size"),
    ),
    # Behind a short page the offset moves by what came: see test_whole_listings.py.
    "to an empty page": ({"limit": 7, "total_path": None}, {}, by_offset(nothing)),
    "to a maximum": ({"limit": 3, "total_path": None, "maximum_offset": 6}, {}, by_offset(nothing)),
    "to the maximum or the total": ({"limit": 3, "maximum_offset": 4}, {}, by_offset(TOTAL_ROWS)),
    "while there is more": (
        {"limit": 3, "total_path": None, "has_more_path": "more", "stop_after_empty_page": False},
        {},
        by_offset(lambda first: {"more": first + 3 < len(ROWS)}),
    ),
    "past empty pages": (
        {"limit": 7, "stop_after_empty_page": False, "total_path": None, "has_more_path": "more"},
        {},
        by_offset(lambda first: {"more": first < 12}),
    ),
}
TOTAL_PAGES: Rest = lambda place: {"total": len(PAGES)}  # noqa: E731
NUMBERS: dict[str, tuple[Any, dict[str, Any], Handler]] = {
    "to the total": ({}, PARAMS, by_page(TOTAL_PAGES)),
    "from 1": ({"base_page": 1}, {}, by_page(TOTAL_PAGES, base=1)),
    "from a page": ({"base_page": 1, "page": 2}, {}, by_page(TOTAL_PAGES, base=1)),
    "from page 0, though the first is 1": (
        {"base_page": 1, "page": 0, "stop_after_empty_page": False},
        {},
        by_page(TOTAL_PAGES, base=1),
    ),
    "by another name": (
        {"page_param": "p", "total_path": "meta.pages"},
        {},
        by_page(lambda place: {"meta": {"pages": 3}}, "p"),
    ),
    "in the body": ({"page_body_path": "page.number"}, POST, by_page(TOTAL_PAGES, "page.number")),
    "to an empty page": ({"total_path": None}, {}, by_page(nothing)),
    "to a maximum": ({"total_path": None, "maximum_page": 2}, {}, by_page(nothing)),
    "while there is more": (
        {"total_path": None, "has_more_path": "more", "stop_after_empty_page": False},
        {},
        by_page(lambda place: {"more": "true" if place < 2 else "false"}),
    ),
    "past empty pages": (
        {"total_path": "n", "stop_after_empty_page": False},
        {},
        by_page(lambda place: {"n": 5.9}),
    ),
}
GUESSED: dict[str, tuple[Any, dict[str, Any], Handler]] = {
    "a link in a header": (None, PARAMS, linked("{base}/items?place={place}", in_header=True)),
    "a link in JSON": (None, PARAMS, linked("/items?place={place}")),
    "by its name": ("auto", {}, linked("/items?place={place}")),
    "a number of pages": (None, {}, by_page(lambda place: {"meta": {"Total_Pages": 3}})),
    "a cursor": ({"type": "auto"}, {}, by_cursor(lambda at: {"p": {"nextCursor": following(at)}})),
    "a single page": (None, PARAMS, by_cursor(nothing)),
    "one row": (None, {}, lambda asked: Answer({"id": 1, "next": {"step": "x"}})),
}


class CountsDown(BasePaginator):
    """A user's own: asks for smaller and smaller ids, in a header, by the rows that came."""

    def __init__(self) -> None:
        super().__init__()
        self.before = 8

    def init_request(self, request: Request) -> None:
        request.headers["X-Before"] = str(self.before)

    def update_state(self, response: Response, data: list[Any] | None = None) -> None:
        assert data == response.json()["data"]
        assert response.ok
        self.before -= len(data or ())
        self._has_next_page = response.headers["x-left"] != "0"

    def update_request(self, request: Request) -> None:
        request.headers["X-Before"] = str(self.before)
        request.json = {"before": self.before}
        request.params = {"before": self.before}


def counted_down(asked: Asked) -> Answer:
    before = int(asked.headers["X-Before"])
    left = max(before - 4, 0)
    return Answer({"data": ROWS[left : before - 1]}, headers={"X-Left": str(left)})


class NextInBody(BasePaginator):
    """A user's own: goes on to the URL of the answer, with the place from the answer."""

    def update_state(self, response: Response, data: list[Any] | None = None) -> None:
        self.url = f"{response.url.partition('?')[0]}?cursor={response.json()['next']}"
        self._has_next_page = response.json()["next"] is not None

    def update_request(self, request: Request) -> None:
        request.url = self.url
        request.params = [("a", 1), ("a", 2)]


OBJECTS: dict[str, tuple[Any, dict[str, Any], Handler]] = {
    "the user's own": (CountsDown(), {"method": "POST"}, counted_down),
    "the user's own, to other URLs": (NextInBody(), PARAMS, by_cursor(in_json())),
    "dlt's cursor": (
        JSONResponseCursorPaginator("next", cursor_body_path="page.cursor"),
        POST,
        by_cursor(in_json(), "page.cursor"),
    ),
    "dlt's links": (HeaderLinkPaginator(), {}, linked("/items?place={place}", in_header=True)),
    "dlt's offset": (OffsetPaginator(limit=3), PARAMS, by_offset(TOTAL_ROWS)),
    "dlt's page number": (PageNumberPaginator(base_page=1), {}, by_page(TOTAL_PAGES, base=1)),
}


def named(kind: str, cases: dict[str, tuple[Any, dict[str, Any], Handler]]) -> list[Any]:
    return [pytest.param(*case, id=f"{kind}: {name}") for name, case in cases.items()]


def typed(kind: str, cases: dict[str, tuple[Any, dict[str, Any], Handler]]) -> list[Any]:
    return [
        pytest.param({"type": kind, **keys}, endpoint, handler, id=f"{kind}: {name}")
        for name, (keys, endpoint, handler) in cases.items()
    ]


@pytest.mark.parametrize(
    ("paginator", "endpoint", "handler"),
    [
        *named("cursor", CURSORS),
        *named("link", LINKS),
        *typed("offset", OFFSETS),
        *typed("page_number", NUMBERS),
        *named("auto", GUESSED),
        *named("object", OBJECTS),
    ],
)
def test_requests_and_rows_are_those_of_dlt(
    server: JsonServer, paginator: Any, endpoint: dict[str, Any], handler: Handler
) -> None:
    server.handler = handler
    # dlt's listings wear an endpoint's paginator object out.
    theirs = listed(dlt_rest_api_source, server, copy.deepcopy(paginator), endpoint)
    ours = listed(rest_api_source, server, paginator, endpoint)
    again = listed(rest_api_source, server, paginator, endpoint)

    assert ours == theirs
    assert again == theirs
    requests, rows = theirs
    assert requests
    assert rows


def test_a_registered_paginator_pages_as_in_dlt(
    server: JsonServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # So that the name is gone after the test.
    monkeypatch.setattr(config_setup, "PAGINATOR_MAP", dict(config_setup.PAGINATOR_MAP))
    config_setup.register_paginator("counts_down", CountsDown)
    server.handler = counted_down
    for paginator in ("counts_down", {"type": "counts_down"}):
        theirs = listed(dlt_rest_api_source, server, paginator, {})
        assert listed(rest_api_source, server, paginator, {}) == theirs
        assert len(theirs[1]) == len(ROWS)


def test_a_paginator_object_of_the_client_starts_anew_for_each_resource(
    server: JsonServer,
) -> None:
    server.handler = counted_down
    config: Any = {
        "client": {"base_url": server.base_url, "paginator": CountsDown()},
        "resources": ["items", "others"],
    }
    source = rest_api_source(config)
    assert [len(list(source.resources[name])) for name in ("items", "others")] == [7, 7]


def listed(
    make_source: Any, server: JsonServer, paginator: Any, endpoint: dict[str, Any]
) -> tuple[list[tuple[Any, ...]], list[Any]]:
    """The requests of one listing, and its rows."""
    server.asked.clear()
    config = {
        "client": {"base_url": f"{server.base_url}/api/", "headers": {"X-Mine": "1"}},
        "resources": [
            {
                "name": "items",
                "endpoint": {
                    "path": "items",
                    **({} if paginator is None else {"paginator": paginator}),
                    **json.loads(json.dumps(endpoint)),
                },
            }
        ],
    }
    rows = list(make_source(config).resources["items"])
    requests = [
        (
            each.method,
            each.path,
            parse_qsl(urlsplit(each.target).query, keep_blank_values=True),
            json.loads(each.body) if each.body else None,
            each.headers["X-Mine"],
        )
        for each in server.asked
    ]
    return requests, rows
