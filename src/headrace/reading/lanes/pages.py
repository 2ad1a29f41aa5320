"""Reads the pages of a listing several at once, where they are asked for by offset or page number.

`sansio.lanes` says which to ask for, and whether they join; here they are asked for.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from headrace.config.built.lanes import PageLanesSettings
from headrace.core.events import Event, log_event
from headrace.core.exceptions import PageError, ResponseStatusError
from headrace.core.exchange import ShownRequest
from headrace.http.response_hooks import ResponseIgnored
from headrace.reading.fetched_page import FetchedPage
from headrace.reading.lanes.asked_pages import Came, ask_for_page, keys_of
from headrace.reading.lanes.page_totals import Totals, TotalsOfListing
from headrace.reading.listing_ends import (
    PAST_END,
    end_of,
    refuse_unless_whole,
    tell_ignored_end,
)
from headrace.reading.listing_pass import ListingPass
from headrace.sansio.lanes import Ask, HandedPage, LanesGaveUpError, PageLanes, PagePlan, plan_pages
from headrace.sansio.paging import Page, RowKeys

if TYPE_CHECKING:
    from headrace.reading.listing import OpenListing

_LOGGER = logging.getLogger(__name__)
# Once may be chance: as many rows as a page has were added.
_MOST_FIRSTS_AGAIN = 3
_GAVE_UP = (
    "resource `{name}`: pages that should join have no row in common, however often they are asked "
    "for: rows come, go or move faster than {at_once} pages at once can be read, the order of the "
    "listing is not stable, or the server rounds the number that is sent. Ask for a stable order, "
    "by a unique field; make `lanes.at_once` smaller, or leave `lanes` out."
)
_IGNORES_NUMBERS = (
    "resource `{name}`, {request}: the rows of the first page came again in place of later ones: "
    "the server seems not to know the number that is sent. Check `paginator.{key}`."
)


def laned_pages(
    opened: OpenListing, walk: ListingPass, settings: PageLanesSettings, first: FetchedPage
) -> AsyncGenerator[FetchedPage, None] | None:
    """Reads the rest of a listing in lanes, once its first page has come.

    Args:
        opened: The listing.
        walk: The pass through it, of which the first page was read.
        settings: The lanes.
        first: That page.

    Returns:
        All pages, the first one included; None where they cannot be read at once, or it is not
        worth it: the listing is small, tells no total, or has rows without keys.
    """
    keys = opened.listing.accounting.keys
    page, walk.first = walk.first, None
    # Of rows that are picked out of items nobody knows how many a page should have.
    if keys is None or page is None or page.items is not None or not first.rows:
        return None
    proves = opened.listing.accounting.proves_whole
    totals = TotalsOfListing(walk, settings, page.row_count, must_be_proven=proves)
    total = totals.on_first(page)
    if total is None or settings.at_once < 2:
        return None
    plan = plan_pages(
        start=settings.start,
        left_out=totals.left_out,
        size=page.row_count,
        total=total,
        at_once=settings.at_once,
        page_bytes=first.size,
        by_offset=settings.by_offset,
        overlaps=not settings.is_unchanging,
    )
    if plan is None:
        return None
    laned = LanedPages(opened, walk, plan, totals, keys)
    laned.begin(page, total)
    return laned.pages(first)


class LanedPages:
    """A listing, or a part of one, that is being read in lanes.

    Args:
        opened: The listing.
        walk: The pass through it.
        plan: The lanes.
        totals: Tells how many rows it has.
        keys: Reads the keys of its rows.
        above: What is raised where a page may lie above the part that is read; None where that
            is all of the listing.
    """

    def __init__(
        self,
        opened: OpenListing,
        walk: ListingPass,
        plan: PagePlan,
        totals: Totals,
        keys: RowKeys,
        *,
        above: PageError | None = None,
    ) -> None:
        self._above = above
        self._before: frozenset[bytes] = frozenset()
        self._opened = opened
        self._walk = walk
        self._plan = plan
        self._totals = totals
        self._keys = keys
        self._lanes = PageLanes[Came | None](plan, looks_past_total=totals.may_be_too_low)
        self._first: frozenset[bytes] = frozenset()
        self._firsts_again = 0
        self._ignored: ResponseIgnored | None = None
        self._under_way: dict[asyncio.Task[Came | None], Ask] = {}

    def begin(self, page: Page, total: int | None) -> None:
        """Takes the first page.

        Args:
            page: The page, as paginators see it.
            total: The total that it tells.
        """
        self._tell()
        keys = keys_of(self._keys, page.rows)
        self._first = self._before = frozenset(keys)
        self._lanes.begin(None, keys, total)

    async def pages(self, first: FetchedPage) -> AsyncGenerator[FetchedPage, None]:
        """Gives all pages, in the order of the listing.

        Args:
            first: The first page, as it goes on.

        Raises:
            RequestError: A request got no usable answer.
            PageError: Pages do not join, or the listing is not whole.
        """
        held = first
        try:
            while not self._lanes.is_over:
                for ask in self._lanes.asks():
                    self._under_way[asyncio.create_task(self._ask(ask))] = ask
                for handed in self._lanes.ready():
                    following = self._handed_on(handed)
                    if following is not None:
                        yield held
                        held = following
                if self._under_way:
                    await self._learn_some()
        finally:
            for task in self._under_way:
                task.cancel()
            await asyncio.gather(*self._under_way, return_exceptions=True)
        yield await self._ended(held)

    async def _ask(self, ask: Ask) -> Came | None:
        """Asks for a page; None where it is behind the end of the listing."""
        try:
            return await ask_for_page(self._opened, self._walk, ask.number)
        except ResponseIgnored as ignored:
            self._ignored = ignored
            return None
        except ResponseStatusError as error:
            if error.status not in PAST_END or not self._is_behind(ask):
                raise
            return None

    def _is_behind(self, ask: Ask) -> bool:
        """Whether the API has told that the listing ends above a page."""
        total = self._walk.account.total
        return total is not None and self._plan.is_at_end(ask.number, 0, total)

    async def _learn_some(self) -> None:
        done, _ = await asyncio.wait(self._under_way, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            ask, came = self._under_way.pop(task), task.result()
            keys = [] if came is None else keys_of(self._keys, came.seen.rows)
            if came is not None and self._is_first_again(ask, keys):
                self._refuse_first_page_again(came)
            total = None if came is None else self._totals.on(came.seen)
            try:
                self._lanes.learn(ask, came, keys, total)
            except LanesGaveUpError:
                name, at_once = self._opened.listing.name, self._plan.at_once
                told = _GAVE_UP.format(name=name, at_once=at_once)
                raise PageError(told, resource=name) from None

    def _is_first_again(self, ask: Ask, keys: Sequence[bytes]) -> bool:
        is_later = ask.number >= self._plan.after(self._plan.start, self._plan.size)
        self._firsts_again += is_later and bool(keys) and self._first.issuperset(keys)
        return self._firsts_again >= _MOST_FIRSTS_AGAIN

    def _refuse_first_page_again(self, came: Came) -> None:
        name, request = self._opened.listing.name, came.response.request
        key = "offset_param" if self._plan.by_offset else "page_param"
        told = _IGNORES_NUMBERS.format(name=name, request=request, key=key)
        raise PageError(told, resource=name, url=request.url)

    def _handed_on(self, handed: HandedPage[Came | None]) -> FetchedPage | None:
        """What goes on of a page whose turn it is; None of the first one, and of one without rows.

        Rows that cannot be read stand behind the others in the page, as paginators see it.
        """
        came = handed.content
        if came is None:
            return None
        rows, unreadable = came.sliced.rows, came.sliced.unreadable
        wanted = handed.places
        if self._above is not None:
            first = self._first_behind(came.seen, self._above)
            wanted = [place for place in wanted if place >= first]
        if len(wanted) < len(came.seen.rows):
            unreadable = [unreadable[at - len(rows)] for at in wanted if at >= len(rows)]
            rows = [rows[at] for at in wanted if at < len(rows)]
        seen = [came.seen.rows[at] for at in wanted]
        self._walk.account.meet(replace(came.seen, rows=seen, row_count=len(seen)))
        sliced = replace(came.sliced, rows=rows, unreadable=unreadable)
        page = self._opened.fetched(came.response, sliced, self._walk)
        return page if rows or unreadable else None

    def _first_behind(self, page: Page, above: PageError) -> int:
        """The place of the first row that it shares with the page before.

        What stands above that row was in the pages before, or lies above the part.
        """
        found = keys_of(self._keys, page.rows)
        shared = (place for place, key in enumerate(found) if key in self._before)
        place = next(shared, None)
        self._before = frozenset(found)
        if place is None:
            raise above
        return place

    async def _ended(self, last: FetchedPage) -> FetchedPage:
        """The last page, once it is seen that all rows came.

        Raises:
            PageError: Some did not.
        """
        if self._above is not None:
            return last
        await self.refuse_unless_whole(last.request)
        return replace(last, is_last=True, end=end_of(self._walk, is_ignored=bool(self._ignored)))

    async def refuse_unless_whole(self, last: ShownRequest | None = None) -> None:
        """Sees whether all rows came, down to the end of the listing.

        Args:
            last: The request for its last page; None where the error need not name it.

        Raises:
            RequestError: The API does not answer when it is asked for their number.
            PageError: Some did not.
        """
        walk, ignored = self._walk, self._ignored
        if ignored is not None:
            _LOGGER.info("%s ends the listing at %s", ignored.why, ignored.request)
            tell_ignored_end(self._opened, walk)
            return
        walk.account.is_out_of_order = not self._lanes.keeps_order
        walk.is_proven_whole = self._lanes.is_proven_whole and not self._totals.may_be_too_low
        await refuse_unless_whole(self._opened, walk, last)

    def _tell(self) -> None:
        name, plan = self._opened.listing.name, self._plan
        told = f"resource `{name}`: {len(plan.starts):,} lanes, {plan.at_once} pages at once"
        about = {"lanes": len(plan.starts), "at_once": plan.at_once, "page": plan.size}
        log_event(_LOGGER, logging.INFO, told, Event("lanes begin", name, about))
