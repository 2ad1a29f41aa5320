"""Parts a listing that is asked for by offset or page number into stretches."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from itertools import chain
from math import ceil

from headrace.config.built.lanes import PageLanesSettings
from headrace.core.exceptions import PageError
from headrace.core.figures import ResourceFigures
from headrace.http.response_hooks import ResponseIgnored
from headrace.reading.client import Client
from headrace.reading.lanes.asked_pages import ask_for_page, keys_of
from headrace.reading.lanes.page_totals import TotalsOfListing
from headrace.reading.listing import Listing, OpenListing
from headrace.reading.listing_pass import ListingPass
from headrace.reading.stretches.planning import StretchPlan
from headrace.reading.stretches.stretch import PageStretch, WholeStretch
from headrace.sansio.paging import RowKeys

# Shorter ones cost more at their seams than they are worth.
_FEWEST_PAGES = 4
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
# So often the pages at the seams are asked for until they lie apart.
_MOST_TRIES = 4


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
