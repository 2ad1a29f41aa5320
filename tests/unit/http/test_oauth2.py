"""A token that all lanes share: fetched when it is needed, renewed in time or when refused."""

from __future__ import annotations

import asyncio
import base64
import json
import ssl
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
import requests

from headrace.core.exceptions import AuthenticationFailed, ResponseStatusError
from headrace.core.exchange import Request, Response
from headrace.http.auth.oauth2 import ClientCredentials, TokenSettings
from headrace.http.client import HttpClient
from headrace.http.retrying import RetrySettings
from headrace.http.settings import ClientSettings
from tests.support.servers import Answer, Asked, JsonServer
from tests.unit.http.asking import PassingTime
from tests.unit.http.brokenness import free_port
from tests.unit.http.certificates import AUTHORITY

CLIENT_ID = "client-id-canary"
CLIENT_SECRET = "client-s3cret+canary"


class TokenServer(JsonServer):
    """Gives out tokens that end in their number; what it was asked is in `asked`."""

    def __init__(self, **fields: Any) -> None:
        super().__init__()
        self.fields = {"token_type": "Bearer", "expires_in": 3600, **fields}
        self.handler = self._give

    def _give(self, asked: Asked) -> Answer:
        return Answer({"access_token": self.token, **self.fields})

    @property
    def token(self) -> str:
        """The one given out last."""
        return f"token-canary-{len(self.asked)}"

    def forms(self) -> list[dict[str, str]]:
        return [dict(parse_qsl(asked.body.decode())) for asked in self.asked]


@pytest.fixture
def tokens() -> Iterator[TokenServer]:
    with TokenServer() as server:
        yield server


def settings_of(tokens: TokenServer, **settings: Any) -> TokenSettings:
    return TokenSettings(f"{tokens.base_url}/oauth/token", CLIENT_ID, CLIENT_SECRET, **settings)


@contextmanager
def conversation(
    server: JsonServer,
    settings: TokenSettings,
    time: PassingTime | None = None,
    **client: Any,
) -> Iterator[Callable[..., list[Response]]]:
    """Asks for paths, those of one call at once, through one client."""
    auth = ClientCredentials(settings)
    given = ClientSettings(server.base_url, **{"retry": RetrySettings(max_attempts=1), **client})
    timing = (time or PassingTime()).timing

    with asyncio.Runner() as runner:
        api = HttpClient(given, timing)
        runner.run(api.__aenter__())

        def ask(*paths: str) -> list[Response]:
            async def all_at_once() -> list[Response]:
                asked = (api.send(Request("GET", path), auth) for path in paths)
                return list(await asyncio.gather(*asked))

            return runner.run(all_at_once())

        try:
            yield ask
        finally:
            runner.run(api.__aexit__())


def bearers(server: JsonServer) -> list[str | None]:
    return [asked.headers.get("Authorization") for asked in server.asked]


def test_a_token_is_fetched_once_and_sent_with_each_request(
    server: JsonServer, tokens: TokenServer
) -> None:
    server.answers([])
    with conversation(server, settings_of(tokens)) as ask:
        ask("/a", "/b", "/c")
        ask("/d")
    assert bearers(server) == ["Bearer token-canary-1"] * 4
    (asked,) = tokens.asked
    assert (asked.method, asked.path) == ("POST", "/oauth/token")
    assert asked.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert tokens.forms() == [
        {
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "grant_type": "client_credentials",
        }
    ]


def test_more_fields_of_the_form_are_sent_and_go_before_the_usual_ones(
    server: JsonServer, tokens: TokenServer
) -> None:
    server.answers([])
    data = {"scope": "read write", "grant_type": "account_credentials", "account_id": 7}
    with conversation(server, settings_of(tokens, request_data=data)) as ask:
        ask("/")
    assert tokens.forms()[0] | {"client_id": "", "client_secret": ""} == {
        "client_id": "",
        "client_secret": "",
        "grant_type": "account_credentials",
        "scope": "read write",
        "account_id": "7",
    }


def test_id_and_secret_go_to_the_token_url_only_and_the_apis_headers_do_not(
    server: JsonServer, tokens: TokenServer
) -> None:
    server.answers([])
    with conversation(server, settings_of(tokens), headers={"X-Api": "of the API"}) as ask:
        ask("/")
    assert "X-Api" not in tokens.asked[0].headers
    (asked,) = server.asked
    sent = f"{asked.headers} {asked.query} {asked.body!r} {asked.path}"
    assert CLIENT_ID not in sent
    assert "s3cret" not in sent


@pytest.mark.parametrize(
    ("fields", "lifetime"),
    [
        ({"expires_in": 3600}, 3600),
        ({"expires_in": "3600"}, 3600),
        ({"expires_in": 3600.0}, 3600),
        ({"expires_in": None}, 900),
        ({"expires_in": "soon"}, 900),
        ({"expires_in": True}, 900),
        ({"expires_in": 5}, 5),
    ],
)
def test_a_token_is_renewed_shortly_before_its_end(
    server: JsonServer, tokens: TokenServer, fields: dict[str, Any], lifetime: float
) -> None:
    server.answers([])
    tokens.fields |= fields
    time = PassingTime()
    with conversation(server, settings_of(tokens, default_lifetime=900), time) as ask:
        ask("/a")
        time.now += lifetime * 0.9 - 31 if lifetime > 300 else lifetime * 0.85
        ask("/b")
        assert len(tokens.asked) == 1
        time.now = 1_000.0 + lifetime - 0.1
        ask("/c", "/d")
    assert [bearer[-1] for bearer in bearers(server) if bearer] == ["1", "1", "2", "2"]
    assert len(tokens.asked) == 2


def test_a_token_that_ends_at_once_is_good_for_one_request(
    server: JsonServer, tokens: TokenServer
) -> None:
    server.answers([])
    tokens.fields["expires_in"] = 0
    with conversation(server, settings_of(tokens)) as ask:
        ask("/a")
        ask("/b")
    assert bearers(server) == ["Bearer token-canary-1", "Bearer token-canary-2"]


def taking(tokens: TokenServer, good: str) -> Callable[[Asked], Answer]:
    """Takes one token alone."""

    def answer(asked: Asked) -> Answer:
        if asked.headers.get("Authorization") == f"Bearer {good}":
            return Answer([asked.path])
        return Answer({"message": f"not {asked.headers.get('Authorization')}"}, 401)

    return answer


def test_a_refused_token_is_renewed_once_for_all_lanes_and_each_asks_again(
    server: JsonServer, tokens: TokenServer
) -> None:
    server.answers([])
    with conversation(server, settings_of(tokens)) as ask:
        ask("/")
        server.handler = taking(tokens, "token-canary-2")
        answers = ask("/a", "/b", "/c", "/d")
    assert [json.loads(answer.body) for answer in answers] == [["/a"], ["/b"], ["/c"], ["/d"]]
    assert len(tokens.asked) == 2
    assert Counter(bearers(server)) == {"Bearer token-canary-1": 5, "Bearer token-canary-2": 4}


@pytest.mark.parametrize("codes", [{429, 500}, {401, 429}])
def test_a_second_refusal_fails_at_once(
    server: JsonServer, tokens: TokenServer, codes: set[int]
) -> None:
    server.handler = taking(tokens, "none")
    retry = RetrySettings(status_codes=frozenset(codes))
    with (
        conversation(server, settings_of(tokens), retry=retry) as ask,
        pytest.raises(ResponseStatusError) as caught,
    ):
        ask("/a")
    assert len(server.asked) == 2
    assert len(tokens.asked) == 2
    assert 'says: "not Bearer ***"' in str(caught.value)
    assert "does not accept a token just fetched: check what the client" in str(caught.value)


def test_a_403_does_not_renew(server: JsonServer, tokens: TokenServer) -> None:
    server.answers(Answer({"error": "no scope"}, 403))
    with (
        conversation(server, settings_of(tokens)) as ask,
        pytest.raises(ResponseStatusError, match="may not be read with the token"),
    ):
        ask("/a")
    assert (len(server.asked), len(tokens.asked)) == (1, 1)


def test_a_renewal_is_one_even_where_requests_are_made_again_for_other_reasons(
    server: JsonServer, tokens: TokenServer
) -> None:
    answers = iter([401, 503, 200])
    server.handler = lambda asked: Answer([], next(answers))
    with conversation(server, settings_of(tokens), retry=RetrySettings()) as ask:
        ask("/a")
    assert [bearer[-1] for bearer in bearers(server) if bearer] == ["1", "2", "2"]


def test_one_place_is_enough_and_a_line_of_waiting_requests_is_no_trap(
    server: JsonServer, tokens: TokenServer
) -> None:
    answers = iter([429, 401, 200])
    server.handler = lambda asked: Answer([], next(answers, 200), {"Retry-After": "7"})
    time = PassingTime()
    with conversation(
        server, settings_of(tokens), time, retry=RetrySettings(), concurrency=1
    ) as ask:
        ask("/a", "/b", "/c")
    assert len(tokens.asked) == 2
    assert 7.0 in time.slept


def test_the_token_request_is_made_again_when_it_fails_in_passing(
    server: JsonServer, tokens: TokenServer
) -> None:
    server.answers([])
    give = tokens.handler
    tokens.handler = lambda asked: Answer({}, 503) if len(tokens.asked) < 3 else give(asked)
    time = PassingTime()
    with conversation(server, settings_of(tokens), time, retry=RetrySettings()) as ask:
        ask("/a", "/b")
    assert len(tokens.asked) == 3
    assert len(time.slept) == 2
    assert bearers(server) == ["Bearer token-canary-3"] * 2


def test_a_token_outlives_the_event_loop_that_fetched_it(
    server: JsonServer, tokens: TokenServer
) -> None:
    server.answers([])
    auth = ClientCredentials(settings_of(tokens))

    async def ask() -> None:
        async with HttpClient(ClientSettings(server.base_url)) as client:
            await asyncio.gather(*(client.send(Request("GET", "/"), auth) for _ in range(3)))

    asyncio.run(ask())
    asyncio.run(ask())
    assert len(tokens.asked) == 1


def test_a_wait_that_is_given_up_leaves_the_others_their_token(
    server: JsonServer, tokens: TokenServer
) -> None:
    server.answers([])
    auth = ClientCredentials(settings_of(tokens))

    async def ask() -> None:
        async with HttpClient(ClientSettings(server.base_url)) as client:
            first = asyncio.create_task(client.send(Request("GET", "/"), auth))
            second = asyncio.create_task(client.send(Request("GET", "/"), auth))
            await asyncio.sleep(0)
            first.cancel()
            await second
            assert first.cancelled()

    asyncio.run(ask())
    assert bearers(server) == ["Bearer token-canary-1"]


# What goes wrong


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
    assert len(tokens.asked) == 1, "the lanes share the failure too"


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
