"""Reads many streams beside each other, and hands their items on in the order of the streams."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Item = TypeVar("Item")

# Streams that ended are kept until it is their turn: not without a bound, even if they are empty.
_MOST_WAITING = 4096


@dataclass(eq=False)
class _Branch(Generic[Item]):
    stream: AsyncIterator[Item]
    items: deque[Item] = field(default_factory=deque)
    is_over: bool = False
    error: BaseException | None = None
    news: asyncio.Event = field(default_factory=asyncio.Event)
    may_go_on: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None


class FanOut(Generic[Item]):
    """Many streams as one: what comes out depends on their order alone, not on who is quick.

    While more than so many bytes wait for their turn all streams pause, but for the one whose turn
    it is once all of its own are read.

    Args:
        streams: to read; each is taken up when there is room for it.
        at_once: how many to read at the same time.
        most_bytes: that wait for their turn.
        size: of an item in bytes.
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

    async def items(self) -> AsyncGenerator[Item, None]:
        """The items of the first stream, then those of the second, and so on.

        Raises:
            Whatever a stream raises, behind all items that come before.
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
        self._is_exhausted = True
        tasks = [branch.task for branch in self._branches if branch.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for branch in self._branches:
            if isinstance(branch.stream, AsyncGenerator):
                await branch.stream.aclose()
