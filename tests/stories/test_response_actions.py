"""`response_actions` decide what counts as an answer: as in dlt, and `fail` and `retry` besides."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any

import pytest
import requests
from dlt.sources.helpers.rest_client.exceptions import IgnoreResponseException

from headrace import ConfigError, PageError, ResponseStatusError, rest_api_source
from tests.servers import Answer, Asked, Handler, JsonServer
from tests.stories.test_same_as_dlt import MAKERS, contents
from tests.tables import Warehouse

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


# --- As in dlt ----------------------------------------------------------------------------------


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


# --- What is ours -------------------------------------------------------------------------------


def test_a_selector_that_finds_nothing_may_be_allowed(server: JsonServer) -> None:
    server.handler = always({"status": "nothing yet"})
    with pytest.raises(Exception, match="the answer has no `data`"):
        list(rest_api_source(config(server, [], data_selector="data")).items)

    allowed = [{"content": "nothing yet", "action": "ignore"}]
    assert list(rest_api_source(config(server, allowed, data_selector="data")).items) == []


RETRY = {"retry": {"max_attempts": 3, "backoff_factor": 0.001}}


def told(caught: pytest.ExceptionInfo[BaseException], kind: type[Exception]) -> str:
    cause = caught.value.__cause__ or caught.value
    assert isinstance(cause, kind)
    return str(cause)


def test_retry_asks_again(server: JsonServer) -> None:
    server.answers({"status": "preparing"}, Answer({}, 409), [{"id": 1}])
    actions = [
        {"content": "preparing", "action": "retry"},
        {"status_code": 409, "action": "retry"},
    ]
    assert list(rest_api_source(config(server, actions, RETRY)).items) == [{"id": 1}]
    assert len(server.asked) == 3


def test_a_retry_that_does_not_help_tells_the_story(server: JsonServer) -> None:
    server.answers(Answer({}, 409), {"status": "preparing"})
    actions = [NOT_THERE, {"content": "{", "action": "retry"}]
    with pytest.raises(Exception) as caught:  # noqa: PT011 - dlt wraps it
        list(rest_api_source(config(server, actions, RETRY)).items)
    message = told(caught, PageError)
    for phrase in (
        'the server answers 200 OK and says: "{"status": "preparing"}".',
        "`response_actions[1]` of resource `items` says `retry`.",
        "Asked 3 times (409, 200, 200)",
    ):
        assert phrase in message


@pytest.mark.parametrize(("status", "kind"), [(503, ResponseStatusError), (200, PageError)])
def test_fail_fails_at_once(server: JsonServer, status: int, kind: type[Exception]) -> None:
    server.handler = always({"message": "quota exceeded"}, status)
    actions = [{"content": "quota", "action": "fail"}, ignoring]
    with pytest.raises(Exception) as caught:  # noqa: PT011 - dlt wraps it
        list(rest_api_source(config(server, actions, RETRY)).items)
    message = told(caught, kind)
    assert 'says: "quota exceeded"' in message
    assert "`response_actions[0]` of resource `items` says `fail`." in message
    assert len(server.asked) == 1


def test_a_functions_failure_says_where_and_holds_no_secret(server: JsonServer) -> None:
    server.handler = always([{"id": 1}])
    auth = {"type": "api_key", "name": "k", "api_key": "s3cr3t-c4nary", "location": "query"}

    def check(response: requests.Response) -> None:
        assert "s3cr3t-c4nary" in response.url, "functions see the URL as it was asked for"
        raise ValueError(f"{response.url} has no total")

    with pytest.raises(Exception) as caught:  # noqa: PT011 - dlt wraps it
        list(rest_api_source(config(server, [check], {"auth": auth})).items)
    message = told(caught, PageError)
    assert "`response_actions[0]` of resource `items`: `check` failed with ValueError" in message
    assert "test_response_actions.py, line" in message
    assert "s3cr3t" not in message


def test_content_must_be_bytes(server: JsonServer) -> None:
    server.handler = always([{"id": 1}])

    def change(response: requests.Response) -> None:
        response._content = "[]"  # type: ignore[assignment]

    with pytest.raises(Exception, match="`change` sets `_content` to str; it must be bytes"):
        list(rest_api_source(config(server, [change])).items)


def test_what_is_ignored_is_logged(server: JsonServer, caplog: pytest.LogCaptureFixture) -> None:
    server.handler = always({}, 404)
    with caplog.at_level(logging.INFO, logger="headrace"):
        list(rest_api_source(config(server, [NOT_THERE])).items)
    assert "`response_actions[0]` of resource `items` ends the listing" in caplog.text


KEPT_UP = {
    "primary_key": "id",
    "write_disposition": "merge",
    "endpoint": {
        "path": "items",
        "data_selector": "data",
        "paginator": {"type": "cursor", "cursor_path": "next", "cursor_param": "cursor"},
        "incremental": {"cursor_path": "id", "row_order": "desc"},
    },
}


def kept_up(server: JsonServer, actions: Any) -> Any:
    endpoint = {**KEPT_UP["endpoint"], "response_actions": actions}  # type: ignore[dict-item]
    resource = {"name": "items", **KEPT_UP, "endpoint": endpoint}
    return {"client": {"base_url": server.base_url}, "resources": [resource]}


def test_nothing_ends_a_listing_early_that_is_kept_up_with(
    server: JsonServer, warehouse: Warehouse
) -> None:
    with pytest.raises(ConfigError, match=r"response_actions\[0\].action: `ignore` ends a listing"):
        rest_api_source(kept_up(server, [NOT_THERE]))

    server.handler = always({}, 404)
    with pytest.raises(Exception, match="would never come to the rows below"):
        warehouse.pipeline().run(rest_api_source(kept_up(server, [ignoring])))


def test_a_listing_that_is_kept_up_with_has_actions(
    server: JsonServer, warehouse: Warehouse
) -> None:
    server.answers({"status": "preparing"}, {"data": [{"id": 2}, {"id": 1}], "next": None})
    document = kept_up(server, [{"content": "preparing", "action": "retry"}])
    document["client"] |= RETRY
    warehouse.pipeline().run(rest_api_source(document))
    assert [row["id"] for row in warehouse.rows("test_data.items")] == [1, 2]
