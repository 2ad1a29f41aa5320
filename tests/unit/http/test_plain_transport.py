"""What goes out past aiohttp, and what is left to it."""

from __future__ import annotations

import asyncio
import gc
import socket
import subprocess
import sys
import textwrap
from collections.abc import Iterator

import pytest

from headrace.core.exchange import Request
from headrace.http.auth.credentials import Credentials
from headrace.http.client import HttpClient
from headrace.http.settings import ClientSettings
from headrace.http.transports.plain.connection import RawAnswer
from headrace.http.unpacking import ACCEPTED_CODINGS
from tests.support.servers import Answer, JsonServer
from tests.unit.http.asking import send
from tests.unit.http.brokenness import answering, socket_server

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
WHOLE = OK + b"Content-Length: 3\r\n\r\n[1]"


@pytest.fixture
def api() -> Iterator[JsonServer]:
    with JsonServer() as server:
        server.handler = lambda asked: Answer([asked.path])
        yield server


def answers_to(base_url: str, count: int) -> list[bytes]:
    """The bodies of so many answers, asked for one after the other by one client."""

    async def ask() -> list[bytes]:
        async with HttpClient(ClientSettings(base_url)) as client:
            asked = [await client.send(Request("GET", "/"), Credentials()) for _ in range(count)]
        return [answer.body for answer in asked]

    return asyncio.run(ask())


@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_what_comes_before_the_answer_is_passed_over(size: int) -> None:
    early = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    whole = b"HTTP/1.1 100 Continue\r\n\r\n" + early + WHOLE

    def serve(connection: socket.socket) -> None:
        connection.recv(65536)
        for start in range(0, len(whole), size):
            connection.sendall(whole[start : start + size])

    with socket_server(serve) as address:
        answer = send(f"http://{address}")

    assert (answer.status, answer.body) == (200, b"[1]")
    assert "Link" not in answer.headers


def test_one_connection_carries_many_exchanges() -> None:
    connections: list[int] = []

    def serve(connection: socket.socket) -> None:
        connections.append(0)
        while connection.recv(65536):
            connections[-1] += 1
            connection.sendall(WHOLE)

    with socket_server(serve) as address:
        assert answers_to(f"http://{address}", 5) == [b"[1]"] * 5

    assert connections == [5]


def test_an_answer_goes_once_nobody_wants_it() -> None:
    """Objects that hold each other stay until Python looks for such, with a body of a page each."""

    def serve(connection: socket.socket) -> None:
        while connection.recv(65536):
            connection.sendall(WHOLE)

    def answers() -> int:
        return sum(type(each) is RawAnswer for each in gc.get_objects())

    before = answers()
    gc.disable()
    try:
        with socket_server(serve) as address:
            answers_to(f"http://{address}", 20)
        kept = answers() - before
    finally:
        gc.enable()

    assert kept <= 2


@pytest.mark.parametrize(
    "answer",
    [
        WHOLE + b"HTTP/1.1 200 OK\r\n",
        OK + b"Connection: close\r\nContent-Length: 3\r\n\r\n[1]",
        b"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\n[1]",
        OK + b"\r\n[1]",
    ],
    ids=["more than the answer", "said", "by version", "without a length"],
)
def test_a_connection_that_cannot_go_on_carries_no_other_exchange(answer: bytes) -> None:
    connections: list[int] = []

    def serve(connection: socket.socket) -> None:
        connections.append(0)
        while connection.recv(65536):
            connections[-1] += 1
            connection.sendall(answer)
            if b"Content-Length" not in answer:
                return

    with socket_server(serve) as address:
        assert answers_to(f"http://{address}", 3) == [b"[1]"] * 3

    assert connections == [1, 1, 1]


def test_what_comes_unasked_on_an_idle_connection_is_nobody_s_answer() -> None:
    waiting, closed = asyncio.Event(), asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(WHOLE)
        await writer.drain()
        await waiting.wait()
        writer.write(WHOLE.replace(b"[1]", b"[2]"))
        await writer.drain()
        assert await reader.read() == b""
        closed.set()
        writer.close()

    async def ask() -> list[bytes]:
        listener = await asyncio.start_server(serve, "127.0.0.1", 0)
        base_url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
        async with listener, HttpClient(ClientSettings(base_url)) as client:
            first = await client.send(Request("GET", "/"), Credentials())
            waiting.set()
            async with asyncio.timeout(20):
                await closed.wait()
            closed.clear()
            second = await client.send(Request("GET", "/"), Credentials())
            return [first.body, second.body]

    assert asyncio.run(ask()) == [b"[1]", b"[1]"]


def test_the_same_headers_go_out_as_with_aiohttp(
    api: JsonServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = {"X-Team": "Zoë", "Cookie": "a=b"}
    send(api.base_url, Request("GET", "/a b/ü?x=1", params={"y": "ä&"}, headers=own))
    monkeypatch.setenv("HEADRACE_WITHOUT", "plain_transport")
    send(api.base_url, Request("GET", "/a b/ü?x=1", params={"y": "ä&"}, headers=own))

    plain, usual = api.asked
    assert plain.target == usual.target
    assert dict(plain.headers) == dict(usual.headers)
    assert plain.headers["Accept-Encoding"] == ACCEPTED_CODINGS


def test_a_listing_over_get_does_not_need_aiohttp(api: JsonServer) -> None:
    program = f"""
        import asyncio, sys
        from headrace.core.exchange import Request
        from headrace.http.auth.credentials import Credentials
        from headrace.http.client import HttpClient
        from headrace.http.settings import ClientSettings

        async def ask(method):
            async with HttpClient(ClientSettings({api.base_url!r})) as client:
                return (await client.send(Request(method, "/"), Credentials())).status

        print(asyncio.run(ask("GET")), "aiohttp" in sys.modules)
        print(asyncio.run(ask("POST")), "aiohttp" in sys.modules)
    """
    ran = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=True
    )

    assert ran.stdout.split() == ["200", "False", "200", "True"]


def test_a_header_that_would_break_the_request_in_two_is_not_sent(api: JsonServer) -> None:
    with pytest.raises(Exception, match=r"(?i)newline|header"):
        send(api.base_url, Request("GET", "/", headers={"X-A": "1\r\nX-B: 2"}))
    assert not api.asked


def test_answers_on_a_connection_that_ends_within_them_are_never_half(api: JsonServer) -> None:
    for answer in (
        OK + b"Content-Length: 9\r\n\r\n[1]",
        OK + b"Transfer-Encoding: chunked\r\n\r\n3\r\n[1]\r\n",
    ):
        with (
            socket_server(answering(answer)) as address,
            pytest.raises(Exception, match="broke off"),
        ):
            send(f"http://{address}")
