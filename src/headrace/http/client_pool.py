"""The clients of several APIs, each opened when it is wanted: one for each tenant of a config."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from headrace.http.client import HttpClient
from headrace.http.settings import ClientSettings
from headrace.http.throttle import Throttle
from headrace.http.timing import Timing

# So many are kept open that nobody uses at the moment: the next resource will.
_MOST_IDLE = 32


@dataclass(slots=True)
class _Open:
    """A client that is open, and by how many it is used."""

    client: HttpClient
    closing: AsyncExitStack
    users: int = 0


class ClientPool:
    """Clients by name, that share the limit on concurrency; open it on the loop that uses it.

    Each has its own base URL, rate limit and connections. What the server of one has said of how
    fast it may be asked holds for as long as the pool is open.

    Args:
        settings_of: Gives the settings of an API by its name.
        concurrency: How many requests may be under way at once, over all APIs.
        timing: The clock and the sleep that clients wait by.
    """

    def __init__(
        self,
        settings_of: Callable[[str], ClientSettings],
        concurrency: int,
        timing: Timing | None = None,
    ) -> None:
        self._settings_of = settings_of
        self._slots = asyncio.Semaphore(concurrency)
        self._timing = timing or Timing()
        self._open: dict[str, _Open] = {}
        self._throttles: dict[str, Throttle] = {}

    async def __aenter__(self) -> ClientPool:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        while self._open:
            _, opened = self._open.popitem()
            await opened.closing.aclose()

    @asynccontextmanager
    async def of(self, name: str) -> AsyncIterator[HttpClient]:
        """The client of an API, for as long as the block lasts.

        Args:
            name: The name of the API.

        Raises:
            HeadraceError: There is no such API, or it cannot be asked with its settings.
        """
        opened = self._open.pop(name, None)
        if opened is None:
            settings = self._settings_of(name)
            throttle = self._throttles.get(name)
            if throttle is None:
                throttle = Throttle(self._slots, settings.rate_limit, self._timing)
                self._throttles[name] = throttle
            closing = AsyncExitStack()
            client = HttpClient(settings, self._timing, throttle)
            opened = _Open(await closing.enter_async_context(client), closing)
        # Behind the others: who was used last is closed last.
        self._open[name] = opened
        opened.users += 1
        try:
            yield opened.client
        finally:
            opened.users -= 1
            await self._close_idle()

    async def _close_idle(self) -> None:
        idle = [name for name, each in self._open.items() if not each.users]
        for name in idle[: max(0, len(idle) - _MOST_IDLE)]:
            await self._open.pop(name).closing.aclose()
