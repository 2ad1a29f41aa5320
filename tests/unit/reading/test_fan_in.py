"""Streams that are read at the same time: all of their items, and none waits for another one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from headrace.reading.fan_in import as_they_come


async def counted(name: str, count: int, closed: list[str]) -> AsyncIterator[str]:
    try:
        for number in range(count):
            await asyncio.sleep(0)
            yield f"{name}{number}"
    finally:
        closed.append(name)


async def all_of(streams: list[AsyncIterator[str]], at_once: int) -> list[str]:
    return [item async for item in as_they_come(streams, at_once)]


@pytest.mark.parametrize("at_once", [1, 2, 3, 9])
def test_each_item_comes_once(at_once: int) -> None:
    closed: list[str] = []
    counts = {"a": 3, "b": 0, "c": 1, "d": 50, "e": 7}
    streams = [counted(name, count, closed) for name, count in counts.items()]
    items = asyncio.run(all_of(streams, at_once))
    expected = [f"{name}{number}" for name, count in counts.items() for number in range(count)]
    assert sorted(items) == sorted(expected)
    assert sorted(closed) == list("abcde")
    if at_once == 1:
        assert items == expected


def test_none_at_all() -> None:
    assert asyncio.run(all_of([], 4)) == []


def test_one_that_stands_still_holds_no_other_up() -> None:
    async def later(gate: asyncio.Event) -> AsyncIterator[str]:
        await gate.wait()
        yield "last"

    async def run() -> list[str]:
        gate, seen = asyncio.Event(), []
        async for item in as_they_come([later(gate), counted("a", 20, [])], 2):
            seen.append(item)
            if item == "a19":
                gate.set()
        return seen

    assert asyncio.run(run())[-1] == "last"


def test_an_error_ends_them_all() -> None:
    closed: list[str] = []

    async def failing() -> AsyncIterator[str]:
        yield "one"
        raise ValueError("broken")

    async def run() -> None:
        async for _ in as_they_come([failing(), counted("a", 10_000, closed)], 2):
            pass

    with pytest.raises(ValueError, match="broken"):
        asyncio.run(run())
    assert closed == ["a"]


def test_who_stops_early_leaves_none_open() -> None:
    closed: list[str] = []

    async def run() -> None:
        streams = [counted("a", 10_000, closed), counted("b", 10_000, closed)]
        async with aclosing(as_they_come(streams, 2)) as items:
            async for _ in items:
                break
        await asyncio.sleep(0)
        assert sorted(closed) == ["a", "b"]

    asyncio.run(run())
