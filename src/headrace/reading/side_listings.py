"""The listings of a dependent resource, where one that fails does not end the others.

What is not taken for the failure of one listing ends the load as it would elsewhere: credentials
that are refused, an action of the config that says `fail`, and errors that the config may be to
blame for, as 404 for a wrong path, as long as no listing of the resource has ever worked.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import replace

from headrace.core.exceptions import ConnectionFailed, HeadraceError
from headrace.core.exchange import Request, Response
from headrace.core.failed_requests import is_of_one_request, may_be_of_config
from headrace.core.figures import ResourceFigures
from headrace.core.quick_dataclasses import dataclass
from headrace.http.response_hooks import ResponseHook, ResponseRefused
from headrace.reading.asked_rows import AskedRow, BatchIgnored
from headrace.reading.children import ChildListings
from headrace.reading.client import Client
from headrace.reading.fetched_page import FetchedPage
from headrace.reading.listing import Listing

# So many failures one after the other are no exception any more: the next ones get one attempt.
_FEW_IN_A_ROW = 3
# A server that is silent so often is silent for all of the others as well.
_MOST_SILENT = 20
# So many listings that the config may be to blame for, and none that worked, say that it is.
_MOST_OF_CONFIG = 20
# Up to so many bytes of a listing are held until it has come to its end.
_MOST_HELD = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class ListingOutcome:
    """How the listing of a row of the parent, or of a batch of them, ended, behind its pages.

    Args:
        asked: The row or the batch.
        error: Why it failed; None where it came to its end.
        was_asked: Whether it was asked for at all.
        request: The request that failed, without secrets.
    """

    asked: AskedRow
    error: HeadraceError | None = None
    was_asked: bool = True
    request: str = ""

    @property
    def place(self) -> int:
        """The place of the row among those that are asked for."""
        return self.asked.place


class SideListings:
    """The listings of a dependent resource in one load.

    Args:
        listings: The listings.
        holds_back: Whether the rows of a listing are wanted only if all of them come.
        has_worked: Whether a listing of the resource is known to have worked.

    Attributes:
        has_worked: Whether one has worked by now.
        of_config: The first error that the config may be to blame for; None where there was none.
    """

    def __init__(
        self, listings: ChildListings, *, holds_back: bool = False, has_worked: bool = False
    ) -> None:
        self._listings = listings
        self._holds_back = holds_back
        self.has_worked = has_worked
        self.of_config: HeadraceError | None = None
        self._of_config = 0
        self._in_a_row = 0
        self._silent: ConnectionFailed | None = None
        self._silent_in_a_row = 0

    async def of_row(
        self, asked: AskedRow, client: Client, figures: ResourceFigures
    ) -> AsyncIterator[FetchedPage | ListingOutcome]:
        """Lists what belongs to one row of the parent, or to a batch of them.

        Args:
            asked: The row or the batch, and how its request is made.
            client: The client to ask with.
            figures: Where to count requests, pages and rows.

        Yields:
            The pages, and the outcome behind them.

        Raises:
            HeadraceError: The listing failed in a way that is not its own alone.
        """
        for piece in asked.pieces(self._listings.limit.most):
            async for item in self._of_piece(piece, client, figures):
                yield item

    async def _of_piece(
        self, asked: AskedRow, client: Client, figures: ResourceFigures
    ) -> AsyncGenerator[FetchedPage | ListingOutcome, None]:
        if self._silent is not None and self._silent_in_a_row >= _MOST_SILENT:
            yield self._failed(asked, self._silent, was_asked=False)
            return
        hook = _WatchedHook(self._listings.listing.hook)
        limit = self._listings.limit
        given = False
        try:
            async for page in self._pages(asked, hook, client, figures):
                given = True
                yield page
        except BatchIgnored as ignored:
            refusal: HeadraceError | BatchIgnored = ignored
            halves = limit.halves(asked, ignored)
        except HeadraceError as error:
            if hook.has_refused or not is_of_one_request(error) or (given and self._holds_back):
                raise
            refusal = error
            halves = [] if given else limit.halves(asked, error)
            if not halves:
                self._note(error)
                yield self._failed(asked, error)
                return
        else:
            self.has_worked, self._in_a_row, self._silent_in_a_row = True, 0, 0
            yield ListingOutcome(asked)
            return
        has_failed = False
        for half in halves:
            async for item in self._of_piece(half, client, figures):
                has_failed |= isinstance(item, ListingOutcome) and item.error is not None
                yield item
        if not has_failed:
            limit.learn(asked, refusal, figures)

    async def _pages(
        self, asked: AskedRow, hook: _WatchedHook, client: Client, figures: ResourceFigures
    ) -> AsyncGenerator[FetchedPage, None]:
        """The pages: those of a small listing only once all are there, where that is wanted."""
        listings = replace(self._listings, listing=self._with_attempts(asked, hook))
        held: list[FetchedPage] = []
        size, holds = 0, self._holds_back
        try:
            async for page in listings.of_row_or_batch(asked, client, figures):
                held.append(page)
                size += page.size
                holds = holds and size <= _MOST_HELD
                while held and not holds:
                    yield held.pop(0)
        except HeadraceError:
            figures.rows -= sum(len(page.rows) + len(page.unreadable) for page in held)
            raise
        for page in held:
            yield page

    def _with_attempts(self, asked: AskedRow, hook: _WatchedHook) -> Listing:
        is_doubtful = asked.has_failed or self._in_a_row >= _FEW_IN_A_ROW
        listing = self._listings.listing
        return replace(
            listing,
            hook=None if listing.hook is None else hook,
            most_attempts=1 if is_doubtful else None,
            is_one_of_many=True,
        )

    def _note(self, error: HeadraceError) -> None:
        self._in_a_row += 1
        if isinstance(error, ConnectionFailed):
            self._silent, self._silent_in_a_row = error, self._silent_in_a_row + 1
        else:
            self._silent_in_a_row = 0
        if self.has_worked or not may_be_of_config(error):
            return
        self.of_config = self.of_config or error
        self._of_config += 1
        if self._of_config >= _MOST_OF_CONFIG:
            raise error

    def _failed(
        self, asked: AskedRow, error: HeadraceError, *, was_asked: bool = True
    ) -> ListingOutcome:
        request = f"{self._listings.listing.request.method} {error.url}" if was_asked else ""
        return ListingOutcome(asked, error, was_asked, request)


class _WatchedHook:
    """Calls a response hook, and remembers that it has refused an answer for good.

    Args:
        hook: The hook; None where there is none.
    """

    def __init__(self, hook: ResponseHook | None) -> None:
        self._hook = hook
        self.has_refused = False

    def __call__(self, request: Request, response: Response) -> Response:
        assert self._hook is not None
        try:
            return self._hook(request, response)
        except ResponseRefused as refused:
            self.has_refused |= not (refused.again or refused.halves)
            raise
