"""Guesses from the first answer how an API pages. The same choice as dlt's REST client makes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from jsonpath_ng import Child, Fields, JSONPath

from headrace.core.json_path import JsonPath
from headrace.sansio.paging.links import LinkHeaderReader

_NEXT = "next"
_LINK_KEYS = ("href", "url")
_TOTALS = frozenset(["total_pages", "pages", "totalpages"])
_LINK_BEGINNINGS = ("http", "/")


@dataclass(frozen=True, slots=True)
class Detected:
    """What an API's way of paging looks like.

    Args:
        type: of the paginator: `header_link`, `json_link`, `page_number`, `cursor` or
            `single_page`.
        path: to the link, the number of pages or the cursor; None where the type needs none.
    """

    type: str
    path: JsonPath | None = None

    def __str__(self) -> str:
        keys = {"json_link": "next_url_path", "page_number": "total_path", "cursor": "cursor_path"}
        if self.path is None:
            return f"type: {self.type}"
        return f"type: {self.type}, {keys[self.type]}: {self.path}"


def detect(document: Any, headers: Mapping[str, str], read_links: LinkHeaderReader) -> Detected:
    """Looks for links, a number of pages and cursors, in this order.

    Args:
        document: the whole first page.
        headers: that it came with.
        read_links: reads its `Link` header.
    """
    if read_links(headers.get("Link", "")).get(_NEXT):
        return Detected("header_link")
    following = next(_found(document, _is_next), None)
    if following and isinstance(following[1], str) and following[1].startswith(_LINK_BEGINNINGS):
        return Detected("json_link", _path(following[0]))
    total = next(_found(document, _is_total), None)
    if total and _is_whole(total[1]):
        return Detected("page_number", _path(total[0]))
    if following:
        return Detected("cursor", _path(following[0]))
    return Detected("single_page")


Match = tuple[tuple[str, ...], Any]


def _found(
    document: Any, match: Callable[[str, Any], Match | None], above: tuple[str, ...] = ()
) -> Iterator[Match]:
    """Goes through nested objects, not lists, in the order of the page."""
    if not isinstance(document, dict):
        return
    for key, value in document.items():
        found = match(key, value)
        if found is not None:
            yield (*above, *found[0]), found[1]
        yield from _found(value, match, (*above, key))


def _is_next(key: str, value: Any) -> Match | None:
    if not key.lower().startswith(_NEXT):
        return None
    if not isinstance(value, dict):
        return ((key,), value) if _is_scalar(value) else None
    for inner, reference in value.items():
        if inner.lower().startswith(_LINK_KEYS) and _is_scalar(reference):
            return (key, inner), reference
    return None


def _is_total(key: str, value: Any) -> Match | None:
    return ((key,), value) if key.lower() in _TOTALS and _is_scalar(value) else None


def _is_scalar(value: Any) -> bool:
    return isinstance(value, str | int | float)


def _is_whole(value: Any) -> bool:
    try:
        int(value)
    except (ValueError, OverflowError):
        return False
    return True


def _path(keys: tuple[str, ...]) -> JsonPath:
    path: JSONPath = Fields(keys[0])
    for key in keys[1:]:
        path = Child(path, Fields(key))
    return JsonPath(path)
