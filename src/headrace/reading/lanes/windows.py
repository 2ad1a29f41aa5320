"""Windows of a range that are read at once, and what has changed meanwhile behind them."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import aclosing
from dataclasses import replace

import msgspec

from headrace.core.events import Event, log_event
from headrace.core.exceptions import ResponseStatusError
from headrace.core.figures import ResourceFigures
from headrace.core.json_path import JsonPath
from headrace.core.quick_dataclasses import dataclass
from headrace.reading.client import Client
from headrace.reading.fan_out import FanOut
from headrace.reading.fetched_page import FetchedPage
from headrace.reading.windowed_listing import (
    MOST_HELD,
    ListedWindow,
    WindowedListing,
    WindowPassed,
)
from headrace.sansio.paging import RowKeys
from headrace.sansio.rows.cursor_reader import CursorReader
from headrace.sansio.rows.seen_versions import HandedOn, SeenVersions
from headrace.sansio.windows import (
    CatchUp,
    Window,
    WindowCut,
    WindowLanes,
    WindowProgress,
    WindowWalk,
)

_LOGGER = logging.getLogger(__name__)
# By these an API says that it takes no such end.
_REFUSES_END = frozenset({400, 416, 422})
_MOST_WAITING = 32 * 1024 * 1024
_AHEAD = (
    "{error}\nIt is what has changed while windows were read that is asked for here, up to an end "
    "that is yet to come. Where the API takes no such end, leave `endpoint.lanes` out."
)
_UNSETTLED = (
    "rows of `{name}` change as fast as they can be read: after {looks} looks at what has changed "
    "since its windows began, the last one still brought something new. What came with none of "
    "them comes with the next sync"
)


@dataclass(frozen=True, slots=True)
class LanedWindows:
    """The windows of a range, several of them read at once, and handed on in their order.

    Args:
        windows: The range.
        at_once: How many windows are read at once.
        cursor_path: The path of the time in a row.
        keys: Reads the keys of rows; None where no primary key is known.
        end: The place where the range ends by the config; None where it has no end.
        catches_up: Whether what has changed meanwhile is asked for behind them.
        clock: The present, in seconds since 1970.
    """

    windows: WindowedListing
    at_once: int
    cursor_path: JsonPath
    keys: RowKeys | None = None
    end: int | None = None
    catches_up: bool = True
    clock: Callable[[], float] = time.time

    @property
    def low(self) -> int:
        """The place where the range begins."""
        return self.windows.low

    async def items(
        self, client: Client, figures: ResourceFigures
    ) -> AsyncIterator[FetchedPage | WindowPassed]:
        """Lists all windows, and then what has changed since they began.

        Args:
            client: The client to ask with.
            figures: Where to count requests, pages, rows and bytes.

        Yields:
            The pages, and behind those of each window that it has been passed. Behind the last one
            come the pages that catch up.

        Raises:
            RequestError, PageError: As from `WindowedListing.items`.
        """
        windows = self.windows
        catch_up = CatchUp(windows.settings, windows.low, self.end, self.clock())
        lanes = WindowLanes(windows.settings, windows.low, windows.high)
        handed = HandedOn()
        async with aclosing(self._read(lanes, client, figures)) as items:
            async for item in items:
                if isinstance(item, FetchedPage):
                    if item.window is not None and item.window.high > catch_up.low:
                        handed.add(self._within(item.rows, item.window))
                    yield item
                    continue
                catch_up.meet(item.asked_at, item.answered_at)
                yield self._passed(item, lanes.progress, catch_up, figures)
        if self.catches_up:
            async with aclosing(self._caught_up(catch_up, handed, client, figures)) as caught_up:
                async for page in caught_up:
                    yield page

    def _within(self, rows: list[msgspec.Raw], window: Window) -> list[msgspec.Raw]:
        """The rows of a window that no other one brings; those that it should not have are left."""
        values = CursorReader(self.cursor_path).values(rows)
        if values is None:
            return []
        outside = set(WindowCut(window, self.windows.settings).outside(values))
        return [row for place, row in enumerate(rows) if place not in outside]

    async def _read(
        self, lanes: WindowLanes, client: Client, figures: ResourceFigures
    ) -> AsyncGenerator[FetchedPage | ListedWindow, None]:
        # Of all that is held back, each lane has a part.
        each = replace(self.windows, most_held=MOST_HELD // self.at_once, asks_ahead=False)

        def streams() -> Iterator[AsyncIterator[FetchedPage | ListedWindow]]:
            while (walk := lanes.take()) is not None:
                yield each.walked(walk, client, figures)

        fan = FanOut(streams(), at_once=self.at_once, most_bytes=_MOST_WAITING, size=_size_of)
        async with aclosing(fan.items()) as items:
            async for item in items:
                yield item

    def _passed(
        self,
        item: ListedWindow,
        progress: WindowProgress,
        catch_up: CatchUp,
        figures: ResourceFigures,
    ) -> WindowPassed:
        progress.pass_to(item.window.high, item.asked_at)
        self.windows.tell_listed(item.window, progress.passed, figures)
        # A run that does not come to the catch-up leaves it to the next one.
        reached = min(progress.reached, catch_up.low) if self.catches_up else progress.reached
        passed = WindowPassed(reached, progress.settled, progress.share, item.window.is_last)
        self.windows.on_passed(passed)
        return passed

    async def _caught_up(
        self, catch_up: CatchUp, handed: HandedOn, client: Client, figures: ResourceFigures
    ) -> AsyncGenerator[FetchedPage, None]:
        windows, seen = self.windows, SeenVersions(self.keys, self.cursor_path)
        while (look := catch_up.next_look(self.clock())) is not None:
            # None of its windows is the last one of the listing, which has ended.
            walk = WindowWalk(windows.settings, *look, within=(look[0], look[1] + 1))
            pages = new = 0
            async with aclosing(self._looked(walk, client, figures)) as items:
                async for item in items:
                    if isinstance(item, FetchedPage):
                        pages += 1
                        rows = handed.without(item.rows)
                        handed.add(rows)
                        figures.known += len(item.rows) - len(rows)
                        new += seen.add(rows) + len(item.unreadable)
                        yield replace(item, rows=rows, catches_up=True)
                    else:
                        catch_up.meet(item.asked_at, item.answered_at)
            catch_up.end_look(self.clock(), pages=pages, new=new)
            self._tell(catch_up.looks, new)
        if not catch_up.is_settled:
            figures.note(_UNSETTLED.format(name=windows.name, looks=catch_up.looks))

    async def _looked(
        self, walk: WindowWalk, client: Client, figures: ResourceFigures
    ) -> AsyncGenerator[FetchedPage | ListedWindow, None]:
        try:
            async with aclosing(self.windows.walked(walk, client, figures)) as items:
                async for item in items:
                    yield item
        except ResponseStatusError as error:
            if error.status not in _REFUSES_END:
                raise
            raise error.located(_AHEAD.format(error=error), resource=self.windows.name) from None

    def _tell(self, look: int, new: int) -> None:
        name = self.windows.name
        told = f"resource `{name}`: caught up with what changed meanwhile, {new:,} rows"
        log_event(
            _LOGGER, logging.INFO, told, Event("caught up", name, {"look": look, "rows": new})
        )


def _size_of(item: FetchedPage | ListedWindow) -> int:
    return item.size if isinstance(item, FetchedPage) else 0
