"""One page of a listing, asked for by its number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from headrace.core.exchange import Response
from headrace.core.quick_dataclasses import dataclass
from headrace.reading.listing_pass import ListingPass
from headrace.sansio.paging import Page, RowKeys
from headrace.sansio.rows import SlicedPage

if TYPE_CHECKING:
    from headrace.reading.listing import OpenListing


@dataclass(frozen=True, slots=True)
class Came:
    """A page that has come.

    Args:
        response: The answer.
        sliced: Its rows, and the rest.
        seen: The same, as paginators see it.
    """

    response: Response
    sliced: SlicedPage
    seen: Page


async def ask_for_page(opened: OpenListing, walk: ListingPass, number: int) -> Came:
    """Asks for a page by its number.

    Args:
        opened: The listing.
        walk: The pass through it.
        number: The number: of the rows before the page, or its own.

    Raises:
        ResponseIgnored, RequestError, PageError: As from `OpenListing.page`.
    """
    request = walk.paginator.at_cursor(opened.listing.request, number)
    response, sliced = await opened.cut(request, walk.slicer, opened.listing.hook)
    opened.figures.requests += 1
    walk.number += 1
    return Came(response, sliced, walk.seen(response, sliced))


def keys_of(keys: RowKeys, rows: Sequence[msgspec.Raw]) -> Sequence[bytes]:
    """What tells rows apart: their keys, or their bytes where one has none.

    Args:
        keys: Reads keys.
        rows: The rows.
    """
    found = keys.of(rows)
    if found is not None:
        return found
    return [(keys.of([row]) or [bytes(row)])[0] for row in rows]
