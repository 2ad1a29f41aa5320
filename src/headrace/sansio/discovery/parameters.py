"""The query parameters by which APIs usually take the size, the place and the number of a page."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from urllib.parse import parse_qsl, urlsplit

from headrace.sansio.paging.envelope import fields_around, plain_name, whole_number
from headrace.sansio.paging.page import Page
from headrace.sansio.paging.totals import find_pages

SIZES = (
    *("limit", "per_page", "page_size", "pageSize", "size", "perPage", "count", "page[size]"),
    *("maxResults", "max_results", "first", "take", "rows", "$top", "top", "_limit", "_size"),
    *("_per_page", "page[limit]", "pagelen", "itemsPerPage", "results", "n", "num", "max"),
    *("$limit", "resultRecordCount"),
)
OFFSETS = (
    *("offset", "skip", "start", "startAt", "$skip", "from", "_start", "page[offset]"),
    *("startIndex", "start_index", "first_result", "firstResult", "begin"),
    *("$offset", "_skip", "resultOffset"),
)
PAGES = (
    *("page", "page[number]", "pageNumber", "page_number", "_page", "p", "pageNo", "currentPage"),
    *("pageIndex", "page_no", "pg", "current_page"),
)
_INNERMOST = re.compile(r"[.\[]")
_BESIDE_SIZES = {
    "size": ("from", "page"),
    "page_size": ("page", "page_number"),
    "pageSize": ("page", "pageNumber"),
    "rows": ("start", "offset"),
    "count": ("offset", "startIndex"),
    "take": ("skip",),
    "top": ("skip",),
    "$top": ("$skip",),
    "$limit": ("$offset",),
    "_limit": ("_start", "_skip", "_page"),
    "limit": ("offset", "skip", "page"),
    "maxResults": ("startAt",),
    "page[size]": ("page[number]",),
    "page[limit]": ("page[offset]",),
    "resultRecordCount": ("resultOffset",),
}
_TOLD_SIZES = frozenset(
    ["limit", "perpage", "pagesize", "size", "maxresults", "itemsperpage", "pagelen", "take"]
)
BEHIND_LAST_ROW = (
    *("starting_after", "after", "after_id", "since_id", "last_id", "start_after", "cursor"),
    *("marker", "from_id", "since", "page[after]"),
)
BEFORE_LAST_ROW = ("before", "before_id", "max_id")
# Beside rows these count them, and ask for nothing.
_COUNTS = frozenset(["count", "results", "rows", "n", "num", "max", "first", "top"])
_TOKENS = (
    *("cursor", "page_token", "pageToken", "after", "next_token", "next", "starting_after"),
    *("continuation", "continuationToken", "continuation_token", "marker", "next_cursor", "token"),
    *("page", "offset", "start", "_token", "page[cursor]", "page[after]", "scroll_id", "bookmark"),
    *("_next", "cursorMark", "sync_token"),
)
BODY_TOKENS = (
    *("cursor", "start_cursor", "page_token", "pageToken", "next_cursor", "after", "nextToken"),
    *("next_token", "continuation_token", "page.cursor", "page.after", "pagination.cursor"),
    *("paging.after", "next", "scroll_id", "cursors.next", "query.cursor"),
)
BODY_SIZES = ("limit", "page_size", "size", "pageSize", "per_page", "page.size", "page.limit")
BODY_OFFSETS = ("offset", "from", "skip", "start", "page.offset", "paging.offset")
BODY_PAGES = ("page", "pageNumber", "page_number", "page.number", "paging.page")


def places_beside(size: str) -> tuple[str, ...]:
    """What usually takes the place or the number of a page, by what takes its size.

    Args:
        size: The parameter for the size of a page.
    """
    return _BESIDE_SIZES.get(size, ("page", "offset"))


def params_of_token(keys: Sequence[str]) -> list[str]:
    """The query parameters that may take a token back, the likeliest first.

    Args:
        keys: The keys under which a page has the token, or the name of its header.
    """
    own = keys[-1]
    derived = _without_next(own)
    # HubSpot: `paging.next.after` goes back as `after`.
    above = [_without_next(key) for key in reversed(keys[:-1])]
    nested = [_nested([*keys[:-1], each]) for each in (derived, "cursor") if each]
    names = (derived, own, *nested, *_TOKENS, *above)
    return list(dict.fromkeys(name for name in names if name))


def _without_next(name: str) -> str:
    """`nextPageToken` goes back as `pageToken`, and `X-Next-Page` as `page`."""
    plain = name.removeprefix("X-").removeprefix("x-").replace("-", "_")
    for beginning in ("next", "Next", "end", "last"):
        if plain.startswith(beginning) and len(plain) > len(beginning):
            rest = plain[len(beginning) :].lstrip("_")
            return rest[:1].lower() + rest[1:]
    return plain


def _nested(keys: Sequence[str]) -> str:
    """`pagination[pageSize]` for `meta.pagination.pageSize`; empty outside of such an object."""
    if len(keys) < 2 or not plain_name(keys[-2]).startswith("pag"):
        return ""
    return f"{keys[-2]}[{keys[-1]}]"


def names_given(names: Iterable[str], usual: Sequence[str]) -> list[str]:
    """Those of a call's own names that take what usual ones do, however they are written.

    Args:
        names: Query parameters, those within an object as `page[size]`; or paths in a JSON body.
        usual: The usual names.
    """
    plain = {plain_name(name) for name in usual}
    return [name for name in names if plain_name(_INNERMOST.split(name)[-1]) in plain]


def path_in_body(name: str) -> str:
    """The path in a JSON body of what is nested in a query parameter.

    Args:
        name: The name of the parameter, as `page[size]`.
    """
    return name.replace("[", ".").replace("]", "")


def query_names(urls: Iterable[str]) -> dict[str, str]:
    """The query parameters of URLs and their values.

    Args:
        urls: The URLs, whole or relative.
    """
    return {name: value for url in urls for name, value in parse_qsl(urlsplit(url).query, True)}


def written_alike(names: Sequence[str], others: Iterable[str]) -> list[str]:
    """Names, first those that are written as others are: within the same object, or with a `$`.

    Args:
        names: The names.
        others: Names that an API is known to take.
    """
    beginnings = {_beginning(other) for other in others} - {""}
    return sorted(names, key=lambda name: _beginning(name) not in beginnings)


def _beginning(name: str) -> str:
    """`page[` of `page[size]`, `$` of `$top`, and `_` of `_limit`."""
    above, bracket, _ = name.partition("[")
    return above + bracket if bracket else name[:1] if name[:1] in ("$", "_") else ""


def sizes_shown(page: Page, urls: Iterable[str] = ()) -> list[str]:
    """The parameters for the size of a page that an answer names itself.

    Args:
        page: The page.
        urls: The URLs that it names.
    """
    return _shown(SIZES, page, urls, page.row_count)


def offsets_shown(page: Page, urls: Iterable[str] = ()) -> list[str]:
    """The parameters for the place of a page that an answer names itself.

    Args:
        page: The page.
        urls: The URLs that it names.
    """
    return _shown(OFFSETS, page, urls, None)


def pages_shown(page: Page, urls: Iterable[str] = ()) -> list[str]:
    """The parameters for the number of a page that an answer names itself.

    Args:
        page: The page.
        urls: The URLs that it names.
    """
    return _shown(PAGES, page, urls, None)


def _shown(names: Sequence[str], page: Page, urls: Iterable[str], echoed: int | None) -> list[str]:
    named = [name for name in query_names(urls) if name in names]
    nested: list[str] = []
    by_plain: dict[str, str] = {}
    for name in names:
        by_plain.setdefault(plain_name(name), name)
    for keys, value in fields_around(page.rest, page.rows_at):
        number = whole_number(value)
        plain = plain_name(keys[-1])
        if plain in _COUNTS:
            continue
        if number is None or (echoed is not None and number != echoed):
            continue
        within = _nested(keys)
        if plain in by_plain:
            # As the answer writes it, it is taken more often than not.
            named.append(keys[-1] if keys[-1] in names else by_plain[plain])
        if within and (plain in by_plain or plain_name(within) in by_plain):
            nested.append(within)
    return list(dict.fromkeys([*named, *nested]))


def is_not_full(page: Page) -> bool:
    """Whether an answer tells a size that is larger than the page, or that there is one page.

    Args:
        page: The page.
    """
    pages = find_pages(page.rest, page.rows_at)
    if pages is not None and pages[1] == 1:
        return True
    sizes = (
        whole_number(value)
        for keys, value in fields_around(page.rest, page.rows_at)
        if plain_name(keys[-1]) in _TOLD_SIZES
    )
    return any(size is not None and size > page.row_count for size in sizes)
