"""The ways in which a listing may go on, as its first page shows them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from string import capwords
from typing import Any

import msgspec

from headrace.core.json_path import JsonPath
from headrace.core.quick_dataclasses import dataclass
from headrace.sansio.discovery.parameters import (
    BEFORE_LAST_ROW,
    BEHIND_LAST_ROW,
    BODY_TOKENS,
    params_of_token,
)
from headrace.sansio.paging.envelope import Keys, all_fields, path_of, plain_name
from headrace.sansio.paging.links import LinkHeaderReader
from headrace.sansio.paging.page import Page

_URL = ("http://", "https://", "/", "?")
_LONGEST_TOKEN = 4_000
_TOKENS = frozenset(
    [
        *("cursor", "endcursor", "after", "continuation", "continuationtoken", "continue"),
        *("pagetoken", "marker", "bookmark", "scrollid", "skiptoken", "resumptiontoken"),
        *("lastevaluatedkey", "lastid", "lastkey", "searchafter", "offset", "token", "lastcursor"),
    ]
)
_AT_EMPTY = {"stop_after_empty_page": True}
_MORE = frozenset(["hasmore", "hasnext", "hasnextpage", "more", "morepages", "istruncated"])
_NOT_FOR_PAGES = ("sync", "delta", "prev", "first", "last_page", "self")


@dataclass(frozen=True, slots=True)
class PagingWay:
    """One way in which a listing may go on.

    Args:
        paginator: What `endpoint.paginator` says.
        seen: What on the page speaks for it, as half a line.
        params: The query parameters that belong to it.
        is_shown: Whether the page names what follows, so that nothing there is the end.
    """

    paginator: Mapping[str, Any]
    seen: str
    params: Mapping[str, Any] = field(default_factory=dict)
    is_shown: bool = True


@dataclass(frozen=True, slots=True)
class ShownToken:
    """A token that a page names, and where it may be sent.

    Args:
        seen: Where the page has it.
        ways: The ways to send it, the likeliest first.
    """

    seen: str
    ways: tuple[PagingWay, ...]


def links_shown(page: Page, read_links: LinkHeaderReader) -> list[PagingWay]:
    """The links to a next page.

    Args:
        page: The first page, with its whole JSON.
        read_links: Reads a `Link` header.
    """
    found = [*_links_in_headers(page, read_links)]
    for keys, value in all_fields(page.rest):
        if isinstance(value, list) and plain_name(keys[-1]) in ("link", "links"):
            found.extend(_links_in_list(keys, value))
        elif _is_next_link(keys, value):
            path = path_of(keys).quoted
            found.append(
                PagingWay({"type": "json_link", "next_url_path": path}, f"a link at `{path}`")
            )
    return found


def urls_shown(page: Page, read_links: LinkHeaderReader) -> list[str]:
    """The URLs of other pages that a page names.

    Args:
        page: The page.
        read_links: Reads a `Link` header.
    """
    urls = [*read_links(page.headers.get("Link", "")).values()]
    for keys, value in all_fields(page.rest):
        if isinstance(value, str) and value.startswith(_URL) and "?" in value:
            urls.append(value)
        if isinstance(value, list) and plain_name(keys[-1]) in ("link", "links"):
            urls.extend(
                each["href"]
                for each in value
                if isinstance(each, Mapping) and isinstance(each.get("href"), str)
            )
    return urls


def _links_in_headers(page: Page, read_links: LinkHeaderReader) -> Iterator[PagingWay]:
    if read_links(page.headers.get("Link", "")).get("next"):
        yield PagingWay({"type": "header_link"}, 'a `Link` header with rel="next"')
    for name, value in page.headers.items():
        if "next" in plain_name(name) and value.startswith(_URL):
            header = capwords(name, "-")
            yield PagingWay(
                {"type": "header_link", "link_header": header}, f"a URL in its header `{header}`"
            )


def _links_in_list(keys: Keys, links: Sequence[Any]) -> Iterator[PagingWay]:
    for each in links:
        if not isinstance(each, Mapping) or each.get("rel", each.get("relation")) != "next":
            continue
        rel = "rel" if "rel" in each else "relation"
        href = next((key for key in ("href", "url", "link") if key in each), None)
        if href is not None and isinstance(each[href], str):
            path = f"{path_of(keys).quoted}[?(@.{rel}=='next')].{href}"
            yield PagingWay({"type": "json_link", "next_url_path": path}, f"a link at `{path}`")


def _is_next_link(keys: Keys, value: Any) -> bool:
    if not (isinstance(value, str) and value.startswith(_URL)):
        return False
    names = [plain_name(key) for key in keys]
    if any(name.startswith(_NOT_FOR_PAGES) for name in names[-1:]):
        return False
    return "next" in names[-1] or (len(names) > 1 and names[-2] == "next")


def tokens_shown(page: Page, *, in_body: bool) -> list[ShownToken]:
    """The tokens of a next page, each with the parameters that may take it.

    Args:
        page: The first page, with its whole JSON.
        in_body: Whether requests have a JSON body, which may take it.
    """
    found: list[tuple[bool, ShownToken]] = []
    last_row = _values_of_last_row(page)
    for keys, value in all_fields(page.rest):
        name = plain_name(keys[-1])
        if not _is_token(value) or name.startswith(_NOT_FOR_PAGES) or "sync" in name:
            continue
        is_next = "next" in name or "next" in (plain_name(key) for key in keys[:-1])
        is_of_last_row = name.startswith("last") and str(value) in last_row
        if is_next or is_of_last_row or name in _TOKENS:
            path = path_of(keys).quoted
            fixed = {"type": "cursor", "cursor_path": path}
            ways = [
                *_in_body(fixed, keys, path, in_body=in_body),
                *(
                    PagingWay({**fixed, "cursor_param": param}, f"a token at `{path}`")
                    for param in params_of_token(keys)
                ),
            ]
            found.append((is_next, ShownToken(f"a token at `{path}`", tuple(ways))))
    return [
        *_tokens_in_headers(page),
        *(token for is_next, token in sorted(found, key=lambda each: not each[0])),
    ]


def _values_of_last_row(page: Page) -> set[str]:
    """The texts and numbers of the last row, one of which a page may name as its last."""
    try:
        row = msgspec.json.decode(page.rows[-1]) if page.rows else None
    except (msgspec.MsgspecError, RecursionError, ValueError):
        row = None
    values = row.values() if isinstance(row, dict) else ()
    return {str(value) for value in values if _is_token(value)}


def _in_body(
    fixed: Mapping[str, Any], keys: Keys, path: str, *, in_body: bool
) -> Iterator[PagingWay]:
    if in_body:
        places = dict.fromkeys([*params_of_token(keys)[:2], *BODY_TOKENS])
        for place in places:
            yield PagingWay({**fixed, "cursor_body_path": place}, f"a token at `{path}`")


def _tokens_in_headers(page: Page) -> Iterator[ShownToken]:
    for name, value in page.headers.items():
        plain = plain_name(name)
        is_named = "next" in plain or plain.endswith(
            ("cursor", "continuation", "continuationtoken")
        )
        if not is_named or not value.strip() or value.startswith(_URL):
            continue
        header = capwords(name, "-")
        seen = f"a token in its header `{header}`"
        fixed = {"type": "header_cursor", "cursor_key": header}
        yield ShownToken(
            seen,
            tuple(
                PagingWay({**fixed, "cursor_param": param}, seen)
                for param in params_of_token([name])
            ),
        )


def _is_token(value: Any) -> bool:
    if isinstance(value, bool):
        return False
    if isinstance(value, str):
        return 0 < len(value) <= _LONGEST_TOKEN and not value.startswith(_URL)
    return isinstance(value, int) and value > 0


def has_more_path(page: Page) -> str | None:
    """Where a page says in so many words that there are more.

    Args:
        page: The page.
    """
    for keys, value in all_fields(page.rest):
        if value is True and plain_name(keys[-1]) in _MORE:
            return path_of(keys).quoted
    return None


def behind_last_row(
    page: Page, row: Mapping[str, Any], fields: Sequence[str], *, in_body: bool
) -> list[PagingWay]:
    """Ways to go on from the last row of a page.

    Args:
        page: The page, with its whole JSON.
        row: Its last row.
        fields: The fields of rows that may tell them apart, the likeliest first.
        in_body: Whether requests have a JSON body.
    """
    rows = path_of(page.rows_at).quoted if page.rows_at else "$"
    ways: list[PagingWay] = []
    if in_body and isinstance(row.get("sort"), list):
        path = f"{rows}[-1].sort"
        ways.append(
            PagingWay(
                {"type": "cursor", "cursor_path": path, "cursor_body_path": "search_after"},
                "the sort values of its last row",
                is_shown=False,
            )
        )
    for field_name in fields:
        if not _is_token(row.get(field_name)):
            continue
        path = f"{rows}[-1].{JsonPath(field_name).quoted}"
        ways.extend(
            PagingWay(
                {"type": "cursor", "cursor_path": path, "cursor_param": param, **_AT_EMPTY},
                f"`{field_name}` of its last row",
                is_shown=False,
            )
            for param in (*BEHIND_LAST_ROW, *BEFORE_LAST_ROW)
        )
    return ways
