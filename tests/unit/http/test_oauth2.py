"""A token that all lanes share: fetched when it is needed, renewed in time or when refused."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from headrace.core.exceptions import ResponseStatusError
from headrace.core.exchange import Request
from headrace.http.auth.oauth2 import ClientCredentials
from headrace.http.client import HttpClient
from headrace.http.retrying import RetrySettings
from headrace.http.settings import ClientSettings
from tests.support.servers import Answer, Asked, JsonServer
from tests.unit.http.asking import PassingTime
from tests.unit.http.token_server import (
    CLIENT_ID,
    CLIENT_SECRET,
    TokenServer,
    bearers,
    conversation,
    settings_of,
)


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
