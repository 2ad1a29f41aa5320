"""Guesses an API's way of paging from its first page.

It begins as dlt's REST client does (rest_client/detector.py), and knows more ways.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from string import capwords
from types import MappingProxyType
from typing import Any

from headrace.core.defaults import CURSOR_PARAM, NEXT_PAGE, PAGE_PARAM
from headrace.core.json_path import JsonPath
from headrace.core.quick_dataclasses import dataclass
from headrace.sansio.paging.envelope import (
    Keys,
    all_fields,
    fields_around,
    path_of,
    plain_name,
    whole_number,
)
from headrace.sansio.paging.links import LinkHeaderReader, header_with_next_url
from headrace.sansio.paging.page import Page
from headrace.sansio.paging.totals import find_pages, find_total, range_of

# The keys that dlt takes for links, totals and cursors. It matches them at the beginning of a key
# in any case of letters, but a total as a whole.
_LINK_KEYS = ("href", "url")
_TOTALS = frozenset(["total_pages", "pages", "totalpages"])
_LINK_BEGINNINGS = ("http", "/", "?")
_URL_BEGINNINGS = ("http://", "https://")

_NEXT_LINKS = ("nextlink", "nexturl", "nexthref", "nextpageurl")
_NEXT_PAGE_NUMBERS = frozenset(["nextpage", "nextpagenumber"])
_CURRENT_PAGE = frozenset(["page", "currentpage", "pagenumber", "pageno", "pageindex"])
_SAYS_MORE = frozenset(
    [
        *("hasmore", "hasnext", "hasnextpage", "more", "morepages", "moreavailable"),
        *("hasmoreitems", "hasmoreresults", "hasmorepages", "ismore", "hasmorerecords"),
        *("istruncated", "truncated", "exceededtransferlimit"),
    ]
)
_SAYS_LAST = frozenset(
    ["islast", "islastpage", "last", "lastpage", "isfinal", "islastbatch", "endofstream"]
)
_CURSORS = frozenset(["after", "continuation", "continuationtoken", "continue", "cursor"])
_LAST_IDS = frozenset(["lastid", "lastkey", "lastcursor"])
_NO_PARAMS: Mapping[str, Any] = MappingProxyType({})
_PARAM_OF_A_LAST_ID = "after_id"
_PARAM_BEHIND_THE_LAST_ROW = "starting_after"


@dataclass(frozen=True, slots=True)
class DetectedPaging:
    """An API's way of paging, as its first page shows it.

    Args:
        type: The type of the paginator.
        keys: Its other keys, as a config has them; paths are compiled.
    """

    type: str
    keys: Mapping[str, Any]

    def __str__(self) -> str:
        return ", ".join([f"type: {self.type}", *(f"{key}: {self.keys[key]}" for key in self.keys)])


SINGLE_PAGE = DetectedPaging("single_page", {})


def detect(
    page: Page, read_links: LinkHeaderReader, params: Mapping[str, Any] = _NO_PARAMS
) -> DetectedPaging:
    """Guesses how an API pages; where dlt's REST client can tell, it has the same result.

    It looks for a `Link` header, a link in the JSON, a link or a token in another header, a number
    of pages, a token in the JSON, and a range of rows.

    Args:
        page: The first page, with its whole JSON.
        read_links: Reads a `Link` header.
        params: The query parameters that it was asked for with: one of them may be its number.
    """
    if read_links(page.headers.get("Link", "")).get(NEXT_PAGE):
        return DetectedPaging("header_link", {})
    asked = _asked_page(params)
    return (
        _link(page)
        or _in_headers(page, asked)
        or _pages(page, params)
        or _cursor(page, asked)
        or _last_row(page)
        or _range(page)
        or SINGLE_PAGE
    )


def _asked_page(params: Mapping[str, Any]) -> tuple[str, int] | None:
    """The parameter that asks for the first page by its number, and the number."""
    for name, value in params.items():
        number = whole_number(value)
        # `pagination[page]` asks for a page, and `page[number]` as well.
        within = name.partition("[")[2]
        if number in (0, 1) and _CURRENT_PAGE & {plain_name(name), plain_name(within)}:
            return name, number
    return None


def _link(page: Page) -> DetectedPaging | None:
    following = next(_found(page.document, _is_next), None)
    if following and _is_link(following[1]):
        return DetectedPaging("json_link", {"next_url_path": path_of(following[0])})
    for keys, value in all_fields(page.rest):
        name = plain_name(keys[-1])
        if name.endswith(_NEXT_LINKS) and _is_link(value):
            return DetectedPaging("json_link", {"next_url_path": path_of(keys)})
        if name == "links" and isinstance(value, list) and _links_next(value):
            path = JsonPath(path_of(keys).text + "[?(@.rel=='next')].href")
            return DetectedPaging("json_link", {"next_url_path": path})
    return None


def _in_headers(page: Page, asked: tuple[str, int] | None) -> DetectedPaging | None:
    header = header_with_next_url(page.headers)
    if header is not None:
        return DetectedPaging("header_link", {"link_header": header})
    for name, value in page.headers.items():
        if plain_name(name).endswith(("nextpage", "nextcursor", "nextpagetoken", "nexttoken")):
            if not value.strip():
                continue
            keys = {"cursor_key": capwords(name, "-")}
            is_number = plain_name(name).endswith("nextpage") and whole_number(value) is not None
            if is_number:
                param = asked[0] if asked else PAGE_PARAM
            else:
                param = _param_for(plain_name(name).removeprefix("x"))
            return DetectedPaging("header_cursor", {**keys, "cursor_param": param})
    return None


def _pages(page: Page, params: Mapping[str, Any]) -> DetectedPaging | None:
    following = next(_found(page.document, _is_next), None)
    if following and _is_next_page_number(*following):
        # It says itself which page follows: no need to guess where the API begins to count.
        return None
    total = next(_found(page.document, _is_number_of_pages), None)
    param, current = _asked_page(params) or _current_page(page, params) or (PAGE_PARAM, None)
    if total and _is_whole(total[1]):
        return _page_number(total[0], param, current)
    pages = find_pages(page.rest, page.rows_at)
    if pages is not None and current is not None and pages[1] > 1:
        return _page_number(pages[0], param, current)
    return None


def _page_number(total: Keys, param: str, base: int | None) -> DetectedPaging:
    keys: dict[str, Any] = {"base_page": 1} if base == 1 else {}
    if param != PAGE_PARAM:
        keys["page_param"] = param
    return DetectedPaging("page_number", {**keys, "total_path": path_of(total)})


def _cursor(page: Page, asked: tuple[str, int] | None) -> DetectedPaging | None:
    following = next(_found(page.document, _is_next), None)
    if following is None:
        following = next(_inner_cursors(page), None)
    if following is None:
        return None
    keys: dict[str, Any] = {"cursor_path": path_of(following[0])}
    if _is_next_page_number(*following):
        param = asked[0] if asked else PAGE_PARAM
    else:
        param = _param_of(following[0])
    if param != CURSOR_PARAM:
        keys["cursor_param"] = param
    more = has_more_field(page.rest)
    if more is not None:
        keys["has_more_path"] = more
    return DetectedPaging("cursor", keys)


def _inner_cursors(page: Page) -> Iterator[_Match]:
    """Tokens that stand under a name of their own, where nothing says that it is the end."""
    if says_more(page.rest) is False:
        return
    for keys, value in fields_around(page.rest, page.rows_at):
        name = plain_name(keys[-1])
        # A number there says where the page is, and a text what the next one is asked for by.
        is_token = name == "offset" and isinstance(value, str) and whole_number(value) is None
        if (name in _CURSORS and isinstance(value, str | int) and value) or (is_token and value):
            yield keys, value


def _last_row(page: Page) -> DetectedPaging | None:
    more = has_more_field(page.rest)
    if more is None or says_more(page.rest) is not True or not page.row_count:
        return None
    for keys, value in fields_around(page.rest, page.rows_at):
        if plain_name(keys[-1]) in _LAST_IDS and value:
            return DetectedPaging(
                "cursor",
                {
                    "cursor_path": path_of(keys),
                    "cursor_param": _PARAM_OF_A_LAST_ID,
                    "has_more_path": more,
                },
            )
    if not page.rows_at or b'"id"' not in bytes(page.rows[-1]):
        return None
    rows = path_of(page.rows_at).text
    return DetectedPaging(
        "cursor",
        {
            "cursor_path": JsonPath(f"{rows}[-1].id"),
            "cursor_param": _PARAM_BEHIND_THE_LAST_ROW,
            "has_more_path": more,
        },
    )


def _range(page: Page) -> DetectedPaging | None:
    shown = range_of(page.headers)
    total = find_total({}, page.headers)
    told = total.read(None, page.headers) if total else None
    if shown is None or told is None or shown[0] != 0 or told <= page.row_count:
        return None
    if not page.row_count or shown[1] + 1 != page.row_count:
        return None
    return DetectedPaging("offset", {"limit": page.row_count, "total_path": None})


def says_more(rest: Any) -> bool | None:
    """Whether a page says in so many words that there are more, or that there are not.

    Args:
        rest: The page's JSON without its rows.

    Returns:
        None where it says neither.
    """
    for keys, value in all_fields(rest):
        if isinstance(value, bool):
            if plain_name(keys[-1]) in _SAYS_MORE:
                return value
            if plain_name(keys[-1]) in _SAYS_LAST:
                return not value
    return None


def has_more_field(rest: Any) -> JsonPath | None:
    """Where a page says in so many words whether there are more.

    Args:
        rest: The page's JSON without its rows.
    """
    for keys, value in all_fields(rest):
        if isinstance(value, bool) and plain_name(keys[-1]) in _SAYS_MORE:
            return path_of(keys)
    return None


_Match = tuple[Keys, Any]


def _found(
    document: Any, match: Callable[[str, Any], _Match | None], above: Keys = ()
) -> Iterator[_Match]:
    """Goes through nested objects, not lists, in the order of the page."""
    if not isinstance(document, dict):
        return
    for key, value in document.items():
        found = match(key, value)
        if found is not None:
            yield (*above, *found[0]), found[1]
        yield from _found(value, match, (*above, key))


def _is_next(key: str, value: Any) -> _Match | None:
    # A token for later changes is none for the next page.
    if not key.lower().startswith(NEXT_PAGE) or "sync" in key.lower():
        return None
    if not isinstance(value, dict):
        return ((key,), value) if _is_scalar(value) else None
    for inner, reference in value.items():
        if inner.lower().startswith(_LINK_KEYS) and _is_scalar(reference):
            return (key, inner), reference
    return None


def _is_number_of_pages(key: str, value: Any) -> _Match | None:
    return ((key,), value) if key.lower() in _TOTALS and _is_scalar(value) else None


def _is_scalar(value: Any) -> bool:
    return isinstance(value, str | int | float)


def _is_link(value: Any) -> bool:
    return isinstance(value, str) and value.startswith(_LINK_BEGINNINGS)


def _links_next(links: list[Any]) -> bool:
    return any(
        isinstance(each, dict) and each.get("rel") == NEXT_PAGE and _is_link(each.get("href"))
        for each in links
    )


def _is_whole(value: Any) -> bool:
    try:
        int(value)
    except (ValueError, OverflowError):
        return False
    return True


def _current_page(page: Page, params: Mapping[str, Any]) -> tuple[str, int] | None:
    """The number of the first page, as it tells it, and the parameter that asks for another."""
    for keys, value in fields_around(page.rest, page.rows_at):
        number = whole_number(value)
        names = {plain_name(keys[-1]), plain_name("".join(keys[-2:]))}
        if number in (0, 1) and _CURRENT_PAGE & names:
            within = f"{keys[-2]}[" if len(keys) > 1 else ""
            is_asked_within = bool(within) and any(name.startswith(within) for name in params)
            return f"{within}{keys[-1]}]" if is_asked_within else PAGE_PARAM, number
    return None


def _is_next_page_number(keys: Keys, value: Any) -> bool:
    return plain_name(keys[-1]) in _NEXT_PAGE_NUMBERS and bool(whole_number(value))


def _param_of(keys: Keys) -> str:
    is_next = keys[-1].lower().startswith(NEXT_PAGE)
    return _param_named_by(keys[-1]) if is_next else keys[-1]


def _param_named_by(key: str) -> str:
    """`nextPageToken` goes back as `pageToken`, `next_page_token` as `page_token`."""
    rest = key[len(NEXT_PAGE) :].lstrip("_-")
    if key[0].islower():
        rest = rest[:1].lower() + rest[1:]
    # Services of Amazon take `NextToken` by the name under which they give it.
    return key if rest.lower() == "token" else rest or CURSOR_PARAM


def _param_for(name: str) -> str:
    return {"nextpage": PAGE_PARAM, "nextpagetoken": "page_token"}.get(name, CURSOR_PARAM)
