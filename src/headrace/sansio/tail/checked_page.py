"""A page of the listing, as the planner's parts see it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from headrace.core.quick_dataclasses import dataclass
from headrace.sansio.tail.ledger import Walk
from headrace.sansio.tail.messages import AnsweredRows


@dataclass(frozen=True, slots=True)
class CheckedPage:
    """A page of the listing, read and checked.

    Args:
        keys: The keys of its rows as values that can be ordered, newest first, without the rows at
            its end that are not wanted.
        rows: What is to be known of its rows, as they came.
        start: The index of the first row that the walk had not reached before.
        late_end: The index after the last row that is listed again to find late rows.
        has_end: Whether no row is wanted below the page.
        walk: The chain of pages that it belongs to, as it was before this page.
        at: When it was asked for, in seconds since 1970.
        now: When it arrived, in seconds since 1970.
    """

    keys: Sequence[Any]
    rows: AnsweredRows
    start: int
    late_end: int
    has_end: bool
    walk: Walk
    at: float
    now: float

    @property
    def end(self) -> int:
        """The index after the last row."""
        return len(self.keys)
