"""A login of the API's own brings a token, or a cookie, for all lanes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
import requests

from headrace.core.exceptions import AuthenticationFailed, ResponseStatusError
from headrace.core.exchange import Request
from headrace.core.json_path import JsonPath
from headrace.http.auth.login import Login, LoginSettings
from headrace.http.client import HttpClient
from headrace.http.retrying import RetrySettings
from headrace.http.settings import ClientSettings
from tests.support.servers import Answer, Asked, JsonServer
from tests.unit.http.asking import PassingTime, send

PASSWORD = "password-canary"
BODY = {"username": "me", "password": PASSWORD}


class LoginServer(JsonServer):
    """Has its login at `/login`, and takes the tokens that it gave out last."""

    def __init__(self, **fields: Any) -> None:
        super().__init__()
        self.fields = fields
        self.logins: list[Asked] = []
        self.takes: Callable[[Asked], bool] = lambda asked: (
            asked.headers.get("Authorization") == f"Bearer token-canary-{len(self.logins)}"
        )
        self.give: Callable[[], Answer] = lambda: Answer({"access_token": self.token, **fields})
        self.handler = self._answer_as_api

    @property
    def token(self) -> str:
        return f"token-canary-{len(self.logins)}"

    def _answer_as_api(self, asked: Asked) -> Answer:
        if asked.path.endswith("/login"):
            self.logins.append(asked)
            return self.give()
        return Answer([]) if self.takes(asked) else Answer({"message": "no"}, 401)


def login(**settings: Any) -> Login:
    given = {"url": "/login", "json": BODY, **settings}
    return Login(LoginSettings(**given), [PASSWORD])


def ask(server: JsonServer, auth: Login, *rounds: list[str], **client: Any) -> None:
    time = client.pop("time", PassingTime())

    async def all_of_them() -> None:
        settings = ClientSettings(f"{server.base_url}/v1", **client)
        async with HttpClient(settings, time.timing) as asking:
            for paths in rounds:
                await asyncio.gather(*(asking.send(Request("GET", each), auth) for each in paths))
                time.now += 100

    asyncio.run(all_of_them())


def test_many_lanes_log_in_once() -> None:
    with LoginServer() as server:
        ask(server, login(), ["/a", "/b", "/c"], ["/d"], headers={"X-Tenant": "t"})
        (asked,) = server.logins
    assert (asked.method, asked.path) == ("POST", "/v1/login")
    assert json.loads(asked.body) == BODY
    # The login is at the API's own origin, and so get its headers.
    assert asked.headers["X-Tenant"] == "t"


def test_a_form_and_headers() -> None:
    with LoginServer() as server:
        auth = login(json=None, data=BODY, headers={"X-Own": "1"}, method="PUT")
        ask(server, auth, ["/a"])
        (asked,) = server.logins
    assert asked.body == f"username=me&password={PASSWORD}".encode()
    assert (asked.method, asked.headers["X-Own"]) == ("PUT", "1")


def test_a_login_elsewhere_does_not_get_the_headers_of_the_api(server: JsonServer) -> None:
    server.answers([])
    with LoginServer() as elsewhere:
        ask(server, login(url=f"{elsewhere.base_url}/login"), ["/a"], headers={"X-Tenant": "t"})
        assert "X-Tenant" not in elsewhere.logins[0].headers
    assert server.asked[0].headers["Authorization"] == "Bearer token-canary-1"
    assert PASSWORD not in str(server.asked)


def test_a_token_refused_on_the_way_is_replaced_once_for_all_lanes() -> None:
    with LoginServer() as server:
        auth = login()
        ask(server, auth, ["/a"])
        server.takes = lambda asked: asked.headers.get("Authorization", "").endswith("2")
        ask(server, auth, ["/b", "/c", "/d"])
        assert len(server.logins) == 2


def test_a_fresh_token_that_is_refused_is_an_error() -> None:
    with LoginServer() as server:
        server.takes = lambda asked: False
        with pytest.raises(ResponseStatusError, match="does not accept what the login just brou"):
            ask(server, login(), ["/a"], retry=RetrySettings(max_attempts=1))
        assert len(server.logins) == 2


@pytest.mark.parametrize(
    ("fields", "settings", "logins"),
    [
        ({}, {}, 1),
        ({}, {"expires_in": 50.0}, 3),
        ({}, {"expires_in": 150.0}, 2),
        ({"data": {"ttl": "50"}}, {"expires_in_path": JsonPath("data.ttl")}, 3),
        ({"expires_in": 50}, {}, 1),
    ],
)
def test_it_is_renewed_when_it_ends(
    fields: dict[str, Any], settings: dict[str, Any], logins: int
) -> None:
    with LoginServer(**fields) as server:
        ask(server, login(**settings), ["/a"], ["/b"], ["/c"])
        assert len(server.logins) == logins


@pytest.mark.parametrize(
    ("settings", "give", "header", "value"),
    [
        ({"token_path": JsonPath("data[0].jwt")}, {"data": [{"jwt": "tok"}]}, None, "Bearer tok"),
        ({"token_path": JsonPath("$"), "prefix": "Token"}, "tok", None, "Token tok"),
        ({"header": "X-Auth-Token", "prefix": ""}, {"access_token": "tok"}, "X-Auth-Token", "tok"),
        ({"token_path": JsonPath("id")}, {"id": 1234567}, None, "Bearer 1234567"),
    ],
)
def test_where_the_token_is_and_where_it_goes(
    settings: dict[str, Any], give: Any, header: str | None, value: str
) -> None:
    with LoginServer() as server:
        server.give = lambda: Answer(give)
        server.takes = lambda asked: asked.headers[header or "Authorization"] == value
        ask(server, login(**settings), ["/a"])


@pytest.mark.parametrize("token", ["tok", "12e456", "00123", "eyJ.a-b_c="])
def test_an_answer_that_is_the_token_and_no_json(token: str) -> None:
    with LoginServer() as server:
        server.give = lambda: Answer(
            raw=f"{token}\n".encode(), headers={"Content-Type": "text/plain"}
        )
        server.takes = lambda asked: asked.headers["Authorization"] == f"Bearer {token}"
        ask(server, login(token_path=JsonPath("$")), ["/a"])


@pytest.mark.parametrize("said", ["Invalid user", "<html></html>", "null", "", "{}"])
def test_an_answer_that_is_no_token(said: str) -> None:
    with LoginServer() as server:
        server.give = lambda: Answer(raw=said.encode(), headers={"Content-Type": "text/plain"})
        with pytest.raises(AuthenticationFailed, match="no token in the answer"):
            ask(server, login(token_path=JsonPath("$")), ["/a"])


def test_a_token_in_a_header_of_the_answer() -> None:
    with LoginServer() as server:
        server.give = lambda: Answer(None, 201, {"X-Subject-Token": "tok"})
        server.takes = lambda asked: asked.headers["X-Auth-Token"] == "tok"
        ask(server, login(token_header="X-Subject-Token", header="X-Auth-Token", prefix=""), ["/"])


@pytest.mark.parametrize("by_session", [False, True])
@pytest.mark.parametrize("status", [200, 302])
def test_a_cookie(status: int, by_session: bool) -> None:
    set_cookie = "sid=tok-canary; Expires=Wed, 09 Jun 2032 10:18:14 GMT; HttpOnly, other=1"
    with LoginServer() as server:
        headers = {"Set-Cookie": set_cookie, "Location": "/home"}
        server.give = lambda: Answer({}, status, headers)
        # A session of `requests` keeps the cookie as well, and sends it in front.
        server.takes = lambda asked: asked.headers["Cookie"].endswith("a=b; sid=tok-canary")
        session = requests.Session() if by_session else None
        auth = login(cookie="sid")
        send(
            server.base_url, Request("GET", "/a", headers={"Cookie": "a=b"}), auth, session=session
        )
        assert "tok-canary" in auth.secrets
        assert [asked.path for asked in server.asked] == ["/login", "/a"]


@pytest.mark.parametrize(
    ("settings", "answer", "phrases"),
    [
        ({}, Answer({"jwt": "x-canary", "user": 1}), ["`access_token`", "there is: jwt, user"]),
        ({}, Answer({"access_token": {"a": "x-canary"}}), ["not text that can stand in a header"]),
        ({}, Answer(raw=b"<html>canary"), ["it is no JSON", "Check `auth.path`"]),
        ({}, Answer({"message": f"who is {PASSWORD}"}, 401), ['"who is ***"', "its `json` or `da"]),
        ({}, Answer({}, 404), ["Check `path`, `url` and `method` of `auth`"]),
        ({"cookie": "sid"}, Answer({}), ["it sets no cookie `sid`"]),
        ({"token_header": "X-T"}, Answer({}), ["it has no header `X-T`"]),
        (
            {"expires_in_path": JsonPath("ttl")},
            Answer({"access_token": "x-canary", "ttl": "soon"}),
            ["no seconds at `expires_in_path` (`ttl`)"],
        ),
    ],
)
def test_no_token_in_the_answer(
    settings: dict[str, Any], answer: Answer, phrases: list[str]
) -> None:
    with LoginServer() as server:
        server.give = lambda: answer
        with pytest.raises(AuthenticationFailed) as caught:
            ask(server, login(**settings), ["/a", "/b"], retry=RetrySettings(max_attempts=1))
        assert len(server.logins) == len(server.asked) == 1
        message = str(caught.value)
        assert f"{server.base_url}/v1/login: " in message
    assert "canary" not in message
    for phrase in phrases:
        assert phrase in message


def test_a_login_that_leads_to_another_origin_is_refused() -> None:
    with LoginServer() as server, JsonServer() as other:
        server.give = lambda: Answer(status=307, headers={"Location": f"{other.base_url}/login"})
        with pytest.raises(AuthenticationFailed, match=r"not the origin of `auth\.path`"):
            ask(server, login(), ["/a"], allowed_hosts=(other.base_url.removeprefix("http://"),))
        assert other.asked == []
