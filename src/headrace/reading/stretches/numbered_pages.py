"""Stretches of pages whose rows stay where they are: they are read by the numbers of the pages."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

from headrace.config.built.lanes import PageLanesSettings
from headrace.core.exceptions import PageError, ResponseStatusError
from headrace.core.quick_dataclasses import dataclass
from headrace.http.response_hooks import ResponseIgnored
from headrace.reading.fan_out import FanOut
from headrace.reading.fetched_page import FetchedPage
from headrace.reading.lanes.asked_pages import Came, ask_for_page
from headrace.reading.listing import OpenListing
from headrace.reading.listing_ends import PAST_END, refuse_unless_whole
from headrace.reading.listing_pass import ListingPass
from headrace.reading.stretches.stretch import PageStretch
from headrace.sansio.paging import ListingAccount

_MOST_WAITING = 32 * 1024 * 1024
_SHORT = (
    "resource `{name}`: the listing has {came:,} rows down to where its pages should have {due:,} "
    "by what the API tells: it is not whole. The API lists only so far, leaves rows out of full "
    "pages, or rows have gone. Leave `lanes.unchanging` out where pages are asked for by offset, "
    "else `lanes`"
)


def account_behind(opened: OpenListing, rows: int) -> ListingAccount:
    """What counts the rows of a listing from one of them on.

    Args:
        opened: The listing.
        rows: How many rows it has before that one, behind those that the config leaves out.
    """
    accounting = opened.listing.accounting
    return ListingAccount(replace(accounting, before=accounting.before + rows))


async def page_or_end(opened: OpenListing, walk: ListingPass, number: int) -> Came | None:
    """Asks for a page by its number; None where the answer says that the listing ends above it.

    Args:
        opened: The listing.
        walk: The pass through it.
        number: The number: of the rows before the page, or its own.

    Raises:
        RequestError, PageError: As from `OpenListing.page`.
    """
    try:
        return await ask_for_page(opened, walk, number)
    except ResponseIgnored:
        return None
    except ResponseStatusError as error:
        if error.status in PAST_END:
            return None
        raise


@dataclass(frozen=True, slots=True)
class NumberedPages:
    """The pages of a stretch, by their numbers.

    Args:
        opened: The listing.
        walk: A pass through it.
        settings: How its pages are asked for at once.
        stretch: The stretch.
    """

    opened: OpenListing
    walk: ListingPass
    settings: PageLanesSettings
    stretch: PageStretch

    async def pages(self) -> AsyncGenerator[FetchedPage, None]:
        """Its pages, in the order of the listing.

        Raises:
            RequestError: A request got no usable answer.
            PageError: There are fewer rows than the API tells.
        """
        stretch, walk = self.stretch, self.walk
        walk.account = account_behind(self.opened, self._before)
        last: Came | None = None
        async with aclosing(self._planned()) as planned:
            async for came in planned:
                walk.account.meet(came.seen)
                last = came
                yield self._made(came)
        number = stretch.start + self._unit * stretch.pages
        while stretch.is_last and last is not None and last.seen.row_count >= stretch.size:
            following = await self._page_or_end(number)
            if following is None or following.sliced.rows == last.sliced.rows:
                # Some servers give their last page for all numbers behind it.
                break
            last, number = following, number + self._unit
            walk.account.meet(last.seen)
            yield self._made(last)
        await self._refuse_unless_whole()

    @property
    def _unit(self) -> int:
        return self.stretch.size if self.settings.by_offset else 1

    @property
    def _before(self) -> int:
        """How many rows of full pages stand before the stretch."""
        before = self.stretch.start - self.settings.start
        return before if self.settings.by_offset else before * self.stretch.size

    def _made(self, came: Came) -> FetchedPage:
        return self.opened.fetched(came.response, came.sliced, self.walk)

    def _planned(self) -> AsyncGenerator[Came, None]:
        stretch = self.stretch

        async def page(number: int) -> AsyncGenerator[Came, None]:
            came = await self._page_or_end(number)
            if came is not None:
                yield came

        streams = (page(stretch.start + self._unit * place) for place in range(stretch.pages))
        fan: FanOut[Came] = FanOut(
            streams,
            at_once=self.settings.at_once,
            most_bytes=_MOST_WAITING,
            size=lambda came: len(came.response.body),
        )
        return fan.items()

    async def _page_or_end(self, number: int) -> Came | None:
        if self.stretch.is_last:
            return await page_or_end(self.opened, self.walk, number)
        return await ask_for_page(self.opened, self.walk, number)

    async def _refuse_unless_whole(self) -> None:
        """Refuses a stretch that has fewer rows than pages before its end have, or the listing.

        Raises:
            RequestError: The API does not answer when it is asked for their number.
            PageError: It has.
        """
        stretch, account = self.stretch, self.walk.account
        planned = self._before + stretch.pages * stretch.size
        due = planned - stretch.size + 1 if stretch.is_last else planned
        if account.total is not None:
            due = min(due, account.total)
        elif not self.settings.by_offset:
            # Its number of pages says nothing of how many rows they have.
            due = 0
        came = self._before + account.different
        if came < due:
            told = _SHORT.format(name=self.opened.listing.name, came=came, due=due)
            raise PageError(told, resource=self.opened.listing.name)
        if stretch.is_last:
            await refuse_unless_whole(self.opened, self.walk)
