"""Holds requests back: for the limit on concurrency, for the rate limit, and for the server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from aiolimiter import AsyncLimiter

from headrace.core import defaults
from headrace.core.figures import ResourceFigures
from headrace.core.quick_dataclasses import dataclass
from headrace.http.timing import Timing

_OWN_LIMIT = "`client.rate_limit` lets no more through"


@dataclass(frozen=True, slots=True)
class RateLimit:
    """How many requests may begin in a span of time.

    Args:
        requests: How many requests may begin.
        seconds: The span of time, in seconds.
    """

    requests: int
    seconds: float = defaults.RATE_LIMIT_SECONDS


class Throttle:
    """All requests of a client pass it, from all of its lanes.

    A request that the server told to slow down stands in line. While any does, all others wait,
    and those in line are made again one by one: all at once, they would be refused again.

    Args:
        concurrency: How many requests may be under way at once, or the slots that they share with
            those of other clients.
        rate_limit: How many requests may begin in a span of time; any number when None.
        timing: The clock and the sleep to wait by.
    """

    def __init__(
        self, concurrency: int | asyncio.Semaphore, rate_limit: RateLimit | None, timing: Timing
    ) -> None:
        self._slots = (
            asyncio.Semaphore(concurrency) if isinstance(concurrency, int) else concurrency
        )
        # One after the other, evenly: with a burst, a span could see twice as many as allowed.
        self._limiter = (
            AsyncLimiter(1, rate_limit.seconds / rate_limit.requests) if rate_limit else None
        )
        self._timing = timing
        self._front = asyncio.Lock()
        self._in_line = 0
        self._line_is_empty = asyncio.Event()
        self._line_is_empty.set()
        self._resume_at = 0.0
        self._why_paused = ""
        self._counted_until = 0.0

    async def enter(self, figures: ResourceFigures, *, is_in_line: bool = False) -> None:
        """Waits until a request may be made; `leave` has to follow.

        Args:
            figures: Where to count the wait.
            is_in_line: Whether the request stands at the front of the line.
        """
        await self._slots.acquire()
        # Most requests need not look any further.
        while self._in_line or self._resume_at:
            if await self._is_free(figures, is_in_line):
                break
        if self._limiter is not None:
            try:
                with figures.waiting(_OWN_LIMIT):
                    await self._limiter.acquire()
            except BaseException:
                self.leave()
                raise

    def enter_at_once(self) -> bool:
        """Whether a request may be made now; where it may, `leave` has to follow."""
        is_free = not (self._in_line or self._resume_at or self._limiter or self._slots.locked())
        if is_free:
            # Where there is a slot, it waits for nothing.
            with suppress(StopIteration):
                self._slots.acquire().send(None)
        return is_free

    def leave(self) -> None:
        """Makes room for the next request."""
        self._slots.release()

    async def _is_free(self, figures: ResourceFigures, is_in_line: bool) -> bool:
        """Whether the way is free; where it is not, waits without a slot until it may be."""
        if self._in_line and not is_in_line:
            self._slots.release()
            with figures.waiting(self._why_paused):
                await self._line_is_empty.wait()
            await self._slots.acquire()
            return False
        left = self._resume_at - self._timing.clock()
        if left <= 0:
            return True
        self._slots.release()
        await self.wait(left, figures, self._why_paused)
        await self._slots.acquire()
        return False

    def pause(self, seconds: float, why: str) -> None:
        """Lets no request through for a while.

        Args:
            seconds: For how many seconds from now on.
            why: The reason, for the display of progress.
        """
        resume_at = self._timing.clock() + seconds
        if resume_at > self._resume_at:
            self._resume_at, self._why_paused = resume_at, why

    @asynccontextmanager
    async def line(self) -> AsyncIterator[None]:
        """Stands in line; the block begins once the request is at the front.

        The block is to be left once the request was answered. No other request is let through
        before the last one in line has left.
        """
        self._in_line += 1
        self._line_is_empty.clear()
        try:
            async with self._front:
                yield
        finally:
            self._in_line -= 1
            if not self._in_line:
                self._line_is_empty.set()

    async def wait(self, seconds: float, figures: ResourceFigures, why: str) -> None:
        """Waits for the server.

        Args:
            seconds: How many seconds to wait.
            figures: Where to count them, but for those in which another request waits already.
            why: The reason, for the display of progress.
        """
        now = self._timing.clock()
        end = now + seconds
        figures.seconds_waited += max(0.0, end - max(now, self._counted_until))
        self._counted_until = max(self._counted_until, end)
        with figures.waiting(why):
            await self._timing.sleep(seconds)
