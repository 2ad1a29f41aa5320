"""No listing ends short: what the API says of itself is held against what came."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from dlt.sources.helpers.rest_client.paginators import OffsetPaginator

import headrace
from headrace.core.exceptions import HeadraceError
from tests.support.command_line import headrace as command
from tests.support.servers import Answer, Asked, JsonServer
from tests.support.tables import Warehouse

Handler = Callable[[Asked], Answer]


def config(server: JsonServer, paginator: Any = None, **endpoint: Any) -> Any:
    paged = {} if paginator is None else {"paginator": paginator}
    return {
        "client": {"base_url": server.base_url, "retry": {"max_attempts": 1}},
        "resources": [
            {
                "name": "items",
                "primary_key": "id",
                "write_disposition": "merge",
                "endpoint": {"path": "items", **paged, **endpoint},
            }
        ],
    }


def ids(document: Any) -> list[int]:
    return [row["id"] for row in headrace.rest_api_source(document).resources["items"]]


def refused(document: Any) -> str:
    with pytest.raises(Exception) as caught:  # noqa: PT011 -- dlt wraps it
        ids(document)
    cause: BaseException | None = caught.value
    while cause is not None and not isinstance(cause, HeadraceError):
        cause = cause.__cause__
    assert cause is not None, caught.value
    return str(cause)


def rows(numbers: Sequence[int]) -> list[Any]:
    return [{"id": number} for number in numbers]


def by_offset(count: int, most: int = 100, **told: Any) -> Handler:
    """Serves so many rows by offset and limit, at most so many a page."""

    def answer(asked: Asked) -> Answer:
        offset = int(asked.query.get("offset", 0))
        size = min(int(asked.query.get("limit", 20)), most)
        found = rows(range(count)[offset : offset + size])
        return Answer({"items": found, **told})

    return answer


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
    assert "8 rows came with 7 different keys" in said
    assert "stable order" in said
    told.clear()
    document = config(server, {"type": "offset", "limit": 4, "total_path": None})
    ran = run(document, server)
    assert ran.returncode == 0
    assert "8 rows came with 7 different keys while the listing was read by offset" in ran.text


@dataclass(frozen=True)
class Told:
    """What a command said, on one line."""

    returncode: int
    text: str


def run(document: Any, server: JsonServer, name: str = "run") -> Told:
    path = Path(f"{name}.json")
    path.write_text(json.dumps(document))
    ran = command(name, str(path))
    return Told(ran.returncode, " ".join((ran.stdout + ran.stderr).split()))


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


# --- one page is not a guess --------------------------------------------------------------------


SIGNS: list[tuple[Any, dict[str, str], str]] = [
    ({"results": rows(range(3)), "count": 9}, {}, "it has 3 rows, but tells 9 (`count`)"),
    ({"results": rows(range(3)), "scroll_id": "x"}, {}, "it names `scroll_id`"),
    (
        {"data": ["a"], "pageInfo": {"endCursor": "x", "hasNextPage": True}},
        {},
        "it names `pageInfo.endCursor`",
    ),
    ({"data": ["a"], "meta": {"more": True}}, {}, "it says that there is more"),
    ({"data": rows(range(3)), "page_count": 4}, {}, "it tells 4 pages (`page_count`)"),
    (rows(range(3)), {"X-Total-Count": "9"}, "tells 9 (the header `X-Total-Count`)"),
    (rows(range(100)), {}, "the only page has 100 rows, as many as one that was cut"),
]


@pytest.mark.parametrize(("body", "headers", "seen"), SIGNS, ids=[sign[2][:30] for sign in SIGNS])
def test_a_single_page_is_not_guessed_where_more_is_to_be_seen(
    server: JsonServer, body: Any, headers: dict[str, str], seen: str
) -> None:
    server.handler = lambda asked: Answer(body, headers=headers)
    for name in ("run", "check"):
        ran = run(config(server), server, name)
        assert ran.returncode == 1
        assert seen in ran.text
        assert "`paginator: single_page`" in ran.text
        if offset := re.search(r"`({type: offset.*?})`", ran.text):
            checked = run(config(server, yaml.safe_load(offset[1])), server, "check")
            assert "paginator" not in checked.text
    listed = list(headrace.rest_api_source(config(server, "single_page")).resources["items"])
    assert listed == (body if isinstance(body, list) else body.get("data", body.get("results")))


@pytest.mark.parametrize(
    "body",
    [
        {"data": rows(range(100)), "next": None},
        {"data": rows(range(100)), "has_more": False, "last_id": 99},
        {"data": rows(range(100)), "total": 100},
        {"data": rows(range(99))},
        {"data": rows(range(3)), "limit": 3, "offset": 0},
        {"id": 7, "next_of_kin": {"name": "Ada"}},
    ],
    ids=["no next", "no more", "total", "odd", "small", "one row"],
)
def test_a_single_page_that_says_so_is_believed(server: JsonServer, body: Any) -> None:
    server.answers(body)
    assert len(ids(config(server))) == len(body.get("data", [0]))


def test_a_page_of_the_size_that_was_asked_for_is_hardly_the_only_one(server: JsonServer) -> None:
    server.answers(rows(range(37)))
    told = refused(config(server, params={"per_page": 37}))
    assert "the only page has 37 rows" in told
    assert len(ids(config(server, params={"per_page": 38}))) == 37


def children(server: JsonServer, sizes: Sequence[int]) -> Any:
    def answer(asked: Asked) -> Answer:
        if asked.path == "/items":
            return Answer({"data": rows(range(len(sizes))), "next": None})
        parent = int(asked.path.split("/")[2])
        return Answer([{"id": 1000 * parent + each} for each in range(sizes[parent])])

    server.handler = answer
    document = config(server)
    document["resources"].append(
        {"name": "parts", "endpoint": {"path": "items/{resources.items.id}/parts"}}
    )
    return document


def test_single_pages_of_many_parents_are_judged_together(server: JsonServer) -> None:
    by_chance = run(children(server, [20, 3, 20, 41, 0, 7]), server)
    assert by_chance.returncode == 0, by_chance.text
    assert "as many as a page that was cut" not in by_chance.text
    once = run(children(server, [20, 3, 19, 1, 0, 7]), server)
    assert once.returncode == 0
    assert "1 of its 6 listings has 20 rows, as many as a page that was cut" in once.text
    twice = run(children(server, [20, 3, 20, 1, 0, 7]), server)
    assert twice.returncode != 0
    assert "2 of its 6 listings have 20 rows, as many as a page that was cut" in twice.text


# --- guesses ------------------------------------------------------------------------------------


def served_in_pages(way: str, count: int = 7) -> Handler:
    """An API of one of the ways that are guessed; a parameter it does not know it passes over."""

    def answer(asked: Asked) -> Answer:
        query = asked.query
        param, start = PARAMS[way]
        at = int(query[param]) if param in query else start
        first = (at - start) * 2 if param == "page" else at
        found, following = rows(range(count)[first : first + 2]), first + 2
        more = following < count
        base = f"http://{asked.headers['Host']}/items"
        number = at + 1 if param == "page" else following
        headers: dict[str, str] = {}
        body: dict[str, Any] = {"data": found}
        match way:
            case "odata":
                link = f"{base}?$skip={following}"
                body = {"value": found, **({"@odata.nextLink": link} if more else {})}
            case "next_page":
                body["next_page"] = number if more else None
            case "links":
                body["links"] = {"next": {"href": f"{base}?page={number}"}} if more else {}
            case "rel":
                body["links"] = [{"rel": "self", "href": base}] + (
                    [{"rel": "next", "href": f"{base}?page={number}"}] if more else []
                )
            case "google":
                body = {"items": found, **({"nextPageToken": str(following)} if more else {})}
            case "slack":
                body["meta"] = {"next_cursor": str(following) if more else ""}
            case "stripe":
                body = {"object": "list", "data": found, "has_more": more}
            case "last_id":
                body |= {"has_more": more, "last_id": found[-1]["id"]}
            case "kinto":
                headers = {"Next-Page": f"{base}?page={number}"} if more else {}
            case "gitlab":
                headers = {"X-Next-Page": str(number) if more else ""}
            case "range":
                last = first + len(found) - 1
                return Answer(found, headers={"Content-Range": f"{first}-{last}/{count}"})
            case "pages":
                body["meta"] = {"page": at, "page_count": -(-count // 2)}
            case "after":
                body["paging"] = {"cursors": {"after": str(following)}} if more else {}
        return Answer(body, headers=headers)

    return answer


PARAMS = {
    "odata": ("$skip", 0),
    "next_page": ("page", 1),
    "links": ("page", 1),
    "rel": ("page", 1),
    "google": ("pageToken", 0),
    "slack": ("cursor", 0),
    "stripe": ("starting_after", 0),
    "last_id": ("after_id", 0),
    "kinto": ("page", 1),
    "gitlab": ("page", 1),
    "range": ("offset", 0),
    "pages": ("page", 1),
    "after": ("after", 0),
}


@pytest.mark.parametrize("way", PARAMS)
def test_a_usual_way_of_paging_is_guessed(server: JsonServer, way: str) -> None:
    serve = served_in_pages(way)
    if way in ("stripe", "last_id"):
        # They go on behind the id that is sent.
        serve_at = serve

        def serve(asked: Asked) -> Answer:
            query = {name: str(int(value) + 1) for name, value in asked.query.items()}
            return serve_at(replace(asked, query=query))

    server.handler = serve
    assert ids(config(server)) == list(range(7))
    assert run(config(server), server, "check").returncode == 0


def test_check_asks_for_the_second_page_of_a_guess(server: JsonServer) -> None:
    server.handler = lambda asked: Answer({"data": rows(range(2)), "nextPageToken": "x"})
    checked = run(config(server), server, "check")
    assert checked.returncode == 1
    assert "page 2 names a cursor at `nextPageToken` that was followed before" in checked.text
    assert "name the right one under `endpoint.paginator`" in checked.text


def test_a_bare_url_in_a_header_of_any_name_can_be_followed(server: JsonServer) -> None:
    def answer(asked: Asked) -> Answer:
        at = int(asked.query.get("o", 0))
        base = f"http://{asked.headers['Host']}/items"
        headers = {"X-More": f"{base}?o={at + 2}"} if at < 4 else {}
        return Answer(rows([at, at + 1]), headers=headers)

    server.handler = answer
    paginator = {"type": "header_link", "link_header": "x-more"}
    assert ids(config(server, paginator)) == list(range(6))


def test_header_link_takes_another_header_where_that_alone_holds_the_url(
    server: JsonServer,
) -> None:
    server.handler = served_in_pages("kinto")
    assert ids(config(server, "header_link")) == list(range(7))
    checked = run(config(server, "header_link"), server, "check")
    assert "the paginator is guessed (`type: header_link, link_header: Next-Page`)" in checked.text
    paginator = {"type": "header_link", "link_header": "Next-Page"}
    assert ids(config(server, paginator)) == list(range(7))
    # Where the API has a `Link` header, that alone counts.
    links = {"Link": '<http://127.0.0.1/>; rel="self"', "X-Next": "http://127.0.0.1/2"}
    server.handler = lambda asked: Answer(rows([1]), headers=links)
    assert ids(config(server, "header_link")) == [1]


# --- ends ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "gap",
    [Answer({}), Answer({"page": {"next": "b"}}), Answer({"data": None, "page": {"next": "b"}})],
)
def test_a_page_without_its_list_is_empty_at_the_end_and_in_the_middle(
    server: JsonServer, gap: Answer
) -> None:
    pages = {
        "": Answer({"data": rows([1]), "page": {"next": "a"}}),
        "a": gap,
        "b": Answer({"data": rows([2]), "page": {}}),
    }
    server.handler = lambda asked: pages[asked.query.get("cursor", "")]
    document = config(server, {"type": "cursor", "cursor_path": "page.next"}, data_selector="data")
    assert ids(document) == ([1, 2] if gap.body else [1])


@pytest.mark.parametrize(
    "body",
    [
        {"error": "quota exceeded"},
        {"errors": [{"message": "no"}], "data": None},
        {"success": False, "page": {}},
        {"status": 503},
        {"message": "rate limited"},
        {"others": rows([3])},
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_an_error_in_the_guise_of_a_page_ends_no_listing(
    server: JsonServer, body: Any, first: bool
) -> None:
    begin = Answer({"data": rows([1]), "next": "a"})
    server.handler = lambda asked: Answer(body) if first or "cursor" in asked.query else begin
    paginator = {"type": "cursor", "cursor_path": "next"}
    assert "`data_selector` is `data`" in refused(config(server, paginator, data_selector="data"))


@pytest.mark.parametrize(
    "paginator",
    [
        {"type": "offset", "limit": 1, "total_path": "total", "has_more_path": "more"},
        {"type": "page_number", "total_path": "total", "has_more_path": "more"},
        {"type": "cursor", "cursor_path": "total", "cursor_param": "page", "has_more_path": "more"},
        {"type": "json_link"},
        "auto",
    ],
    ids=str,
)
def test_no_content_is_a_page_without_rows(server: JsonServer, paginator: Any) -> None:
    def answer(asked: Asked) -> Answer:
        if asked.query:
            return Answer(status=204, raw=b"")
        # A link names the next page; the others count on.
        return Answer({"data": rows([1]), "total": 9, "more": True, "next": "/items?x=2"})

    server.handler = lambda asked: Answer(status=204, raw=b"")
    assert ids(config(server, paginator, data_selector="data")) == []
    server.handler = answer
    told = refused(config(server, "json_link", data_selector="data"))
    assert "ended with 1 rows, but the API tells 9" in told


def test_page_numbers_whose_end_is_told_by_404(server: JsonServer) -> None:
    told: dict[str, Any] = {"count": 5}

    def answer(asked: Asked) -> Answer:
        first = 2 * (int(asked.query["page"]) - 1)
        if first >= 5:
            return Answer({"detail": "Invalid page."}, status=404)
        return Answer({"results": rows(range(5)[first : first + 2]), **told})

    server.handler = answer
    paginator = {"type": "page_number", "base_page": 1, "total_path": None}
    assert ids(config(server, paginator)) == list(range(5))
    told.clear()
    said = refused(config(server, paginator))
    assert "It is the answer to page 4" in said
    assert "`response_actions: [{status_code: 404, action: ignore}]`" in said
    ignoring = [{"status_code": 404, "action": "ignore"}]
    assert ids(config(server, paginator, response_actions=ignoring)) == list(range(5))
    told["count"] = 6
    assert "It is the answer to page 4" in refused(config(server, paginator))


@pytest.mark.parametrize("last", [1, 2])
@pytest.mark.parametrize("keeps_up", [False, True])
def test_a_last_page_that_names_its_own_cursor_is_the_end_and_told_if_it_is_full(
    server: JsonServer, last: int, keeps_up: bool
) -> None:
    count = 4 + last

    def answer(asked: Asked) -> Answer:
        at = int(asked.query.get("cursor", 0))
        found = [{"id": count - each} for each in range(count)][at : at + 2]
        return Answer({"data": found, "next": str(at + 2 if at + 2 < count else at)})

    server.handler = answer
    document = config(server, {"type": "cursor", "cursor_path": "next"})
    if keeps_up:
        document["resources"][0]["endpoint"]["incremental"] = {
            "cursor_path": "id",
            "row_order": "desc",
            "settled_when": "True",
        }
    ran = run(document, server)
    if keeps_up and last == 2:
        # An exact mirror takes no page for the last that may not be it.
        assert ran.returncode == 1
        assert "a page names the cursor that it was asked for with" in ran.text
        return
    assert ran.returncode == 0, ran.text
    assert f"Loaded {count} rows" in ran.text
    assert ("is taken for the end" in ran.text) == (last == 2)


OTHER_PLACES: list[tuple[Any, dict[str, Any], dict[str, str], str]] = [
    (
        {"type": "cursor", "cursor_path": "next_cursor", "cursor_param": "after"},
        {"meta": {"next_cursor": "10", "has_more": True}},
        {},
        "cursor_path: meta.next_cursor",
    ),
    (
        {"type": "json_link", "next_url_path": "paging.next"},
        {"links": {"next": "/items?o=2"}},
        {},
        "next_url_path: links.next",
    ),
    ("header_link", {"next": "/items?o=2"}, {}, "next_url_path: next"),
    (
        {"type": "header_cursor", "cursor_key": "Next"},
        {},
        {"X-Next-Cursor": "x"},
        "cursor_key: X-Next-Cursor",
    ),
    (
        {"type": "cursor", "cursor_path": "pageInfo.end_cursor"},
        {"pageInfo": {"endCursor": "x", "hasNextPage": True}},
        {},
        "it says that there is more",
    ),
]


@pytest.mark.parametrize(
    ("paginator", "rest", "headers", "seen"), OTHER_PLACES, ids=[each[3] for each in OTHER_PLACES]
)
def test_a_paginator_that_looks_in_the_wrong_place_is_told_the_right_one(
    server: JsonServer, paginator: Any, rest: dict[str, Any], headers: dict[str, str], seen: str
) -> None:
    server.handler = lambda asked: Answer({"data": rows([1, 2]), **rest}, headers=headers)
    told = refused(config(server, paginator, data_selector="data"))
    assert "page 1 has nothing where `paginator` looks for the next one" in told
    assert seen in told


@pytest.mark.parametrize(
    ("paginator", "rest"),
    [
        ({"type": "cursor", "cursor_path": "next"}, {"next": None, "links": {"next": "/2"}}),
        ({"type": "cursor", "cursor_path": "next"}, {"paging": {"cursors": {"after": "x"}}}),
        ({"type": "json_link"}, {"meta": {"has_more": False, "next_cursor": "x"}}),
        ({"type": "json_link", "stop_condition": "rows < 9"}, {"links": {"next": "/2"}}),
    ],
    ids=str,
)
def test_a_paginator_that_finds_the_end_where_it_looks_is_believed(
    server: JsonServer, paginator: Any, rest: dict[str, Any]
) -> None:
    server.answers({"data": rows([1, 2]), **rest})
    assert ids(config(server, paginator, data_selector="data")) == [1, 2]


def test_an_empty_page_that_says_that_there_is_more_is_an_error(server: JsonServer) -> None:
    def answer(asked: Asked) -> Answer:
        offset = int(asked.query["offset"])
        return Answer({"items": rows(range(4)[offset : offset + 2]), "more": True})

    server.handler = answer
    paginator = {"type": "offset", "limit": 2, "total_path": None, "has_more_path": "more"}
    told = refused(config(server, paginator))
    assert "page 3 brought no rows, but says that there is more (`more`)" in told


def test_rows_that_are_deleted_while_a_listing_is_read_by_offset_are_told(
    server: JsonServer,
) -> None:
    left = list(range(10))

    def answer(asked: Asked) -> Answer:
        offset = int(asked.query["offset"])
        found = Answer({"items": rows(left[offset : offset + 4]), "total": len(left)})
        if offset == 0:
            del left[1]
        return found

    server.handler = answer
    ran = run(config(server, {"type": "offset", "limit": 4}), server)
    assert ran.returncode == 0
    assert "the API told 10 rows, and 9 at the end: where rows are deleted" in ran.text


@pytest.mark.parametrize("tells", [True, False])
def test_an_api_that_always_names_a_next_page_ends_where_all_rows_came(
    server: JsonServer, tells: bool
) -> None:
    def answer(asked: Asked) -> Answer:
        offset = int(asked.query.get("offset", 0))
        body = {"records": rows(range(5)[offset : offset + 2])}
        total = {"total": 5} if tells else {}
        return Answer({"result": {**body, **total, "next": f"/items?offset={offset + 2}"}})

    server.handler = answer
    paginator = {"type": "json_link", "next_url_path": "result.next", "max_pages": 20}
    document = config(server, paginator, data_selector="result.records")
    if not tells:
        assert "more than 20 pages" in refused(document)
        return
    ran = run(document, server)
    assert ran.returncode == 0, ran.text
    assert "though all 5 rows came that the API tells" in ran.text
    assert len(server.asked) == 5


@pytest.mark.parametrize("total_path", ["total", None])
@pytest.mark.parametrize(
    ("selector", "wanted"),
    [
        ("issues[?(@.on==true)]", [0, 1, 2, 3, 12, 13, 14]),
        ("issues[*].lines[*]", [10 * issue + line for issue in range(15) for line in range(3)]),
    ],
    ids=["picked", "taken out"],
)
def test_an_offset_counts_items_where_rows_are_picked_or_taken_out_of_them(
    server: JsonServer, selector: str, wanted: list[int], total_path: str | None
) -> None:
    """Of the second page no item is wanted; each item has three lines."""
    issues = [
        {"id": at, "on": at < 4 or at > 11, "lines": rows([10 * at, 10 * at + 1, 10 * at + 2])}
        for at in range(15)
    ]

    def answer(asked: Asked) -> Answer:
        offset, limit = int(asked.query["offset"]), min(int(asked.query["limit"]), 4)
        return Answer({"issues": issues[offset : offset + limit], "total": len(issues)})

    server.handler = answer
    paginator = {"type": "offset", "limit": 10, "total_path": total_path}
    assert ids(config(server, paginator, data_selector=selector)) == wanted


def test_a_wrong_selector_is_an_error_though_a_cursor_says_that_there_is_more(
    server: JsonServer,
) -> None:
    server.handler = lambda asked: Answer({"data": rows([1]), "next": "a"})
    document = config(server, {"type": "cursor", "cursor_path": "next"}, data_selector="items")
    assert "`data_selector` is `items`, but the answer has no `items`" in refused(document)


def test_a_stop_condition_ends_a_listing_by_link(server: JsonServer) -> None:
    def answer(asked: Asked) -> Answer:
        at = int(asked.query.get("at", 0))
        return Answer({"data": rows([at]), "done": at == 2, "next": f"/items?at={at + 1}"})

    server.handler = answer
    paginator = {"type": "json_link", "stop_condition": "response['done']"}
    assert ids(config(server, paginator)) == [0, 1, 2]


def test_an_end_of_the_users_own_is_told_and_no_error(server: JsonServer) -> None:
    server.handler = by_offset(50, total=50)
    for paginator in (
        {"type": "offset", "limit": 10, "maximum_offset": 20},
        {"type": "offset", "limit": 10, "stop_condition": "page >= 2"},
    ):
        document = {**config(server, paginator), "pipeline": {"name": "bounded"}}
        ran = run(document, server)
        assert ran.returncode == 0, ran.text
        told = "ended with 20 rows, but the API tells 50 (`total`): the config ends it there"
        assert told in ran.text
        status = run(document, server, "status")
        assert f"the last run told: `items`: the listing {told}" in status.text


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
