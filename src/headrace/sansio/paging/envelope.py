"""What stands around the rows of a page, by the names that APIs usually give it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from jsonpath_ng import Child, Fields, JSONPath

from headrace.core.json_path import JsonPath

_DEEPEST = 5
_MOST_DIGITS = 18
_ENVELOPES = frozenset(
    [
        *("meta", "metadata", "listmeta", "responsemetadata", "resultinfo", "info"),
        *("page", "pageinfo", "pager", "pages", "paging", "paginginfo", "pagination"),
        *("header", "response", "result", "results", "resultset", "searchinformation", "summary"),
        *("cursor", "cursors", "links", "link", "next", "hits"),
    ]
)

Keys = tuple[str, ...]


def plain_name(key: str) -> str:
    """A key without what differs from API to API: `@odata.nextLink` and `next_link` end alike.

    Args:
        key: The key as it stands in an answer.
    """
    return "".join(filter(str.isalnum, key)).lower()


def fields_around(rest: Any, rows_at: Keys = ()) -> Iterator[tuple[Keys, Any]]:
    """The fields that may tell of a page: beside its rows, above them, or in an envelope there.

    Args:
        rest: The page's JSON without its rows.
        rows_at: The keys that lead to the rows, from the outermost on.

    Yields:
        The keys that lead to a field, and its value, the outer fields before the inner ones.
    """
    waiting: list[tuple[Keys, Any]] = [((), rest)]
    for keys, mapping in waiting:
        if not isinstance(mapping, Mapping):
            continue
        for key, value in mapping.items():
            here = (*keys, key)
            yield here, value
            is_around = here == rows_at[: len(here)] or plain_name(key) in _ENVELOPES
            if isinstance(value, Mapping) and is_around and len(here) < _DEEPEST:
                waiting.append((here, value))


def all_fields(document: Any) -> Iterator[tuple[Keys, Any]]:
    """The fields of all nested objects of a document, not of those in lists.

    Args:
        document: Any JSON.
    """
    waiting: list[tuple[Keys, Any]] = [((), document)]
    for keys, mapping in waiting:
        if isinstance(mapping, Mapping) and len(keys) < _DEEPEST:
            for key, value in mapping.items():
                yield (*keys, key), value
                waiting.append(((*keys, key), value))


def path_of(keys: Keys) -> JsonPath:
    """The path that follows keys as they are, a dot or a quote in one included.

    Args:
        keys: The keys, from the outermost on; at least one.
    """
    path: JSONPath = Fields(keys[0])
    for key in keys[1:]:
        path = Child(path, Fields(key))
    return JsonPath(path)


def whole_number(value: Any) -> int | None:
    """The whole number that a value is, also where it is written as text.

    Args:
        value: Any JSON value.

    Returns:
        The number; None for anything else, and for numbers below 0.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, float):
        value = int(value) if value.is_integer() else None
    if isinstance(value, str):
        text = value.strip()
        value = (
            int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else None
        )
    return value if isinstance(value, int) and value >= 0 else None
