"""Carries out what the tail's planner asks for: a page of the listing, or a single row."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import msgspec

from headrace.config.built.tail import TailConfig
from headrace.core.exceptions import PageError, ResponseStatusError
from headrace.http.response_hooks import ResponseIgnored
from headrace.reading.keep_up.row_facts import TailRowReader
from headrace.reading.keep_up.single_rows import SingleRows
from headrace.reading.listing import FetchedPage, OpenListing
from headrace.sansio.paging import Paginator
from headrace.sansio.rows import PageSlicer
from headrace.sansio.rows.row_facts import cut_to
from headrace.sansio.tail import (
    CursorRefused,
    FoundRow,
    Ledger,
    ListAsk,
    ListedPage,
    RowAsk,
    RowNotThere,
)
from headrace.sansio.tail.messages import Answer, Ask

# What servers answer to a cursor that they do not take any more.
_REFUSED = frozenset({400, 404, 410, 422})


@dataclass(slots=True)
class Arrival:
    """What came of one thing that the planner asked for.

    Args:
        answer: The answer as the planner sees it.
        page: The page that it came in; None where none came.
        rows: The rows that the planner knows of.
        unplanned: The rows that it need not know of, since they go to quarantine.
    """

    answer: Answer
    page: FetchedPage | None = None
    rows: list[msgspec.Raw] = field(default_factory=list)
    unplanned: list[msgspec.Raw] = field(default_factory=list)


@dataclass(slots=True)
class _Pass:
    """One walk down the listing, from its top or from a saved cursor."""

    paginator: Paginator
    slicer: PageSlicer
    number: int = 0
    expected: str | None = None


class TailRequests:
    """The requests of a listing that is kept up with, in one sync.

    Args:
        listing: The listing.
        config: How it is kept up with.
        reader: Reads of rows what the planner must know.
        ledger: Gives what is known of the listing at the moment.
        clock: Gives the time in seconds since 1970.

    Attributes:
        refusal: The server's last refusal of a cursor.
    """

    def __init__(
        self,
        listing: OpenListing,
        config: TailConfig,
        reader: TailRowReader,
        ledger: Callable[[], Ledger],
        clock: Callable[[], float],
    ) -> None:
        self._listing = listing
        self._config = config
        self._reader = reader
        self._ledger = ledger
        self._clock = clock
        self._single_rows = SingleRows(listing, config)
        self._pass: _Pass | None = None
        self._listed_key: int | str | None = None
        self.refusal: ResponseStatusError | None = None

    async def answer(self, ask: Ask) -> Arrival:
        """Asks the API.

        Args:
            ask: What the planner wants to know.

        Raises:
            RequestError: The request got no usable answer.
            PageError: The answer is not what the config describes.
        """
        if isinstance(ask, ListAsk):
            return await self._page(ask.cursor)
        return await self._row(ask)

    async def check_path(self) -> None:
        """Sees whether single rows are found by their path, where none was found so far.

        Raises:
            RequestError, PageError: As from `SingleRows.check_path`.
        """
        if self._listed_key is not None:
            await self._single_rows.check_path(self._listed_key)

    async def _page(self, cursor: str | None) -> Arrival:
        walk = self._pass
        if walk is None or cursor is None or walk.expected != cursor:
            paginator = self._listing.listing.new_paginator()
            walk = self._pass = _Pass(paginator, self._listing.slicer(paginator))
        request = walk.paginator.first_request(self._listing.listing.request)
        if cursor is not None:
            request = walk.paginator.at_cursor(request, json.loads(cursor))
        walk.number += 1
        try:
            page, following = await self._listing.page(
                request, walk.slicer, walk.number, walk.paginator.next_cursor
            )
        except ResponseStatusError as error:
            if cursor is None or error.status not in _REFUSED:
                raise
            self.refusal, self._pass = error, None
            return Arrival(CursorRefused())
        except ResponseIgnored as ignored:
            raise PageError(
                f"{ignored.request}: {ignored.why} ignores the answer, but a listing that is kept "
                "up with would never come to the rows below. Let the function raise another "
                "error.",
                resource=self._listing.listing.name,
                url=ignored.request.url,
            ) from None
        walk.expected = None if following is None else json.dumps(following)
        is_first_top = cursor is None and not self._ledger().coverage.spans
        rows, unplanned, facts = self._reader.read(
            page, self._clock(), learn=True, is_first_top=is_first_top
        )
        if facts.keys:
            # One in the middle is neither still being written nor about to be pruned.
            self._listed_key = facts.keys[len(facts.keys) // 2]
        return Arrival(ListedPage(facts, walk.expected), page, rows, unplanned)

    async def _row(self, ask: RowAsk) -> Arrival:
        is_open = ask.key in self._ledger().open
        page = await self._single_rows.fetch(ask.identity, is_open=is_open)
        if page is None:
            return Arrival(RowNotThere())
        # A row that is fetched singly may carry more fields than a listed one: the two would
        # overwrite each other.
        page = replace(page, rows=[cut_to(row, self._reader.known) for row in page.rows])
        rows, unplanned, facts = self._reader.read(page, self._clock())
        if unplanned:
            name = self._listing.listing.name
            raise PageError(
                f"resource `{name}`, {page.request}: the answer has no "
                f"`{self._config.key}`, so it is not the row. Check `incremental.refresh_path`, "
                "and that `incremental.refresh_selector` leads to the row in it.",
                resource=name,
                url=page.request.url,
            )
        return Arrival(FoundRow(facts), page, rows)
