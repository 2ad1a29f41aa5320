"""Finds the rows of a page that no JSON reader takes as a whole, for the fault of a few of them.

It looks at brackets, commas and quotes only, so it sees where a row ends without knowing what is
wrong in it: NaN, a broken escape, bytes that are no UTF-8, a thousand brackets.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{},:]', re.DOTALL)
_OPENING = frozenset(b"[{")
_CLOSING = frozenset(b"]}")


@dataclass(frozen=True, slots=True)
class FoundRows:
    """The rows of a page that could not be read as a whole.

    Args:
        rows: the bytes of each, whatever is in them.
        rest: the page with an empty list in their place.
    """

    rows: list[bytes]
    rest: bytes


def find_rows(page: bytes, steps: tuple[str, ...]) -> FoundRows | None:
    """The rows' bytes, whatever is in them.

    Args:
        page: as it came.
        steps: the keys that lead to the list of rows.

    Returns:
        The rows; None where the page's brackets do not match or the keys lead to no list.
    """
    start, end = _trimmed(page, 0, len(page))
    for step in steps:
        members = dict(_members(page, start, end)) if page[start : start + 1] == b"{" else {}
        if step not in members:
            return None
        start, end = members[step]
    if page[start : start + 1] != b"[" or not _is_closed(page, start, end):
        return None
    parts = [_trimmed(page, first, last) for first, last, _ in _parts(page, start, end)]
    rows = [page[first:last] for first, last in parts if first < last]
    return FoundRows(rows, page[:start] + b"[]" + page[end:])


def _trimmed(page: bytes, start: int, end: int) -> tuple[int, int]:
    text = page[start:end]
    return start + len(text) - len(text.lstrip()), end - len(text) + len(text.rstrip())


def _members(page: bytes, start: int, end: int) -> Iterator[tuple[str, tuple[int, int]]]:
    for first, last, colon in _parts(page, start, end):
        if colon is not None:
            try:
                key = json.loads(page[first:colon].decode("utf-8", "replace"))
            except ValueError:
                continue
            yield str(key), _trimmed(page, colon + 1, last)


def _parts(page: bytes, start: int, end: int) -> Iterator[tuple[int, int, int | None]]:
    """Start, end and first colon of each part between a container's own commas."""
    depth = 0
    first = start + 1
    colon: int | None = None
    for token in _TOKEN.finditer(page, start, end):
        mark = page[token.start()]
        if mark in _OPENING:
            depth += 1
        elif mark in _CLOSING:
            depth -= 1
            if depth == 0:
                yield first, token.start(), colon
                return
        elif depth == 1 and mark == ord(","):
            yield first, token.start(), colon
            first, colon = token.end(), None
        elif depth == 1 and mark == ord(":") and colon is None:
            colon = token.start()


def _is_closed(page: bytes, start: int, end: int) -> bool:
    """Whether the container ends where its value does."""
    depth = 0
    for token in _TOKEN.finditer(page, start, end):
        mark = page[token.start()]
        depth += (mark in _OPENING) - (mark in _CLOSING)
        if depth == 0:
            return token.end() == end
    return False
