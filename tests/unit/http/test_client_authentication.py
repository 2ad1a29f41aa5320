"""How a client's id and secret go to a token server, and what refresh tokens bring."""

from __future__ import annotations

import asyncio
import base64
import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qsl

import pytest

from headrace.core.exceptions import AuthenticationFailed
from headrace.core.exchange import Request
from headrace.http.auth import oauth2
from headrace.http.auth.oauth2 import ClientCredentials, RefreshToken, TokenSettings
from headrace.http.client import HttpClient
from headrace.http.settings import ClientSettings
from tests.support.servers import Answer, Asked, JsonServer
from tests.unit.http.asking import send
from tests.unit.http.token_server import (
    CLIENT_ID,
    CLIENT_SECRET,
    TokenServer,
    bearers,
    conversation,
    settings_of,
)

pytestmark = pytest.mark.usefixtures("each_transport")

ENCODED = f"{CLIENT_ID}:client-s3cret%2Bcanary"


@pytest.fixture(autouse=True)
def nothing_replaced() -> Iterator[None]:
    yield
    oauth2._LINES.clear()


def basic_of(asked: Asked) -> str | None:
    scheme, _, pair = asked.headers.get("Authorization", "").partition(" ")
    return base64.b64decode(pair).decode() if scheme == "Basic" else None


def taking_basic_alone(tokens: TokenServer, status: int = 401, body: Any = None) -> None:
    give, answer = tokens.handler, body or {"error": "invalid_client"}
    tokens.handler = lambda asked: give(asked) if basic_of(asked) else Answer(answer, status)


def test_by_basic_both_are_encoded_and_the_form_has_neither(
    server: JsonServer, tokens: TokenServer
) -> None:
    server.answers([])
    taking_basic_alone(tokens)
    with conversation(server, settings_of(tokens, client_authentication="basic")) as ask:
        ask("/a", "/b")
    assert [basic_of(asked) for asked in tokens.asked] == [ENCODED]
    assert tokens.forms() == [{"grant_type": "client_credentials"}]


@pytest.mark.parametrize(
    ("status", "body"),
    [(401, None), (400, None), (401, "no JSON"), (400, {"error": "invalid_client", "x": 1})],
)
def test_basic_is_tried_where_the_form_is_refused_and_nothing_is_said(
    server: JsonServer,
    tokens: TokenServer,
    caplog: pytest.LogCaptureFixture,
    status: int,
    body: Any,
) -> None:
    server.answers([])
    taking_basic_alone(tokens, status, body)
    give = tokens.handler

    def challenging(asked: Asked) -> Answer:
        answer = give(asked)
        challenge = {"WWW-Authenticate": 'Basic realm="x"'} if body == "no JSON" else {}
        return Answer(answer.body, answer.status, challenge)

    tokens.handler = challenging
    tokens.fields["expires_in"] = 0
    with conversation(server, settings_of(tokens)) as ask:
        ask("/a", "/b")
        ask("/c")
    assert [basic_of(asked) for asked in tokens.asked] == [None, ENCODED, ENCODED]
    assert caplog.text.count("write `auth.client_authentication: basic`") == 1
    assert "canary" not in caplog.text


def test_it_is_not_tried_where_the_form_is_wanted_or_something_else_is_wrong(
    server: JsonServer, tokens: TokenServer
) -> None:
    for settings, error in (
        (settings_of(tokens, client_authentication="body"), "invalid_client"),
        (settings_of(tokens), "invalid_scope"),
    ):
        tokens.asked.clear()
        taking_basic_alone(tokens, 400, {"error": error})
        with (
            conversation(server, settings) as ask,
            pytest.raises(AuthenticationFailed, match=f'says: "{error}"'),
        ):
            ask("/")
        assert len(tokens.asked) == 1


def test_where_both_are_refused_the_message_says_so(
    server: JsonServer, tokens: TokenServer
) -> None:
    tokens.answers(Answer({"error": "invalid_client"}, 401))
    with (
        conversation(server, settings_of(tokens)) as ask,
        pytest.raises(AuthenticationFailed, match=r"invalid_client.*HTTP Basic was tried as well"),
    ):
        ask("/a", "/b")
    assert len(tokens.asked) == 2


# Refresh tokens


class RotatingServer(TokenServer):
    """Takes each refresh token once, and gives the next one with the token."""

    def __init__(self) -> None:
        super().__init__(expires_in=0)
        self.handler = self._rotate

    def _rotate(self, asked: Asked) -> Answer:
        form = dict(parse_qsl(asked.body.decode()))
        number = len(self.asked)
        if form["refresh_token"] != f"refresh-canary-{number}":
            return Answer({"error": "invalid_grant"}, 400)
        new = {"refresh_token": f"refresh-canary-{number + 1}"}
        return Answer({"access_token": self.token, **self.fields, **new})


def refreshing(tokens: TokenServer, **more: Any) -> RefreshToken:
    return RefreshToken(settings_of(tokens), "refresh-canary-1", **more)


def asked_with(server: JsonServer, auth: RefreshToken, *paths: str) -> None:
    async def ask() -> None:
        async with HttpClient(ClientSettings(server.base_url)) as client:
            for path in paths:
                await client.send(Request("GET", path), auth)

    asyncio.run(ask())


def test_a_refresh_token_brings_a_token(server: JsonServer, tokens: TokenServer) -> None:
    server.answers([])
    for settings, client in (
        (settings_of(tokens), {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}),
        (TokenSettings(settings_of(tokens).url, "", ""), {}),
        (TokenSettings(settings_of(tokens).url, "public", ""), {"client_id": "public"}),
    ):
        tokens.asked.clear()
        send(server.base_url, "/", RefreshToken(settings, "refresh-canary"))
        grant = {"grant_type": "refresh_token", "refresh_token": "refresh-canary"}
        assert tokens.forms() == [{**client, **grant}]
    assert bearers(server) == ["Bearer token-canary-1"] * 3


def test_a_new_one_is_used_to_the_end_of_the_process_and_told_of(
    server: JsonServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.answers([])
    with RotatingServer() as tokens:
        asked_with(server, refreshing(tokens), "/a", "/b")
        # A later leg, or another command in the same process.
        again = refreshing(tokens)
        asked_with(server, again, "/c")
    assert bearers(server) == [f"Bearer token-canary-{number}" for number in (1, 2, 3)]
    assert caplog.text.count("gave another refresh token in place of that in") == 1
    assert "auth.on_new_refresh_token" in caplog.text
    assert "canary" not in caplog.text
    assert "refresh-canary-4" in again.secrets


def test_threads_use_each_new_one_once_whichever_their_config_names(server: JsonServer) -> None:
    server.answers([])
    kept = ["refresh-canary-1"]
    with RotatingServer() as tokens:

        def ask(_: int) -> None:
            # As a lane does: the config is read anew, with what is in the vault by now.
            auth = RefreshToken(settings_of(tokens), kept[-1], on_new=kept.append)
            asked_with(server, auth, "/a", "/b")

        with ThreadPoolExecutor(6) as threads:
            list(threads.map(ask, range(18)))
        assert len(tokens.asked) == 36
    assert kept == [f"refresh-canary-{number}" for number in range(1, 38)]


def test_a_function_keeps_the_new_one(server: JsonServer, caplog: pytest.LogCaptureFixture) -> None:
    server.answers([])
    kept: list[str] = []
    with RotatingServer() as tokens:
        asked_with(server, refreshing(tokens, on_new=kept.append), "/a", "/b")
    assert kept == ["refresh-canary-2", "refresh-canary-3"]
    assert "refresh token" not in caplog.text


def test_a_function_that_fails_ends_no_run(
    server: JsonServer, caplog: pytest.LogCaptureFixture
) -> None:
    def failing(new: str) -> None:
        raise OSError(f"no room for {new}")

    server.answers([])
    caplog.set_level(logging.WARNING)
    with RotatingServer() as tokens:
        asked_with(server, refreshing(tokens, on_new=failing), "/a")
    assert "fails with OSError: no room for ***" in caplog.text


def test_one_that_is_refused_says_what_to_do(server: JsonServer, tokens: TokenServer) -> None:
    tokens.answers(Answer({"error": "invalid_grant"}, 400))
    with pytest.raises(AuthenticationFailed, match="log in anew and put the new one there"):
        send(server.base_url, "/", refreshing(tokens))
    assert len(tokens.asked) == 1


def test_nothing_secret_is_in_the_representations(tokens: TokenServer) -> None:
    shown = f"{refreshing(tokens)!r} {settings_of(tokens)!r} {ClientCredentials!r}"
    assert "canary" not in shown
