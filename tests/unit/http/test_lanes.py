"""Lanes fetch in the background, in order, within bounds, and leave nothing behind."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing
from typing import Any

import pytest

from headrace.core.exceptions import ConnectionFailed, PageError
from headrace.core.exchange import Request
from headrace.http.auth.credentials import Credentials
from headrace.http.client import HttpClient
from headrace.http.lanes import Lanes
from headrace.http.retrying import RetrySettings
from headrace.http.settings import ClientSettings
from tests.support.servers import JsonServer

SETTINGS = ClientSettings("http://127.0.0.1:9", retry=RetrySettings(max_attempts=1))
PATIENCE = 10.0

Lane = Callable[[HttpClient], AsyncIterator[int]]


@pytest.fixture(autouse=True)
def no_thread_is_left_behind() -> Iterator[None]:
    yield
    assert serving_threads() == []


def serving_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "headrace"]


def counting(to: int, sent: list[int] | None = None) -> Lane:
    """A lane of numbers that notes each before it yields it."""

    async def lane(client: HttpClient) -> AsyncIterator[int]:
        for number in range(to):
            if sent is not None:
                sent.append(number)
            yield number
            await asyncio.sleep(0)

    return lane


def one_each(item: int) -> int:
    return 1


class Endless:
    """A lane that yields once and then waits for what never comes."""

    def __init__(self) -> None:
        self.ended = threading.Event()
        self.client: HttpClient | None = None

    async def lane(self, client: HttpClient) -> AsyncIterator[int]:
        self.client = client
        try:
            yield 1
            await asyncio.Event().wait()
        finally:
            # A lane may have to wait while it cleans up.
            await asyncio.sleep(0)
            self.ended.set()


def test_items_arrive_in_order_and_the_thread_ends_with_them() -> None:
    assert list(Lanes(SETTINGS).read(counting(1000), one_each)) == list(range(1000))
    assert serving_threads() == []


def test_an_empty_lane_ends_at_once() -> None:
    assert list(Lanes(SETTINGS).read(counting(0), one_each)) == []


@pytest.mark.parametrize("capacity", [1, 7, 50])
def test_a_lane_is_ahead_of_its_reader_by_the_buffer_and_one_item_at_most(capacity: int) -> None:
    sent: list[int] = []
    most_ahead = 0
    with closing(Lanes(SETTINGS, capacity).read(counting(300, sent), one_each)) as items:
        for count, _ in enumerate(items, start=1):
            # The item at hand counts as unread until the next one is asked for.
            most_ahead = max(most_ahead, len(sent) - count + 1)
    assert most_ahead <= capacity + 1


def test_a_lane_with_room_for_one_byte_does_not_ask_before_it_is_wanted() -> None:
    sent: list[int] = []
    lanes = Lanes(SETTINGS)
    with closing(lanes.read(counting(10, sent), one_each, buffer_bytes=1)) as items:
        for expected in range(5):
            assert next(items) == expected
            # Whatever the lane would do by itself it has done once another lane has run.
            assert list(lanes.read(counting(20), one_each)) == list(range(20))
            assert sent == list(range(expected + 1))


def test_a_buffer_that_is_full_is_filled_up_again_as_it_is_read() -> None:
    def tens(item: int) -> int:
        return 10

    assert list(Lanes(SETTINGS, 25).read(counting(500), tens)) == list(range(500))


@pytest.mark.parametrize("error", [PageError("bad page"), ValueError("bug"), KeyError("k")])
def test_an_error_of_the_lane_comes_after_what_came_before_it(error: Exception) -> None:
    async def lane(client: HttpClient) -> AsyncIterator[int]:
        yield 1
        yield 2
        raise error

    items = Lanes(SETTINGS).read(lane, one_each)
    assert [next(items), next(items)] == [1, 2]
    with pytest.raises(type(error)) as caught:
        next(items)
    assert caught.value is error


def test_an_error_while_the_lane_is_made_is_the_readers() -> None:
    def lane(client: HttpClient) -> AsyncIterator[int]:
        raise ValueError("no lane")

    lanes = Lanes(SETTINGS)
    with pytest.raises(ValueError, match="no lane"):
        next(lanes.read(lane, one_each))
    assert serving_threads() == []
    assert list(lanes.read(counting(2), one_each)) == [0, 1]


def test_an_error_of_the_size_is_the_readers() -> None:
    def no_size(item: int) -> int:
        raise ValueError("no size")

    with pytest.raises(ValueError, match="no size"):
        list(Lanes(SETTINGS).read(counting(2), no_size))


def test_a_client_that_cannot_be_made_is_the_readers_error() -> None:
    lanes = Lanes(ClientSettings("http://[::1"))
    for _ in range(2):
        with pytest.raises(ValueError, match="IPv6"):
            next(lanes.read(counting(1), one_each))


def test_closing_early_cancels_the_lane_at_once_and_lets_it_clean_up() -> None:
    endless = Endless()
    items = Lanes(SETTINGS).read(endless.lane, one_each)
    assert next(items) == 1
    items.close()
    assert endless.ended.is_set()
    assert serving_threads() == []


def test_closing_early_cancels_the_request_under_way() -> None:
    arrived, gone = threading.Event(), threading.Event()

    async def lane(client: HttpClient) -> AsyncIterator[int]:
        yield 1
        try:
            await client.send(Request("GET", "/"), Credentials())
        finally:
            gone.set()

    with JsonServer() as server:
        release = threading.Event()

        def handler(asked: Any) -> Any:
            arrived.set()
            release.wait(PATIENCE)
            return asked

        server.handler = handler
        items = Lanes(ClientSettings(server.base_url)).read(lane, one_each)
        next(items)
        assert arrived.wait(PATIENCE)
        items.close()
        assert gone.is_set()
        assert serving_threads() == []
        release.set()


def test_closing_a_reader_that_never_began_starts_nothing() -> None:
    Lanes(SETTINGS).read(counting(1), one_each).close()
    assert serving_threads() == []


def test_a_forgotten_reader_is_closed_when_it_is_collected() -> None:
    endless = Endless()
    items = Lanes(SETTINGS).read(endless.lane, one_each)
    next(items)
    del items
    gc.collect()
    assert endless.ended.is_set()


def test_two_lanes_share_a_thread_and_a_client_until_the_last_has_ended() -> None:
    lanes = Lanes(SETTINGS)
    one, other = Endless(), Endless()
    readers = [lanes.read(each.lane, one_each) for each in (one, other)]
    assert [next(reader) for reader in readers] == [1, 1]
    assert one.client is other.client
    assert len(serving_threads()) == 1
    readers[0].close()
    assert one.ended.wait(PATIENCE)
    assert not other.ended.is_set()
    assert len(serving_threads()) == 1
    readers[1].close()
    assert other.ended.is_set()
    assert serving_threads() == []


def test_the_error_of_one_lane_leaves_the_other_going() -> None:
    async def failing(client: HttpClient) -> AsyncIterator[int]:
        raise PageError("bad page")
        yield 1

    lanes = Lanes(SETTINGS)
    with closing(lanes.read(counting(100), one_each)) as items:
        assert next(items) == 0
        with pytest.raises(PageError):
            next(lanes.read(failing, one_each))
        assert list(items) == list(range(1, 100))


def test_after_all_have_ended_the_next_read_starts_anew() -> None:
    lanes = Lanes(SETTINGS)
    clients = []
    for _ in range(3):
        endless = Endless()
        with closing(lanes.read(endless.lane, one_each)) as items:
            next(items)
        clients.append(endless.client)
    assert len({id(client) for client in clients}) == 3


def test_many_threads_read_many_lanes() -> None:
    lanes = Lanes(SETTINGS, 5)
    read: dict[int, list[int]] = {}

    def reader(number: int) -> None:
        for _ in range(10):
            read[number] = list(lanes.read(counting(number), one_each))

    threads = [threading.Thread(target=reader, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert read == {number: list(range(number)) for number in range(20)}


def test_a_reader_may_be_closed_in_another_thread() -> None:
    endless = Endless()
    items = Lanes(SETTINGS).read(endless.lane, one_each)
    next(items)
    thread = threading.Thread(target=items.close)
    thread.start()
    thread.join(PATIENCE)
    assert endless.ended.is_set()


def test_a_keyboard_interrupt_in_a_waiting_reader_leaves_cleanly() -> None:
    class Waiting(Endless):
        async def lane(self, client: HttpClient) -> AsyncIterator[int]:
            async for item in super().lane(client):
                yield item
                os.kill(os.getpid(), signal.SIGINT)

    waiting = Waiting()
    items = Lanes(SETTINGS).read(waiting.lane, one_each)
    with pytest.raises(KeyboardInterrupt):
        list(items)
    assert serving_threads() == []


def test_a_keyboard_interrupt_between_two_items_leaves_cleanly() -> None:
    endless = Endless()

    def interrupted() -> None:
        with closing(Lanes(SETTINGS).read(endless.lane, one_each)) as items:
            for _ in items:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert endless.ended.is_set()


def test_what_the_client_raises_reaches_the_reader() -> None:
    async def lane(client: HttpClient) -> AsyncIterator[int]:
        await client.send(Request("GET", "/"), Credentials())
        yield 1

    with pytest.raises(ConnectionFailed):
        list(Lanes(SETTINGS).read(lane, one_each))
