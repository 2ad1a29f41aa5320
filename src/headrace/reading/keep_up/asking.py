"""Makes the requests that the tail's planner asks for: a page of the listing, or a single row."""

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
from headrace.reading.listing import FetchedPage, ListingPass, OpenListing
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

# The statuses by which servers refuse a cursor: no standard has one for a cursor that expired.
_REFUSED = frozenset({400, 404, 410, 422})


@dataclass(slots=True)
class Arrival:
    """The answer to one request of the planner.

    Args:
        answer: The answer as the planner learns it.
        page: The page that the server sent; None where it sent none.
        rows: The rows of the page that the planner learns of, in its order.
        unplanned: The rows that the planner does not learn of, since they go to quarantine.
    """

    answer: Answer
    page: FetchedPage | None = None
    rows: list[msgspec.Raw] = field(default_factory=list)
    unplanned: list[msgspec.Raw] = field(default_factory=list)


@dataclass(slots=True)
class _Pass:
    """One pass down the listing, from its top or from a saved cursor.

    Args:
        walk: The pass, and where it stands.
        is_from_top: Whether it began at the top of the listing.
        expected: The cursor of the next page, as JSON; None at the end of the listing.
    """

    walk: ListingPass
    is_from_top: bool
    expected: str | None = None


class TailRequests:
    """Makes the requests for a listing that is kept up with, in one sync.

    Args:
        listing: The listing.
        config: How the listing is kept up with.
        reader: Reads from rows what the planner must know of them.
        ledger: Gives the ledger as it is now: what is known of the listing.
        clock: Gives the time in seconds since 1970.

    Attributes:
        refusal: The error by which the server last refused a cursor; None where it refused none.
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
        """Makes one request that the planner asks for.

        Args:
            ask: What the planner asks for.

        Raises:
            RequestError: The request got no usable answer.
            PageError: The answer is not what the config describes.
        """
        if isinstance(ask, ListAsk):
            return await self._page(ask.cursor)
        return await self._row(ask)

    async def check_path(self) -> None:
        """Checks that a listed row can be found by its own path, if no row was found that way yet.

        Raises:
            RequestError, PageError: As from `SingleRows.check_path`.
        """
        if self._listed_key is not None:
            await self._single_rows.check_path(self._listed_key)

    async def _page(self, cursor: str | None) -> Arrival:
        under_way = self._pass
        # A planner that does not go on from the last page begins another pass; as a paginator may
        # remember the pages that it has seen, each pass has its own.
        if under_way is None or cursor is None or under_way.expected != cursor:
            under_way = self._pass = _Pass(self._listing.new_pass(), is_from_top=cursor is None)
        walk = under_way.walk
        request = walk.paginator.first_request(self._listing.listing.request)
        if cursor is not None:
            request = walk.paginator.at_cursor(request, json.loads(cursor))
        try:
            page, following = await self._listing.page(request, walk, walk.paginator.next_cursor)
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
        under_way.expected = None if following is None else json.dumps(following)
        if following is None and under_way.is_from_top:
            await self._listing.close(walk)
        is_first_top = cursor is None and not self._ledger().coverage.spans
        rows, unplanned, facts = self._reader.read(
            page, self._clock(), learn=True, is_first_top=is_first_top
        )
        if facts.keys:
            # For `check_path`: a row in the middle of the page is neither still being written, as
            # the newest may be, nor about to be pruned, as the oldest may be.
            self._listed_key = facts.keys[len(facts.keys) // 2]
        return Arrival(ListedPage(facts, under_way.expected), page, rows, unplanned)

    async def _row(self, ask: RowAsk) -> Arrival:
        is_open = ask.key in self._ledger().open
        page = await self._single_rows.fetch(ask.identity, is_open=is_open)
        if page is None:
            return Arrival(RowNotThere())
        # A row that is fetched by its own path may carry more fields than a listed one. Loaded as
        # it is, its columns would change with the way in which it was last fetched.
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
