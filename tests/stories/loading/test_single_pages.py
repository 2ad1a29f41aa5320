"""One page is not a guess: what looks like more is told, and usual ways of paging are followed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
import yaml

import headrace
from tests.stories.loading.small_listings import (
    Handler,
    config,
    ids,
    refused,
    rows,
    run,
)
from tests.support.servers import Answer, Asked, JsonServer

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
