"""One pass down a listing."""

from __future__ import annotations

from headrace.core.exceptions import PageError
from headrace.core.exchange import Request, Response
from headrace.core.leaps import Leap, is_taken
from headrace.core.quick_dataclasses import dataclass
from headrace.http.ahead import AskedAhead
from headrace.sansio.decoding import Slicer
from headrace.sansio.paging import ListingAccount, Page, Paginator
from headrace.sansio.paging.foretelling import around_rows
from headrace.sansio.rows import SlicedPage

# A request in vain would weigh more beside few others.
_FIRST_TO_FORETELL = 20


@dataclass(slots=True)
class ListingPass:
    """One pass down a listing, from its top or from a saved cursor.

    Args:
        paginator: Knows how the pass goes on, and may remember what it has seen.
        slicer: Cuts the pages.
        account: Counts what came.
        number: How many pages were asked for.
        empty_pages: How many of the last pages had no rows.
        told_guess: What has been told of how the answers are written.
        ahead: Asks for pages before they are due; None where none is.
        request: The request for the page that is under way.
        is_alone: Whether no other pass reads the same listing at the same time.
        first: The first page, until it is known whether lanes go on from it.
        is_proven_whole: Whether each page was seen to join the one before it, down to the last one.
    """

    paginator: Paginator
    slicer: Slicer
    account: ListingAccount
    number: int = 0
    empty_pages: int = 0
    told_guess: str | None = None
    ahead: AskedAhead | None = None
    request: Request | None = None
    is_alone: bool = True
    first: Page | None = None
    is_proven_whole: bool = False

    def seen(self, response: Response, sliced: SlicedPage) -> Page:
        """The page that has come, as far as it decides how the listing goes on.

        Args:
            response: The answer.
            sliced: Its rows, and the rest.
        """
        rows = sliced.rows
        if sliced.unreadable:
            rows = [*rows, *(each.row for each in sliced.unreadable)]
        return Page(
            sliced.rest,
            sliced.document,
            response.headers,
            len(rows),
            self.number,
            response.asked_url,
            rows,
            response,
            self.slicer.rows_at,
            sliced.items,
        )

    def ask_ahead(self) -> None:
        """From now on asks for pages before they are due, where they are foretold.

        The pass has to go on to the end of the listing.
        """
        if is_taken(Leap.ASK_AHEAD):
            self.ahead = AskedAhead(self._foretold)

    def ask_no_more_ahead(self) -> None:
        """From now on asks for pages only when they are due: another pass has begun."""
        self.is_alone = False

    def _foretold(self, response: Response) -> Request | None:
        """The request that probably follows an answer to the one that is under way."""
        is_early = self.number < _FIRST_TO_FORETELL
        if self.request is None or is_early or not self.is_alone or self.account.is_nearly_whole:
            return None
        rest = around_rows(response.body, self.slicer.rows_at)
        if rest is None:
            return None
        page = Page(rest, rest, response.headers, 0, self.number, response.asked_url)
        try:
            return self.paginator.foretold_request(self.request, page)
        except PageError:
            return None
