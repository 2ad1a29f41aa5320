"""Finds the list of rows in a page for which no selector was given.

Same choice as dlt's REST client makes: a list under a usual name, else the first list, three
levels deep at most.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_USUAL_NAMES = frozenset(
    [
        *("data", "items", "results", "entries", "records", "rows"),
        *("entities", "payload", "content", "objects", "values"),
    ]
)
_DEEPEST = 3


def find_list(document: Any) -> tuple[str, ...]:
    """The keys that lead to the list of rows; no keys when the whole page is the data.

    Args:
        document: the page's JSON.
    """
    if not isinstance(document, dict):
        return ()
    found = list(_lists(document, ()))
    for path in found:
        if path[-1] in _USUAL_NAMES:
            return path
    return found[0] if found else ()


def _lists(document: dict[str, Any], path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for key, value in document.items():
        here = (*path, key)
        if isinstance(value, list):
            yield here
        elif isinstance(value, dict) and len(here) < _DEEPEST:
            yield from _lists(value, here)
