"""What fails in passing is asked for again; what would only fail again is not."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
import time
from contextlib import ExitStack
from email.utils import formatdate
from typing import Any

import pytest

from headrace.core.exceptions import ConnectionFailed, RequestError, ResponseStatusError
from headrace.core.exchange import Request
from headrace.core.figures import ResourceFigures
from headrace.http.auth.credentials import Credentials
from headrace.http.client import HttpClient
from headrace.http.retrying import RetrySettings
from headrace.http.settings import ClientSettings
from tests.support.servers import Answer, JsonServer
from tests.unit.http.asking import PassingTime, send
from tests.unit.http.brokenness import (
    Breaking,
    answering,
    free_port,
    in_turn,
    resetting,
    silent,
    socket_server,
)

pytestmark = pytest.mark.usefixtures("each_transport")

RETRY = RetrySettings()
WHOLE = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\n[1]"
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
PACKED = gzip.compress(b'{"data": [1, 2, 3, 4, 5, 6]}', mtime=0)


@pytest.fixture
def passing() -> PassingTime:
    return PassingTime()


def close_to(*pauses: float) -> list[Any]:
    """Pauses without their jitter, which is half of the first one at most."""
    return [pytest.approx(pause + 0.25, abs=0.25) for pause in pauses]


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_status_that_passes_is_asked_for_again(
    server: JsonServer, passing: PassingTime, status: int
) -> None:
    server.answers(Answer(status=status), [1])
    figures = ResourceFigures()
    response = send(server.base_url, timing=passing.timing, figures=figures, retry=RETRY)
    assert response.body == b"[1]"
    assert passing.slept == close_to(1)
    assert figures.retries == 1
    assert figures.seconds_waited == pytest.approx(passing.slept[0])


@pytest.mark.parametrize("status", [400, 401, 403, 404, 408, 422, 501])
def test_another_status_is_asked_for_once(
    server: JsonServer, passing: PassingTime, status: int
) -> None:
    server.answers(Answer(status=status), [1])
    with pytest.raises(ResponseStatusError):
        send(server.base_url, timing=passing.timing, retry=RETRY)
    assert len(server.asked) == 1


def test_pauses_double_up_to_the_longest(server: JsonServer, passing: PassingTime) -> None:
    server.answers(Answer(status=500))
    retry = RetrySettings(max_attempts=6, max_delay=5)
    with pytest.raises(ResponseStatusError):
        send(server.base_url, timing=passing.timing, retry=retry)
    assert passing.slept == [*close_to(1, 2, 4), 5, 5]
    assert len(server.asked) == 6


def test_pauses_are_not_the_same_each_time(server: JsonServer, passing: PassingTime) -> None:
    server.answers(Answer(status=500))
    for _ in range(3):
        with pytest.raises(ResponseStatusError):
            send(server.base_url, timing=passing.timing, retry=RetrySettings(max_attempts=2))
    assert len(set(passing.slept)) == 3


def test_which_statuses_pass_is_a_setting(server: JsonServer, passing: PassingTime) -> None:
    server.answers(Answer(status=404), [1])
    retry = RetrySettings(status_codes=frozenset({404}))
    assert send(server.base_url, timing=passing.timing, retry=retry).body == b"[1]"
    server.answers(Answer(status=503))
    with pytest.raises(ResponseStatusError):
        send(server.base_url, timing=passing.timing, retry=retry)
    assert len(server.asked) == 3


def test_the_last_error_tells_the_whole_story(server: JsonServer, passing: PassingTime) -> None:
    key = Credentials.api_key("k", "very-secret-key", "query")
    words = {"message": "overloaded, very-secret-key"}
    server.answers(Answer(status=500), Answer(status=502), Answer(words, 503))
    with pytest.raises(ResponseStatusError) as caught:
        send(server.base_url, "/items", key, timing=passing.timing, retry=RETRY)
    told = str(caught.value)
    assert caught.value.status == 503
    assert told.startswith(f"GET {server.base_url}/items?k=***: the server answers 503 Service")
    assert 'says: "overloaded, ***"' in told
    assert "Asked 5 times (500, 502, 503, 503, 503), 1" in told
    waits = [f"{pause:.1f}" for pause in passing.slept]
    assert f"with {', '.join(waits[:3])} and {waits[3]} s of waiting between." in told
    assert "secret" not in told


def test_an_error_that_does_not_pass_ends_the_retries_and_tells_of_them(
    server: JsonServer, passing: PassingTime
) -> None:
    server.answers(Answer(status=500), Answer(status=401))
    with pytest.raises(ResponseStatusError, match=r"401 .*Asked 2 times \(500, this\)") as caught:
        send(server.base_url, timing=passing.timing, retry=RETRY)
    assert caught.value.status == 401


def test_one_attempt_tells_no_story(server: JsonServer, passing: PassingTime) -> None:
    server.answers(Answer(status=500))
    with pytest.raises(ResponseStatusError) as caught:
        send(server.base_url, timing=passing.timing, retry=RetrySettings(max_attempts=1))
    assert "Asked" not in str(caught.value)
    assert passing.slept == []


def test_a_body_is_sent_again_with_each_attempt(server: JsonServer, passing: PassingTime) -> None:
    server.answers(Answer(status=503), [1])
    request = Request("POST", "/search", json={"cursor": "abc"})
    assert send(server.base_url, request, timing=passing.timing, retry=RETRY).body == b"[1]"
    assert [(asked.method, json.loads(asked.body)) for asked in server.asked] == [
        ("POST", {"cursor": "abc"})
    ] * 2


def test_a_retry_follows_redirects_from_the_beginning(
    server: JsonServer, passing: PassingTime
) -> None:
    moved = Answer(status=302, headers={"Location": "/new"})
    server.answers(moved, Answer(status=503), moved, [1])
    assert send(server.base_url, "/old", timing=passing.timing, retry=RETRY).body == b"[1]"
    assert [asked.path for asked in server.asked] == ["/old", "/new"] * 2


# Networks


@pytest.mark.parametrize(
    "serve",
    [
        answering(b""),
        resetting(),
        answering(OK + b'Content-Length: 100\r\n\r\n{"data": ['),
        resetting(OK + b'Content-Length: 100\r\n\r\n{"data": ['),
        answering(OK + b'Transfer-Encoding: chunked\r\n\r\na\r\n{"data": [\r\n'),
        # Its body is whole: without a word the client would ask on over a connection that closes.
        answering(
            OK + b"Connection: close\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello"
        ),
        answering(
            OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(PACKED) + PACKED[:15]
        ),
        answering(b"HTTP/1.1 404 Oh\r\nContent-Length: 100\r\n\r\nhalf of it"),
    ],
    ids=["closed", "reset", "cut", "cut-reset", "chunk", "not-gzip", "half-gzip", "cut-error"],
)
def test_a_broken_connection_is_opened_again(passing: PassingTime, serve: Breaking) -> None:
    with socket_server(in_turn(serve, serve, answering(WHOLE))) as address:
        response = send(f"http://{address}", timing=passing.timing, retry=RETRY)
    assert response.body == b"[1]"
    assert passing.slept == close_to(1, 2)


def test_a_server_that_stays_silent_is_asked_again(passing: PassingTime) -> None:
    with socket_server(in_turn(silent, answering(WHOLE))) as address:
        response = send(f"http://{address}", timing=passing.timing, retry=RETRY, timeout=0.2)
    assert response.body == b"[1]"


def test_a_server_that_is_only_starting_is_found(passing: PassingTime) -> None:
    port = free_port()
    with ExitStack() as running:
        passing.on_sleep = lambda: running.enter_context(socket_server(answering(WHOLE), port))
        assert send(f"http://127.0.0.1:{port}", timing=passing.timing, retry=RETRY).body == b"[1]"
    assert passing.slept == close_to(1)


def test_a_server_that_was_there_is_waited_for_twice_as_long(passing: PassingTime) -> None:
    asked: list[bytes] = []

    async def ask() -> None:
        settings = ClientSettings(f"http://127.0.0.1:{port}", retry=RETRY)
        async with HttpClient(settings, passing.timing) as client:
            for _ in range(2):
                asked.append((await client.send(Request("GET", "/"), Credentials())).body)
                running.close()

    port = free_port()
    with ExitStack() as running:

        def start_again() -> None:
            if len(passing.slept) == 4:
                running.enter_context(socket_server(answering(WHOLE), port))

        passing.on_sleep = start_again
        running.enter_context(socket_server(answering(WHOLE), port))
        asyncio.run(ask())
    assert asked == [b"[1]", b"[1]"]
    doubled = [pytest.approx(2 * (pause + 0.25), abs=0.5) for pause in (1, 2, 4, 8)]
    assert passing.slept == doubled


def test_tls_that_fails_is_not_tried_again(passing: PassingTime) -> None:
    speaking = socket_server(answering(b"220 mail ready\r\n"))
    with speaking as address, pytest.raises(ConnectionFailed, match="TLS"):
        send(f"https://{address}", timing=passing.timing, retry=RETRY)
    assert passing.slept == []


def test_an_unknown_host_is_looked_up_twice(
    monkeypatch: pytest.MonkeyPatch, passing: PassingTime
) -> None:
    def unknown(*args: object, **options: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(ConnectionFailed, match=r"Asked 2 times \(unknown host, unknown host\)"):
        send("http://nowhere.invalid", timing=passing.timing, retry=RETRY)
    assert passing.slept == close_to(1)


def test_what_is_not_http_is_not_asked_for_again(passing: PassingTime) -> None:
    speaking = socket_server(answering(b"220 mail.example.com ESMTP\r\n"))
    with speaking as address, pytest.raises(ConnectionFailed, match="not in HTTP"):
        send(f"http://{address}", timing=passing.timing, retry=RETRY)
    assert passing.slept == []


# Retry-After


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("said", "waited"),
    [
        ("7", 7),
        ("400", 400),
        (formatdate(1_030, usegmt=True), 30),
        ("0", None),
        ("-5", None),
        ("soon", None),
        ("", None),
        (formatdate(900, usegmt=True), None),
        (formatdate(1_000, usegmt=True), None),
    ],
)
def test_the_server_says_how_long_to_wait(
    server: JsonServer, passing: PassingTime, status: int, said: str, waited: float | None
) -> None:
    date = {"Date": formatdate(1_000, usegmt=True)}
    server.answers(Answer(status=status, headers={"Retry-After": said, **date}), [1])
    assert send(server.base_url, timing=passing.timing, retry=RETRY).body == b"[1]"
    assert passing.slept == (close_to(1) if waited is None else [waited])


def test_a_date_is_told_by_the_servers_clock(server: JsonServer, passing: PassingTime) -> None:
    dates = {
        "Retry-After": formatdate(500_060, usegmt=True),
        "Date": formatdate(500_000, usegmt=True),
    }
    server.answers(Answer(status=429, headers=dates), [1])
    send(server.base_url, timing=passing.timing, retry=RETRY)
    assert passing.slept == [60]


@pytest.mark.parametrize("said", ["601", "9" * 400, formatdate(90_000, usegmt=True)])
def test_a_wait_beyond_the_deadline_fails_at_once_and_says_so(
    server: JsonServer, passing: PassingTime, said: str
) -> None:
    headers = {"Retry-After": said, "Date": formatdate(1_000, usegmt=True)}
    server.answers(Answer({"message": "quota"}, 429, headers), [1])
    with pytest.raises(ResponseStatusError) as caught:
        send(server.base_url, timing=passing.timing, retry=RETRY)
    told = str(caught.value)
    assert 'says: "quota"' in told
    assert "The server asks to wait" in told
    assert "more than `client.retry.deadline` (600 s) leaves" in told
    assert (passing.slept, len(server.asked)) == ([], 1)


def test_what_the_server_says_can_be_ignored(server: JsonServer, passing: PassingTime) -> None:
    server.answers(Answer(status=429, headers={"Retry-After": "7"}), [1])
    retry = RetrySettings(respect_retry_after=False)
    send(server.base_url, timing=passing.timing, retry=retry)
    assert passing.slept == close_to(1)


# Time


def test_no_attempt_begins_after_the_deadline(server: JsonServer, passing: PassingTime) -> None:
    server.answers(Answer(status=500))
    with pytest.raises(ResponseStatusError, match=r"\(10 s\) leaves no time.*Asked 4 times"):
        send(server.base_url, timing=passing.timing, retry=RetrySettings(deadline=10))
    assert passing.slept == close_to(1, 2, 4)


def test_an_attempt_takes_no_longer_than_the_deadline_leaves() -> None:
    retry = RetrySettings(deadline=0.3, backoff_factor=0.001)
    began = time.monotonic()
    with socket_server(silent) as address, pytest.raises(ConnectionFailed):
        send(f"http://{address}", retry=retry, timeout=30)
    assert time.monotonic() - began < 5


def test_a_later_attempt_takes_no_longer_than_the_deadline_leaves() -> None:
    retry = RetrySettings(deadline=0.5, backoff_factor=0.001)
    began = time.monotonic()
    trouble = answering(b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    speaking = socket_server(in_turn(trouble, silent))
    with (
        speaking as address,
        pytest.raises(ConnectionFailed, match=r"Asked 2 times \(500, timeout"),
    ):
        send(f"http://{address}", retry=retry, timeout=30)
    assert time.monotonic() - began < 5


def test_a_cancellation_ends_a_wait_at_once(server: JsonServer) -> None:
    server.answers(Answer(status=503, headers={"Retry-After": "300"}))

    async def ask() -> None:
        async with HttpClient(ClientSettings(server.base_url, retry=RETRY)) as client:
            figures = ResourceFigures()
            asking = asyncio.create_task(
                client.read(Request("GET", "/"), Credentials(), bool, figures)
            )
            while not figures.seconds_waited:
                await asyncio.sleep(0.001)
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking

    asyncio.run(asyncio.wait_for(ask(), timeout=30))


def test_nothing_else_is_told_of_secrets_in_the_story(passing: PassingTime) -> None:
    key = Credentials.api_key("k", "very-secret-key", "query")
    with socket_server(resetting()) as address, pytest.raises(RequestError) as caught:
        send(f"http://me:hush-hush@{address}", "/", key, timing=passing.timing, retry=RETRY)
    assert "secret" not in str(caught.value)
    assert "hush" not in str(caught.value)
    assert "Asked 5 times" in str(caught.value)
