"""A response hook sees each answer before it counts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from headrace.core.exceptions import PageError, ResponseStatusError
from headrace.core.exchange import Headers, Request, Response
from headrace.http.response_hooks import ResponseIgnored, ResponseRefused
from headrace.http.retrying import RetrySettings
from tests.support.servers import Answer, JsonServer
from tests.unit.http.asking import PassingTime, send


def asks_again(request: Request, response: Response) -> Response:
    if response.status == 200:
        return response
    raise ResponseRefused("try again.", again=True)


def test_another_attempt_waits_as_long_as_the_server_asks(server: JsonServer) -> None:
    server.answers(Answer({}, 403, {"Retry-After": "7"}), [1])
    time = PassingTime()
    answer = send(
        server.base_url,
        timing=time.timing,
        hook=asks_again,
        retry=RetrySettings(max_attempts=2),
    )
    assert answer.body == b"[1]"
    assert time.slept == [7]


def test_attempts_have_an_end(server: JsonServer) -> None:
    server.answers(Answer({"message": "busy"}, 403))
    time = PassingTime()
    retry = RetrySettings(max_attempts=3)
    with pytest.raises(ResponseStatusError, match=r'"busy".* try again. Asked 3 times'):
        send(server.base_url, timing=time.timing, hook=asks_again, retry=retry)
    assert len(server.asked) == 3


def test_what_is_refused_is_not_asked_for_again(server: JsonServer) -> None:
    def refuse(request: Request, response: Response) -> Response:
        raise ResponseRefused("no.")

    server.answers(Answer({}, 503), {})
    retry = RetrySettings(max_attempts=3)
    with pytest.raises(ResponseStatusError, match=r"503 Service Unavailable.* no\.$"):
        send(server.base_url, hook=refuse, retry=retry)
    with pytest.raises(PageError, match=r"200 OK.* no\.$"):
        send(server.base_url, hook=refuse, retry=retry)
    assert len(server.asked) == 2


def test_whole_bodies_are_seen_whatever_the_status(server: JsonServer) -> None:
    seen: list[int] = []

    def look(request: Request, response: Response) -> Response:
        seen.append(len(response.body))
        return replace(response, status=200)

    server.answers(Answer(raw=b" " * 100_000, status=500))
    assert len(send(server.base_url, hook=look).body) == 100_000
    server.answers(Answer(raw=b" " * 10, status=302, headers={"Location": "/there"}))
    assert len(send(server.base_url, hook=look).body) == 10
    assert seen == [100_000, 10]


def test_a_redirect_may_lead_elsewhere(server: JsonServer) -> None:
    def lead(request: Request, response: Response) -> Response:
        if response.status == 302:
            return replace(response, headers=Headers({"Location": "/there"}))
        return response

    server.handler = lambda asked: Answer(status=302) if asked.path == "/" else Answer([1])
    assert send(server.base_url, "/", hook=lead).body == b"[1]"
    assert [each.path for each in server.asked] == ["/", "/there"]


def test_what_is_ignored_says_what_was_asked(server: JsonServer) -> None:
    def ignore(request: Request, response: Response) -> Response:
        raise ResponseIgnored("nobody", response.request)

    server.answers(Answer({}, 404))
    with pytest.raises(ResponseIgnored) as caught:
        send(server.base_url, "/items", hook=ignore)
    assert str(caught.value.request) == f"GET {server.base_url}/items"
