"""Tries whether the pages of a listing go on as its document tells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from headrace.core.json_path import JsonPath
from headrace.core.quick_dataclasses import dataclass
from headrace.discovery.openapi.listings import ListingOutline
from headrace.discovery.trials import Row, Trials, Walk
from headrace.sansio.discovery.sameness import Sameness

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
        gap = await _gap(trials, endpoint, outline, walk)
        if gap is not None:
            return TriedPaging(False, False, gap, rows)
        return TriedPaging(True, True, f"page 2 had {shown:,} new rows", rows)
    if not rows:
        return TriedPaging(True, False, "no rows are there to show it", ())
    half = len(rows) // 2
    smaller = _in_pages_of(half, endpoint, outline) if half else None
    if smaller is not None:
        # One page more than hold them all.
        most = len(rows) // half + 1
        walk = await trials.walk(smaller, "the same in smaller pages", most)
        against = _against(walk, first, outline) or _against_smaller(walk, rows, half, outline)
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


async def _gap(
    trials: Trials, endpoint: Mapping[str, Any], outline: ListingOutline, walk: Walk
) -> str | None:
    """What shows that rows are passed over between pages asked for by number; None for nothing.

    An offset may count pages, and a server that gives less than was asked for may count all the
    same as if it had given that much.
    """
    paginator = endpoint["paginator"]
    rows, following = walk.pages[0], walk.pages[1]
    if paginator["type"] == "offset" and len(rows) > 1:
        place = len(rows) // 2
        moved = {**paginator, "offset": paginator.get("offset", 0) + place}
        why = "whether an offset counts rows"
        again = await trials.walk({**endpoint, "paginator": moved}, why, 1)
        if not _begins_with(again, rows[place], rows, outline):
            return f"from {place:,} on it does not begin with row {place + 1:,} of page 1"
    asked = [*outline.paging.params.values(), *outline.paging.body.values()]
    if paginator["type"] == "page_number" and asked and len(rows) < asked[0]:
        size = len(rows)
        smaller = _in_pages_of(size, endpoint, outline)
        assert smaller is not None
        second = {**smaller["paginator"], "base_page": paginator["base_page"] + 1}
        why = "whether pages of the size that comes have the same rows"
        again = await trials.walk({**smaller, "paginator": second}, why, 1)
        if not _begins_with(again, following[0], walk.rows, outline):
            return f"page 2 is another one in pages of {size:,}, which is what comes"
    return None


def _begins_with(walk: Walk, row: Row, rows: Sequence[Row], outline: ListingOutline) -> bool:
    page = walk.pages[0] if walk.pages else ()
    fields = _telling(outline.key.fields, rows)
    return bool(page) and _mark(page[0], fields) == _mark(row, fields)


def _telling(fields: Sequence[str], rows: Sequence[Row]) -> Sequence[str]:
    """The fields of a key; none where they do not tell rows apart."""
    marks = {_mark(row, fields) for row in rows}
    return fields if len(marks) == len(rows) else ()


def _against_smaller(
    walk: Walk, rows: Sequence[Row], size: int, outline: ListingOutline
) -> str | None:
    """What speaks against smaller pages of rows that all came in one page; None for nothing."""
    if walk.end is not None and len(walk.rows) < len(rows):
        return f"in pages of {size:,} it ends after {len(walk.rows):,} of {len(rows):,} rows"
    fields = _telling(outline.key.fields, rows)
    known = {_mark(row, fields) for row in rows}
    if any(_mark(row, fields) not in known for row in walk.rows[: len(rows)]):
        return f"in pages of {size:,} other rows come than in one page"
    if len(walk.rows) > len(rows):
        return f"in pages of {size:,} more rows come than in one page, which nothing follows"
    return None


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
