"""Stretches of pages that are asked for by offset or page number.

Where rows may be deleted or added while others are read, a number says nothing of which rows a page
has. So a stretch begins and ends by the keys of rows: those of one page around each seam, of which
some will still be there when it is read. It begins with the first one below the seam that is left,
where that is the very first, or a row from above the seam shows that there is none before it. The
stretch above ends before the first of them that it meets. No row that was there when the stretches
were planned lies in none of them, or in two.
"""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from dataclasses import replace
from itertools import chain
from math import ceil

from headrace.config.built.lanes import PageLanesSettings
from headrace.core.exceptions import PageError
from headrace.core.figures import ResourceFigures
from headrace.core.quick_dataclasses import dataclass
from headrace.http.response_hooks import ResponseIgnored
from headrace.reading.client import Client
from headrace.reading.fetched_page import FetchedPage
from headrace.reading.lanes.pages import Came, LanedPages, TotalsOfListing, ask_for_page, keys_of
from headrace.reading.listing import Listing, OpenListing
from headrace.reading.listing_pass import ListingPass
from headrace.reading.stretches.numbered_pages import NumberedPages, account_behind, page_or_end
from headrace.reading.stretches.planning import StretchPlan
from headrace.reading.stretches.stretch import PageStretch, WholeStretch
from headrace.sansio.lanes import PagePlan
from headrace.sansio.paging import Page, RowKeys

# Shorter ones cost more at their seams than they are worth.
_FEWEST_PAGES = 4
# So many pages away from where it was planned, up and down, the beginning is looked for.
_MOST_LOOKS = 64
# So often a stretch is read whose rows come and go faster than its pages can be joined.
_MOST_TRIES = 4
_NO_TOTAL = (
    "`{name}` is read in one lane: its first page tells no total that says how many pages there are"
)
_SMALL = "`{name}` is read in one lane: its pages are {pages}, too few for two"
_SAME_AGAIN = (
    "resource `{name}`: pages far apart have rows in common, however often they are asked for: the "
    "server takes no notice of the number that is sent, rows have no unique key, or they move too "
    "fast. Check `paginator.offset_param` and `primary_key`, or leave `lanes` out"
)
_NOT_SO_FAR = (
    "`{name}` is read in one lane: a page far down has no rows, though the API tells of more. It "
    "lists only so far, or what it tells is no total of this listing"
)
_LOST = (
    "resource `{name}`: the rows at the {which} of a stretch are gone, or so far from where they "
    "were planned that they were not found: plan anew, into another folder"
)


async def plan_page_stretches(
    listing: Listing,
    settings: PageLanesSettings,
    client: Client,
    figures: ResourceFigures,
    wanted: int,
) -> StretchPlan:
    """Parts a listing into stretches; takes one request, and one for each seam.

    Args:
        listing: The listing.
        settings: How its pages are asked for at once.
        client: The client to ask with.
        figures: Where to count.
        wanted: How many stretches there are at most.

    Raises:
        RequestError, PageError: A request failed.
    """
    opened = listing.open(client, figures)
    walk = opened.new_pass()
    first = await ask_for_page(opened, walk, settings.start)
    walk.account.meet(first.seen)
    size, name = first.seen.row_count, listing.name
    totals = TotalsOfListing(walk, settings, size, must_be_proven=False)
    total = totals.on_first(first.seen)
    keys = listing.accounting.keys
    if total is None or keys is None or size < 2 or first.seen.items is not None:
        return StretchPlan([WholeStretch()], [_NO_TOTAL.format(name=name)])
    overlap = 0 if settings.is_unchanging else 1
    step = size - overlap
    pages = 1 + max(0, ceil((total - totals.left_out - size) / step))
    count = min(wanted, pages // _FEWEST_PAGES)
    if count < 2:
        notes = [_SMALL.format(name=name, pages=pages)] if wanted > 1 else []
        return StretchPlan([WholeStretch()], notes)
    lengths = [pages * (place + 1) // count - pages * place // count for place in range(count)]
    known = _as_texts(keys_of(keys, first.seen.rows))
    if settings.is_unchanging:
        stretches = list(_by_numbers(settings, size, lengths))
        # One far down tells whether the server takes notice of numbers, and lists so far.
        if await _keys_around(opened, walk, [stretches[-1].start], keys, known) is None:
            return StretchPlan([WholeStretch()], [_NOT_SO_FAR.format(name=name)])
        return StretchPlan(stretches)
    seams = list(_seams(settings.start, step, lengths))
    half = size // 2
    around = await _keys_around(opened, walk, [each - half for each in seams], keys, known)
    if around is None:
        return StretchPlan([WholeStretch()], [_NOT_SO_FAR.format(name=name)])
    above = [(), *(found[:half] for found in around)]
    begins = [(), *(found[half:] for found in around), ()]
    starts = [settings.start, *seams]
    return StretchPlan(
        [
            PageStretch(
                starts[place],
                lengths[place],
                size,
                above[place],
                begins[place],
                begins[place + 1],
                is_last=place == count - 1,
            )
            for place in range(count)
        ]
    )


def _by_numbers(
    settings: PageLanesSettings, size: int, lengths: Sequence[int]
) -> Iterator[PageStretch]:
    number, unit = settings.start, size if settings.by_offset else 1
    for place, pages in enumerate(lengths):
        yield PageStretch(number, pages, size, is_last=place == len(lengths) - 1)
        number += unit * pages


def _seams(start: int, step: int, lengths: Sequence[int]) -> Iterator[int]:
    """The numbers of the rows with which stretches begin behind the first one.

    Each stretch is read from the row above it on, and its last page has the first row of the next.
    """
    number = start + lengths[0] * step
    for pages in lengths[1:]:
        yield number
        number += pages * step - 1


async def _keys_around(
    opened: OpenListing,
    walk: ListingPass,
    numbers: Sequence[int],
    keys: RowKeys,
    first: tuple[str, ...],
) -> Sequence[tuple[str, ...]] | None:
    """The keys of the pages around seams, of which no two have a row in common.

    None where one of them has no rows.

    Raises:
        PageError: They have, however often they are asked for.
    """

    async def at(number: int) -> tuple[str, ...]:
        try:
            came = await ask_for_page(opened, walk, number)
        except ResponseIgnored:
            return ()
        return _as_texts(keys_of(keys, came.seen.rows))

    name = opened.listing.name
    for _ in range(_MOST_TRIES):
        found = await asyncio.gather(*map(at, numbers))
        pages = [first, *found]
        if not all(pages):
            return None
        if len(set(chain(*pages))) == sum(map(len, pages)):
            return found
    raise PageError(_SAME_AGAIN.format(name=name), resource=name)


def _as_texts(keys: Sequence[bytes]) -> tuple[str, ...]:
    # Each byte a character: a key need not be sound UTF-8.
    return tuple(key.decode("latin-1") for key in keys)


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
        given = _Given(keys)
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
        cut = _Cut(keys, stretch)
        number, came = await self._first_page(opened, walk, cut)
        walk.account = account_behind(opened, number - self.settings.start)
        walk.account.meet(came.seen)
        totals = _TotalsOfPart(
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
        self, opened: OpenListing, walk: ListingPass, cut: _Cut
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
        self, opened: OpenListing, walk: ListingPass, cut: _Cut, number: int, came: Came
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


class _Cut:
    """Cuts the pages of a stretch to its own rows.

    Args:
        keys: Reads the keys of rows.
        stretch: The stretch.

    Attributes:
        has_ended: Whether a row of the next stretch has come.
    """

    def __init__(self, keys: RowKeys, stretch: PageStretch) -> None:
        self._keys = keys
        self._begins, self._ends = _as_keys(stretch.begins), _as_keys(stretch.ends)
        self._above = _as_keys(stretch.above)
        self._shown = self._above.union(_as_keys(stretch.begins[:1]))
        self._has_begun = not stretch.begins
        self.has_ended = False

    def begins_at(self, page: Page) -> int | None:
        """The place of the first row of the stretch in a page; None where none is of it."""
        return self._first_of(self._begins, keys_of(self._keys, page.rows))

    def shows_beginning(self, page: Page) -> bool:
        """Whether a page has the row with which the stretch was to begin, or one above it."""
        return not self._shown.isdisjoint(keys_of(self._keys, page.rows))

    def has_end(self, page: Page) -> bool:
        """Whether a page has a row with which the next stretch begins."""
        return self._first_of(self._ends, keys_of(self._keys, page.rows)) is not None

    def page(self, page: FetchedPage) -> FetchedPage:
        """The page with the rows of the stretch.

        Args:
            page: The next page, in the order of the listing.
        """
        found = keys_of(self._keys, page.rows)
        first: int | None = 0
        if not self._has_begun:
            first = self._first_of(self._begins, found)
            if first is None:
                above = [place + 1 for place, key in enumerate(found) if key in self._above]
                first = above[-1] if above else 0
            self._has_begun = True
        last = self._first_of(self._ends, found)
        self.has_ended = last is not None
        return replace(page, rows=page.rows[first:last])

    @staticmethod
    def _first_of(wanted: frozenset[bytes], found: Sequence[bytes]) -> int | None:
        return next((place for place, key in enumerate(found) if key in wanted), None)


class _Given:
    """Leaves out the rows that an earlier pass through a stretch has brought.

    Args:
        keys: Reads the keys of rows.

    Attributes:
        may_come_again: Whether there was an earlier pass.
    """

    def __init__(self, keys: RowKeys) -> None:
        self._keys = keys
        self._marks = array("q")
        self._known: set[int] = set()
        self.may_come_again = False

    def without(self, page: FetchedPage) -> FetchedPage:
        """The page without those rows.

        Args:
            page: The next page.
        """
        marks = [hash(key) for key in keys_of(self._keys, page.rows)]
        if self.may_come_again:
            self._known.update(self._marks)
            page = replace(
                page,
                rows=[
                    row
                    for row, mark in zip(page.rows, marks, strict=True)
                    if mark not in self._known
                ],
            )
            self._marks = array("q")
        self._marks.extend(marks)
        return page


@dataclass(frozen=True, slots=True)
class _TotalsOfPart:
    """Tells where a stretch ends, as if the listing ended there.

    Args:
        cut: Knows the rows at its end.
        of_listing: Tells how many rows the listing has.
    """

    cut: _Cut
    of_listing: TotalsOfListing

    @property
    def may_be_too_low(self) -> bool:
        """Whether there may be more rows behind them, so that an empty page is the end."""
        return self.of_listing.may_be_too_low

    def on(self, page: Page) -> int | None:
        """The total on a page: none are behind the one that has a row of the next stretch."""
        total = self.of_listing.on(page)
        return 0 if self.cut.has_end(page) else total


def _as_keys(texts: Sequence[str]) -> frozenset[bytes]:
    return frozenset(each.encode("latin-1") for each in texts)
