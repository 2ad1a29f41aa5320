"""What a listing's pages lead to: not to other servers, not round in a circle, not to nowhere."""

from __future__ import annotations

import json
import logging
import re
import threading
from pathlib import Path
from typing import Any

import pytest
from dlt.extract.exceptions import ResourceExtractionError
from dlt.sources.helpers.rest_client.paginators import BasePaginator
from requests import Request, Response

import headrace
from headrace.core.exceptions import PageError, RedirectRefused
from headrace.reading.keep_up.legs import LegSettings
from tests.support import command_line
from tests.support.servers import Answer, Asked, JsonServer
from tests.support.tables import Warehouse

SECRET = "very-secret-key"
AUTHS: dict[str, dict[str, Any]] = {
    "header": {"type": "api_key", "name": "X-API-KEY", "api_key": SECRET},
    "query": {"type": "api_key", "name": "k", "api_key": SECRET, "location": "query"},
}


def config(server: JsonServer, paginator: Any, auth: Any = None, **endpoint: Any) -> Any:
    paged = {} if paginator is None else {"paginator": paginator}
    return {
        "client": {"base_url": server.base_url, "auth": auth}
        if auth
        else {"base_url": server.base_url},
        "resources": [{"name": "items", "endpoint": {"path": "items", **paged, **endpoint}}],
    }


def rows_of(document: Any) -> list[Any]:
    return list(headrace.rest_api_source(document).resources["items"])


def refused(document: Any, error: type[Exception] = PageError) -> str:
    """What is said of a listing that fails."""
    with pytest.raises(ResourceExtractionError) as caught:
        rows_of(document)
    cause = caught.value.__cause__
    assert isinstance(cause, error)
    assert SECRET not in str(caught.value)
    return str(cause)


def linking(link: str, place: str) -> Answer:
    """A first page whose link is in its JSON or in its header."""
    rows = [{"id": 1}]
    if place == "json_link":
        return Answer({"data": rows, "next": link})
    return Answer({"data": rows}, headers={"Link": f'<{link}>; rel="next"'})


class Elsewhere(BasePaginator):
    """A user's own, that goes to a URL of the answer's."""

    def update_state(self, response: Response, data: list[Any] | None = None) -> None:
        self.url = response.json()["next"]

    def update_request(self, request: Request) -> None:
        request.url = self.url


@pytest.mark.parametrize("auth", AUTHS)
@pytest.mark.parametrize("place", ["json_link", "header_link", "auto", "object"])
def test_a_link_to_another_server_is_refused_and_that_server_hears_nothing(
    server: JsonServer, place: str, auth: str
) -> None:
    with JsonServer() as other:
        other.answers({"data": [], "next": None})
        kind = "header_link" if place == "header_link" else "json_link"
        server.handler = lambda asked: linking(f"{other.base_url}/items?page=2", kind)
        paginator = Elsewhere() if place == "object" else place

        told = refused(config(server, paginator, AUTHS[auth]), RedirectRefused)

        assert "`client.allowed_hosts`" in told
        assert other.base_url.removeprefix("http://") in told
        assert other.asked == []


@pytest.mark.parametrize("place", ["json_link", "header_link"])
def test_a_link_to_a_host_that_is_allowed_is_followed(server: JsonServer, place: str) -> None:
    with JsonServer() as other:
        other.answers({"data": [{"id": 2}], "next": None})
        server.handler = lambda asked: linking(f"{other.base_url}/more?page=2", place)
        document = config(server, place, AUTHS["header"])
        document["client"]["allowed_hosts"] = [other.base_url.removeprefix("http://")]

        assert rows_of(document) == [{"id": 1}, {"id": 2}]
        (asked,) = other.asked
        assert (asked.target, asked.headers["X-API-KEY"]) == ("/more?page=2", SECRET)


@pytest.mark.parametrize("place", ["json_link", "header_link", "object"])
def test_a_key_that_is_in_the_link_already_is_not_sent_twice(
    server: JsonServer, place: str
) -> None:
    def answer(asked: Asked) -> Answer:
        if "page" in asked.query:
            return Answer({"data": [{"id": 2}], "next": None})
        # As many servers do, it copies the whole query into its link.
        kind = "header_link" if place == "header_link" else "json_link"
        return linking(f"/items?k={SECRET}&page=2", kind)

    class OncePaginator(Elsewhere):
        def update_state(self, response: Response, data: list[Any] | None = None) -> None:
            self._has_next_page = response.json()["next"] is not None
            self.url = f"{server.base_url}{response.json()['next']}"

    server.handler = answer
    paginator = OncePaginator() if place == "object" else place

    assert rows_of(config(server, paginator, AUTHS["query"])) == [{"id": 1}, {"id": 2}]
    first, second = (asked.target for asked in server.asked)
    assert first == f"/items?k={SECRET}"
    assert sorted(second.partition("?")[2].split("&")) == [f"k={SECRET}", "page=2"]


CIRCLES: dict[str, tuple[Any, list[Answer], str]] = {
    "json_link": (
        "json_link",
        [Answer({"data": [1], "next": f"/items?at={at}"}) for at in "aba"],
        "names a link at `next` that was followed before",
    ),
    "header_link": (
        "header_link",
        [Answer({"data": [1]}, headers={"Link": f'</{at}>; rel="next"'}) for at in "aba"],
        "names a link of `rel=next` in its `Link` header",
    ),
    "header_cursor": (
        "header_cursor",
        [Answer({"data": [1]}, headers={"next": at}) for at in "aba"],
        "names a cursor in its header `next`",
    ),
    "cursor": (
        {"type": "cursor", "cursor_path": "next"},
        [Answer({"data": [1], "next": at}) for at in "aba"],
        "names a cursor at `next`",
    ),
}


@pytest.mark.parametrize(("paginator", "answers", "told"), CIRCLES.values(), ids=CIRCLES.keys())
def test_a_circle_is_an_error_at_the_first_page_that_closes_it(
    server: JsonServer, paginator: Any, answers: list[Answer], told: str
) -> None:
    server.answers(*answers)
    said = refused(config(server, paginator))
    assert "page 3 " in said
    assert told in said
    assert len(server.asked) == 3


@pytest.mark.parametrize(
    ("paginator", "key"),
    [
        ({"type": "offset", "limit": 2, "total_path": None}, "offset_param"),
        (
            {"type": "offset", "limit": 2, "total_path": None, "offset_body_path": "a.b"},
            "offset_body_path",
        ),
        ({"type": "page_number", "total_path": None}, "page_param"),
        ({"type": "page_number", "base_page": 1, "total_path": "pages"}, "page_param"),
    ],
)
def test_a_server_that_does_not_know_the_parameter_is_found_out_at_its_second_page(
    server: JsonServer, paginator: Any, key: str
) -> None:
    server.answers({"data": [{"id": 1}, {"id": 2}], "pages": 9})
    said = refused(config(server, paginator))
    assert "page 2 brought the same rows as the page before" in said
    assert f"`paginator.{key}`" in said
    assert len(server.asked) == 2


@pytest.mark.parametrize("kind", ["json_link", "cursor"])
def test_empty_pages_without_end_are_an_error(server: JsonServer, kind: str) -> None:
    server.handler = lambda asked: Answer({"data": [], "next": f"/items?n={len(server.asked)}"})
    path = {"cursor_path": "next"} if kind == "cursor" else {}
    said = refused(config(server, {"type": kind, **path}))
    assert "1,000 pages in a row, up to page 1,000, brought no row" in said
    assert len(server.asked) == 1_000


def test_what_an_own_paginator_fails_with_is_told_without_secrets(server: JsonServer) -> None:
    class Failing(Elsewhere):
        def update_state(self, response: Response, data: list[Any] | None = None) -> None:
            raise LookupError(f"no next in {response.url}")

    server.answers({"data": [1]})
    said = refused(config(server, Failing(), AUTHS["query"]))
    assert "`Failing.update_state` failed with LookupError: no next in" in said


def test_what_is_guessed_is_logged(server: JsonServer, caplog: pytest.LogCaptureFixture) -> None:
    server.answers({"data": [1], "meta": {"next": "/items?page=2"}}, {"data": [2]})
    with caplog.at_level(logging.INFO, "headrace"):
        assert rows_of(config(server, None)) == [1, 2]
    said = [record.getMessage() for record in caplog.records if record.levelno >= logging.INFO]
    (told,) = [each for each in said if "guessed" in each]
    assert told.startswith(
        "resource `items`: the paginator is guessed (`type: json_link, next_url_path: meta.next`)"
    )


def test_what_is_guessed_is_shown_by_check_and_preview(server: JsonServer) -> None:
    server.handler = lambda asked: Answer({"data": [{"id": 1}], "nextToken": None, "pages": 1})
    Path("items.json").write_text(json.dumps(config(server, None)))
    told = "the paginator is guessed (`type: page_number, total_path: pages`)"

    checked = command_line.headrace("check", "items.json")
    assert told in checked.stdout

    previewed = command_line.headrace("preview", "items.json", "--json")
    assert json.loads(previewed.stdout) == [{"id": 1}]
    assert told in previewed.stderr


def test_a_listing_by_links_is_kept_up_with_and_no_secret_gets_into_its_state(
    server: JsonServer, warehouse: Warehouse
) -> None:
    """The newest first, two a page; the key and a private parameter are copied into each link."""
    stop, newest = threading.Event(), 7

    def answer(asked: Asked) -> Answer:
        if (asked.query["k"], asked.query["access_token"]) != (SECRET, "private-token"):
            return Answer("who are you?", 401)
        below = int(asked.query.get("below", newest + 1))
        if below == 6:
            stop.set()
        rows = [{"id": key, "done": True} for key in range(below - 1, max(below - 3, 0), -1)]
        query = f"access_token=private-token&below={below - 2}&k={SECRET}"
        return Answer({"data": rows, "next": f"?{query}" if below > 3 else None})

    server.handler = answer
    document = config(server, "json_link", AUTHS["query"], params={"access_token": "private-token"})
    incremental = {"cursor_path": "id", "row_order": "desc", "settled_when": "done"}
    document["resources"][0]["endpoint"]["incremental"] = incremental
    document["resources"][0] |= {"primary_key": "id", "write_disposition": "merge"}
    pipeline = warehouse.pipeline("kept")

    headrace.sync(
        pipeline, headrace.rest_api_source(document), legs=LegSettings(most_bytes=1), stop=stop
    )
    state = json.dumps(pipeline.state, default=str)
    # Where to go on from is known, and how, but not by whom.
    saved = re.search(r"access_token=\*\*\*&below=([0-9])", state)
    assert saved is not None
    assert "private-token" not in state
    assert SECRET not in state

    server.asked.clear()
    newest = 10
    headrace.sync(pipeline, headrace.rest_api_source(document))
    ids = warehouse.query("SELECT id FROM kept_data.items ORDER BY id")
    assert ids == [(key,) for key in range(1, 11)]
    # Down from the top to what was known, then on from the saved link.
    asked = [each.query.get("below") for each in server.asked]
    assert asked[:3] == [None, "9", saved[1]]


@pytest.mark.parametrize(
    ("paginator", "told", "rows"),
    [
        ({"type": "json_link", "next_url_path": "@odata.nextLink"}, "@odata.nextLink", "value"),
        ({"type": "json_link", "next_url_path": "d.__next.uri"}, "d.__next.uri", "value"),
        ({"type": "cursor", "cursor_path": "page:next"}, "page:next", "value"),
        ({"type": "cursor", "cursor_path": "next.cursor"}, "next.cursor", "d.rows"),
    ],
)
def test_a_key_with_dots_in_its_name_is_found_by_its_name(
    server: JsonServer, paginator: Any, told: str, rows: str
) -> None:
    server.answers({rows: [{"id": 1}], told: "/items?cursor=2"}, {rows: [{"id": 2}]})
    document = config(server, paginator, data_selector=rows)
    assert [row["id"] for row in rows_of(document)] == [1, 2]
    assert len(server.asked) == 2


def test_numbers_and_ends_are_found_by_names_with_dots(server: JsonServer) -> None:
    paginator = {
        "type": "offset",
        "limit": 1,
        "total_path": "@odata.count",
        "has_more_path": "page.has_more",
    }
    pages = [{"value": [{"id": at}], "@odata.count": 2, "page.has_more": at < 2} for at in (1, 2)]
    server.answers(*pages)
    assert [row["id"] for row in rows_of(config(server, paginator, data_selector="value"))] == [
        1,
        2,
    ]


def test_a_search_goes_on_above_the_last_key_of_its_page(server: JsonServer) -> None:
    body = {"where": [{"field": "id", "above": 0}], "order": ["id"]}

    def answer(asked: Asked) -> Answer:
        above = json.loads(asked.body)["where"][0]["above"]
        return Answer({"results": [{"id": at} for at in (1, 2, 3, 4, 5) if at > above][:2]})

    server.handler = answer
    search = {"path": "items", "method": "POST", "json": body, "data_selector": "results"}
    paginator = {
        "type": "cursor",
        "cursor_path": "results[-1].id",
        "cursor_body_path": "where[0].above",
    }
    assert [row["id"] for row in rows_of(config(server, paginator, **search))] == [1, 2, 3, 4, 5]
    sent = [json.loads(asked.body) for asked in server.asked]
    assert [each["where"][0]["above"] for each in sent] == [0, 2, 4, 5]
    assert all(each["order"] == ["id"] for each in sent)
    assert body["where"][0]["above"] == 0  # type: ignore[index]


def test_what_a_parent_fills_in_may_stand_in_the_way_of_a_cursor(server: JsonServer) -> None:
    server.answers({"data": [{"id": 1}], "next": "b"})
    document = config(
        server,
        {"type": "cursor", "cursor_path": "next", "cursor_body_path": "scope.after"},
        method="POST",
        json={"scope": "{incremental.start_value}"},
        incremental={"cursor_path": "id", "initial_value": 0},
    )
    said = refused(document)
    assert "`paginator.cursor_body_path` is `scope.after`" in said
    assert "a number, which has no key `after`" in said
