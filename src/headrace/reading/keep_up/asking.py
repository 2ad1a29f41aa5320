"""Makes the requests that the tail's planner asks for: a page of the listing, or a single row."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import field, replace

import msgspec

from headrace.config.built.tail import TailConfig
from headrace.core.exceptions import HeadraceError, PageError, ResponseStatusError
from headrace.core.exchange import Request
from headrace.core.failed_requests import is_of_one_request, may_be_of_config
from headrace.core.quick_dataclasses import dataclass
from headrace.http.response_hooks import ResponseIgnored
from headrace.reading.fetched_page import FetchedPage
from headrace.reading.keep_up.row_facts import TailRowReader
from headrace.reading.keep_up.single_rows import SingleRows
from headrace.reading.listing import OpenListing
from headrace.reading.listing_ends import refuse_unless_whole
from headrace.reading.listing_pass import ListingPass
from headrace.sansio.rows.row_facts import cut_to
from headrace.sansio.tail import (
    CursorRefused,
    FoundRow,
    Ledger,
    ListAsk,
    ListedPage,
    OwnListAsk,
    OwnListRefused,
    RowAsk,
    RowFailed,
    RowNotThere,
)
from headrace.sansio.tail.messages import Answer, Ask, OwnListing

# The statuses by which servers refuse a cursor, or params: no standard has one for either.
_REFUSED = frozenset({400, 404, 410, 422})


@dataclass(slots=True)
class Arrival:
    """The answer to one request of the planner.

    Args:
        answer: The answer as the planner learns it.
        page: The page that the server sent; None where it sent none.
        rows: The rows of the page that the planner learns of, in its order.
        unplanned: The rows that the planner does not learn of, since they go to quarantine.
        error: Why the request failed; None where it did not.
    """

    answer: Answer
    page: FetchedPage | None = None
    rows: list[msgspec.Raw] = field(default_factory=list)
    unplanned: list[msgspec.Raw] = field(default_factory=list)
    error: HeadraceError | None = None


@dataclass(frozen=True, slots=True)
class SinglesPolicy:
    """What to do about requests for single rows that fail.

    Args:
        may_fail: Whether one that fails leaves the row for the next sync; else it ends this one.
        have_worked: Whether such a request is known to have worked in an earlier sync.
        tries: What is on record: in how many syncs the requests for rows have failed, by the key.
    """

    may_fail: bool = False
    have_worked: bool = False
    tries: Mapping[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class _Pass:
    """One pass down the listing, from its top or from a saved cursor.

    Args:
        walk: The pass, and where it stands.
        is_from_top: Whether it began at the top of the listing.
        expected: The cursor of the next page, as JSON; None at the end of the listing.
        most_rows: How many rows the largest page had.
    """

    walk: ListingPass
    is_from_top: bool
    expected: str | None = None
    most_rows: int = 0


class TailRequests:
    """Makes the requests for a listing that is kept up with, in one sync.

    Args:
        listing: The listing.
        config: How the listing is kept up with.
        reader: Reads from rows what the planner must know of them.
        ledger: Gives the ledger as it is now: what is known of the listing.
        clock: Gives the time in seconds since 1970.
        policy: What to do about requests for single rows that fail.
        goes_to_end: Whether a first listing is wanted down to its end.

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
        policy: SinglesPolicy,
        *,
        goes_to_end: bool = True,
    ) -> None:
        self._listing = listing
        self._config = config
        self._reader = reader
        self._ledger = ledger
        self._clock = clock
        self._policy = policy
        self._of_config: HeadraceError | None = None
        self._is_doubtful = False
        # Only then does no page but the last one end the pass.
        is_first = not ledger().coverage.spans
        self._goes_to_end = goes_to_end and is_first and config.settings.backfill_until is None
        self._single_rows = SingleRows(listing, config)
        self._top_pass: _Pass | None = None
        self._passes: dict[str, _Pass] = {}
        self._own_pass: _Pass | None = None
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
            return await self._page(ask)
        if isinstance(ask, OwnListAsk):
            return await self._own_page(ask)
        return await self._row(ask)

    def made(self, page: FetchedPage) -> FetchedPage:
        """The page with the rows that are made of its listed ones, which are counted.

        Args:
            page: A page with those of its listed rows that are to be loaded.
        """
        return self._listing.made(page)

    def tell_if_none_made(self) -> None:
        """Notes that no listed row had anything of which rows are made, where that is so."""
        if self._listing.making is not None:
            self._listing.making.tell()

    @property
    def singles_have_worked(self) -> bool:
        """Whether a row was found by its own path."""
        return self._single_rows.have_worked

    async def check_path(self) -> HeadraceError | None:
        """Checks that a listed row can be found by its own path, if no row was found that way yet.

        Returns:
            The error of the request for that row, where it tells nothing of the path; None where
            the path is taken for right.

        Raises:
            RequestError, PageError: As from `SingleRows.check_path`; or the config may be to blame
                for errors of single rows, and none of them was ever found.
        """
        if self._single_rows.have_worked:
            return None
        if self._of_config is not None and not self._policy.have_worked:
            await self._find_listed_row(self._of_config)
        if self._listed_key is None:
            return None
        try:
            await self._single_rows.check_path(self._listed_key)
        except HeadraceError as error:
            if not self._is_passed_over(error) or may_be_of_config(error):
                raise
            return error
        return None

    async def _find_listed_row(self, otherwise: HeadraceError) -> None:
        """Sees whether the path leads to a listed row, so that the config is not to blame."""
        key = self._listed_key
        try:
            found = None if key is None else await self._found_row(RowAsk(key, key))
        except HeadraceError:
            raise otherwise from None
        if found is None or isinstance(found.answer, RowNotThere):
            raise otherwise

    def _is_passed_over(self, error: HeadraceError) -> bool:
        return self._policy.may_fail and is_of_one_request(error)

    async def _page(self, ask: ListAsk) -> Arrival:
        cursor, request = ask.cursor, self._listing.listing.request
        if ask.below is not None and self._config.below_param is not None:
            request = request.with_param(self._config.below_param, ask.below)
        is_top = cursor is None and ask.below is None
        # A planner that does not go on from a page begins another pass; as a paginator may remember
        # the pages that it has seen, each pass has its own.
        under_way = None if cursor is None else self._passes.pop(cursor, None)
        if under_way is None:
            under_way = self._begin_pass(is_top=is_top)
        try:
            page = await self._next_page(under_way, request, cursor)
        except ResponseStatusError as error:
            if is_top or error.status not in _REFUSED:
                raise
            self.refusal = error
            return Arrival(CursorRefused())
        if under_way.expected is not None and ask.below is None:
            self._passes[under_way.expected] = under_way
        if under_way.expected is None and under_way.is_from_top:
            await refuse_unless_whole(self._listing, under_way.walk)
        is_first_top = is_top and not self._ledger().coverage.spans
        rows, unplanned, facts = self._reader.read(
            page, self._clock(), learn=True, is_first_top=is_first_top
        )
        if facts.keys:
            # For `check_path`: a row in the middle of the page is neither still being written, as
            # the newest may be, nor about to be pruned, as the oldest may be.
            self._listed_key = facts.keys[len(facts.keys) // 2]
        return Arrival(ListedPage(facts, under_way.expected), page, rows, unplanned)

    def _begin_pass(self, *, is_top: bool) -> _Pass:
        """Begins a pass down the listing; beside one that does not begin at the top are others."""
        begun = _Pass(self._listing.new_pass(), is_from_top=is_top)
        if is_top:
            self._top_pass = begun
        elif self._top_pass is not None:
            self._top_pass.walk.ask_no_more_ahead()
        if is_top and self._goes_to_end:
            begun.walk.ask_ahead()
        return begun

    async def _own_page(self, ask: OwnListAsk) -> Arrival:
        cursor, under_way = ask.cursor, self._own_pass
        if under_way is None or cursor is None or under_way.expected != cursor:
            under_way = self._own_pass = _Pass(self._listing.new_pass(), is_from_top=False)
        try:
            page = await self._next_page(under_way, self._own_request(ask.of), cursor)
        except ResponseStatusError as error:
            if error.status not in _REFUSED:
                raise
            self._own_pass = None
            return Arrival(OwnListRefused(error.status) if cursor is None else CursorRefused())
        rows, unplanned, facts = self._reader.read(page, self._clock(), learn=True)
        return Arrival(ListedPage(facts, under_way.expected), page, rows, unplanned)

    async def _next_page(
        self, under_way: _Pass, listing: Request, cursor: str | None
    ) -> FetchedPage:
        """Asks for the next page of a pass, and notes which one follows."""
        walk = under_way.walk
        request = walk.paginator.first_request(listing)
        if cursor is not None:
            request = walk.paginator.at_cursor(request, json.loads(cursor))
        try:
            page, following = await self._listing.page(request, walk, walk.paginator.next_cursor)
            came = len(page.rows) + len(page.unreadable)
            is_own = following is not None and json.dumps(following) == cursor
            if is_own and came < under_way.most_rows:
                # Some servers name it on their last page: then nothing new comes.
                _, following = await self._listing.page(request, walk, walk.paginator.next_cursor)
        except ResponseIgnored as ignored:
            raise self._may_not_ignore(ignored) from None
        under_way.most_rows = max(under_way.most_rows, came)
        under_way.expected = None if following is None else json.dumps(following)
        return page

    def _own_request(self, of: OwnListing) -> Request:
        request, own = self._listing.listing.request, self._config.own_listings[of]
        path = request.path if own.path is None else own.path
        return replace(request, path=path, params={**request.params, **own.params})

    def _may_not_ignore(self, ignored: ResponseIgnored) -> PageError:
        return PageError(
            f"{ignored.request}: {ignored.why} ignores the answer, but a listing that is kept up "
            "with would never come to the rows below. Let the function raise another error.",
            resource=self._listing.listing.name,
            url=ignored.request.url,
        )

    async def _row(self, ask: RowAsk) -> Arrival:
        try:
            arrival = await self._found_row(ask)
        except HeadraceError as error:
            if not self._is_passed_over(error):
                raise
            self._is_doubtful = True
            if may_be_of_config(error):
                self._of_config = self._of_config or error
            return Arrival(RowFailed(), error=error)
        self._is_doubtful = False
        return arrival

    async def _found_row(self, ask: RowAsk) -> Arrival:
        is_open = ask.key in self._ledger().open
        is_doubtful = self._is_doubtful or self._policy.tries.get(str(ask.identity), 0) > 0
        page = await self._single_rows.fetch(
            ask.identity, is_open=is_open, most_attempts=1 if is_doubtful else None
        )
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
        self._single_rows.note_found()
        return Arrival(FoundRow(facts), page, rows)
