"""`response_actions` decide what counts as an answer, as in dlt."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import requests
from dlt.sources.helpers.rest_client.exceptions import IgnoreResponseException

from headrace import rest_api_source
from tests.stories.against_dlt.test_same_as_dlt import MAKERS, contents
from tests.support.servers import Answer, Asked, Handler, JsonServer
from tests.support.tables import Warehouse

pytestmark = pytest.mark.comparison

Row = dict[str, Any]
Outcome = tuple[Any, list[str]]


def config(server: JsonServer, actions: Any, client: Any = None, **endpoint: Any) -> Any:
    endpoint = {"path": "items", "response_actions": actions, **endpoint}
    return {
        "client": {"base_url": server.base_url, **(client or {})},
        "resources": [{"name": "items", "endpoint": endpoint}],
    }


def outcome(server: JsonServer, make_source: Callable[[Any], Any], document: Any) -> Outcome:
    """The rows, or that there was an error; and what was asked for."""
    server.asked.clear()
    try:
        rows = list(make_source(document).items)
    except Exception:
        rows = ["an error"]
    return rows, [each.path for each in server.asked]


def two_pages(second: Answer) -> Handler:
    """A page that links to another one."""

    def answer(asked: Asked) -> Answer:
        return second if asked.path == "/more" else Answer({"data": [{"id": 1}], "next": "/more"})

    return answer


def always(*args: Any, **kwargs: Any) -> Handler:
    return lambda asked: Answer(*args, **kwargs)


def redirects(asked: Asked) -> Answer:
    if asked.path == "/items":
        return Answer({"moved": True}, 302, {"Location": "/other"})
    return Answer([{"id": 2}])


def ignoring(response: requests.Response) -> None:
    raise IgnoreResponseException


def raising(response: requests.Response) -> None:
    response.raise_for_status()


def failing(response: requests.Response) -> None:
    raise ValueError("this will not do")


def making_well(response: requests.Response) -> None:
    response.status_code = 200


def without_emails(response: requests.Response, *args: Any, **kwargs: Any) -> requests.Response:
    rows = [{key: row[key] for key in row if key != "email"} for row in response.json()]
    response._content = json.dumps(rows).encode()
    return response


def marking(mark: str) -> Callable[[requests.Response], None]:
    def mark_rows(response: requests.Response) -> None:
        rows = response.json()
        assert response.ok
        assert response.headers["content-type"].startswith("application/json")
        assert response.url.endswith(str(response.request.path_url))
        response._content = json.dumps([{**row, mark: len(row)} for row in rows]).encode()

    return mark_rows


def in_windows_1250(response: requests.Response) -> None:
    response.encoding = "cp1250"


NOT_THERE = {"status_code": 404, "action": "ignore"}
LINKS = {"data_selector": "data", "paginator": {"type": "json_link", "next_url_path": "next"}}
WITH_EMAIL = [{"id": 1, "email": "a@b.example"}]

AS_DLT: dict[str, tuple[Handler, list[Any], dict[str, Any]]] = {
    "an error status is ignored": (always({}, 404), [NOT_THERE], {}),
    "one that is tried again otherwise is ignored at once": (
        always({}, 503),
        [{"status_code": 503, "action": "ignore"}],
        {},
    ),
    "the rows of the pages before stay": (two_pages(Answer({}, 404)), [NOT_THERE], LINKS),
    "no action is meant for the answer": (two_pages(Answer({}, 403)), [NOT_THERE], LINKS),
    "all is well": (two_pages(Answer({"data": [{"id": 2}]})), [NOT_THERE], LINKS),
    "text in an error": (
        always({"error": "no such list"}, 400),
        [{"content": "no such", "action": "ignore"}],
        {},
    ),
    "text in a success": (
        always({"message": "no results"}),
        [{"content": "no results", "action": "ignore"}],
        {"data_selector": "data"},
    ),
    "text that is not there": (
        always([{"id": 1}]),
        [{"content": "no results", "action": "ignore"}],
        {},
    ),
    "text and status": (
        two_pages(Answer({"why": "gone"}, 410)),
        [{"status_code": 410, "content": "gone", "action": "ignore"}],
        LINKS,
    ),
    "text without the status": (
        two_pages(Answer({"why": "gone"}, 400)),
        [{"status_code": 410, "content": "gone", "action": "ignore"}],
        LINKS,
    ),
    "status without the text": (
        two_pages(Answer({"why": "gone"}, 410)),
        [{"status_code": 410, "content": "moved", "action": "ignore"}],
        LINKS,
    ),
    "nothing where JSON was due": (
        always(status=204, raw=b""),
        [{"status_code": 204, "action": "ignore"}],
        {},
    ),
    "HTML": (
        always(raw="<p>měsíc".encode(), headers={"Content-Type": "text/html; charset=utf-8"}),
        [{"content": "měsíc", "action": "ignore"}],
        {},
    ),
    "a redirect is an answer": (redirects, [{"status_code": 302, "action": "ignore"}], {}),
    "a redirect is followed": (redirects, [NOT_THERE], {}),
    "a function": (always(WITH_EMAIL), [without_emails], {}),
    "a function for a status": (
        always(WITH_EMAIL),
        [{"status_code": 200, "action": without_emails}],
        {},
    ),
    "a function for another status": (
        always(WITH_EMAIL),
        [{"status_code": 201, "action": without_emails}],
        {},
    ),
    "a function without a condition": (always(WITH_EMAIL), [{"action": without_emails}], {}),
    "several functions": (
        always(WITH_EMAIL),
        [{"content": "email", "action": [marking("a"), without_emails, marking("b")]}],
        {},
    ),
    "actions one after the other, each sees what the last has made": (
        always(WITH_EMAIL),
        [marking("a"), {"status_code": 200, "action": without_emails}, marking("b")],
        {},
    ),
    "text that a function has put there": (
        always([{"id": 1}]),
        [marking("strange"), {"content": "strange", "action": "ignore"}],
        {},
    ),
    "status that a function has set": (always([{"id": 1}], 500), [making_well], {}),
    "the encoding that a function has set": (
        always(raw='[{"id": "žluť"}]'.encode("cp1250")),
        [in_windows_1250],
        {},
    ),
    "headers that a function has set": (
        always(raw=b'[{"id": "\xc5\xbe"}]', headers={"Content-Type": "application/json"}),
        [lambda response: response.headers.update({"Content-Type": "text/plain; charset=utf-8"})],
        {},
    ),
    "a function ignores": (always({}, 500), [ignoring], {}),
    "a function raises for the status": (always({}, 400), [raising], {}),
    "a function raises for no status": (always([{"id": 1}]), [raising], {}),
    "a function fails": (always([{"id": 1}]), [failing], {}),
}


def test_answers_are_treated_as_in_dlt(server: JsonServer) -> None:
    for name, (handler, actions, endpoint) in AS_DLT.items():
        server.handler = handler
        document = config(server, actions, **endpoint)
        theirs, ours = (outcome(server, make, document) for make in MAKERS.values())
        assert ours == theirs, name
        by_session = config(server, actions, {"session": requests.Session()}, **endpoint)
        assert outcome(server, rest_api_source, by_session) == theirs, f"{name}, by a session"


def test_functions_see_each_attempt(server: JsonServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNTIME__REQUEST_MAX_ATTEMPTS", "3")
    monkeypatch.setenv("RUNTIME__REQUEST_BACKOFF_FACTOR", "0.001")
    server.handler = always({}, 503)
    for make_source in MAKERS.values():
        seen: list[int] = []

        def see(response: requests.Response, seen: list[int] = seen) -> None:
            seen.append(response.status_code)

        assert outcome(server, make_source, config(server, [see])) == (
            ["an error"],
            ["/items"] * 3,
        )
        assert seen == [503, 503, 503]


def test_a_function_may_ask_for_another_attempt(
    server: JsonServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNTIME__REQUEST_MAX_ATTEMPTS", "3")
    monkeypatch.setenv("RUNTIME__REQUEST_BACKOFF_FACTOR", "0.001")
    server.answers([], [{"id": 1}])

    def wait_for_rows(response: requests.Response) -> None:
        if not response.json():
            raise requests.ConnectionError("not ready")

    document = config(server, [wait_for_rows])
    for make_source in MAKERS.values():
        assert outcome(server, make_source, document) == ([{"id": 1}], ["/items"] * 2)


def test_a_child_whose_listing_is_not_there(server: JsonServer, warehouse: Warehouse) -> None:
    def answer(asked: Asked) -> Answer:
        if asked.path == "/shops":
            return Answer([{"id": number} for number in range(5)])
        shop = int(asked.path.split("/")[2])
        return Answer([{"shop": shop}]) if shop % 2 else Answer({}, 404)

    server.handler = answer
    defaults = {"endpoint": {"paginator": "single_page", "response_actions": [NOT_THERE]}}
    orders = {"name": "orders", "endpoint": "shops/{resources.shops.id}/orders"}
    document = {
        "client": {"base_url": server.base_url},
        "resource_defaults": defaults,
        "resources": ["shops", orders],
    }
    for name, make_source in MAKERS.items():
        warehouse.pipeline(name).run(make_source(document))

    assert contents(warehouse, "ours_data") == contents(warehouse, "theirs_data")
    assert warehouse.query("SELECT shop FROM ours_data.orders ORDER BY 1") == [(1,), (3,)]
