"""A hostile server gets neither memory nor time without end."""

from __future__ import annotations

import json
import resource
import socket
import time
import zlib
from contextlib import suppress
from typing import Any

import pytest

from headrace.core.exceptions import ConnectionFailed, PageError, ResponseStatusError
from headrace.http.retrying import RetrySettings
from tests.unit.http.asking import PassingTime, send
from tests.unit.http.brokenness import Breaking, answering, socket_server

pytestmark = pytest.mark.usefixtures("each_transport")

MIB = 1024 * 1024


def bomb(size: int) -> bytes:
    """One gzip member that unpacks to so many bytes, made from one block again and again."""
    block = 8 * MIB
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    first = packer.compress(bytes(block)) + packer.flush(zlib.Z_FULL_FLUSH)
    again = packer.compress(bytes(block)) + packer.flush(zlib.Z_FULL_FLUSH)
    return first + again * (size // block - 1)


BOMB = bomb(10 * 1024 * MIB)


@pytest.mark.parametrize("status", [b"200 OK", b"500 Oh", b"302 Found"])
def test_a_gzip_bomb_of_10_gib_stops_at_the_limit_in_little_memory(status: bytes) -> None:
    def serve(connection: socket.socket) -> None:
        connection.recv(65536)
        length = b"Content-Length: %d\r\n\r\n" % len(BOMB)
        with suppress(OSError):
            connection.sendall(b"HTTP/1.1 " + status + b"\r\nContent-Encoding: gzip\r\n" + length)
            connection.sendall(BOMB)

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.monotonic()
    with (
        socket_server(serve) as address,
        pytest.raises((PageError, ResponseStatusError), match=r"larger than 33,554,432|500|302"),
    ):
        send(f"http://{address}", max_response_bytes=32 * MIB)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 150 * 1024
    assert time.monotonic() - began < 20


def test_an_answer_that_is_too_large_is_not_asked_for_again() -> None:
    passing = PassingTime()
    body = b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 1000
    settings: dict[str, Any] = {"max_response_bytes": 999, "retry": RetrySettings()}
    with socket_server(answering(body)) as address, pytest.raises(PageError, match="larger than"):
        send(f"http://{address}", timing=passing.timing, **settings)
    assert passing.slept == []


@pytest.mark.parametrize(
    "headers",
    [
        b"X: " + b"x" * 70_000 + b"\r\n",
        b"X" * 70_000 + b": x\r\n",
        b"".join(b"X-%d: x\r\n" % number for number in range(1_000)),
    ],
)
def test_headers_without_end_are_refused(headers: bytes) -> None:
    answer = b"HTTP/1.1 200 OK\r\n" + headers + b"Content-Length: 2\r\n\r\n[]"
    told = "headers of the answer are more than 128, or one of them is longer than 65,536 bytes"
    with socket_server(answering(answer)) as address, pytest.raises(ConnectionFailed, match=told):
        send(f"http://{address}")


def dripping(beginning: bytes) -> Breaking:
    """Sends a byte now and then, for ever."""

    def serve(connection: socket.socket) -> None:
        connection.recv(65536)
        with suppress(OSError):
            connection.sendall(beginning)
            while True:
                connection.sendall(b"x")
                time.sleep(0.02)

    return serve


@pytest.mark.parametrize("beginning", [b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\n\r\n"])
def test_an_answer_that_drips_ends_with_the_time_for_one_request(beginning: bytes) -> None:
    with (
        socket_server(dripping(beginning)) as address,
        pytest.raises(ConnectionFailed, match=r"no whole answer within 0\.3 s"),
    ):
        send(f"http://{address}", timeout=0.3)


def test_an_error_that_nests_without_end_is_told() -> None:
    body = b'{"message": ' + b"[" * 60_000
    answer = b"HTTP/1.1 500 Oh\r\n\r\n" + body
    with socket_server(answering(answer)) as address, pytest.raises(ResponseStatusError) as caught:
        send(f"http://{address}")
    assert len(str(caught.value)) < 1_000
    assert json.dumps("message") in str(caught.value)
