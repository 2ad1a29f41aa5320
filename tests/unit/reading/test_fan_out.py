"""Streams that are read concurrently come out in their order, and in bounded memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.reading.fan_out import FanOut


@dataclass
class Streams:
    """Streams of numbered items, with a pause before each item.

    Args:
        pauses: For each stream, how many turns of the event loop pass before each of its items.
        broken: The number of the stream that fails at its end; None where none does.
        running: The number of streams that are being read.
        most_running: The largest number of streams that were read at the same time.
        ahead: The number of items that were read and have not come out yet.
        most_ahead: The largest number of such items.
        closed: The numbers of the streams that have ended, in the order in which they did.
    """

    pauses: list[list[int]]
    broken: int | None = None
    running: int = 0
    most_running: int = 0
    ahead: int = 0
    most_ahead: int = 0
    closed: list[int] = field(default_factory=list)

    def __iter__(self) -> Iterator[AsyncIterator[tuple[int, int]]]:
        return (self._stream(number) for number in range(len(self.pauses)))

    async def _stream(self, number: int) -> AsyncIterator[tuple[int, int]]:
        self.running += 1
        self.most_running = max(self.running, self.most_running)
        try:
            for place, turns in enumerate(self.pauses[number]):
                for _ in range(turns):
                    await asyncio.sleep(0)
                self.ahead += 1
                self.most_ahead = max(self.ahead, self.most_ahead)
                yield number, place
            if number == self.broken:
                raise ValueError(f"stream {number}")
        finally:
            self.running -= 1
            self.closed.append(number)

    def in_order(self) -> list[tuple[int, int]]:
        return [(n, place) for n, pauses in enumerate(self.pauses) for place in range(len(pauses))]


def read(streams: Streams, *, at_once: int, most_bytes: int) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []

    async def read_all() -> None:
        fan = FanOut(streams, at_once=at_once, most_bytes=most_bytes, size=lambda item: 1)
        async for item in fan.items():
            streams.ahead -= 1
            found.append(item)

    try:
        asyncio.run(asyncio.wait_for(read_all(), 60))
    except ValueError as error:
        found.append((-1, int(str(error).split()[1])))
    return found


PAUSES = st.lists(st.lists(st.integers(0, 6), max_size=5), max_size=12)


@given(PAUSES, st.integers(1, 5), st.integers(0, 8))
def test_items_come_in_the_order_of_the_streams(
    pauses: list[list[int]], at_once: int, most_bytes: int
) -> None:
    streams = Streams(pauses)
    assert read(streams, at_once=at_once, most_bytes=most_bytes) == streams.in_order()
    assert streams.most_running <= at_once
    # Each stream has at most one item at hand when the bound is reached.
    assert streams.most_ahead <= most_bytes + at_once + 1
    assert sorted(streams.closed) == list(range(len(pauses)))


@given(PAUSES.filter(len), st.data())
def test_items_before_an_error_come_out_before_it(
    pauses: list[list[int]], data: st.DataObject
) -> None:
    broken = data.draw(st.integers(0, len(pauses) - 1))
    streams = Streams(pauses, broken=broken)
    before = [item for item in streams.in_order() if item[0] <= broken]
    assert read(streams, at_once=3, most_bytes=4) == [*before, (-1, broken)]
    assert streams.running == 0


def test_all_run_at_once_while_the_first_waits() -> None:
    streams = Streams([[50], *([[0]] * 20)])
    assert read(streams, at_once=4, most_bytes=100)[0] == (0, 0)
    assert streams.most_ahead == 21


def test_leaving_early_ends_all_streams() -> None:
    streams = Streams([[1, 1, 1]] * 6)

    async def leave() -> None:
        items = FanOut(streams, at_once=3, most_bytes=9, size=lambda item: 1).items()
        assert await anext(items) == (0, 0)
        await items.aclose()

    asyncio.run(leave())
    assert streams.running == 0


def test_no_streams_give_no_items() -> None:
    assert read(Streams([]), at_once=3, most_bytes=0) == []


@pytest.mark.parametrize("at_once", [1, 8])
def test_thousands_of_empty_streams(at_once: int) -> None:
    assert read(Streams([[]] * 5_000), at_once=at_once, most_bytes=10) == []
