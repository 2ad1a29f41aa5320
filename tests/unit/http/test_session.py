"""Requests go over a session of the user's, and all that holds for others holds for them."""

from __future__ import annotations

import asyncio
import base64
import gzip
import io
import json
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import certifi
import pytest
import requests
from dlt.sources.helpers.requests import Client
from requests.adapters import HTTPAdapter

from headrace.core.exceptions import (
    ConnectionFailed,
    HeadraceError,
    PageError,
    RedirectRefused,
    ResponseStatusError,
)
from headrace.core.exchange import Request
from headrace.core.figures import ResourceFigures
from headrace.http.auth.credentials import Credentials
from headrace.http.auth.oauth2 import ClientCredentials, TokenSettings
from headrace.http.client import HttpClient
from headrace.http.retrying import RetrySettings
from headrace.http.settings import ClientSettings
from tests.support.servers import Answer, Asked, JsonServer
from tests.unit.http.asking import PassingTime, send
from tests.unit.http.brokenness import answering, free_port, resetting, silent, socket_server
from tests.unit.http.certificates import AUTHORITY, tls_server

KEY = Credentials.api_key("X-API-KEY", "very-secret-key")
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> requests.Session:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.setenv(name, certifi.where())
    return requests.Session()


def test_its_headers_cookies_and_login_are_sent(
    server: JsonServer, session: requests.Session
) -> None:
    session.headers.update({"X-Session": "yes", "X-Both": "session"})
    session.cookies.set("sid", "from-the-jar")
    session.auth = ("Aladdin", "open sesame")
    server.answers(Answer([], headers={"Set-Cookie": "more=later"}))
    for _ in range(2):
        send(server.base_url, "/", session=session, headers={"X-Both": "client"})
    first, second = (asked.headers for asked in server.asked)
    assert (first["X-Session"], first["X-Both"]) == ("yes", "client")
    assert first["User-Agent"].startswith("python-requests/")
    assert first["Authorization"] == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
    assert (first["Cookie"], second["Cookie"]) == (
        "sid=from-the-jar",
        "sid=from-the-jar; more=later",
    )


@pytest.mark.parametrize(
    "credentials",
    [Credentials.bearer("token"), KEY, Credentials.api_key("k", "very-secret-key", "query")],
)
def test_credentials_of_the_config_go_before_its_login_and_a_netrc(
    server: JsonServer,
    session: requests.Session,
    credentials: Credentials,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password other")
    monkeypatch.setenv("NETRC", str(netrc))
    server.answers([])
    for auth in (("me", "session"), None):
        session.auth = auth
        send(server.base_url, "/", credentials, session=session)
    for asked in server.asked:
        assert asked.headers.get("Authorization") == credentials.headers.get("Authorization")


def test_a_key_in_a_cookie_joins_those_of_the_session(
    server: JsonServer, session: requests.Session
) -> None:
    session.cookies.set("sid", "jar")
    server.answers([])
    send(server.base_url, "/", Credentials.api_key("key", "k3y", "cookie"), session=session)
    assert server.asked[0].headers["Cookie"] == "sid=jar; key=k3y"


def test_method_query_and_body_arrive_as_over_the_other_way(
    server: JsonServer, session: requests.Session
) -> None:
    server.answers([])
    request = Request("POST", "/a%2Fb/ü?own=1", params={"q": "a&b=ü+c", "id": [1, 2]}, json=[1])
    for given in (session, None):
        send(server.base_url, request, KEY, session=given)
    one, other = server.asked
    assert (one.method, one.path, one.query, one.body) == (
        *(other.method, other.path, other.query, other.body),
    )
    assert one.headers["Content-Type"] == "application/json"


def test_redirects_are_followed_by_us_and_not_out_of_the_origin(
    server: JsonServer, session: requests.Session
) -> None:
    def answer(asked: Asked) -> Answer:
        if asked.path == "/old":
            return Answer(status=302, headers={"Location": location})
        return Answer({"at": asked.path})

    server.handler = answer
    with JsonServer() as other:
        location = "/new"
        assert json.loads(send(server.base_url, "/old", KEY, session=session).body) == {
            "at": "/new"
        }
        location = other.base_url
        with pytest.raises(RedirectRefused, match=r"client\.base_url"):
            send(server.base_url, "/old", KEY, session=session)
        assert other.asked == []


def test_its_login_cannot_move_a_request_to_another_origin(
    server: JsonServer, session: requests.Session
) -> None:
    def move(request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.url = other.base_url
        return request

    with JsonServer() as other:
        session.auth = move
        with pytest.raises(RedirectRefused, match="nothing was sent"):
            send(server.base_url, "/", session=session)
        assert server.asked == other.asked == []


def test_a_body_beyond_the_limit_ends_early(server: JsonServer, session: requests.Session) -> None:
    bomb = gzip.compress(b"\0" * 10_000_000)
    server.answers(Answer(raw=bomb, headers={"Content-Encoding": "gzip"}))
    with pytest.raises(PageError, match=r"larger than 999,999 bytes.*max_response_bytes"):
        send(server.base_url, session=session, max_response_bytes=999_999)
    assert len(send(server.base_url, session=session).body) == 10_000_000


def test_a_session_of_dlt_tries_again_no_more_often_than_the_config_says(
    server: JsonServer,
) -> None:
    server.answers(Answer({}, 503), Answer({}, 503), Answer([1]))
    time, figures = PassingTime(), ResourceFigures()
    session = Client(raise_for_status=True).session
    response = send(
        server.base_url,
        session=session,
        timing=time.timing,
        figures=figures,
        retry=RetrySettings(),
    )
    assert response.body == b"[1]"
    assert (len(server.asked), figures.retries, len(time.slept)) == (3, 2, 2)
    assert server.asked[0].headers["User-Agent"].startswith("dlt/")


def test_a_certificate_that_the_session_trusts_is_trusted(
    session: requests.Session, tmp_path: Path
) -> None:
    with tls_server(answering(OK + b"Content-Length: 2\r\n\r\n[]")) as base_url:
        with pytest.raises(ConnectionFailed, match=r"TLS with .* failed \(.*certificate"):
            send(base_url, session=session)
        AUTHORITY.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
        session.verify = str(tmp_path / "authority.pem")
        assert send(base_url, session=session).body == b"[]"


def test_its_proxies_are_asked(server: JsonServer, session: requests.Session) -> None:
    server.answers({"by": "proxy"})
    session.proxies = {"http": server.base_url.replace("//", "//me:pass@")}
    response = send("http://api.example.com/v1", "/items", KEY, session=session)
    assert json.loads(response.body) == {"by": "proxy"}
    assert server.asked[0].headers["Proxy-Authorization"] == "Basic bWU6cGFzcw=="


def test_its_own_adapters_are_used(session: requests.Session) -> None:
    class FromMemory(HTTPAdapter):
        def send(self, request: Any, *args: Any, **options: Any) -> requests.Response:
            response = requests.Response()
            response.status_code, response.raw = 200, io.BytesIO(b"[7]")
            return response

    session.mount("http://", FromMemory())
    assert send("http://api.example.com", session=session).body == b"[7]"


def test_as_many_at_once_as_the_config_allows(session: requests.Session) -> None:
    """More than asyncio's own threads would carry on a small machine."""
    together = threading.Barrier(12, timeout=20)
    with JsonServer() as server:
        server.answers([])

        def wait_for_the_others(response: requests.Response, **_: Any) -> None:
            together.wait()

        session.hooks["response"] = [wait_for_the_others]

        async def ask() -> None:
            settings = ClientSettings(server.base_url, concurrency=12, session=session)
            async with HttpClient(settings) as client:
                asked = (client.send(Request("GET", "/"), Credentials()) for _ in range(12))
                await asyncio.gather(*asked)

        asyncio.run(ask())
        assert len(server.asked) == 12


# What goes wrong


def failure(base_url: str, session: requests.Session, **settings: Any) -> str:
    with pytest.raises(HeadraceError) as caught:
        send(base_url.replace("//", "//me:hush-hush@"), "/items", session=session, **settings)
    message = str(caught.value)
    assert message.startswith(f"GET {base_url}/items: ")
    assert "\n" not in message
    assert "hush" not in message
    assert "HTTPConnectionPool" not in message
    return message


def stalling(connection: socket.socket) -> None:
    connection.recv(65536)
    connection.sendall(OK + b"Content-Length: 100\r\n\r\n[")
    silent(connection)


@pytest.mark.parametrize(
    ("serve", "told", "asked"),
    [
        (silent, "no whole answer within 0.2 s", "timeout"),
        (stalling, "no whole answer within 0.2 s", "timeout"),
        (resetting(), "closed the connection before it answered", "closed connection"),
        (
            answering(OK + b"Content-Length: 100\r\n\r\n[1"),
            "the answer broke off before its end",
            "broken answer",
        ),
        (
            answering(OK + b"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope"),
            "the answer cannot be decompressed",
            "broken answer",
        ),
        (answering(b"220 mail.example.com ESMTP\r\n"), "answers, but not in HTTP", None),
    ],
)
def test_what_passes_is_tried_again_and_told_as_over_the_other_way(
    serve: Callable[[socket.socket], None],
    told: str,
    asked: str | None,
    session: requests.Session,
) -> None:
    with socket_server(serve) as address:
        base_url = f"http://{address}"
        message = failure(base_url, session, timeout=0.2)
        assert told in message
        if asked is not None:
            retry = RetrySettings(max_attempts=2)
            time = PassingTime().timing
            again = failure(base_url, session, timeout=0.2, retry=retry, timing=time)
            assert f"Asked 2 times ({asked}, {asked})" in again


def test_nobody_listens(session: requests.Session) -> None:
    base_url = f"http://127.0.0.1:{free_port()}"
    assert "does not take the connection (connection refused)" in failure(base_url, session)


def test_the_host_is_unknown(session: requests.Session, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*args: object, **options: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    told = failure("http://api.example.com", session)
    assert "the host of http://api.example.com is unknown" in told


def test_a_byte_now_and_then_does_not_outlast_the_timeout(session: requests.Session) -> None:
    enough = threading.Event()

    def trickle(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(OK + b"Content-Length: 1000000\r\n\r\n")
        while not enough.wait(0.01):
            try:
                connection.sendall(b" ")
            except OSError:
                return

    with socket_server(trickle) as address:
        try:
            assert "no whole answer within 0.3 s" in failure(
                f"http://{address}", session, timeout=0.3
            )
        finally:
            enough.set()


def test_what_the_server_echoes_of_the_session_is_masked(
    server: JsonServer, session: requests.Session
) -> None:
    session.headers["X-Token"] = "canary-header"
    session.auth = ("me-myself", "canary-password")
    server.handler = lambda asked: Answer({"message": str(dict(asked.headers))}, 401)
    with pytest.raises(ResponseStatusError) as caught:
        send(server.base_url, session=session)
    assert "canary" not in str(caught.value)
    assert base64.b64encode(b"me-myself:canary-password").decode() not in str(caught.value)


def test_the_token_goes_over_a_session_of_its_own(
    server: JsonServer, session: requests.Session
) -> None:
    session.headers["X-Session"] = "for tokens"
    server.answers([])
    with JsonServer() as tokens:
        tokens.answers({"access_token": "fresh-token"})
        settings = TokenSettings(tokens.base_url, "me", "hush-hush", session=session)
        send(server.base_url, "/", ClientCredentials(settings))
        assert tokens.asked[0].headers["X-Session"] == "for tokens"
    assert "X-Session" not in server.asked[0].headers
    assert server.asked[0].headers["Authorization"] == "Bearer fresh-token"
