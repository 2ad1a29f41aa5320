"""Gathers the rows of a parent that yields them one by one, to ask for them side by side.

dlt calls a dependent resource with each item of its parent, and takes what that gives before it
asks the parent for the next one. But where a generator gives None, dlt asks the other generators
first, the parent's among them. So the generator of the first row stays, and gives None as long as
no page is there. Meanwhile the calls for further rows only add theirs to it. The pages come out in
the order of the rows.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

from headrace.http.lanes import Handoff, Lanes
from headrace.reading.asked_rows import AskedRow
from headrace.reading.client import Client
from headrace.reading.fan_out import FanOut
from headrace.reading.fetched_page import FetchedPage
from headrace.reading.side_listings import ListingOutcome

# More rows than that do not make it faster.
_MOST_GATHERED = 1000

ListedItem = FetchedPage | ListingOutcome
Listed = Callable[[AskedRow, Client], AsyncIterator[ListedItem]]


class Gathering:
    """Rows of a parent that have come and are being asked for.

    Args:
        lanes: What to fetch with.
        listed: Lists what belongs to a row.
        most_bytes: The size of the pages, in bytes, that may wait for those of an earlier row.
    """

    def __init__(self, lanes: Lanes, listed: Listed, most_bytes: int) -> None:
        self._lanes = lanes
        self._listed = listed
        self._most_bytes = most_bytes
        self._waiting: deque[AskedRow] = deque()
        self._gathered = 0
        self._reading: tuple[Handoff[ListedItem], FanOut[ListedItem]] | None = None

    @property
    def has_some(self) -> bool:
        """Whether rows wait that are not being asked for yet."""
        return bool(self._waiting)

    def add(self, row: AskedRow) -> None:
        """Adds a row; its listing is fetched as soon as its turn comes.

        Args:
            row: The row, in its place.
        """
        self._waiting.append(row)
        self._gathered += 1
        if self._reading is not None:
            handoff, fan = self._reading
            handoff.loop.call_soon_threadsafe(fan.take_up)

    def items(self, hand_over: Callable[[Iterator[ListedItem]], Iterator[Any]]) -> Iterator[Any]:
        """Hands over what the rows have, those included that are added meanwhile.

        Args:
            hand_over: Makes of pages what dlt gets.

        Yields:
            What dlt gets; None where it should ask the parent for more rows first.
        """
        # A row may come when the last one before it is done with: then the lane has ended.
        while self._waiting:
            self._gathered = len(self._waiting)
            fan: FanOut[ListedItem]

            def lane(client: Client) -> AsyncIterator[ListedItem]:
                nonlocal fan
                fan = FanOut(
                    _Listings(self._waiting, lambda row: self._listed(row, client)),
                    at_once=self._lanes.concurrency,
                    most_bytes=self._most_bytes,
                    size=size_of,
                )
                return fan.items()

            with self._lanes.reading(lane, size_of) as handoff:
                self._reading = (handoff, fan)
                try:
                    yield from self._in_turn(handoff, hand_over(handoff.drain()))
                finally:
                    self._reading = None

    def _in_turn(self, handoff: Handoff[ListedItem], handed: Iterator[Any]) -> Iterator[Any]:
        while True:
            while handoff.is_waited_for and self._gathered < _MOST_GATHERED:
                yield None
            try:
                item = next(handed)
            except StopIteration:
                return
            yield item


class _Listings:
    """The listings of the rows that wait: others may follow where there was none.

    Args:
        rows: The rows that wait.
        listed: Lists what belongs to a row.
    """

    def __init__(
        self, rows: deque[AskedRow], listed: Callable[[AskedRow], AsyncIterator[ListedItem]]
    ) -> None:
        self._rows = rows
        self._listed = listed

    def __iter__(self) -> _Listings:
        return self

    def __next__(self) -> AsyncIterator[ListedItem]:
        if not self._rows:
            raise StopIteration
        return self._listed(self._rows.popleft())


def size_of(item: ListedItem) -> int:
    """The size of a page, in bytes; 0 for what is none."""
    return item.size if isinstance(item, FetchedPage) else 0
