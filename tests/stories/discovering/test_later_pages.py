"""A call that is copied from a later page becomes a config of all pages, or of none."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

import headrace
from tests.support.servers import Answer, Asked, JsonServer

ROWS: list[dict[str, Any]] = [{"id": number, "name": f"n{number}"} for number in range(1, 101)]
SIZE = 20

Api = Callable[[Asked, str], Answer]


def _slice(first: int) -> tuple[list[dict[str, Any]], int | None]:
    return ROWS[first : first + SIZE], first + SIZE if first + SIZE < len(ROWS) else None


def cursor(asked: Asked, base_url: str) -> Answer:
    rows, following = _slice(int(asked.query.get("cursor", 0)))
    return Answer({"data": rows, "next": following})


def body_cursor(asked: Asked, base_url: str) -> Answer:
    rows, following = _slice(int(json.loads(asked.body).get("cursor") or 0))
    return Answer({"data": rows, "next": following})


def body_offset(asked: Asked, base_url: str) -> Answer:
    body = json.loads(asked.body)
    first, size = int(body.get("from") or 0), int(body.get("size") or 10)
    return Answer({"hits": ROWS[first : first + size], "total": len(ROWS)})


def body_page(asked: Asked, base_url: str) -> Answer:
    return Answer({"hits": _slice((int(json.loads(asked.body).get("page") or 1) - 1) * SIZE)[0]})


def link(asked: Asked, base_url: str) -> Answer:
    rows, following = _slice(int(asked.query.get("page_token", 0)))
    url = f"{base_url}/items?page_token={following}&size=20"
    return Answer({"data": rows, "next": url if following else None})


def link_header(asked: Asked, base_url: str) -> Answer:
    rows, following = _slice(int(asked.query.get("at", 0)))
    told = f'<{base_url}/items?at={following}>; rel="next"'
    return Answer(rows, headers={"Link": told} if following else {})


def last_id(asked: Asked, base_url: str) -> Answer:
    rows, following = _slice(int(asked.query.get("starting_after", 0)))
    return Answer({"data": rows, "has_more": following is not None})


def since(asked: Asked, base_url: str) -> Answer:
    found = [each for each in ROWS if each["id"] > int(asked.query.get("after", 0))]
    return Answer({"data": found, "next": None})


@pytest.mark.parametrize(
    ("api", "path", "body"),
    [
        (cursor, "/items?cursor=40", None),
        (cursor, "/items?cursor=80", None),
        (cursor, "/items?cursor=80&kind=all", None),
        (link, "/items?page_token=40&size=20", None),
        (link, "/items?page_token=80&size=20", None),
        (link_header, "/items?at=40", None),
        (link_header, "/items?at=80", None),
        (last_id, "/items?starting_after=40", None),
        (last_id, "/items?starting_after=80", None),
        (body_cursor, "/items", {"cursor": 40}),
        (body_cursor, "/items", {"cursor": 80}),
        (body_offset, "/items", {"from": 40, "size": 20}),
        (body_page, "/items", {"page": 3}),
        (body_page, "/items", {"page": 5}),
    ],
)
def test_all_rows_are_loaded_or_none(
    api: Api, path: str, body: dict[str, Any] | None, server: JsonServer
) -> None:
    server.handler = lambda asked: api(asked, server.base_url)
    asked: dict[str, Any] = {} if body is None else {"method": "POST", "json": body}
    found = headrace.discover(server.base_url + path, **asked)
    if found.is_proven:
        rows = headrace.read(found.config, "items")
        assert sum(batch.num_rows for batch in rows) == len(ROWS)
    # Numbers in a body need more requests than may be made, and a last page of a bare list says
    # nothing at all.
    assert found.is_proven or api in (body_offset, body_page) or path == "/items?at=80"


def cursor_where_asked_for(asked: Asked, base_url: str) -> Answer:
    """Tells cursors only where one is asked for, the first one by `*`."""
    begin = asked.query.get("cursor")
    rows, following = _slice(0 if begin in (None, "*") else int(begin))
    return Answer({"data": rows, **({} if begin is None else {"next_cursor": following})})


def page_where_asked_for(asked: Asked, base_url: str) -> Answer:
    """Makes pages only where one is asked for."""
    if "page" not in asked.query:
        return Answer({"data": ROWS})
    begin = (int(asked.query["page"]) - 1) * SIZE
    return Answer({"data": ROWS[begin : begin + SIZE]})


def within_an_object(asked: Asked, base_url: str) -> Answer:
    """Takes size and page within one object, and gives the last page for all behind it."""
    size = int(asked.query.get("criteria[pageSize]", len(ROWS)))
    number = min(int(asked.query.get("criteria[currentPage]", 1)), -(-len(ROWS) // size))
    told = {"page_size": size, "current_page": number}
    rows = ROWS[(number - 1) * size : number * size]
    return Answer({"data": rows, "search_criteria": told, "total_count": len(ROWS)})


def body_options(asked: Asked, base_url: str) -> Answer:
    options = json.loads(asked.body).get("options") or {}
    first, size = int(options.get("offset") or 0), min(int(options.get("count") or 10), 50)
    return Answer({"data": ROWS[first : first + size], "accounts": [{"id": 1}], "took": 3})


def body_capitals(asked: Asked, base_url: str) -> Answer:
    body = json.loads(asked.body)
    number, size = int(body.get("PageNumber", 1)), int(body.get("PageSize", 10))
    return Answer({"Data": ROWS[(number - 1) * size : number * size], "TotalCount": len(ROWS)})


def body_full_pages(asked: Asked, base_url: str) -> Answer:
    body = json.loads(asked.body)
    number, size = int(body.get("page_number", 1)), int(body.get("page_size", 10))
    if size > 50:
        return Answer({"message": "page_size: must be at most 50"}, 422)
    return Answer(ROWS[(number - 1) * size : number * size])


def token_within_an_object(asked: Asked, base_url: str) -> Answer:
    rows, following = _slice(int(asked.query.get("pagination[cursor]", 0)))
    told = {"current": "x", "totalEntries": len(ROWS), **({"next": following} if following else {})}
    return Answer({"data": {"sources": rows, "pagination": told}})


@pytest.mark.parametrize(
    ("api", "path", "body"),
    [
        (page_where_asked_for, "/items?page=1", None),
        (page_where_asked_for, "/items?page=3", None),
        (within_an_object, "/items?criteria[pageSize]=20", None),
        (token_within_an_object, "/items?pagination[count]=20", None),
        (body_options, "/items", {"options": {"count": 10, "offset": 0}}),
        (body_capitals, "/items", {"PageNumber": 1, "PageSize": 10}),
        (body_full_pages, "/items", {"page_size": 50}),
    ],
)
def test_what_a_call_says_of_its_page_says_how_to_go_on(
    api: Api, path: str, body: dict[str, Any] | None, server: JsonServer
) -> None:
    server.handler = lambda asked: api(asked, server.base_url)
    asked: dict[str, Any] = {} if body is None else {"method": "POST", "json": body}
    found = headrace.discover(server.base_url + path, **asked)

    assert found.is_proven, found.text
    rows = headrace.read(found.config, "items")
    assert sum(batch.num_rows for batch in rows) == len(ROWS)


def test_what_chooses_among_rows_stays(server: JsonServer) -> None:
    server.handler = lambda asked: since(asked, server.base_url)
    found = headrace.discover(f"{server.base_url}/items?after=95")
    (resource,) = found.config["resources"]
    assert resource["endpoint"]["params"] == {"after": "95"}
    assert found.is_proven


def test_a_cursor_that_asks_for_the_beginning_stays(server: JsonServer) -> None:
    server.handler = lambda asked: cursor_where_asked_for(asked, server.base_url)
    found = headrace.discover(f"{server.base_url}/items?cursor=*")

    assert found.is_proven
    assert all("cursor" in each.query for each in server.asked)
    rows = headrace.read(found.config, "items")
    assert sum(batch.num_rows for batch in rows) == len(ROWS)
