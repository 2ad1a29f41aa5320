"""`response_actions` beyond dlt's: `fail` and `retry`, and what is said of what went wrong."""

from __future__ import annotations

import logging
from typing import Any

import pytest
import requests

from headrace import ConfigError, PageError, ResponseStatusError, rest_api_source
from tests.stories.loading.test_response_actions import NOT_THERE, always, config, ignoring, outcome
from tests.support.servers import Answer, JsonServer
from tests.support.tables import Warehouse


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


OAUTH2 = {
    "type": "oauth2_client_credentials",
    "client_id": "me",
    "client_secret": "s3cr3t-c4nary",
}


def test_what_fails_at_once_is_not_tried_with_another_token(server: JsonServer) -> None:
    server.handler = lambda asked: (
        Answer({"access_token": "t", "expires_in": 3600})
        if asked.path == "/token"
        else Answer({}, 401)
    )
    auth = {**OAUTH2, "access_token_url": f"{server.base_url}/token"}
    for actions, requests_made in (
        ([], ["/token", "/items", "/token", "/items"]),
        ([{"status_code": 401, "action": "fail"}], ["/token", "/items"]),
        ([{"status_code": 401, "action": "ignore"}], ["/token", "/items"]),
    ):
        document = config(server, actions, {"auth": auth})
        assert outcome(server, rest_api_source, document)[1] == requests_made


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
    assert "test_fail_and_retry.py, line" in message
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
