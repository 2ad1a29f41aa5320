"""Tries whether the pages of a listing go on as its document tells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from headrace.core.quick_dataclasses import dataclass
from headrace.discovery.openapi.listings import ListingOutline
from headrace.discovery.trials import Row, Trials, Walk
from headrace.sansio.discovery.sameness import Sameness

_MOST_PAGES = 3


@dataclass(frozen=True, slots=True)
class TriedPaging:
    """What came when the pages were read as the document tells.

    Args:
        is_right: Whether nothing speaks against it.
        is_proven: Whether a second page has shown it.
        text: What speaks for it or against it, as half a line.
        rows: The rows that came.
    """

    is_right: bool
    is_proven: bool
    text: str
    rows: Sequence[Row]


async def tried_paging(
    trials: Trials, endpoint: Mapping[str, Any], outline: ListingOutline
) -> TriedPaging:
    """Reads two pages; where one has all rows, the same rows in smaller pages.

    Args:
        trials: Asks.
        endpoint: The endpoint, as the document tells it.
        outline: The listing.
    """
    walk = await trials.walk(endpoint, "whether its pages go on as the document tells", 2)
    if walk.error is not None or walk.is_cut_off:
        return TriedPaging(False, False, walk.error or "too much came to see it", ())
    shown = _second_page(walk)
    if shown is not None:
        return TriedPaging(True, True, f"page 2 had {shown:,} new rows", walk.rows)
    rows = walk.rows
    if not rows:
        return TriedPaging(True, False, "no rows are there to show it", ())
    half = len(rows) // 2
    smaller = _in_pages_of(half, endpoint, outline) if half else None
    if smaller is not None:
        walk = await trials.walk(smaller, "the same in smaller pages", _MOST_PAGES)
        if walk.error is not None:
            return TriedPaging(False, False, walk.error, rows)
        shown = _second_page(walk)
        if shown is not None:
            told = f"in pages of {half:,}, page 2 had {shown:,} new rows"
            return TriedPaging(True, True, told, rows)
    return TriedPaging(True, False, f"one page has all {len(rows):,} rows", rows)


def _second_page(walk: Walk) -> int | None:
    """How many new rows the second page has; None where it has none."""
    pages = [page for page in walk.pages if page]
    if len(pages) < 2:
        return None
    same = Sameness()
    before = same.marks(pages[0])
    return same.new(pages[1], before) or None


def _in_pages_of(
    size: int, endpoint: Mapping[str, Any], outline: ListingOutline
) -> dict[str, Any] | None:
    """The endpoint with pages of another size; None where it has no size."""
    paging = outline.paging
    if isinstance(paging.paginator, Mapping) and "limit" in paging.paginator:
        return {**endpoint, "paginator": {**endpoint["paginator"], "limit": size}}
    if paging.params:
        return {**endpoint, "params": {**endpoint["params"], **dict.fromkeys(paging.params, size)}}
    if paging.body:
        return {**endpoint, "json": {**endpoint["json"], **dict.fromkeys(paging.body, size)}}
    return None
