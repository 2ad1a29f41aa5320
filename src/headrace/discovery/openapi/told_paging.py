"""Tries whether the pages of a listing go on as its document tells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from headrace.core.json_path import JsonPath
from headrace.core.quick_dataclasses import dataclass
from headrace.discovery.openapi.listings import ListingOutline
from headrace.discovery.trials import Row, Trials, Walk
from headrace.sansio.discovery.sameness import Sameness

_MOST_PAGES = 3
# Pages are mostly cut off at a round number of rows.
_FEWEST_OF_PAGE = 10
_ROUND = 5


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
    trials: Trials,
    endpoint: Mapping[str, Any],
    outline: ListingOutline,
    first: Sequence[Row],
) -> TriedPaging:
    """Reads two pages; where one has all rows, the same rows in smaller pages.

    Args:
        trials: Asks.
        endpoint: The endpoint, with the paginator to try.
        outline: The listing.
        first: The rows that come without a paginator.
    """
    walk = await trials.walk(endpoint, "whether its pages go on as the document tells", 2)
    against = _against(walk, first, outline)
    if against is not None:
        return TriedPaging(False, False, against, ())
    rows = walk.rows
    shown = _second_page(walk)
    if shown is not None:
        return TriedPaging(True, True, f"page 2 had {shown:,} new rows", rows)
    if not rows:
        return TriedPaging(True, False, "no rows are there to show it", ())
    half = len(rows) // 2
    smaller = _in_pages_of(half, endpoint, outline) if half else None
    if smaller is not None:
        walk = await trials.walk(smaller, "the same in smaller pages", _MOST_PAGES)
        against = _against(walk, first, outline)
        if against is None and walk.end is not None and len(walk.rows) < len(rows):
            against = f"in pages of {half:,} it ends after {len(walk.rows):,} of {len(rows):,} rows"
        if against is not None:
            return TriedPaging(False, False, against, rows)
        shown = _second_page(walk)
        if shown is not None:
            told = f"in pages of {half:,}, page 2 had {shown:,} new rows"
            return TriedPaging(True, True, told, rows)
    if not await _is_all(trials, endpoint, outline, walk, rows):
        told = f"one page has {len(rows):,} rows, and nothing follows it: are they all?"
        return TriedPaging(False, False, told, rows)
    return TriedPaging(True, False, f"one page has all {len(rows):,} rows", rows)


def _against(walk: Walk, first: Sequence[Row], outline: ListingOutline) -> str | None:
    """What speaks against a way to read the pages; None for nothing."""
    if walk.error is not None:
        return walk.error
    if walk.is_cut_off:
        return "no more may be asked"
    fields = outline.key.fields
    begun = walk.pages[0] if walk.pages else ()
    # A listing that counts its pages from 0 begins with another row on page 1.
    if first and (not begun or _mark(begun[0], fields) != _mark(first[0], fields)):
        return "it begins with another row than the path alone"
    return None


def _mark(row: Row, fields: Sequence[str]) -> str:
    """What tells a row from others."""
    values = [row.get(field) for field in fields]
    return repr(values) if values and None not in values else Sameness().mark(row)


async def _is_all(
    trials: Trials,
    endpoint: Mapping[str, Any],
    outline: ListingOutline,
    walk: Walk,
    rows: Sequence[Row],
) -> bool:
    """Whether the only page that came is surely all, or the listing goes on until it is.

    An offset and a number go on until a page is empty. A token or a link that is not there ends the
    listing: it has to be told that there is none, or the page be shorter than was asked for.
    """
    paginator = endpoint["paginator"]
    if paginator["type"] in ("offset", "page_number") or walk.total == len(rows):
        return True
    page = await trials.page(endpoint, "whether the page tells that nothing follows")
    for key in ("has_more_path", "cursor_path", "next_url_path"):
        if key in paginator and JsonPath(paginator[key]).find(page.document):
            return True
    size = outline.paging.size
    told = [*outline.paging.params.values(), *outline.paging.body.values()]
    asked = told or ([size[1]] if size is not None else [])
    is_round = len(rows) >= _FEWEST_OF_PAGE and len(rows) % _ROUND == 0
    return bool(asked) and len(rows) < asked[0] and not is_round


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
