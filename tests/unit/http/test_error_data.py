"""Errors of requests carry what they know, without secrets."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from headrace.core.exceptions import (
    AuthenticationFailed,
    ConnectionFailed,
    HeadraceError,
    PageError,
    RedirectRefused,
    RequestError,
    ResponseStatusError,
)
from headrace.core.exchange import Headers, Request, Response
from headrace.core.figures import ResourceFigures
from headrace.http.auth.credentials import Credentials
from headrace.http.auth.oauth2 import ClientCredentials, TokenSettings
from headrace.http.auth.objects import ObjectAuth
from headrace.http.response_hooks import ResponseRefused
from headrace.http.retrying import RetrySettings
from tests.support.servers import Answer, JsonServer
from tests.unit.http.asking import PassingTime, send

SECRET = "p&s/w d*ü+"
KEY = Credentials.api_key("k", SECRET, "query")
LISTING = "/items?page=2"


def failure(base_url: str, request: Any = LISTING, **settings: Any) -> HeadraceError:
    figures = ResourceFigures(resource="items")
    settings.setdefault("credentials", KEY)
    with pytest.raises(HeadraceError) as caught:
        send(base_url, request, figures=figures, **settings)
    error = caught.value
    assert error.resource == "items"
    held = f"{vars(error)}"
    assert SECRET not in held
    assert quote(SECRET) not in held
    assert "hunter2" not in held
    return error


def with_login(server: JsonServer) -> str:
    return server.base_url.replace("://", "://me:hunter2@")


def test_of_an_error_status(server: JsonServer) -> None:
    server.handler = lambda asked: Answer({"error": f"no {SECRET}"}, 403)
    error = failure(with_login(server))
    assert type(error) is ResponseStatusError
    assert (error.status, error.row) == (403, None)
    assert error.url == f"{server.base_url}{LISTING}&k=***"
    assert str(error).startswith(f"GET {error.url}: the server answers 403")


def test_it_stays_when_all_attempts_have_failed(server: JsonServer) -> None:
    server.handler = lambda asked: Answer([], 503)
    retry = RetrySettings(max_attempts=3)
    error = failure(server.base_url, retry=retry, timing=PassingTime().timing)
    assert "Asked 3 times" in str(error)
    assert (error.status, error.url) == (503, f"{server.base_url}{LISTING}&k=***")


def test_of_no_connection() -> None:
    error = failure("http://127.0.0.1:1")
    assert type(error) is ConnectionFailed
    assert (error.url, error.status) == (f"http://127.0.0.1:1{LISTING}&k=***", None)


def test_of_a_refused_redirect(server: JsonServer) -> None:
    location = {"Location": "https://elsewhere.example/hunter2"}
    server.handler = lambda asked: Answer([], 302, location)
    error = failure(server.base_url)
    assert type(error) is RedirectRefused
    assert (error.url, error.status) == (f"{server.base_url}{LISTING}&k=***", 302)


def test_of_too_many_redirects_and_of_one_to_nowhere(server: JsonServer) -> None:
    server.handler = lambda asked: Answer([], 302, {"Location": "/again"})
    error = failure(server.base_url)
    assert (error.url, error.status) == (f"{server.base_url}/again?k=***", 302)
    server.handler = lambda asked: Answer([], 301)
    error = failure(server.base_url)
    assert (error.url, error.status) == (f"{server.base_url}{LISTING}&k=***", 301)


def test_of_a_body_that_is_too_large(server: JsonServer) -> None:
    server.answers(["x" * 10_000])
    error = failure(server.base_url, max_response_bytes=100)
    assert type(error) is PageError
    assert (error.url, error.status) == (f"{server.base_url}{LISTING}&k=***", 200)


@pytest.mark.parametrize("status", [200, 403])
def test_of_an_answer_that_a_hook_refuses(server: JsonServer, status: int) -> None:
    def refuse(request: Request, response: Response) -> Response:
        raise ResponseRefused(f"no {SECRET}")

    server.handler = lambda asked: Answer([], status)
    error = failure(server.base_url, hook=refuse)
    assert (error.url, error.status) == (f"{server.base_url}{LISTING}&k=***", status)


def test_of_a_token_that_is_not_given_out(server: JsonServer) -> None:
    token_url = f"{server.base_url}/token?secret=hunter2"
    settings = TokenSettings(token_url, "someone", SECRET)
    server.handler = lambda asked: Answer({"error": "invalid_client"}, 401)
    error = failure(server.base_url, credentials=ClientCredentials(settings))
    assert type(error) is AuthenticationFailed
    assert (error.url, error.status) == (f"{server.base_url}/token?secret=***", 401)
    server.handler = lambda asked: Answer({"tok": 1})
    error = failure(server.base_url, credentials=ClientCredentials(settings))
    assert (error.url, error.status) == (f"{server.base_url}/token?secret=***", 200)


def test_of_an_object_that_fails(server: JsonServer) -> None:
    def broken(request: Any) -> Any:
        raise KeyError(SECRET)

    error = failure(server.base_url, credentials=ObjectAuth(broken, [SECRET]))
    assert type(error) is AuthenticationFailed
    assert (error.url, error.status) == (f"{server.base_url}{LISTING}", None)


def test_of_a_request_that_would_go_elsewhere(server: JsonServer) -> None:
    error = failure(server.base_url, "https://elsewhere.example/?key=hunter2")
    assert isinstance(error, RequestError)
    assert (error.url, error.status) == (None, None)


def test_headers_are_no_data(server: JsonServer) -> None:
    server.handler = lambda asked: Answer([], 404)
    headers = Headers({"Authorization": "Bearer hunter2"})
    failure(server.base_url, Request("GET", LISTING, headers=dict(headers)))
