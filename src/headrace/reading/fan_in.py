"""Reads many streams concurrently, and gives their items as they come."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import aclosing
from typing import Any, TypeVar, cast

Item = TypeVar("Item")


async def as_they_come(
    streams: Iterable[AsyncIterator[Item]], at_once: int
) -> AsyncGenerator[Item, None]:
    """Many streams as one, for those to whom the order means nothing.

    No stream waits for another one: each has at most one item that is not taken.

    Args:
        streams: The streams. Each is taken from the iterable when there is room to read it.
        at_once: The number of streams to read at the same time.

    Raises:
        Exception: Whatever a stream raises first; the others are ended.
    """
    left = iter(streams)
    items: asyncio.Queue[Item] = asyncio.Queue(1)

    async def read() -> None:
        for stream in left:
            async with aclosing(cast(AsyncGenerator[Item, None], stream)) as opened:
                async for item in opened:
                    await items.put(item)

    readers = [asyncio.create_task(read()) for _ in range(at_once)]
    all_read = asyncio.gather(*readers)
    coming: asyncio.Task[Item] | None = None
    try:
        while not (all_read.done() and items.empty()):
            coming = coming or asyncio.create_task(items.get())
            either: set[asyncio.Future[Any]] = {coming, all_read}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if coming.done():
                item, coming = coming.result(), None
                yield item
            elif items.empty():
                break
        await all_read
    finally:
        for task in (*readers, *([coming] if coming else [])):
            task.cancel()
        await asyncio.gather(*readers, return_exceptions=True)
