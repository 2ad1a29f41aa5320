"""The windows of a resource in legs: those that were listed are kept if a later one fails."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from functools import partial

from headrace.core.exceptions import HeadraceError
from headrace.core.figures import ResourceFigures
from headrace.core.quick_dataclasses import dataclass
from headrace.reading.client import Client
from headrace.reading.fetched_page import FetchedPage
from headrace.reading.keep_up.legs import LegEnd
from headrace.reading.lanes.windows import LanedWindows
from headrace.reading.windowed_listing import WindowedListing

REACHED = "reached"
"""The key of the end of a leg under which the place stands up to which all windows have been."""
SETTLED = "settled"
"""That under which the place stands up to which they had shown all that will come."""


@dataclass(frozen=True, slots=True)
class WindowLegs:
    """Lists window by window; a leg ends behind a window.

    Args:
        listing: The windows.
        figures: Where to count.
        is_over: Says of a leg, by its size in bytes and its age in seconds, whether it ends; None
            where all windows are one leg.
    """

    listing: WindowedListing | LanedWindows
    figures: ResourceFigures
    is_over: Callable[[int, float], bool] | None

    async def items(self, client: Client) -> AsyncIterator[FetchedPage | LegEnd]:
        """Lists all windows.

        Args:
            client: The client to ask with.

        Yields:
            The pages, and behind those of each leg its end.

        Raises:
            HeadraceError: A window failed; those before it are a leg of their own by then.
        """
        size, began = 0, time.monotonic()
        state = {REACHED: self.listing.low, SETTLED: self.listing.low}
        passed_one = False
        try:
            async for item in self.listing.items(client, self.figures):
                if isinstance(item, FetchedPage):
                    size += item.size
                    yield item
                    continue
                state, passed_one = {REACHED: item.reached, SETTLED: item.settled}, True
                self.figures.share = item.share
                if item.is_last or self.is_over is None:
                    continue
                if self.is_over(size, time.monotonic() - began):
                    is_on_disk = asyncio.Event()
                    yield _end(state, is_on_disk)
                    await is_on_disk.wait()
                    size, began, passed_one = 0, time.monotonic(), False
        except HeadraceError:
            if self.is_over is None or not passed_one:
                raise
            is_on_disk = asyncio.Event()
            yield _end(state, is_on_disk)
            await is_on_disk.wait()
            raise
        yield _end(state)


def _end(state: dict[str, int], is_on_disk: asyncio.Event | None = None) -> LegEnd:
    if is_on_disk is None:
        return LegEnd(state, (), is_last=True)
    go_on = partial(asyncio.get_running_loop().call_soon_threadsafe, is_on_disk.set)
    return LegEnd(state, (), is_last=False, go_on=go_on)
