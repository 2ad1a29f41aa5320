"""What probably follows is on its way before an answer is read; whatever it is, it binds nobody."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from headrace.core.exchange import Request, Response
from headrace.core.figures import ResourceFigures
from headrace.http import ahead as asking_ahead
from headrace.http.ahead import AskedAhead
from headrace.http.auth.credentials import Credentials
from headrace.http.client import HttpClient
from headrace.http.retrying import RetrySettings
from headrace.http.settings import ClientSettings
from headrace.http.throttle import RateLimit
from tests.support.servers import Answer, Asked, JsonServer

AT_ONCE = RetrySettings(max_attempts=2, backoff_factor=0)


def number_of(response: Response) -> int:
    return int(response.url.rpartition("/")[2])


def following(response: Response) -> Request | None:
    return Request("GET", f"/{number_of(response) + 1}")


def numbers_asked(api: JsonServer) -> list[int]:
    return [int(asked.path.rpartition("/")[2]) for asked in api.asked]


def read_all(
    api: JsonServer,
    wanted: list[int],
    read: Callable[[Response], Any] = number_of,
    foretell: Callable[[Response], Request | None] = following,
    **settings: Any,
) -> list[Any]:
    """What `read` makes of the pages, asked for one after the other."""

    async def ask() -> list[Any]:
        chain = AskedAhead(foretell)
        given = {"retry": AT_ONCE, **settings}
        async with HttpClient(ClientSettings(api.base_url, **given)) as client:
            return [
                await client.read(
                    Request("GET", f"/{number}"),
                    Credentials(),
                    read,
                    ResourceFigures(),
                    ahead=chain,
                )
                for number in wanted
            ]

    return asyncio.run(ask())


@pytest.fixture
def pages() -> Iterator[JsonServer]:
    with JsonServer() as api:
        api.handler = lambda asked: Answer([asked.path])
        yield api


@pytest.mark.parametrize("concurrency", [1, 4])
def test_the_next_page_is_asked_for_before_this_one_is_read(
    pages: JsonServer, concurrency: int
) -> None:
    arrived = {number: threading.Event() for number in range(5)}

    def answer(asked: Asked) -> Answer:
        arrived[int(asked.path[1:])].set()
        return Answer([])

    pages.handler = answer

    def read(response: Response) -> bool:
        return arrived[number_of(response) + 1].wait(20)

    assert read_all(pages, [0, 1, 2, 3], read, concurrency=concurrency) == [True] * 4
    # The last one is asked for in vain.
    assert numbers_asked(pages)[:4] == [0, 1, 2, 3]


def test_each_page_is_asked_for_once_and_by_one_connection(pages: JsonServer) -> None:
    foretell = {0: 1, 1: 2, 2: 3}

    def told(response: Response) -> Request | None:
        number = foretell.get(number_of(response))
        return None if number is None else Request("GET", f"/{number}")

    assert read_all(pages, [0, 1, 2, 3], foretell=told) == [0, 1, 2, 3]
    assert numbers_asked(pages) == [0, 1, 2, 3]


def test_what_was_foretold_wrongly_is_dropped_and_then_nothing_is_foretold_for_a_while(
    pages: JsonServer,
) -> None:
    def wrong(response: Response) -> Request:
        return Request("GET", f"/{number_of(response) + 100}")

    assert read_all(pages, list(range(12)), foretell=wrong) == list(range(12))
    in_vain = {number for number in numbers_asked(pages) if number >= 100}
    assert in_vain <= {100, 109, 110, 111}
    assert [number for number in numbers_asked(pages) if number < 100] == list(range(12))


def test_an_answer_that_waited_too_long_is_asked_for_anew(
    pages: JsonServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking_ahead, "_LONGEST_WAIT", -1.0)

    assert read_all(pages, [0, 1]) == [0, 1]
    assert numbers_asked(pages).count(1) == 2


def test_an_error_is_that_of_the_page_that_is_due_and_it_is_asked_for_again(
    pages: JsonServer,
) -> None:
    failed: list[str] = []

    def answer(asked: Asked) -> Answer:
        if asked.path == "/1" and not failed:
            failed.append(asked.path)
            return Answer({"message": "busy"}, 503)
        return Answer([])

    pages.handler = answer

    assert read_all(pages, [0, 1, 2]) == [0, 1, 2]
    assert numbers_asked(pages)[:4] == [0, 1, 1, 2]


def test_with_a_rate_limit_nothing_is_asked_ahead(pages: JsonServer) -> None:
    assert read_all(pages, [0, 1, 2], rate_limit=RateLimit(1_000, 1.0)) == [0, 1, 2]
    assert numbers_asked(pages) == [0, 1, 2]


def test_a_redirect_of_what_was_asked_ahead_is_followed(pages: JsonServer) -> None:
    def answer(asked: Asked) -> Answer:
        if asked.path == "/1":
            return Answer(status=302, headers={"Location": "/41"})
        return Answer([])

    pages.handler = answer

    assert read_all(pages, [0, 1]) == [0, 41]


def test_where_the_foretold_request_may_not_go_is_told_only_once_it_is_due(
    pages: JsonServer,
) -> None:
    def elsewhere(response: Response) -> Request:
        return Request("GET", "http://elsewhere.example/1")

    assert read_all(pages, [0, 1, 2], foretell=elsewhere) == [0, 1, 2]
    assert numbers_asked(pages) == [0, 1, 2]
