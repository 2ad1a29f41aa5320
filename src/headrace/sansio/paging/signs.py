"""Whether a page that is taken for the only one looks as if there were more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from headrace.core.defaults import LINK_HEADER, NEXT_PAGE
from headrace.sansio.paging.detection import detect, says_more
from headrace.sansio.paging.envelope import all_fields, plain_name, whole_number
from headrace.sansio.paging.links import LinkHeaderReader
from headrace.sansio.paging.page import Page
from headrace.sansio.paging.page_size import asked_size, is_round
from headrace.sansio.paging.totals import TotalPlace, find_pages, find_total

_TOKENS = frozenset(
    [
        *("cursor", "endcursor", "after", "continuation", "continuationtoken", "continue"),
        *("pagetoken", "marker", "bookmark", "scrollid", "skiptoken", "resumptiontoken"),
        *("lastevaluatedkey", "lastid", "lastkey", "searchafter"),
    ]
)
# Such a token may be an object or a list, of the last row's fields.
_TOKENS_OF_PARTS = frozenset([NEXT_PAGE, "lastevaluatedkey", "searchafter"])
_LEFT = frozenset(["remainingitemcount", "remaining", "remainingcount", "pending"])
_BY_LINK = "`{type: json_link, next_url_path: ...}` for a URL, `{type: cursor, ...}` for a token"
# A total of rows is no `total_path` of page numbers, whose default would look for one of pages.
_BY_PAGE = "`{type: page_number, base_page: 1, total_path: null}`"
_USUAL_SIZE = 100


def signs_of_more(page: Page) -> str | None:
    """Says what on a page looks as if it were not the only one.

    Args:
        page: The first page of a listing.

    Returns:
        What was seen, and the paginator that would follow it; None where nothing was.
    """
    total = find_total(page.rest, page.headers, page.rows_at)
    told = total.read(page.rest, page.headers) if total else None
    if told is not None and told > page.row_count:
        way_on = by_number(page.row_count, total)
        return f"it has {page.row_count:,} rows, but tells {told:,} ({total}): say {way_on}"
    pages = find_pages(page.rest, page.rows_at)
    if pages is not None and pages[1] > 1:
        path = ".".join(pages[0])
        return (
            f"it tells {pages[1]:,} pages (`{path}`): say "
            f"`{{type: page_number, base_page: 1, total_path: {path}}}`"
        )
    more = says_more(page.rest)
    if more is False:
        return None
    left = next(_left(page), None)
    if left is not None:
        way_on = by_number(page.row_count)
        return f"it says that more are left ({left}): say {_BY_LINK}, or {way_on}"
    reference = next(_references(page), None)
    if reference is not None:
        return f"it names {reference}: say {_BY_LINK}"
    if more:
        return f"it says that there is more: say {_BY_LINK}, or {by_number(page.row_count)}"
    return None


def other_way(page: Page, read_links: LinkHeaderReader) -> str | None:
    """Says what on a page leads on, where the config looks in a place that is not there.

    Args:
        page: The first page of a listing.
        read_links: Reads a `Link` header.

    Returns:
        What was seen; None where nothing surely leads on.
    """
    more = says_more(page.rest)
    if more is False:
        return None
    detected = detect(page, read_links)
    path = detected.keys.get("cursor_path")
    is_sure = path is None or plain_name((path.steps or ("",))[-1]).startswith(NEXT_PAGE)
    if detected.type in ("json_link", "header_link", "header_cursor", "cursor") and is_sure:
        return f"what it has is that of `{{{detected}}}`"
    return "it says that there is more" if more else None


def by_number(rows: int, total: TotalPlace | None = None) -> str:
    """Says the paginators of APIs that count, as a config has them.

    Args:
        rows: How many rows the first page has.
        total: Where it tells the number of all rows; None where it does not.
    """
    path = total.path if total is not None and total.path is not None else "null"
    by_offset = f"`{{type: offset, limit: {rows or _USUAL_SIZE}, total_path: {path}}}`"
    return f"{by_offset} or {_BY_PAGE}"


def looks_full(page: Page, params: Mapping[str, Any]) -> bool:
    """Whether a page has as many rows as one that was cut.

    Args:
        page: The first page of a listing.
        params: The query parameters that it was asked for with.
    """
    total = find_total(page.rest, page.headers, page.rows_at)
    if says_more(page.rest) is False or total is not None or says_end(page):
        return False
    return page.row_count == asked_size(params) or is_round(page.row_count)


def _left(page: Page) -> Iterator[str]:
    """Where a page says how much of the listing is left, or that there is some."""
    for keys, value in all_fields(page.rest):
        if plain_name(keys[-1]) in _LEFT and whole_number(value):
            yield f"`{'.'.join(keys)}`"
    for name, value in page.headers.items():
        is_number_of_pages = plain_name(name).endswith("totalpages")
        says_more = plain_name(name).endswith("hasmore") and value.strip().lower() in ("true", "1")
        if says_more or (is_number_of_pages and (whole_number(value) or 0) > 1):
            yield f"its header `{name}`"


def says_end(page: Page) -> bool:
    """Whether a page has a place for what follows, and nothing there.

    Args:
        page: The page.
    """
    names_next = any(
        plain_name(keys[-1]).startswith(NEXT_PAGE) and value in (None, "", False, [], {})
        for keys, value in all_fields(page.rest)
    )
    return names_next or bool(page.headers.get(LINK_HEADER))


def _references(page: Page) -> Iterator[str]:
    for keys, value in all_fields(page.rest):
        name = plain_name(keys[-1])
        is_next = name.startswith(NEXT_PAGE) and "sync" not in name
        is_named = is_next or name.startswith("more") or name.endswith(NEXT_PAGE)
        is_token = isinstance(value, str | int) and not isinstance(value, bool) and bool(value)
        is_reference = is_token and (is_named or name in _TOKENS)
        if is_reference or (name in _TOKENS_OF_PARTS and _holds_something(value)):
            yield f"`{'.'.join(keys)}`"
    for name, value in page.headers.items():
        if NEXT_PAGE in plain_name(name) and value.strip() and whole_number(value) != 0:
            yield f"something in its header `{name}`"


def _holds_something(value: Any) -> bool:
    parts = value.values() if isinstance(value, Mapping) else value
    return isinstance(value, Mapping | list) and any(parts)
