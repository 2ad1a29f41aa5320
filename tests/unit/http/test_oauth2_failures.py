"""No token can be had, or none may be told of: what is said then."""

from __future__ import annotations

import base64
import ssl
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests

from headrace.core.exceptions import AuthenticationFailed, ResponseStatusError
from headrace.http.auth.oauth2 import ClientCredentials, TokenSettings
from tests.support.servers import Answer, Asked, JsonServer
from tests.unit.http.brokenness import free_port
from tests.unit.http.certificates import AUTHORITY
from tests.unit.http.token_server import (
    CLIENT_ID,
    CLIENT_SECRET,
    TokenServer,
    bearers,
    conversation,
    settings_of,
)


def failure(server: JsonServer, settings: TokenSettings, **client: Any) -> str:
    """The message of requests for which no token can be had; the API hears nothing."""
    server.answers([])
    with (
        conversation(server, settings, **client) as ask,
        pytest.raises(AuthenticationFailed) as caught,
    ):
        ask("/a", "/b", "/c")
    assert server.asked == []
    message = str(caught.value)
    assert "canary" not in message
    assert "s3cret" not in message
    assert base64.b64encode(CLIENT_SECRET.encode()).decode() not in message
    assert "client.base_url" not in message
    assert "\n" not in message
    return message


ECHO = f"{CLIENT_ID} {CLIENT_SECRET} {base64.b64encode(CLIENT_SECRET.encode()).decode()}"


@pytest.mark.parametrize(
    ("answer", "phrases"),
    [
        (
            Answer({"error": "invalid_client", "error_description": f"who is {ECHO}?"}, 401),
            ['says: "invalid_client: who is *** *** ***?"', "`auth.client_id`"],
        ),
        (Answer({"error": "invalid_scope"}, 400), ['"invalid_scope"', "access_token_request_data"]),
        (Answer({"error": "x", "error_description": ECHO}), ['the server says: "x: *** *** ***"']),
        (Answer({"accessToken": "token-canary", CLIENT_ID: 1}), ["but accessToken, ***"]),
        (Answer({}), ["no `access_token` in it, but no field"]),
        (Answer({"access_token": ""}), ["not text that can stand in a header"]),
        (Answer({"access_token": "canary\r\nX: y"}), ["not text that can stand in a header"]),
        (Answer({"access_token": {"x": "canary"}}), ["not text that can stand in a header"]),
        (Answer(["token-canary"]), ["it is no JSON object"]),
        (
            Answer(raw=b"<html>token-canary", headers={"Content-Type": "text/html"}),
            ["no JSON object (text/html)"],
        ),
        (Answer({"message": "not here"}, 404), ["404 Not Found", "the one that gives out tokens"]),
        (Answer(raw=ECHO.encode(), status=500), ["500 Internal Server Error", '"*** *** ***"']),
    ],
)
def test_no_token_in_the_answer(
    server: JsonServer, tokens: TokenServer, answer: Answer, phrases: list[str]
) -> None:
    tokens.handler = lambda asked: answer
    message = failure(server, settings_of(tokens))
    assert message.startswith(f"POST {tokens.base_url}/oauth/token: ")
    for phrase in phrases:
        assert phrase in message
    # Where the client is refused, HTTP Basic is tried once.
    ways = 2 if "invalid_client" in message else 1
    assert len(tokens.asked) == ways, "the lanes share the failure too"


def test_nobody_gives_out_tokens(server: JsonServer) -> None:
    url = f"http://127.0.0.1:{free_port()}/token"
    told = failure(server, TokenSettings(url, CLIENT_ID, CLIENT_SECRET))
    assert "does not take the connection" in told


def test_tls_where_there_is_none_names_the_right_key(
    server: JsonServer, tokens: TokenServer
) -> None:
    settings = settings_of(tokens)
    settings = replace(settings, url=settings.url.replace("http:", "https:"))
    assert "whether `auth.access_token_url` has the right scheme" in failure(server, settings)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_of_the_token_request_to_another_origin_is_refused(
    server: JsonServer, tokens: TokenServer, status: int
) -> None:
    with JsonServer() as other:
        location = {"Location": f"{other.base_url}/token?{CLIENT_SECRET}"}
        tokens.handler = lambda asked: Answer(status=status, headers=location)
        message = failure(
            server,
            settings_of(tokens),
            allowed_hosts=(other.base_url.removeprefix("http://"),),
        )
        assert other.asked == []
    assert "which is not the origin of `auth.access_token_url`" in message
    assert "allowed_hosts" not in message


def test_a_redirect_of_the_token_request_from_https_to_http_is_refused(
    server: JsonServer, tokens: TokenServer, tmp_path: Path
) -> None:
    AUTHORITY.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    AUTHORITY.issue_cert("127.0.0.1").configure_cert(tls)
    with JsonServer(tls) as moved, requests.Session() as session:
        session.verify = str(tmp_path / "authority.pem")
        moved.answers(Answer(status=307, headers={"Location": f"{tokens.base_url}/token"}))
        settings = TokenSettings(moved.base_url, CLIENT_ID, CLIENT_SECRET, session=session)
        message = failure(server, settings)
    assert "without TLS, while `auth.access_token_url`" in message
    assert tokens.asked == []


def test_a_redirect_of_the_token_request_within_its_origin_is_followed(
    server: JsonServer, tokens: TokenServer
) -> None:
    server.answers([])
    give = tokens.handler
    tokens.handler = lambda asked: (
        give(asked) if asked.path == "/new" else Answer(status=307, headers={"Location": "/new"})
    )
    with conversation(server, settings_of(tokens)) as ask:
        ask("/")
    assert tokens.forms()[0] == tokens.forms()[1]
    assert bearers(server) == ["Bearer token-canary-2"]


def test_the_token_is_masked_in_all_that_is_told_from_then_on(
    server: JsonServer, tokens: TokenServer
) -> None:
    def echo(asked: Asked) -> Answer:
        bearer = asked.headers["Authorization"].removeprefix("Bearer ")
        packed = base64.b64encode(bearer.encode()).decode()
        return Answer({"message": f"{bearer} {packed} {CLIENT_SECRET}"}, 400)

    server.handler = echo
    with (
        conversation(server, settings_of(tokens)) as ask,
        pytest.raises(ResponseStatusError, match=r'says: "\*\*\* \*\*\* \*\*\*"') as caught,
    ):
        ask("/token-canary-1?at=token-canary-1")
    assert "canary" not in str(caught.value)


def test_nothing_secret_is_in_the_representations(tokens: TokenServer) -> None:
    settings = settings_of(tokens, request_data={"password": "password-canary"})
    assert "canary" not in f"{settings!r} {ClientCredentials(settings)!r}"
    assert "password-canary" in ClientCredentials(settings).secrets
