"""A page of the listing, as the planner's parts see it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from headrace.sansio.tail.ledger import Walk
from headrace.sansio.tail.messages import AnsweredRows


@dataclass(frozen=True, slots=True)
class CheckedPage:
    """A page of the listing, read and checked.

    Args:
        keys: of its rows, newest first, without those that are not wanted at its end.
        rows: as they came.
        start: the first row that the walk had not reached before.
        late_end: the index after the last row that is listed again for late ones.
        has_end: no row is wanted below the page.
        walk: the chain that it belongs to, as it was before.
        at: when it was asked for, in seconds.
        now: when it arrived, in seconds.
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
