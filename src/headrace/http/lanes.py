"""Runs lanes of requests on an event loop of their own and hands their yield to a plain thread."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterator
from concurrent.futures import Future
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any, Generic, TypeVar

from headrace.core.quick_dataclasses import dataclass
from headrace.core.secrets.shipping import stays_here
from headrace.http.client import HttpClient
from headrace.http.client_pool import ClientPool
from headrace.http.settings import ClientSettings

Item = TypeVar("Item")

# A bundle of items is at most such a part of the buffer, and held for so many seconds at most.
_BUNDLES = 32
_LONGEST_HOLD = 0.02


@dataclass(frozen=True, slots=True)
class _Serving:
    loop: asyncio.AbstractEventLoop
    client: Any
    stop: asyncio.Event


@stays_here
class Lanes:
    """The lanes of one source: they share a thread, a session and the limit on requests.

    dlt reads a resource as a plain iterator, in a thread of its own, while requests run on an
    event loop. The loop's thread lives while at least one lane is being read.

    Args:
        settings: The settings of the API that all lanes ask.
        buffer_bytes: How many bytes a lane may fetch ahead of its reader.
        new_pool: Makes the clients of several APIs, which the lanes get in place of one client;
            None where they ask one API.
    """

    def __init__(
        self,
        settings: ClientSettings,
        buffer_bytes: int = 24 * 1024 * 1024,
        new_pool: Callable[[], ClientPool] | None = None,
    ) -> None:
        self._settings = settings
        self._buffer_bytes = buffer_bytes
        self._new_pool = new_pool
        # Reentrant: the collector may close a forgotten reader while the lock is held.
        self._lock = threading.RLock()
        self._readers = 0
        self._thread: threading.Thread | None = None
        self._serving: _Serving | None = None

    @property
    def concurrency(self) -> int:
        """How many requests may be under way at once."""
        return self._settings.concurrency

    def read(
        self,
        lane: Callable[[Any], AsyncIterator[Item]],
        size: Callable[[Item], int],
        buffer_bytes: int | None = None,
    ) -> Generator[Item, None, None]:
        """Iterates over what a lane yields while the lane fetches on in the background.

        Args:
            lane: Makes the asynchronous iterator, given the shared client.
            size: Gives the size of an item in bytes. The lane waits while more than the buffer is
                unread.
            buffer_bytes: How many bytes to fetch ahead; as many as other lanes when None.

        Raises:
            Whatever the lane raises, once all that it yielded before was read.
        """
        with self.reading(lane, size, buffer_bytes) as handoff:
            yield from handoff.drain()

    @contextmanager
    def reading(
        self,
        lane: Callable[[Any], AsyncIterator[Item]],
        size: Callable[[Item], int],
        buffer_bytes: int | None = None,
    ) -> Iterator[Handoff[Item]]:
        """Lets a lane fetch in the background from now on, for as long as the block lasts.

        Args:
            lane: As in `read`.
            size: As in `read`.
            buffer_bytes: As in `read`.
        """
        serving = self._start()
        try:
            capacity = self._buffer_bytes if buffer_bytes is None else buffer_bytes
            handoff = Handoff(serving.loop, size, capacity)
            filling = asyncio.run_coroutine_threadsafe(
                handoff.fill(lane(serving.client)), serving.loop
            )
            try:
                yield handoff
            finally:
                filling.cancel()
        finally:
            self._finish()

    @contextmanager
    def kept_open(self) -> Iterator[None]:
        """Keeps the session and the limit on requests between lanes that follow each other."""
        self._start()
        try:
            yield
        finally:
            self._finish()

    def _start(self) -> _Serving:
        with self._lock:
            if self._serving is None:
                ready: Future[_Serving] = Future()
                self._thread = threading.Thread(
                    target=self._run, args=(ready,), name="headrace", daemon=True
                )
                self._thread.start()
                self._serving = ready.result()
            self._readers += 1
            return self._serving

    def _finish(self) -> None:
        with self._lock:
            self._readers -= 1
            if self._readers or self._serving is None or self._thread is None:
                return
            serving, thread = self._serving, self._thread
            self._thread = self._serving = None
            serving.loop.call_soon_threadsafe(serving.stop.set)
        # A forgotten reader may be collected on the loop's own thread, which then ends by itself.
        if thread is not threading.current_thread():
            thread.join()

    def _run(self, ready: Future[_Serving]) -> None:
        try:
            asyncio.run(self._serve(ready))
        except BaseException as error:
            if ready.done():
                raise
            ready.set_exception(error)

    async def _serve(self, ready: Future[_Serving]) -> None:
        clients = HttpClient(self._settings) if self._new_pool is None else self._new_pool()
        async with clients as client:
            stop = asyncio.Event()
            ready.set_result(_Serving(asyncio.get_running_loop(), client, stop))
            await stop.wait()
            lanes = asyncio.all_tasks() - {asyncio.current_task()}
            # Nobody reads them any more, though a Ctrl-C may have kept a reader from saying so.
            for lane in lanes:
                if not lane.cancelling():
                    lane.cancel()
            await asyncio.gather(*lanes, return_exceptions=True)


class Handoff(Generic[Item]):
    """Hands items from a coroutine to a plain iterator, with a bound on the bytes on the way.

    They go over in bundles: waking the other thread for each would cost more than a small page.

    Args:
        loop: The loop that the coroutine runs on.
        size: Gives the size of an item in bytes.
        capacity: How many bytes may be on the way before the coroutine has to wait.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, size: Callable[[Item], int], capacity: int
    ) -> None:
        self.loop = loop
        self._size = size
        self._given: deque[Item] = deque()
        self._is_over = False
        self._free = capacity
        self._most_bundled = capacity // _BUNDLES
        self._room = asyncio.Event()
        self._bundle: list[Item] = []
        self._bundled = 0
        self._ready: queue.SimpleQueue[list[Item] | BaseException | None] = queue.SimpleQueue()

    async def fill(self, items: AsyncIterator[Item]) -> None:
        """Hands over all items, then the end, or the error that ended them.

        Args:
            items: The items, as the lane yields them.
        """
        try:
            async with _closing(items):
                async for item in items:
                    self._put(item, self._size(item))
                    while self._free <= 0:
                        self._room.clear()
                        await self._room.wait()
        except BaseException as error:
            self._send_bundle()
            self._ready.put(error)
            if isinstance(error, asyncio.CancelledError):
                raise
        else:
            self._send_bundle()
            self._ready.put(None)

    def _put(self, item: Item, size: int) -> None:
        self._free -= size
        self._bundled += size
        self._bundle.append(item)
        if self._bundled > self._most_bundled or self._free <= 0:
            self._send_bundle()
        elif len(self._bundle) == 1:
            self.loop.call_later(_LONGEST_HOLD, self._send_bundle)

    def _send_bundle(self) -> None:
        if self._bundle:
            self._ready.put(self._bundle)
        self._bundle = []
        self._bundled = 0

    def drain(self) -> Generator[Item, None, None]:
        """Gives the items in their order, and waits for each."""
        while (bundle := self._next_bundle()) is not None:
            if isinstance(bundle, BaseException):
                self._is_over = True
                raise bundle
            self._given.extend(bundle)
            while self._given:
                yield self._given.popleft()
            self.loop.call_soon_threadsafe(self._make_room, sum(map(self._size, bundle)))
        self._is_over = True

    @property
    def is_waited_for(self) -> bool:
        """Whether the next item, or the end, is not there yet."""
        return not (self._is_over or self._given) and self._ready.empty()

    def _next_bundle(self) -> list[Item] | BaseException | None:
        while True:
            # A wait without an end would not let Ctrl-C through on every system.
            with suppress(queue.Empty):
                return self._ready.get(timeout=1.0)

    def _make_room(self, size: int) -> None:
        self._free += size
        self._room.set()


@asynccontextmanager
async def _closing(items: AsyncIterator[Item]) -> AsyncIterator[None]:
    """Lets a generator clean up while the client is still open, not when it is collected."""
    try:
        yield
    finally:
        if isinstance(items, AsyncGenerator):
            await items.aclose()
