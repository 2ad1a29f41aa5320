"""Reads many streams concurrently, and gives their items in the order of the streams.

The streams are the listings of a dependent resource, one for each row of its parent. The fixed
order makes each load the same, however fast the single answers come.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Item = TypeVar("Item")

# A stream that has ended is kept until its turn comes. Empty streams hold no bytes, so the bound on
# bytes does not limit their number.
_MOST_WAITING = 4096


@dataclass(eq=False)
class _Branch(Generic[Item]):
    """A stream that is being read.

    Args:
        stream: The stream.
        items: The items that have been read and not yet been given on.
        is_over: Whether the stream has ended, or failed.
        error: The error that ended it; None where there was none.
        news: Set when there is another item, or when the stream is over.
        may_go_on: Set when a paused stream may be read on.
        task: The task that reads it.
    """

    stream: AsyncIterator[Item]
    items: deque[Item] = field(default_factory=deque)
    is_over: bool = False
    error: BaseException | None = None
    news: asyncio.Event = field(default_factory=asyncio.Event)
    may_go_on: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None


class FanOut(Generic[Item]):
    """Many streams as one; the order of the items depends on the order of the streams alone.

    While more than `most_bytes` wait for their turn, all streams pause. Only the stream whose turn
    it is may be read on, and only once all of its items have been given on: otherwise nothing would
    ever move.

    Args:
        streams: The streams. Each is taken from the iterable when there is room to read it.
        at_once: The number of streams to read at the same time.
        most_bytes: The size of the items, in bytes, that may wait for their turn. Each stream that
            is being read may exceed it by one item.
        size: Gives the size of an item in bytes.
    """

    def __init__(
        self,
        streams: Iterable[AsyncIterator[Item]],
        *,
        at_once: int,
        most_bytes: int,
        size: Callable[[Item], int],
    ) -> None:
        self._streams: Iterator[AsyncIterator[Item]] = iter(streams)
        self._at_once = at_once
        self._most_bytes = most_bytes
        self._size = size
        self._branches: deque[_Branch[Item]] = deque()
        self._paused: list[_Branch[Item]] = []
        self._running = 0
        self._held = 0
        self._is_exhausted = False
        self._has_ended = False

    def take_up(self) -> None:
        """Looks for more streams, where the iterable had no more for a while.

        What it has after the end of `items` is left there.
        """
        if not self._has_ended:
            self._is_exhausted = False
            self._start_more()

    async def items(self) -> AsyncGenerator[Item, None]:
        """Gives the items of the first stream, then those of the second, and so on.

        Raises:
            Exception: Whatever a stream raises, after all items that come before it.
        """
        try:
            self._start_more()
            while self._branches:
                branch = self._branches[0]
                while branch.items or not branch.is_over:
                    if not branch.items:
                        branch.may_go_on.set()
                        branch.news.clear()
                        await branch.news.wait()
                        continue
                    item = branch.items.popleft()
                    self._held -= self._size(item)
                    self._let_go_on()
                    yield item
                if branch.error is not None:
                    raise branch.error
                self._branches.popleft()
                self._start_more()
        finally:
            await self._end()

    def _start_more(self) -> None:
        while (
            not self._is_exhausted
            and self._running < self._at_once
            and len(self._branches) < _MOST_WAITING
            and (self._held <= self._most_bytes or not self._branches)
        ):
            try:
                stream = next(self._streams)
            except StopIteration:
                self._is_exhausted = True
                return
            branch = _Branch(stream)
            self._branches.append(branch)
            self._running += 1
            branch.task = asyncio.create_task(self._read(branch))

    async def _read(self, branch: _Branch[Item]) -> None:
        try:
            async for item in branch.stream:
                branch.items.append(item)
                self._held += self._size(item)
                branch.news.set()
                while self._held > self._most_bytes and not self._is_wanted(branch):
                    branch.may_go_on.clear()
                    self._paused.append(branch)
                    await branch.may_go_on.wait()
        except BaseException as error:
            branch.error = error
            if isinstance(error, asyncio.CancelledError):
                raise
        finally:
            branch.is_over = True
            branch.news.set()
            self._running -= 1
            self._start_more()

    def _is_wanted(self, branch: _Branch[Item]) -> bool:
        return branch is self._branches[0] and not branch.items

    def _let_go_on(self) -> None:
        if self._held > self._most_bytes:
            return
        for branch in self._paused:
            branch.may_go_on.set()
        self._paused.clear()
        self._start_more()

    async def _end(self) -> None:
        self._is_exhausted = self._has_ended = True
        tasks = [branch.task for branch in self._branches if branch.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for branch in self._branches:
            if isinstance(branch.stream, AsyncGenerator):
                await branch.stream.aclose()
