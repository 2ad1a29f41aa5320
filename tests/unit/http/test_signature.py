"""A function signs each request as it is sent, and what it puts on is not told."""

from __future__ import annotations

import hashlib
import hmac
import threading
from typing import Any

import pytest
import requests

from headrace.core.exceptions import AuthenticationFailed, RedirectRefused, ResponseStatusError
from headrace.core.exchange import Request
from headrace.http.auth.signature import Signature
from headrace.http.retrying import RetrySettings
from tests.support.servers import Answer, Asked, JsonServer
from tests.unit.http.asking import PassingTime, send

KEY = "key-canary"


def signed(method: str, url: str, headers: dict[str, str], body: bytes, key: str) -> Any:
    target = url.partition("://")[2].partition("/")[2]
    text = f"{method} /{target} {headers['X-Tenant']}".encode() + body
    return {"X-Signature": "hmac " + hmac.new(key.encode(), text, hashlib.sha256).hexdigest()}


def signature(function: Any = signed, **arguments: Any) -> Signature:
    return Signature(function, "signing:sign", {"key": KEY, **arguments}, [KEY])


def giving_back(made: Any) -> Signature:
    return Signature(lambda **given: made, "signing:sign", {}, [KEY])


def expected(asked: Asked) -> str:
    text = f"{asked.method} {asked.target} t".encode() + asked.body
    return "hmac " + hmac.new(KEY.encode(), text, hashlib.sha256).hexdigest()


@pytest.mark.parametrize("by_session", [False, True])
def test_what_is_signed_is_what_is_sent(server: JsonServer, by_session: bool) -> None:
    server.answers([])
    for request in (
        Request("GET", "/a b?x=%7E~", params={"q": "ä/?&=%41"}),
        Request("POST", "/b", json={"c": "ö"}),
    ):
        send(
            server.base_url,
            request,
            signature(),
            headers={"X-Tenant": "t"},
            session=requests.Session() if by_session else None,
        )
        assert server.asked[-1].headers["X-Signature"] == expected(server.asked[-1])


def test_each_attempt_and_each_redirect_is_signed_anew(server: JsonServer) -> None:
    times: list[str] = []

    def sign(url: str, **given: Any) -> dict[str, str]:
        times.append(url)
        return {"X-Nonce": f"{len(times)}"}

    server.answers(Answer({}, 503), Answer(status=307, headers={"Location": "/b"}), Answer([]))
    retry = RetrySettings(max_attempts=2)
    auth = Signature(sign, "signing:sign", {})
    send(server.base_url, "/a", auth, retry=retry, timing=PassingTime().timing)
    assert [asked.headers["X-Nonce"] for asked in server.asked] == ["1", "2", "3"]
    assert times == [f"{server.base_url}{path}" for path in ("/a", "/a", "/b")]


def test_only_what_it_adds_is_secret(server: JsonServer) -> None:
    server.answers([])

    def sign(headers: dict[str, str], **given: Any) -> dict[str, str]:
        return {**headers, "X-Signature": "signed-canary"}

    auth = Signature(sign, "signing:sign", {})
    send(server.base_url, "/", auth, headers={"X-Tenant": "the-tenant"})
    assert auth.secrets == ("signed-canary",)


def test_params_are_added_to_those_of_the_request(server: JsonServer) -> None:
    server.answers([])
    auth = giving_back({"params": {"sig": "a+b/c="}, "headers": {"X-At": "now"}})
    send(server.base_url, Request("GET", "/", params={"q": "1"}), auth)
    assert server.asked[0].target == "/?q=1&sig=a%2Bb%2Fc%3D"
    assert server.asked[0].headers["X-At"] == "now"


def test_it_never_leaves_the_origin(server: JsonServer) -> None:
    with JsonServer() as other:
        server.answers(Answer(status=307, headers={"Location": other.base_url}))
        with pytest.raises(RedirectRefused):
            send(server.base_url, "/", signature(), headers={"X-Tenant": "t"})
        assert other.asked == []


def test_what_it_signs_with_and_puts_on_is_masked(server: JsonServer) -> None:
    server.handler = lambda asked: Answer({"message": f"{dict(asked.headers)} {KEY}"}, 401)
    with pytest.raises(ResponseStatusError, match="what `signing:sign` puts on") as caught:
        send(server.base_url, "/", signature(), headers={"X-Tenant": "t"})
    assert KEY not in str(caught.value)
    assert server.asked[0].headers["X-Signature"].partition(" ")[2] not in str(caught.value)


@pytest.mark.parametrize(
    ("made", "phrase"),
    [
        (None, "gives back NoneType"),
        ({"X": 1}, "a name or a value that is no text"),
        ({"X": "a\r\nY: b"}, "a header with a line break"),
        ({"params": {"a": "b"}, "body": {"c": "d"}}, "mappings of other names"),
    ],
)
def test_a_function_that_gives_back_something_else(
    server: JsonServer, made: Any, phrase: str
) -> None:
    with pytest.raises(AuthenticationFailed, match=f"`signing:sign`.*{phrase}"):
        send(server.base_url, "/", giving_back(made))
    assert server.asked == []


def test_a_function_that_fails_or_takes_too_long(server: JsonServer) -> None:
    def failing(**given: Any) -> None:
        raise KeyError(KEY)

    with pytest.raises(AuthenticationFailed, match=r"fails with KeyError: '\*\*\*'"):
        send(server.base_url, "/", Signature(failing, "signing:sign", {}, [KEY]))
    over = threading.Event()
    slow = Signature(lambda **given: over.wait(30), "signing:sign", {})
    with pytest.raises(AuthenticationFailed, match=r"takes longer than 0\.05 s"):
        send(server.base_url, "/", slow, timeout=0.05)
    over.set()
    assert server.asked == []
