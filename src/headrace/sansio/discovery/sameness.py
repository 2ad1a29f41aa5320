"""Whether rows came before, also where a part of each changes with every request."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from headrace.core.quick_dataclasses import dataclass

Row = Mapping[str, Any]

_MOST_CHANGED = 0.5
_MOSTLY_NEW = 0.5
_COMPARED = 3


@dataclass(frozen=True, slots=True)
class Sameness:
    """Tells rows apart by their content.

    Args:
        left_out: The fields that change with every request, and tell nothing.
    """

    left_out: frozenset[str] = frozenset()

    def mark(self, row: Row) -> str:
        """A text that is the same for the same row.

        Args:
            row: The row.
        """
        kept = {name: value for name, value in row.items() if name not in self.left_out}
        return json.dumps(kept, sort_keys=True, default=str)

    def marks(self, rows: Iterable[Row]) -> set[str]:
        """The marks of rows.

        Args:
            rows: The rows.
        """
        return {self.mark(row) for row in rows}

    def new(self, rows: Sequence[Row], before: set[str]) -> int:
        """How many rows did not come before.

        Args:
            rows: The rows.
            before: The marks of those that came before.
        """
        return sum(self.mark(row) not in before for row in rows)

    def are_new(self, rows: Sequence[Row], before: set[str]) -> bool:
        """Whether a page brings other rows than those that came before; some may have moved.

        Args:
            rows: The rows of the page.
            before: The marks of those that came before.
        """
        return bool(rows) and self.new(rows, before) > len(rows) * _MOSTLY_NEW

    def are_same(self, rows: Sequence[Row], others: Sequence[Row]) -> bool:
        """Whether two pages are the same one; some rows may have changed, moved, or come.

        Args:
            rows: The rows of one page.
            others: The rows of the other.
        """
        if not rows or not others:
            return not rows and not others
        fewer, more = sorted((rows, others), key=len)
        return self.new(fewer, self.marks(more)) < max(1, len(fewer) * _MOSTLY_NEW)

    def begins_with(self, rows: Sequence[Row], beginning: Sequence[Row]) -> bool:
        """Whether a longer page begins with the rows of a shorter one, a few changes aside.

        Args:
            rows: The rows of the longer page.
            beginning: The rows of the shorter page.
        """
        return len(rows) >= len(beginning) and self.are_same(rows[: len(beginning)], beginning)

    def place_of(self, rows: Sequence[Row], known: Sequence[Row]) -> int | None:
        """Where rows begin among others; None where they do not.

        Args:
            rows: The rows.
            known: The others, in their order.
        """
        begin = [self.mark(row) for row in rows[:_COMPARED]]
        marks = [self.mark(row) for row in known]
        for place in range(len(marks)):
            seen = marks[place : place + len(begin)]
            if seen and seen == begin[: len(seen)]:
                return place
        return None

    def keeps_order(self, rows: Sequence[Row], again: Sequence[Row]) -> bool:
        """Whether a page that is asked for again has its rows in the same order.

        Args:
            rows: The rows of the page.
            again: Its rows when it was asked for again; some may have come, gone or changed.
        """
        places: dict[str, deque[int]] = {}
        for place, row in enumerate(again):
            places.setdefault(self.mark(row), deque()).append(place)
        found = [known.popleft() for row in rows if (known := places.get(self.mark(row)))]
        return 2 * len(found) >= len(rows) and found == sorted(found)


def sameness_of(rows: Sequence[Row], again: Sequence[Row]) -> Sameness:
    """Learns from a page that was asked for twice which fields change with every request.

    Args:
        rows: The rows of the page.
        again: Its rows when it was asked for again.
    """
    if len(rows) != len(again) or not rows:
        return Sameness()
    names = {name for row in rows for name in row}
    changed = {
        name
        for name in names
        if sum(one.get(name) != other.get(name) for one, other in zip(rows, again, strict=True))
        > len(rows) * _MOST_CHANGED
    }
    # Where nearly all has changed, these are other rows.
    return Sameness(frozenset(changed) if 2 * len(changed) <= len(names) else frozenset())
