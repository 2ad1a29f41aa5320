"""No listing ends short: what the API says of itself is held against what came."""

from __future__ import annotations

import json
from typing import Any

import pytest
from dlt.sources.helpers.rest_client.paginators import OffsetPaginator

import headrace
from tests.stories.loading.small_listings import (
    by_offset,
    config,
    ids,
    refused,
    rows,
    run,
)
from tests.support.servers import Answer, Asked, JsonServer
from tests.support.tables import Warehouse

# --- the API's own count ------------------------------------------------------------------------


@pytest.mark.parametrize("total_path", ["total_entries", None])
def test_a_clamped_limit_loses_no_row(server: JsonServer, total_path: str | None) -> None:
    server.handler = by_offset(230, most=50, total_entries=230)
    document = config(
        server, {"type": "offset", "limit": 1000, "total_path": total_path}, data_selector="items"
    )
    assert ids(document) == list(range(230))


def test_a_clamped_limit_loses_no_row_with_an_object_of_dlts_either(server: JsonServer) -> None:
    server.handler = by_offset(230, most=50, n=230)
    for paginator in (
        OffsetPaginator(limit=1000, total_path="n"),
        OffsetPaginator(limit=1000, total_path=None, maximum_offset=1000),
    ):
        assert ids(config(server, paginator, data_selector="items")) == list(range(230))


def test_a_listing_by_cursor_that_ends_below_the_total_is_an_error(server: JsonServer) -> None:
    def answer(asked: Asked) -> Answer:
        at = int(asked.query.get("cursor", 0))
        # The server stops at a window of 40, and says so nowhere.
        following = at + 20 if at < 20 else None
        return Answer(
            {"data": rows(range(at, at + 20)), "next": following, "meta": {"total_count": 90}}
        )

    server.handler = answer
    document = config(server, {"type": "cursor", "cursor_path": "next"}, data_selector="data")
    told = refused(document)
    assert "ended with 40 rows, but the API tells 90 (`meta.total_count`)" in told
    assert "`endpoint.total: null`" in told
    assert ids(config(server, {"type": "cursor", "cursor_path": "next"}, total=None)) == list(
        range(40)
    )


@pytest.mark.parametrize(
    "headers",
    [{"X-Total-Count": "75"}, {"Content-Range": "items 0-24/75"}, {"X-Sum": "75"}],
    ids=lambda headers: next(iter(headers)),
)
def test_a_total_in_a_header_counts_too(server: JsonServer, headers: dict[str, str]) -> None:
    def answer(asked: Asked) -> Answer:
        at = 25 * int(asked.query.get("page", 0))
        return Answer(rows(range(at, at + 25)) if at < 50 else [], headers=headers)

    server.handler = answer
    paginator = {"type": "page_number", "total_path": None}
    named = {"total": {"header": "X-Sum"}} if "X-Sum" in headers else {}
    told = refused(config(server, paginator, **named))
    assert "ended with 50 rows, but the API tells 75 (the header `" in told


def test_rows_that_come_twice_are_told_and_those_that_are_missing_an_error(
    server: JsonServer,
) -> None:
    order = [0, 1, 2, 3, 2, 4, 5, 6]  # 2 moved down while it was listed, 7 was never shown

    def answer(asked: Asked) -> Answer:
        offset = int(asked.query["offset"])
        return Answer({"items": rows(order[offset : offset + 4]), **told})

    server.handler = answer
    told: dict[str, Any] = {"total": 8}
    document = config(server, {"type": "offset", "limit": 4})
    said = refused(document)
    assert "ended with 8 rows of 7 different keys" in said
    assert "stable order" in said
    told.clear()
    document = config(server, {"type": "offset", "limit": 4, "total_path": None})
    ran = run(document, server)
    assert ran.returncode == 0
    assert "8 rows came with 7 different keys while the listing was read by offset" in ran.text


def test_a_total_that_moves_is_no_error(server: JsonServer) -> None:
    totals = iter([6, 5, 5])

    def answer(asked: Asked) -> Answer:
        offset = int(asked.query["offset"])
        return Answer({"items": rows(range(5)[offset : offset + 2]), "total": next(totals)})

    server.handler = answer
    assert ids(config(server, {"type": "offset", "limit": 2})) == list(range(5))


def test_a_total_that_is_the_rows_of_each_page_is_none(server: JsonServer) -> None:
    def answer(asked: Asked) -> Answer:
        offset, limit = int(asked.query["offset"]), int(asked.query["limit"])
        if offset > 40:
            return Answer({"error": "out of range"}, status=400)
        found = rows(range(40)[offset : offset + limit])
        return Answer({"changes": found, "meta": {"total": len(found)}})

    server.handler = answer
    paginator = {"type": "offset", "limit": 20, "total_path": "meta.total"}
    assert ids(config(server, paginator, data_selector="changes")) == list(range(40))


@pytest.mark.parametrize("status", [400, 404, 416])
def test_a_page_past_a_total_may_be_refused(server: JsonServer, status: int) -> None:
    def answer(asked: Asked) -> Answer:
        if int(asked.query["offset"]) >= 10:
            return Answer({"detail": "Invalid page."}, status=status)
        return Answer({"items": rows(range(10)), "total": 10})

    server.handler = answer
    assert ids(config(server, {"type": "offset", "limit": 10})) == list(range(10))


def test_a_count_with_a_path_of_its_own_is_asked_for(server: JsonServer) -> None:
    count = 30

    def answer(asked: Asked) -> Answer:
        if asked.path.endswith("/count"):
            assert json.loads(asked.body) == {"status": {"any": ["done"]}}
            return Answer(raw=str(count).encode())
        body = json.loads(asked.body)
        return Answer(rows(range(30)[body["offset"] : body["offset"] + body["limit"]]))

    server.handler = answer
    endpoint: dict[str, Any] = {
        "method": "POST",
        "json": {"status": {"any": ["done"]}},
        "data_selector": "$",
        "total": {
            "path": "items/count",
            "method": "POST",
            "json": {"status": {"any": ["done"]}},
        },
    }
    paginator = {
        "type": "offset",
        "limit": 20,
        "total_path": None,
        "offset_body_path": "offset",
        "limit_body_path": "limit",
    }
    assert ids(config(server, paginator, **endpoint)) == list(range(30))
    count = 31
    told = refused(config(server, paginator, **endpoint))
    assert "ended with 30 rows, but the API tells 31 (asked for by `endpoint.total`)" in told


def test_a_count_that_is_text_and_one_within_an_answer(server: JsonServer) -> None:
    count: Any = Answer(raw=b"\xef\xbb\xbf3", headers={"Content-Type": "text/plain"})

    def answer(asked: Asked) -> Answer:
        return count if "count" in asked.path else Answer({"value": rows(range(3))})

    server.handler = answer
    assert ids(config(server, "single_page", total={"path": "items/$count"})) == [0, 1, 2]
    count = Answer({"result": {"n": "7"}})
    selected = {"path": "count", "selector": "result.n"}
    paginator = {"type": "cursor", "cursor_path": "next"}
    assert "3 rows, but the API tells 7" in refused(config(server, paginator, total=selected))
    count = Answer({"result": {}})
    assert "`endpoint.total.selector` (`result.n`)" in refused(
        config(server, paginator, total=selected)
    )


def test_a_count_for_each_row_of_a_parent(server: JsonServer) -> None:
    def answer(asked: Asked) -> Answer:
        if asked.path == "/items":
            return Answer(rows([1, 2]))
        parent = int(asked.path.split("/")[2])
        found = [{"id": 10 * parent + each} for each in range(parent)]
        return Answer({"n": parent + short} if "count" in asked.path else found)

    short, server.handler = 0, answer
    document = config(server, "single_page")
    document["resources"].append(
        {
            "name": "parts",
            "primary_key": "id",
            "endpoint": {
                "path": "items/{resources.items.id}/parts",
                "paginator": {"type": "header_link"},
                "total": {"path": "items/{resources.items.id}/count", "selector": "n"},
            },
        }
    )
    source = headrace.rest_api_source(document)
    assert [row["id"] for row in source.resources["parts"]] == [10, 20, 21]
    short = 1
    with pytest.raises(Exception, match="1 rows, but the API tells 2"):
        list(headrace.rest_api_source(document).resources["parts"])


def test_nothing_is_loaded_of_a_listing_that_ends_short_and_each_command_says_so(
    server: JsonServer, warehouse: Warehouse
) -> None:
    served = 50

    def answer(asked: Asked) -> Answer:
        at = int(asked.query.get("after", 0))
        found = rows(range(served)[at : at + 20])
        following = at + 20 if at + 20 < served else None
        return Answer({"data": found, "after": following, "total": 50})

    server.handler = answer
    document = config(server, {"type": "cursor", "cursor_path": "after", "cursor_param": "after"})
    document["pipeline"] = {"name": "short"}
    assert run(document, server).returncode == 0
    assert run(document, server, "verify").returncode == 0
    served = 30
    for name in ("run", "verify"):
        ran = run(document, server, name)
        assert ran.returncode == 1, ran.text
        assert "ended with 30 rows, but the API tells 50 (`total`)" in ran.text
    served = 10
    checked = run(document, server, "check")
    assert checked.returncode == 1
    assert "ended with 10 rows, but the API tells 50 (`total`)" in checked.text


def test_a_listing_that_is_kept_up_with_is_held_against_the_total_where_it_is_read_to_its_end(
    server: JsonServer,
) -> None:
    newest, hidden = 50, 10

    def answer(asked: Asked) -> Answer:
        below = int(asked.query.get("cursor", newest + 1))
        keys = [key for key in range(newest, hidden, -1) if key < below][:20]
        following = str(keys[-1]) if keys and keys[-1] > hidden + 1 else None
        found = [{"id": key, "status": "done"} for key in keys]
        return Answer({"data": found, "next": following, "total": newest})

    server.handler = answer
    document = config(server, {"type": "cursor", "cursor_path": "next"}, data_selector="data")
    document["pipeline"] = {"name": "kept"}
    document["resources"][0]["endpoint"]["incremental"] = {
        "cursor_path": "id",
        "row_order": "desc",
        "settled_when": "status == 'done'",
    }
    short = run(document, server)
    assert short.returncode == 1
    assert "ended with 40 rows, but the API tells 50 (`total`)" in short.text
    hidden = 0
    assert run(document, server).returncode == 0
    # A later sync reads no more than what is new, and has nothing to hold against the total.
    newest, before = 53, len(server.asked)
    assert run(document, server).returncode == 0
    assert len(server.asked) == before + 1
    assert run(document, server, "verify").returncode == 0


# --- servers that answer more, or less, than they were asked for ----------------------------------


@pytest.mark.parametrize("count", [1, 4])
def test_a_server_that_knows_no_offset_ends_where_its_total_came(
    server: JsonServer, count: int
) -> None:
    server.handler = lambda asked: Answer({"items": rows(range(count)), "total": count})
    assert ids(config(server, {"type": "offset", "limit": 10})) == list(range(count))
    assert len(server.asked) == 2


def test_a_full_page_that_comes_again_is_no_end_though_it_tells_its_own_rows(
    server: JsonServer,
) -> None:
    server.handler = lambda asked: Answer({"items": rows(range(10)), "total": 10})
    said = refused(config(server, {"type": "offset", "limit": 10}))
    assert "brought the same rows as the page before" in said
    assert "`paginator: single_page`" in said


@pytest.mark.parametrize("told", [{"total": 120}, {}])
def test_rows_come_once_from_pages_that_are_larger_than_asked_for(
    server: JsonServer, told: dict[str, int]
) -> None:
    def answer(asked: Asked) -> Answer:
        offset = int(asked.query["offset"])
        return Answer({"items": rows(range(120)[offset : offset + 50]), **told})

    server.handler = answer
    paginator = {"type": "offset", "limit": 10, "total_path": "total" if told else None}
    assert ids(config(server, paginator)) == list(range(120))


def test_rows_of_items_are_all_listed_though_they_are_more_than_the_limit(
    server: JsonServer,
) -> None:
    def answer(asked: Asked) -> Answer:
        offset = int(asked.query["offset"])
        orders = [{"lines": rows(range(3 * at, 3 * at + 3))} for at in range(35)]
        return Answer({"orders": orders[offset : offset + 10], "total": 35})

    server.handler = answer
    document = config(server, {"type": "offset", "limit": 10}, data_selector="orders[*].lines[*]")
    assert ids(document) == list(range(105))


def test_a_total_of_items_is_not_that_of_the_rows_taken_out_of_them(server: JsonServer) -> None:
    orders = [{"lines": []}, {"lines": rows([1])}, {"lines": []}]
    server.handler = lambda asked: Answer({"orders": orders, "total": 3, "next": None})
    paginator = {"type": "cursor", "cursor_path": "next"}
    assert ids(config(server, paginator, data_selector="orders[*].lines[*]")) == [1]


def test_a_total_that_is_a_least_one_is_not_reached_by_as_many_rows(server: JsonServer) -> None:
    def answer(asked: Asked) -> Answer:
        offset = int(asked.query["offset"])
        if offset >= 100:
            return Answer({"error": "result window is too large"}, status=400)
        total = {"value": 100, "relation": relation}
        return Answer({"hits": {"total": total, "hits": rows(range(offset, offset + 50))}})

    server.handler = answer
    paginator = {"type": "offset", "limit": 50, "total_path": "hits.total.value"}
    document = config(server, paginator, data_selector="hits.hits")
    relation = "gte"
    assert "ended with 100 rows, but the API tells at least 100" in refused(document)
    relation = "eq"
    assert ids(document) == list(range(100))


def test_an_empty_page_does_not_take_the_total_back(server: JsonServer) -> None:
    def answer(asked: Asked) -> Answer:
        offset = int(asked.query["offset"])
        if offset >= 20:
            return Answer({"items": [], "total": 0})
        return Answer({"items": rows(range(offset, offset + 10)), "total": 120})

    server.handler = answer
    said = refused(config(server, {"type": "offset", "limit": 10}))
    assert "ended with 20 rows, but the API tells 120" in said


def test_a_page_that_is_not_found_is_no_end_where_more_pages_are_told(server: JsonServer) -> None:
    def answer(asked: Asked) -> Answer:
        page = int(asked.query["page"])
        if page == 3:
            return Answer({"error": "no such page"}, status=404)
        return Answer({"items": rows(range(10 * page, 10 * page + 10)), "paging": {"total": 5}})

    server.handler = answer
    paginator = {"type": "page_number", "base_page": 1, "total_path": "paging.total"}
    assert "It is the answer to page 3" in refused(config(server, paginator))


def test_an_end_by_an_ignored_status_is_told_where_rows_are_missing(server: JsonServer) -> None:
    def answer(asked: Asked) -> Answer:
        page = int(asked.query["page"])
        if page == 3:
            return Answer({"error": "too far"}, status=422)
        return Answer({"items": rows(range(10 * page, 10 * page + 10)), "total": 75})

    server.handler = answer
    paginator = {"type": "page_number", "base_page": 1, "total_path": None}
    ignoring = [{"status_code": 422, "action": "ignore"}]
    ran = run(config(server, paginator, response_actions=ignoring), server)
    assert ran.returncode == 0, ran.text
    assert "ended with 20 rows, but the API tells 75" in ran.text


@pytest.mark.parametrize(
    ("told", "seen"),
    [
        ({"LastEvaluatedKey": {"id": {"S": "x"}}}, "`LastEvaluatedKey`"),
        ({"pages": {"next": {"starting_after": "x"}}}, "`pages.next`"),
        ({"search_after": [1, "x"]}, "`search_after`"),
        ({"IsTruncated": True}, "it says that there is more"),
        ({"end_of_stream": False}, "it says that there is more"),
    ],
    ids=str,
)
def test_tokens_of_parts_and_other_words_for_more_are_seen(
    server: JsonServer, told: dict[str, Any], seen: str
) -> None:
    server.handler = lambda asked: Answer({"items": [{"key": at} for at in range(7)], **told})
    assert seen in refused(config(server))
