"""Finds out by a few pages how the rows of a listing lie along its keys, and parts it by that."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from itertools import pairwise
from typing import Any

from headrace.core.quick_dataclasses import dataclass
from headrace.sansio.tail.keys import Key

# Each of these is a page that is asked for.
_MOST_SEARCHES = 12
_SAMPLES = 8
_LEAP = 8


@dataclass(frozen=True, slots=True)
class Sighting:
    """What the page shows that begins below a key.

    Args:
        high: Its first key; None where it has no row that is wanted.
        low: Its last key; None as well.
        rows: How many rows it has.
        has_more: Whether rows follow that are wanted.
    """

    high: Any
    low: Any
    rows: int
    has_more: bool


@dataclass(frozen=True, slots=True)
class Cell:
    """A part of a listing in which rows lie evenly, as it seems.

    Args:
        high: The highest key in it.
        low: The key right below the lowest one.
        rows: About how many rows it has.
    """

    high: Key
    low: Key
    rows: float


Survey = Generator[Key, Sighting, list[Cell]]
"""Gives keys, is sent what the page below each shows, and returns the parts, newest first."""


def survey(top: Sighting, bottom: Key | None, wanted: int) -> Survey:
    """Finds where a listing ends, and how densely rows lie above.

    Args:
        top: Its first page, with more than one row.
        bottom: No row is wanted below this key, as far as is known; None where nothing is.
        wanted: How many parts of it will be made.
    """
    end = yield from _search_end(top, bottom, wanted)
    count = min(_SAMPLES, max(wanted, 2))
    edges = [top.high - (top.high - end) * place // count for place in range(count + 1)]
    cells: list[Cell] = []
    for high, low in pairwise(edges):
        if high <= low:
            continue
        key = high - (high - low) // 2
        seen = top if key >= top.high else (yield key)
        extent = 0 if seen.low is None else min(key, top.high) - seen.low
        density = seen.rows / extent if extent > 0 else 0.0
        cells.append(Cell(high, low, density * (high - low)))
    return cells


def _search_end(top: Sighting, bottom: Key | None, wanted: int) -> Generator[Key, Sighting, Key]:
    """Finds a key near the end of a listing that has rows below it, or is its last one."""
    page = max(top.high - top.low, 1)
    known, step, left = top.low, page * _LEAP, _MOST_SEARCHES
    empty = 0 if bottom is None else bottom - 1
    if bottom is not None and empty + page < known:
        seen = yield empty + page
        if seen.low is not None:
            return min(known, seen.low)
        empty, left = empty + page, left - 1
    # In leaps downwards, until no row is there any more; then by halves.
    is_leaping = True
    while left:
        key = known - step if is_leaping else known - (known - empty) // 2
        if is_leaping and key <= empty:
            is_leaping = False
            continue
        if not is_leaping and (known - empty) * 2 * wanted <= top.high - known + page:
            break
        seen, left = (yield key), left - 1
        if seen.low is None:
            empty, is_leaping = key, False
        else:
            known, step = min(known, seen.low), step * _LEAP
            if not seen.has_more:
                break
    return known


def edges_of(cells: Sequence[Cell], parts: int) -> list[Key]:
    """The keys at which a listing is parted so that the parts have about as many rows each.

    Args:
        cells: The listing, newest first.
        parts: How many parts are wanted.

    Returns:
        The highest key of each part but the first, descending.
    """
    share = sum(cell.rows for cell in cells) / parts
    found: list[Key] = []
    passed = 0.0
    for cell in cells:
        while len(found) < parts - 1 and passed + cell.rows >= share * (len(found) + 1):
            part = (share * (len(found) + 1) - passed) / cell.rows if cell.rows else 1.0
            found.append(cell.high - int((cell.high - cell.low) * part))
        passed += cell.rows
    return sorted({key for key in found if cells[-1].low < key < cells[0].high}, reverse=True)
