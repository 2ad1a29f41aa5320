"""Stretches of pages that are asked for by offset or page number.

Where rows may be deleted or added while others are read, a number says nothing of which rows a page
has. So a stretch begins and ends by the keys of rows: those of one page around each seam, of which
some will still be there when it is read. It begins with the first one below the seam that is left,
where that is the very first, or a row from above the seam shows that there is none before it. The
stretch above ends before the first of them that it meets. No row that was there when the stretches
were planned lies in none of them, or in two.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing

from headrace.config.built.lanes import PageLanesSettings
from headrace.core.exceptions import PageError
from headrace.core.figures import ResourceFigures
from headrace.core.quick_dataclasses import dataclass
from headrace.reading.client import Client
from headrace.reading.fetched_page import FetchedPage
from headrace.reading.lanes.asked_pages import Came, ask_for_page
from headrace.reading.lanes.page_totals import TotalsOfListing
from headrace.reading.lanes.pages import LanedPages
from headrace.reading.listing import Listing, OpenListing
from headrace.reading.listing_pass import ListingPass
from headrace.reading.stretches.numbered_pages import NumberedPages, account_behind, page_or_end
from headrace.reading.stretches.page_cut import GivenRows, StretchCut, TotalsOfStretch
from headrace.reading.stretches.stretch import PageStretch
from headrace.sansio.lanes import PagePlan
from headrace.sansio.paging import RowKeys

# So many pages away from where it was planned, up and down, the beginning is looked for.
_MOST_LOOKS = 64
# So often a stretch is read whose rows come and go faster than its pages can be joined.
_MOST_TRIES = 4
_LOST = (
    "resource `{name}`: the rows at the {which} of a stretch are gone, or so far from where they "
    "were planned that they were not found: plan anew, into another folder"
)


@dataclass(frozen=True, slots=True)
class PageStretchReader:
    """Reads a stretch of pages.

    Args:
        listing: The listing.
        settings: How its pages are asked for at once.
        stretch: The stretch.
    """

    listing: Listing
    settings: PageLanesSettings
    stretch: PageStretch

    async def pages(
        self, client: Client, figures: ResourceFigures
    ) -> AsyncGenerator[FetchedPage, None]:
        """Its pages, in the order of the listing, with its own rows alone.

        Args:
            client: The client to ask with.
            figures: Where to count requests, pages, rows and bytes.

        Raises:
            RequestError: A request got no usable answer.
            PageError: Pages do not join, or the rows at a seam are gone.
        """
        opened = self.listing.open(client, figures)
        walk = opened.new_pass()
        walk.number = 1
        read = (
            NumberedPages(opened, walk, self.settings, self.stretch).pages()
            if self.settings.is_unchanging
            else self._by_keys(opened, walk)
        )
        async with aclosing(read) as pages:
            async for page in pages:
                if page.rows or page.unreadable:
                    yield opened.made(page)

    async def _by_keys(
        self, opened: OpenListing, walk: ListingPass
    ) -> AsyncGenerator[FetchedPage, None]:
        keys = self.listing.accounting.keys
        assert keys is not None
        given = GivenRows(keys)
        for tries_left in reversed(range(_MOST_TRIES)):
            try:
                async with aclosing(self._one_pass(opened, walk, keys)) as pages:
                    async for page in pages:
                        yield given.without(page)
                return
            except PageError:
                if not tries_left:
                    raise
            given.may_come_again = True

    async def _one_pass(
        self, opened: OpenListing, walk: ListingPass, keys: RowKeys
    ) -> AsyncGenerator[FetchedPage, None]:
        stretch = self.stretch
        cut = StretchCut(keys, stretch)
        number, came = await self._first_page(opened, walk, cut)
        walk.account = account_behind(opened, number - self.settings.start)
        walk.account.meet(came.seen)
        totals = TotalsOfStretch(
            cut, TotalsOfListing(walk, self.settings, stretch.size, must_be_proven=False)
        )
        plan = self._plan(number)
        part = LanedPages(
            opened,
            walk,
            plan,
            totals,
            keys,
            above=self._lost("beginning"),
        )
        part.begin(came.seen, totals.on(came.seen))
        read = part.pages(opened.fetched(came.response, came.sliced, walk))
        async with aclosing(read) as pages:
            async for page in pages:
                yield cut.page(page)
                if cut.has_ended:
                    return
        if not stretch.is_last:
            raise self._lost("end")
        await part.refuse_unless_whole()

    def _plan(self, number: int) -> PagePlan:
        stretch, settings = self.stretch, self.settings
        step = stretch.size - 1
        return PagePlan(
            start=number,
            left_out=settings.left_out + number - settings.start,
            size=stretch.size,
            by_offset=True,
            overlap=1,
            starts=tuple(number + step * place for place in range(stretch.pages)),
            length=1,
            at_once=settings.at_once,
            ahead=2 * settings.at_once,
            top=None if number <= settings.start else max(settings.start + 1, number - step),
        )

    async def _first_page(
        self, opened: OpenListing, walk: ListingPass, cut: StretchCut
    ) -> tuple[int, Came]:
        """The page in which the stretch begins, behind a row that is none of it."""
        top = self.settings.start
        if not self.stretch.begins:
            return top, await ask_for_page(opened, walk, top)
        end: int | None = None
        for tried in self._places():
            if end is not None and tried >= end:
                continue
            came = await page_or_end(opened, walk, tried)
            if came is None:
                if end is None:
                    # As servers answer behind the end, they answer for other reasons as well.
                    await ask_for_page(opened, walk, top)
                end = tried
            elif cut.begins_at(came.seen) is not None:
                return await self._topmost(opened, walk, cut, tried, came)
        raise self._lost("beginning")

    async def _topmost(
        self, opened: OpenListing, walk: ListingPass, cut: StretchCut, number: int, came: Came
    ) -> tuple[int, Came]:
        """The page that shows where the stretch begins: with its first row, or one above it.

        Between the rows with which it was to begin others may have come by now.

        Args:
            opened: The listing.
            walk: The pass through it.
            cut: Knows those rows.
            number: The number of a page that has some of them.
            came: That page.
        """
        top, step = self.settings.start, self.stretch.size - 1
        for _ in range(_MOST_LOOKS):
            if cut.shows_beginning(came.seen):
                return number, came
            if number <= top:
                break
            above = max(top, number - step)
            number, came = above, await ask_for_page(opened, walk, above)
        raise self._lost("beginning")

    def _places(self) -> Iterator[int]:
        """The numbers by which the beginning is looked for: rows above it may have come or gone."""
        top, step = self.settings.start, self.stretch.size - 1
        planned = self.stretch.start - 1
        yield max(top, planned)
        for distance in range(1, _MOST_LOOKS + 1):
            above = planned - distance * step
            if above >= top or above + step > top:
                yield max(top, above)
            yield planned + distance * step

    def _lost(self, which: str) -> PageError:
        name = self.listing.name
        return PageError(_LOST.format(name=name, which=which), resource=name)
