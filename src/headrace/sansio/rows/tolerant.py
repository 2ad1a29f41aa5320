"""Finds the rows of a page that no JSON reader takes as a whole, because a few rows are at fault.

It looks at brackets, commas and quotes only, so it sees where a row ends without knowing what is
wrong in the row: NaN, a broken escape, bytes that are no UTF-8, a thousand brackets.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from headrace.core.quick_dataclasses import dataclass

_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{},:]', re.DOTALL)
_OPENING = frozenset(b"[{")
_CLOSING = frozenset(b"]}")


@dataclass(frozen=True, slots=True)
class FoundRows:
    """The rows of a page that could not be read as a whole.

    Args:
        rows: The bytes of each row, whatever is in them.
        rest: The page with an empty list in place of the rows.
    """

    rows: list[bytes]
    rest: bytes


def find_rows(page: bytes, steps: tuple[str, ...]) -> FoundRows | None:
    """Finds the bytes of the rows, whatever is in them.

    Args:
        page: The page, in UTF-8 as far as it can be.
        steps: The keys that lead to the list of rows, from the outermost on.

    Returns:
        The rows, or None where the brackets of the page do not match, or the keys lead to no list.
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


def find_members(text: bytes) -> list[tuple[str, bytes]]:
    """Finds the members of an object, those whose key is there several times as well.

    Args:
        text: The JSON of the object, without blanks around it.
    """
    return [(key, text[first:last]) for key, (first, last) in _members(text, 0, len(text))]


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
    """The start, end and first colon of each part between the commas of one object or list."""
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
