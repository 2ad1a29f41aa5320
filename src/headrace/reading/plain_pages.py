"""The pages of a resource for a reader without a pipeline, with those of its parents below them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import field
from itertools import count
from typing import Any, Protocol, cast

from headrace.core.figures import Figures
from headrace.core.quick_dataclasses import dataclass
from headrace.reading.asked_rows import (
    AskedRange,
    AskedRow,
    Fill,
    ParentBatch,
    ParentRow,
    ParentValues,
)
from headrace.reading.children import ChildListings
from headrace.reading.client import Client
from headrace.reading.fan_out import FanOut
from headrace.reading.fetched_page import FetchedPage
from headrace.reading.lanes.values import ValueListing
from headrace.reading.listing import Listing
from headrace.reading.parent_batches import ParentBatches
from headrace.reading.windowed_listing import WindowedListing
from headrace.sansio.rows.json_rows import readable_rows


class Pages(Protocol):
    """The pages of a resource."""

    def pages(self, client: Client, figures: Figures) -> AsyncIterator[FetchedPage]:
        """Lists all of them.

        Args:
            client: The client to ask with.
            figures: Where each resource counts.
        """
        ...


class Passing(Protocol):
    """What decides on the rows of pages before anyone sees them."""

    @property
    def is_over(self) -> bool:
        """Whether no later page can have a row that passes."""
        ...

    def page(self, page: FetchedPage) -> FetchedPage:
        """The page with the rows that pass."""
        ...


class ParentRows(Protocol):
    """The rows of a parent."""

    def rows(
        self, client: Client, figures: Figures
    ) -> AsyncIterator[Sequence[ParentRow | ParentValues]]:
        """All of them, decoded, or what is needed of them, some at a time."""
        ...


@dataclass(frozen=True, slots=True)
class RootPages:
    """The pages of a resource that depends on no other.

    Args:
        name: The name of the resource.
        listing: Its listing.
    """

    name: str
    listing: Listing | WindowedListing | ValueListing

    def pages(self, client: Client, figures: Figures) -> AsyncIterator[FetchedPage]:
        """Lists all of them."""
        return self.listing.pages(client, figures.of(self.name))


@dataclass(frozen=True, slots=True)
class RowsOfPages:
    """The rows of a parent that is read for those that depend on it.

    Args:
        name: The name of the parent.
        source: Its pages.
        passing: Decides on its rows.
    """

    name: str
    source: Pages
    passing: Passing

    async def rows(
        self, client: Client, figures: Figures
    ) -> AsyncGenerator[Sequence[ParentRow], None]:
        """All of them, decoded, a page at a time."""
        pages = cast(AsyncGenerator[FetchedPage, None], self.source.pages(client, figures))
        async with aclosing(pages):
            async for page in pages:
                rows = list(readable_rows(self.passing.page(page).rows))
                figures.of(self.name).passed_on += len(rows)
                yield rows
                if self.passing.is_over:
                    return


@dataclass(frozen=True, slots=True)
class ChildPages:
    """The pages of a dependent resource: the listings of its parent's rows, side by side.

    No more than one page of each listing waits for its turn.

    Args:
        children: The listings.
        parents: The rows of the parent.
        at_once: How many listings are read at the same time.
        fill: Makes their requests, where they hold values of an incremental.
        range: The windows that each is asked for in; None to ask for all at once.
        wanted: So many rows of windows are enough; None for all.
    """

    children: ChildListings
    parents: ParentRows
    at_once: int
    fill: Fill | None = None
    range: AskedRange | None = None
    wanted: int | None = None
    _places: Iterator[int] = field(default_factory=count)

    async def pages(self, client: Client, figures: Figures) -> AsyncGenerator[FetchedPage, None]:
        """Lists all of them, in the order of the parent's rows."""
        own = figures.of(self.children.listing.name)
        async with aclosing(self.asked(client, figures)) as all_asked:
            async for some in all_asked:
                streams = (self.children.of_row(each, client, own) for each in some)
                fan: FanOut[FetchedPage] = FanOut(
                    streams, at_once=self.at_once, most_bytes=0, size=lambda page: 1
                )
                async with aclosing(fan.items()) as pages:
                    async for page in pages:
                        yield page
        self.children.judge_single_pages(own)

    async def asked(
        self, client: Client, figures: Figures
    ) -> AsyncGenerator[Sequence[AskedRow], None]:
        """What is asked for, in parts that are worth asking for side by side.

        Args:
            client: The client to ask for the rows of the parent with.
            figures: Where each resource counts.
        """
        waiting: list[AskedRow] = []
        batching = self.children.parent.batching
        batches = None if batching is None else ParentBatches(self.children.parent)
        rows = self.parents.rows(client, figures)
        async with aclosing(cast(AsyncGenerator[Sequence[ParentRow | ParentValues], None], rows)):
            async for some in rows:
                waiting.extend(self._of_rows(some, batches))
                if len(waiting) >= self.at_once:
                    yield waiting
                    waiting = []
        waiting.extend(self._numbered(batches.rest() if batches is not None else ()))
        if waiting:
            yield waiting

    def _of_rows(
        self, rows: Sequence[ParentRow | ParentValues], batches: ParentBatches | None
    ) -> Iterator[AskedRow]:
        if batches is None:
            yield from self._numbered(rows)
            return
        for row in rows:
            values = self.children.values(row)
            if not batches.has_no_value(values):
                yield from self._numbered(batches.add(values))

    def _numbered(
        self, rows: Iterable[ParentRow | ParentValues | ParentBatch]
    ) -> Iterator[AskedRow]:
        for row in rows:
            yield AskedRow(
                cast(Any, row), next(self._places), self.fill, range=self.range, wanted=self.wanted
            )
