"""Finds the list of rows in a page for which no selector was given.

It makes the choice that dlt's REST client makes (`find_response_page_data` in its detector.py): the
first list under a usual name, else the first list of all, at most three levels deep.
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
    """Finds the list of rows in a page.

    Args:
        document: The JSON of the page.

    Returns:
        The keys that lead to the list, from the outermost on; empty where the page itself is the
        data.
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
