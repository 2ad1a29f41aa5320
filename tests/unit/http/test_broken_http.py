"""An answer that breaks the rules of HTTP is taken where they say how, and else told of."""

from __future__ import annotations

import asyncio
import json
import socket
from pathlib import Path

import pytest
import requests

from headrace.core.exceptions import ConnectionFailed
from headrace.core.exchange import Request
from headrace.http.auth.credentials import Credentials
from headrace.http.client import HttpClient
from headrace.http.retrying import RetrySettings
from headrace.http.settings import ClientSettings
from tests.unit.http.asking import PassingTime, send
from tests.unit.http.brokenness import answering, in_turn, socket_server

pytestmark = pytest.mark.usefixtures("each_transport")

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n"
WHOLE = OK + b"Content-Length: 3\r\n\r\n[1]"


@pytest.fixture(params=["own", "session"])
def session(request: pytest.FixtureRequest) -> requests.Session | None:
    return None if request.param == "own" else requests.Session()


class Patient:
    """Answers each request on a connection, and leaves it open unless it is asked to close it."""

    def __init__(self, answer: bytes) -> None:
        self._answer = answer
        self.asked: list[bytes] = []

    def __call__(self, connection: socket.socket) -> None:
        while asked := connection.recv(65536):
            while b"content-length" in asked.lower() and not asked.endswith(b"}"):
                asked += connection.recv(65536)
            self.asked.append(asked)
            connection.sendall(self._answer)
            if b"connection: close" in asked.lower():
                return


@pytest.mark.parametrize(
    "head",
    [
        OK + b"Content-Length: 3\r\nContent-Length: 3\r\n",
        OK + b"Content-Length: 3, 3\r\n",
        OK + b"content-length: 3\r\nX-Page: 1\r\nCONTENT-LENGTH: 3 ,3,  3\r\n",
    ],
    ids=["two lines", "a list", "both"],
)
def test_a_length_that_is_there_twice_is_one(head: bytes) -> None:
    serve = Patient(head + b"\r\n[1]")
    with socket_server(serve) as address:
        response = send(f"http://{address}", "/items", Credentials.bearer("token"), timeout=5)
    assert response.body == b"[1]"
    assert response.headers["Content-Type"] == "application/json"
    first, second = serve.asked
    assert b"Authorization: Bearer token" in second
    assert first.split(b"\r\n", 1)[0] == second.split(b"\r\n", 1)[0] == b"GET /items HTTP/1.1"


@pytest.mark.parametrize("lines", [(0, 1), (1, 0)])
def test_chunks_go_before_a_length(lines: tuple[int, int]) -> None:
    said = (b"Transfer-Encoding: chunked\r\n", b"Content-Length: 99\r\n")
    head = OK + said[lines[0]] + said[lines[1]]
    with socket_server(answering(head + b"\r\n3\r\n[1]\r\n0\r\n\r\n")) as address:
        assert send(f"http://{address}", timeout=5).body == b"[1]"


@pytest.mark.parametrize(
    "said",
    [
        b"Content-Length: 3\r\nContent-Length: 4\r\n",
        b"Content-Length: 3, 4\r\n",
        b"Content-Length: three\r\n",
        b"Content-Length: -3\r\n",
        b"Content-Length: +3, +3\r\n",
    ],
)
def test_another_length_stays_an_error(said: bytes) -> None:
    serve = Patient(OK + said + b"\r\n[1]")
    passing = PassingTime()
    with socket_server(serve) as address, pytest.raises(ConnectionFailed) as caught:
        send(f"http://{address}", timing=passing.timing, retry=RetrySettings(), timeout=5)
    told = str(caught.value)
    assert "the head of the answer is broken HTTP" in told
    assert "Content-Length" in told
    assert passing.slept == []


def test_what_is_known_of_a_server_is_not_tried_again() -> None:
    serve = Patient(OK + b"Content-Length: 3\r\nContent-Length: 3\r\n\r\n[1]")
    request = Request("POST", "/search", json={"page": 1})

    async def ask_three_times(address: str) -> None:
        async with HttpClient(ClientSettings(f"http://{address}", timeout=5)) as client:
            for _ in range(3):
                assert (await client.send(request, Credentials())).body == b"[1]"

    with socket_server(serve) as address:
        asyncio.run(ask_three_times(address))
    assert len(serve.asked) == 4
    assert {json.loads(asked.partition(b"\r\n\r\n")[2])["page"] for asked in serve.asked} == {1}


def test_a_netrc_does_not_get_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password other")
    monkeypatch.setenv("NETRC", str(netrc))
    serve = Patient(OK + b"Content-Length: 3, 3\r\n\r\n[1]")
    with socket_server(serve) as address:
        send(f"http://{address}", timeout=5)
    assert len(serve.asked) == 2
    assert not any(b"authorization" in asked.lower() for asked in serve.asked)


@pytest.mark.parametrize(
    ("answer", "broken"),
    [
        (b"HTTP/1.1 abc OK\r\n\r\n", "HTTP/1.1 abc OK"),
        (b"HTTP/1.1 99 OK\r\n\r\n", "HTTP/1.1 99 OK"),
        (b"HTTP/2 200 OK\r\nContent-Length: 3\r\n\r\n[1]", "HTTP/2"),
    ],
)
def test_a_broken_status_line_is_shown(
    session: requests.Session | None, answer: bytes, broken: str
) -> None:
    with socket_server(answering(answer)) as address, pytest.raises(ConnectionFailed) as caught:
        send(f"http://{address}", session=session)
    told = str(caught.value)
    assert "the head of the answer is broken HTTP" in told
    assert broken in told
    assert "tell whoever runs it" in told
    assert "port" not in told


def test_a_broken_header_is_shown_without_secrets() -> None:
    answer = OK + b"Set Cookie: key=very-secret-key\r\n\r\n[1]"
    with socket_server(answering(answer)) as address, pytest.raises(ConnectionFailed) as caught:
        send(f"http://{address}", "/", Credentials.bearer("very-secret-key"))
    assert "(Invalid header token: b'Set Cookie: key=***')" in str(caught.value)


@pytest.mark.parametrize(
    "body",
    [
        b"zz\r\n[1]\r\n0\r\n\r\n",
        b"[1]",
        b"3\r\n[1,\r\nxyz\r\n2]\r\n0\r\n\r\n",
        b"3\r\n[1]X0\r\n\r\n",
    ],
    ids=["no number", "no chunks", "the second", "too long"],
)
def test_a_broken_chunk_is_asked_for_again(session: requests.Session | None, body: bytes) -> None:
    passing = PassingTime()
    broken = answering(CHUNKED + b"\r\n" + body)
    with socket_server(in_turn(broken, answering(WHOLE))) as address:
        retry = RetrySettings(max_attempts=2)
        answered = send(f"http://{address}", session=session, timing=passing.timing, retry=retry)
        assert answered.body == b"[1]"
    with socket_server(broken) as address, pytest.raises(ConnectionFailed) as caught:
        send(f"http://{address}", session=session)
    told = str(caught.value)
    assert "the body of the answer is broken HTTP" in told
    assert "run again, and where it stays, tell whoever runs it" in told
    assert "port" not in told


@pytest.mark.parametrize("said", [b"220 mail ready\r\n", b"SSH-2.0-OpenSSH_9.6\r\n", b'{"a": 1}'])
def test_only_where_nothing_of_http_comes_the_port_is_asked_for(
    session: requests.Session | None, said: bytes
) -> None:
    with (
        socket_server(answering(said)) as address,
        pytest.raises(ConnectionFailed, match=r"not in HTTP .* Is the port in `client.base_url`"),
    ):
        send(f"http://{address}", session=session)
