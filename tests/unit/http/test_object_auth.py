"""Authentication objects made for `requests` prove who asks, and lead nobody astray."""

from __future__ import annotations

import asyncio
import base64
import threading
from collections.abc import Callable
from typing import Any

import pytest
import requests
from dlt.common.configuration.specs import configspec
from dlt.common.typing import TSecretStrValue
from dlt.sources.helpers.rest_client.auth import AuthConfigBase, OAuth2ClientCredentials
from requests.auth import AuthBase, HTTPBasicAuth, HTTPDigestAuth

from headrace.core.exceptions import AuthenticationFailed, HeadraceError, ResponseStatusError
from headrace.core.exchange import Request
from headrace.http.auth.objects import ObjectAuth
from headrace.http.client import HttpClient
from headrace.http.retrying import RetrySettings
from headrace.http.settings import ClientSettings
from tests.support.servers import Answer, Asked, JsonServer
from tests.unit.http.asking import PassingTime, send

SECRET = "canary-s3cret"


class Signing(AuthBase):
    """Does to each request what a test wants."""

    def __init__(self, change: Callable[[requests.PreparedRequest], Any]) -> None:
        self.change = change
        self.secret = SECRET

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        changed = self.change(request)
        return changed if isinstance(changed, requests.PreparedRequest) else request


@configspec
class ShopAuth(AuthConfigBase):
    """As a user of dlt writes one."""

    shop_key: TSecretStrValue = None  # type: ignore[assignment]

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["X-Shop"] = f"Shop {self.shop_key}"
        return request


def test_headers_that_it_sets_changes_and_takes_away(server: JsonServer) -> None:
    server.answers([])

    def change(request: requests.PreparedRequest) -> None:
        request.headers["X-New"] = "new"
        request.headers["x-both"] = b"object"  # type: ignore[assignment]
        del request.headers["X-Gone"]

    headers = {"X-Both": "client", "X-Gone": "client", "X-Same": "same"}
    send(server.base_url, "/", ObjectAuth(Signing(change)), headers=headers)
    sent = {name.lower(): value for name, value in server.asked[0].headers.items()}
    assert (sent["x-new"], sent["x-both"], sent["x-same"]) == ("new", "object", "same")
    assert "x-gone" not in sent
    assert sent["user-agent"].startswith("headrace/")


def test_it_sees_the_request_as_it_is_sent(server: JsonServer) -> None:
    server.answers([])
    seen: list[Any] = []

    def look(request: requests.PreparedRequest) -> None:
        seen.append((request.method, request.url, request.body, request.headers["X-Own"]))

    request = Request("POST", "/items?a=1", params={"q": "ü b"}, json={"x": 1})
    send(server.base_url, request, ObjectAuth(Signing(look)), headers={"X-Own": "yes"})
    url = f"{server.base_url}/items?a=1&q=%C3%BC+b"
    assert seen == [("POST", url, b'{"x": 1}', "yes")]
    assert server.asked[0].query == {"a": "1", "q": "ü b"}
    assert server.asked[0].body == b'{"x": 1}'


def test_the_url_and_the_body_may_be_changed(server: JsonServer) -> None:
    server.answers([])

    def change(request: requests.PreparedRequest) -> None:
        request.prepare_url(f"{request.url}/signed", {"sig": "a b&c"})
        request.prepare_body("other body", None)

    send(server.base_url, Request("POST", "/items", json=[1]), ObjectAuth(Signing(change)))
    (asked,) = server.asked
    assert (asked.path, asked.query) == ("/items/signed", {"sig": "a b&c"})
    assert asked.body == b"other body"
    assert asked.headers["Content-Length"] == "10"


@pytest.mark.parametrize("url", ["{other}/x", "https{rest}/x", "{same}@{host}/x", "nonsense"])
def test_it_cannot_move_a_request_to_another_origin(server: JsonServer, url: str) -> None:
    with JsonServer() as other:
        moved = url.format(
            other=other.base_url,
            rest=server.base_url.removeprefix("http"),
            same=server.base_url,
            host=other.base_url.removeprefix("http://"),
        )

        def change(request: requests.PreparedRequest) -> None:
            request.url = moved

        with pytest.raises(AuthenticationFailed, match="nothing was sent"):
            send(server.base_url, "/", ObjectAuth(Signing(change)))
        assert server.asked == other.asked == []


def test_it_is_asked_again_after_a_redirect(server: JsonServer) -> None:
    server.handler = lambda asked: (
        Answer(status=302, headers={"Location": "/new"}) if asked.path == "/old" else Answer([])
    )

    def sign(request: requests.PreparedRequest) -> None:
        request.headers["X-Signed"] = str(request.path_url)

    send(server.base_url, "/old", ObjectAuth(Signing(sign)))
    assert [asked.headers["X-Signed"] for asked in server.asked] == ["/old", "/new"]


def test_one_call_at_a_time_and_not_on_the_event_loop(server: JsonServer) -> None:
    server.answers([])
    under_way, threads = [0], set()

    def sign(request: requests.PreparedRequest) -> None:
        under_way[0] += 1
        assert under_way[0] == 1
        threads.add(threading.current_thread())
        under_way[0] -= 1

    async def ask() -> None:
        auth = ObjectAuth(Signing(sign))
        async with HttpClient(ClientSettings(server.base_url)) as client:
            await asyncio.gather(*(client.send(Request("GET", "/"), auth) for _ in range(20)))

    asyncio.run(ask())
    assert len(server.asked) == 20
    assert threading.main_thread() not in threads


def test_digest_wants_to_see_the_answer_and_does(server: JsonServer) -> None:
    challenge = 'Digest realm="shop", nonce="abc", qop="auth", algorithm=MD5'

    def answer(asked: Asked) -> Answer:
        if asked.headers.get("Authorization", "").startswith('Digest username="me"'):
            return Answer([asked.path])
        return Answer({}, 401, {"WWW-Authenticate": challenge})

    server.handler = answer
    response = send(server.base_url, "/items", ObjectAuth(HTTPDigestAuth("me", SECRET)))
    assert response.body == b'["/items"]'


# What goes wrong


def told(server: JsonServer, auth: Any, **settings: Any) -> str:
    with pytest.raises(HeadraceError) as caught:
        send(server.base_url, "/items", ObjectAuth(auth), **settings)
    message = str(caught.value)
    assert "canary" not in message
    assert base64.b64encode(SECRET.encode()).decode() not in message
    return message


def raising(error: Exception) -> Signing:
    def fail(request: requests.PreparedRequest) -> None:
        raise error

    return Signing(fail)


def test_what_it_raises_is_told_without_its_secrets(server: JsonServer) -> None:
    message = told(server, raising(KeyError(f"no {SECRET}")))
    assert message == "`Signing`, which is to prove who asks, fails with KeyError: 'no ***'"
    assert "StopIteration" in told(server, raising(StopIteration(SECRET)))
    assert server.asked == []


def test_one_that_never_comes_back_does_not_outlast_the_timeout(server: JsonServer) -> None:
    enough = threading.Event()
    auth = Signing(lambda request: enough.wait(60))
    try:
        assert "`Signing`, which is to prove who asks, takes longer than 0.2 s" in told(
            server, auth, timeout=0.2
        )
    finally:
        enough.set()
    assert server.asked == []


def test_one_that_wants_the_answer_and_fails_is_told_of_as_well(server: JsonServer) -> None:
    calls = []

    def register_then_fail(request: requests.PreparedRequest) -> None:
        calls.append(request)
        request.hooks["response"] = [lambda response, **_: response]
        if len(calls) > 1:
            raise KeyError(SECRET)

    assert "`Signing`, which is to prove who asks, fails with KeyError: '***'" in told(
        server, Signing(register_then_fail)
    )
    assert server.asked == []


def test_what_is_no_request_is_named(server: JsonServer) -> None:
    class Forgetful(AuthBase):
        def __call__(self, request: Any) -> Any:
            return None

    assert "`Forgetful` gives back NoneType" in told(server, Forgetful())


def test_a_bad_network_on_its_way_is_tried_again(server: JsonServer) -> None:
    server.answers([])
    failures = [requests.ConnectionError("reset"), requests.Timeout("slow")]

    def sign(request: requests.PreparedRequest) -> None:
        if failures:
            raise failures.pop()

    time = PassingTime()
    send(server.base_url, "/", ObjectAuth(Signing(sign)), timing=time.timing, retry=RetrySettings())
    assert len(time.slept) == 2
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    "auth",
    [
        HTTPBasicAuth("me", SECRET),
        ShopAuth(shop_key=SECRET),
        Signing(lambda request: request.headers.update({"X-Made": f"Made {SECRET}-made"})),
        Signing(lambda request: request.prepare_url(request.url, {"sig": f"{SECRET}-made"})),
    ],
)
def test_its_secrets_and_what_it_puts_on_are_masked_where_the_server_echoes_them(
    server: JsonServer, auth: Any
) -> None:
    def echo(asked: Asked) -> Answer:
        packed = base64.b64encode(SECRET.encode()).decode()
        return Answer({"message": f"{dict(asked.headers)} {asked.query} {SECRET} {packed}"}, 401)

    server.handler = echo
    message = told(server, auth)
    assert "401 Unauthorized" in message
    assert f"does not accept what `{type(auth).__name__}` puts on the request" in message
    for asked in server.asked:
        packed = asked.headers.get("Authorization", "").partition(" ")[2]
        assert not packed or packed not in message


# dlt's own that fetch tokens, made into something else


class Zoom(OAuth2ClientCredentials):
    """Asks for tokens in its own way, as Zoom wants it."""

    def build_access_token_request(self) -> dict[str, Any]:
        pair = base64.b64encode(f"{self.client_id}:{self.client_secret}".encode()).decode()
        return {
            "headers": {"Authorization": f"Basic {pair}"},
            "data": {"grant_type": "account_credentials"},
        }


def zoom(tokens: JsonServer) -> Zoom:
    def give(asked: Asked) -> Answer:
        return Answer({"access_token": f"token-canary-{len(tokens.asked)}", "expires_in": 3600})

    tokens.handler = give
    return Zoom(
        access_token_url=f"{tokens.base_url}/token",
        client_id="me",
        client_secret=SECRET,
        session=requests.Session(),
    )


def test_a_refused_token_of_such_an_object_is_fetched_again_once(server: JsonServer) -> None:
    with JsonServer() as tokens:
        auth = ObjectAuth(zoom(tokens))
        server.handler = lambda asked: (
            Answer([]) if asked.headers["Authorization"].endswith("2") else Answer({}, 401)
        )

        async def ask() -> None:
            async with HttpClient(ClientSettings(server.base_url)) as client:
                await asyncio.gather(*(client.send(Request("GET", "/"), auth) for _ in range(4)))

        asyncio.run(ask())
        assert len(tokens.asked) == 2


class Counting(AuthBase):
    """Holds its token in `token`, as dlt's OAuthJWTAuth does."""

    token = ""
    fetched = 0

    def obtain_token(self) -> None:
        self.fetched += 1
        self.token = f"token-canary-{self.fetched}"

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if not self.token:
            self.obtain_token()
        request.headers["Authorization"] = f"Bearer {self.token}"
        return request


def test_lanes_that_are_refused_together_have_one_token_fetched(server: JsonServer) -> None:
    held = Counting()
    auth = ObjectAuth(held)
    server.handler = lambda asked: (
        Answer([]) if asked.headers["Authorization"].endswith("2") else Answer({}, 401)
    )

    async def ask() -> None:
        async with HttpClient(ClientSettings(server.base_url)) as client:
            await asyncio.gather(*(client.send(Request("GET", "/"), auth) for _ in range(4)))

    asyncio.run(ask())
    assert held.fetched == 2


def test_a_second_refusal_fails(server: JsonServer) -> None:
    with JsonServer() as tokens:
        server.handler = lambda asked: Answer({"message": asked.headers["Authorization"]}, 401)
        with pytest.raises(ResponseStatusError, match=r'says: "\*\*\*"'):
            send(server.base_url, "/", ObjectAuth(zoom(tokens)))
        assert (len(tokens.asked), len(server.asked)) == (2, 2)
