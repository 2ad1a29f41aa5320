"""A client asks no faster than it may, and all of its lanes heed what a server says to one."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from headrace.core.exceptions import ResponseStatusError
from headrace.core.exchange import Request
from headrace.core.figures import ResourceFigures
from headrace.http.auth.credentials import Credentials
from headrace.http.client import HttpClient
from headrace.http.retrying import RetrySettings
from headrace.http.settings import ClientSettings
from headrace.http.throttle import RateLimit, Throttle
from headrace.http.timing import Timing
from tests.support.servers import Answer, Asked, JsonServer
from tests.unit.http.asking import PassingTime, as_it_came

PATIENCE = 20.0

Asking = Callable[[str], Coroutine[Any, Any, bytes]]


def talk(
    server: JsonServer,
    conversation: Callable[[Asking], Coroutine[Any, Any, None]],
    timing: Timing | None = None,
    figures: ResourceFigures | None = None,
    **settings: Any,
) -> None:
    """Holds a conversation with a server through one client."""

    async def hold() -> None:
        given = ClientSettings(server.base_url, **settings)
        async with HttpClient(given, timing or Timing()) as client:

            async def ask(path: str) -> bytes:
                request = Request("GET", path)
                counted = figures or ResourceFigures()
                return (await client.read(request, Credentials(), as_it_came, counted)).body

            await asyncio.wait_for(conversation(ask), PATIENCE)

    asyncio.run(hold())


class HeldSleep:
    """A sleep that lasts until the test ends it; the clock stands still meanwhile."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.begun: asyncio.Queue[float] = asyncio.Queue()
        self.ended = asyncio.Event()

    @property
    def timing(self) -> Timing:
        return Timing(lambda: self.now, lambda: self.now, self._sleep)

    async def _sleep(self, seconds: float) -> None:
        self.begun.put_nowait(seconds)
        await self.ended.wait()

    def end(self, seconds: float) -> None:
        self.now += seconds
        self.ended.set()


def refusing_once(path: str, refusal: Answer) -> Callable[[Asked], Answer]:
    refused: list[str] = []

    def answer(asked: Asked) -> Answer:
        if asked.path == path and not refused:
            refused.append(path)
            return refusal
        return Answer([asked.path])

    return answer


def test_a_wait_takes_no_place_from_others(server: JsonServer) -> None:
    server.handler = refusing_once("/a", Answer(status=500))
    held = HeldSleep()

    async def conversation(ask: Asking) -> None:
        waiting = asyncio.create_task(ask("/a"))
        await held.begun.get()
        assert await ask("/b") == b'["/b"]'
        assert not waiting.done()
        held.end(2)
        assert await waiting == b'["/a"]'

    talk(server, conversation, held.timing, concurrency=1)


@pytest.mark.parametrize(
    "refusal", [Answer(status=429), Answer(status=503, headers={"Retry-After": "1"})]
)
def test_who_is_told_to_slow_down_slows_all_others(server: JsonServer, refusal: Answer) -> None:
    server.handler = refusing_once("/a", refusal)
    held = HeldSleep()

    async def conversation(ask: Asking) -> None:
        refused = asyncio.create_task(ask("/a"))
        await held.begun.get()
        others = [asyncio.create_task(ask(f"/{number}")) for number in range(20)]
        for _ in range(50):
            await asyncio.sleep(0.001)
        assert [asked.path for asked in server.asked] == ["/a"]
        held.end(2)
        assert await refused == b'["/a"]'
        await asyncio.gather(*others)

    talk(server, conversation, held.timing)
    assert [asked.path for asked in server.asked[:2]] == ["/a", "/a"]
    assert len(server.asked) == 22


def test_requests_that_were_refused_together_are_not_refused_again(server: JsonServer) -> None:
    """A server that takes one request in a second meets a client with eight lanes."""
    passing = PassingTime()
    begun: dict[int, int] = {}

    def answer(asked: Asked) -> Answer:
        second = int(passing.now)
        begun[second] = begun.get(second, 0) + 1
        if begun[second] > 1:
            return Answer(status=429, headers={"Retry-After": "1"})
        return Answer([1])

    server.handler = answer
    figures = ResourceFigures()

    async def conversation(ask: Asking) -> None:
        await asyncio.gather(*(ask(f"/{number}") for number in range(20)))

    talk(server, conversation, passing.timing, figures, retry=RetrySettings(max_attempts=3))
    assert passing.now - 1_000 < 50
    # They waited together, so it counts once.
    assert figures.seconds_waited <= passing.now - 1_000 + 0.01


def test_who_fails_otherwise_after_a_refusal_lets_others_through_meanwhile(
    server: JsonServer,
) -> None:
    refusals = [Answer(status=429), Answer(status=500)]

    def answer(asked: Asked) -> Answer:
        return refusals.pop(0) if asked.path == "/a" and refusals else Answer([1])

    server.handler = answer
    held = HeldSleep()

    async def conversation(ask: Asking) -> None:
        refused = asyncio.create_task(ask("/a"))
        await held.begun.get()
        held.end(2)
        held.ended = asyncio.Event()
        await held.begun.get()
        assert await ask("/b") == b"[1]"
        assert not refused.done()
        held.end(3)
        assert await refused == b"[1]"

    talk(server, conversation, held.timing)


def test_seconds_in_which_several_wait_count_once() -> None:
    async def wait() -> None:
        held, figures, others = HeldSleep(), ResourceFigures(), ResourceFigures()
        throttle = Throttle(8, None, held.timing)
        waiting = [
            throttle.wait(*each, "busy") for each in ((5, figures), (3, figures), (7, others))
        ]
        asleep = asyncio.gather(*waiting)
        for _ in waiting:
            await held.begun.get()
        assert (figures.seconds_waited, others.seconds_waited) == (5, 2)
        held.end(7)
        await asleep
        await throttle.wait(1, figures, "busy")
        assert figures.seconds_waited == 6

    asyncio.run(asyncio.wait_for(wait(), PATIENCE))


def test_a_line_is_left_when_its_request_is_given_up(server: JsonServer) -> None:
    def answer(asked: Asked) -> Answer:
        return Answer(status=429) if asked.path == "/a" else Answer([1])

    server.handler = answer
    passing = PassingTime()

    async def conversation(ask: Asking) -> None:
        with pytest.raises(ResponseStatusError, match="Asked 5 times"):
            await ask("/a")
        assert await ask("/b") == b"[1]"

    talk(server, conversation, passing.timing)


def test_a_line_is_left_when_its_request_is_cancelled(server: JsonServer) -> None:
    server.handler = refusing_once("/a", Answer(status=429))
    held = HeldSleep()

    async def conversation(ask: Asking) -> None:
        refused = asyncio.create_task(ask("/a"))
        await held.begun.get()
        refused.cancel()
        other = asyncio.create_task(ask("/b"))
        held.end(2)
        assert await other == b'["/b"]'

    talk(server, conversation, held.timing)


@pytest.mark.parametrize("seed", range(5))
def test_whatever_goes_wrong_all_get_through_and_never_more_than_allowed_at_once(seed: int) -> None:
    asyncio.run(asyncio.wait_for(_ask_through_trouble(random.Random(seed)), PATIENCE))


async def _ask_through_trouble(chance: random.Random) -> None:
    under_way, most = 0, 0
    answers = [
        *([b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]"] * 3),
        b"HTTP/1.1 200 OK\r\nRateLimit: remaining=0, reset=1\r\nContent-Length: 2\r\n\r\n[]",
        b"HTTP/1.1 429 Slow\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 429 Slow\r\nRetry-After: 3\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 503 Oh\r\nRetry-After: 2\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n[",
    ]

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal under_way, most
        while asked := await reader.read(65536):
            # A server goes on with a request that its client has given up.
            counts = b"/given-up" not in asked
            under_way += counts
            most = max(most, under_way)
            await asyncio.sleep(chance.random() / 500)
            under_way -= counts
            answer = chance.choice(answers)
            writer.write(answer)
            if answer.endswith(b"["):
                break
        writer.close()

    listener = await asyncio.start_server(serve, "127.0.0.1", 0)
    base_url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    settings = ClientSettings(
        base_url, concurrency=4, retry=RetrySettings(max_attempts=60, max_delay=1, deadline=1e6)
    )
    async with listener, HttpClient(settings, PassingTime().timing) as client:
        asked = [client.send(Request("GET", "/"), Credentials()) for _ in range(60)]
        given_up = asyncio.create_task(client.send(Request("GET", "/given-up"), Credentials()))
        answered = asyncio.gather(*asked)
        await asyncio.sleep(chance.random() / 50)
        given_up.cancel()
        assert [response.body for response in await answered] == [b"[]"] * 60
    assert most <= 4


# What a server says is left


@pytest.mark.parametrize(
    ("headers", "waited"),
    [
        ({"RateLimit-Remaining": "0", "RateLimit-Reset": "7"}, 7),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "7"}, 7),
        ({"x-rate-limit-remaining": " 0 ", "x-rate-limit-reset": "7"}, 7),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1700000020"}, 20),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1700000020000"}, 20),
        ({"RateLimit": "limit=100, remaining=0, reset=7"}, 7),
        ({"RateLimit": '"hour";r=5;t=300, "minute";r=0;t=7'}, 7),
        ({"RateLimit-Remaining": "1", "RateLimit-Reset": "7"}, None),
        ({"RateLimit-Remaining": "0"}, None),
        ({"RateLimit-Remaining": "0", "RateLimit-Reset": "soon"}, None),
        ({"RateLimit-Remaining": "0", "RateLimit-Reset": "0"}, None),
        ({"RateLimit-Remaining": "0", "RateLimit-Reset": "1600000000"}, None),
        ({"RateLimit": "limit=100, remaining=10, reset=7"}, None),
        # Longer than a request may take: the server has the word.
        ({"RateLimit-Remaining": "0", "RateLimit-Reset": "601"}, None),
    ],
)
def test_nobody_asks_before_the_reset_where_nothing_is_left(
    server: JsonServer, headers: dict[str, str], waited: float | None
) -> None:
    date = {"Date": "Tue, 14 Nov 2023 22:13:20 GMT"}
    server.answers(Answer([1], headers={**headers, **date}), [2])
    passing, figures = PassingTime(), ResourceFigures()

    async def conversation(ask: Asking) -> None:
        await ask("/a")
        await asyncio.gather(ask("/b"), ask("/c"))

    talk(server, conversation, passing.timing, figures)
    assert passing.now - 1_000 == pytest.approx(waited or 0)
    assert figures.seconds_waited == pytest.approx(waited or 0)
    assert figures.retries == 0


def test_a_refusal_is_waited_out_until_the_reset(server: JsonServer) -> None:
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "42"}
    server.answers(Answer(status=429, headers=headers), [1])
    passing = PassingTime()

    async def conversation(ask: Asking) -> None:
        await ask("/")

    talk(server, conversation, passing.timing)
    assert passing.slept == [42]


def test_what_is_left_can_be_ignored(server: JsonServer) -> None:
    server.answers(Answer([], headers={"RateLimit-Remaining": "0", "RateLimit-Reset": "7"}), [])
    passing = PassingTime()

    async def conversation(ask: Asking) -> None:
        await ask("/a")
        await ask("/b")

    retry = RetrySettings(respect_retry_after=False)
    talk(server, conversation, passing.timing, retry=retry)
    assert passing.slept == []


# What the config says


@pytest.mark.parametrize(("requests", "seconds"), [(20, 0.5), (1, 0.25)])
def test_no_span_sees_more_requests_begin_than_allowed(
    server: JsonServer, requests: int, seconds: float
) -> None:
    begun: list[float] = []

    def answer(asked: Asked) -> Answer:
        begun.append(time.monotonic())
        return Answer([], 500 if len(begun) == 3 else 200)

    server.handler = answer
    asked_for = 2 * requests + 2

    async def conversation(ask: Asking) -> None:
        await asyncio.gather(*(ask(f"/{number}") for number in range(asked_for)))

    retry = RetrySettings(backoff_factor=0.001)
    talk(server, conversation, retry=retry, rate_limit=RateLimit(requests, seconds))
    assert len(begun) == asked_for + 1
    assert begun[-1] - begun[0] >= 1.9 * seconds
    # The way to the server takes not always the same time.
    span = seconds * 0.8
    most = max(sum(first <= each < first + span for each in begun) for first in begun)
    assert most <= requests
