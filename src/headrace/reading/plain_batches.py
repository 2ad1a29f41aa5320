"""Fetches pages for a reader, and types their rows: one batch, and no page beyond it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator, Iterator
from contextlib import aclosing, closing
from dataclasses import field, replace
from typing import cast

from headrace.core.arrow import pa, take_memory_from_system
from headrace.core.exceptions import HeadraceError, RowError
from headrace.core.figures import Figures
from headrace.core.quick_dataclasses import dataclass
from headrace.core.secrets.redaction import Redactor
from headrace.core.secrets.shipping import stays_here
from headrace.http.auth.base import AnyAuthentication
from headrace.http.lanes import Lanes
from headrace.reading.client import Client
from headrace.reading.fetched_page import FetchedPage
from headrace.reading.plain_pages import Pages, Passing
from headrace.sansio.rows import RejectedRow
from headrace.sansio.rows.plain_types import PlainTypes

# Once the schema stands, rows are typed in pieces of so many while more are fetched.
_PIECE = 5_000
_BATCH_BYTES = 6 * 1024 * 1024
# So many rows of a reader are kept in memory.
_MOST_SET_ASIDE = 10_000


@dataclass(frozen=True, slots=True)
class RowSetAside:
    """A row that is in no batch, as it cannot be read, or lacks what each row must have.

    Args:
        row: The row as JSON, without secrets.
        reason: Why it was set aside.
        request: The request that brought it, without secrets.
    """

    row: str
    reason: str
    request: str


@dataclass(frozen=True, slots=True)
class ReadSettings:
    """How much is read, and how much at once.

    Args:
        batch_rows: The number of rows at which a batch is full, a page more or less.
        limit_rows: The number of rows after which to stop; None for all rows.
    """

    batch_rows: int = 25_000
    limit_rows: int | None = None


@dataclass(frozen=True, slots=True)
class _Part:
    """A page on its way to the reader.

    Args:
        page: The page.
        ends_batch: Whether a batch ends with it.
        is_waited_for: Whether no more is fetched until it has been looked at.
    """

    page: FetchedPage
    ends_batch: bool
    is_waited_for: bool


@stays_here
@dataclass(slots=True)
class PlainBatches:
    """The batches of one resource.

    Args:
        name: The name of the resource.
        source: Its pages.
        passing: Decides on its rows.
        types: Types them.
        lanes: What to fetch with.
        credentials: What they are asked for with, whose secrets no row set aside shows.
        settings: How much is read.
        page_by_page: Whether only a look at the rows of a page tells if more are wanted.
        figures: What is counted.
        set_aside: The rows that are in no batch.
    """

    name: str
    source: Pages
    passing: Passing
    types: PlainTypes
    lanes: Lanes
    credentials: AnyAuthentication = field(repr=False)
    settings: ReadSettings = field(default_factory=ReadSettings)
    page_by_page: bool = False
    figures: Figures = field(default_factory=Figures)
    set_aside: list[RowSetAside] = field(default_factory=list)

    def tables(self) -> Generator[pa.Table, None, None]:
        """Reads the listing; each table is a batch that has rows.

        What had come before an error is handed over before it is raised.

        Raises:
            HeadraceError: The listing failed.
        """
        take_memory_from_system()
        error: HeadraceError | None = None
        pages: list[FetchedPage] = []
        pieces: list[pa.Table] = []
        reading = self.lanes.read(self._parts, lambda part: int(part.is_waited_for), 1)
        with closing(reading) as parts:
            while True:
                try:
                    part = next(parts, None)
                    if part is None:
                        break
                    pages.append(self._passed(part.page))
                except HeadraceError as failed:
                    error = failed
                    break
                waits = not part.ends_batch and not self._is_over
                if waits and not (self.types.stands and _count(pages) >= _PIECE):
                    continue
                pieces.extend(self._typed(pages))
                pages = []
                if not waits:
                    yield from _whole(pieces)
                    pieces = []
                if self._is_over:
                    break
        pieces.extend(self._typed(pages))
        yield from _whole(pieces)
        if error is not None:
            raise error

    @property
    def _is_over(self) -> bool:
        limit = self.settings.limit_rows
        is_full = limit is not None and self.figures.of(self.name).loaded_rows >= limit
        return is_full or self.passing.is_over

    async def _parts(self, client: Client) -> AsyncGenerator[_Part, None]:
        settings, limit = self.settings, self.settings.limit_rows
        rows = size = total = 0
        pages = cast(AsyncGenerator[FetchedPage, None], self.source.pages(client, self.figures))
        async with aclosing(pages):
            async for page in pages:
                rows += len(page.rows) + len(page.unreadable)
                total += len(page.rows)
                size += page.size
                is_full = rows >= settings.batch_rows or size >= _BATCH_BYTES
                is_enough = limit is not None and not self.page_by_page and total >= limit
                ends = is_full or is_enough
                yield _Part(page, ends, ends or self.page_by_page)
                if is_enough:
                    return
                if ends:
                    rows = size = 0

    def _passed(self, page: FetchedPage) -> FetchedPage:
        page = self.passing.page(page)
        figures, limit = self.figures.of(self.name), self.settings.limit_rows
        if limit is not None:
            page = replace(page, rows=page.rows[: max(0, limit - figures.loaded_rows)])
        figures.loaded_rows += len(page.rows)
        figures.limited = limit is not None and figures.loaded_rows >= limit
        return page

    def _typed(self, pages: list[FetchedPage]) -> Iterator[pa.Table]:
        typed = self.types.take([row for page in pages for row in page.rows])
        self.figures.of(self.name).side_rows += typed.side_rows
        unreadable = [row for page in pages for row in page.unreadable]
        if typed.rejected or unreadable:
            self._set_aside(pages, typed.rejected, unreadable)
        if typed.table is not None:
            yield typed.table

    def _set_aside(
        self, pages: list[FetchedPage], rejected: list[RejectedRow], unreadable: list[RejectedRow]
    ) -> None:
        figures = self.figures.of(self.name)
        figures.quarantined += len(rejected) + len(unreadable)
        figures.loaded_rows -= len(rejected)
        came = {
            id(row): page.request
            for page in pages
            for row in (*page.rows, *(each.row for each in page.unreadable))
        }
        clean = Redactor(self.credentials.secrets).clean
        for each in (*unreadable, *rejected):
            shown = clean(bytes(each.row).decode("utf-8", "backslashreplace"))
            request = str(came[id(each.row)])
            self.set_aside.append(RowSetAside(shown, clean(each.reason), request))
        if len(self.set_aside) > _MOST_SET_ASIDE:
            raise RowError(
                f"resource `{self.name}`: more than {_MOST_SET_ASIDE:,} rows cannot be read; the "
                f"first one: {self.set_aside[0].reason}. Check `primary_key`, `columns` and "
                "`endpoint.data_selector`.",
                resource=self.name,
                row=self.set_aside[0].row,
            )


def _count(pages: list[FetchedPage]) -> int:
    return sum(len(page.rows) for page in pages)


def _whole(pieces: list[pa.Table]) -> Generator[pa.Table, None, None]:
    table = pa.concat_tables(pieces) if pieces else None
    if table is not None and table.num_rows:
        yield table.combine_chunks()
