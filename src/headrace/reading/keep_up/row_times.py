"""Tells from a row's own fields when it last changed.

An API that cannot list by time of change has no field for that time either, but most rows have the
times of their start and their end. At the first listing the planner needs it of a row that names an
older one: if it changed long ago, the older row need not be looked at again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from headrace.core.exceptions import RowError
from headrace.sansio.rows.json_rows import decode_row
from headrace.sansio.tail.keys import instant_of


def last_change(row: msgspec.Raw, now: float) -> float | None:
    """Gives the latest time among the fields of a row, nested ones included.

    A row with a single time tells when it began, and not when it last changed.

    Args:
        row: The JSON of the row.
        now: The time in seconds since 1970. A later time in the row, such as one at which it is
            due, counts as now.

    Returns:
        Seconds since 1970; None where the row has fewer than two different times.
    """
    try:
        instants = set(_instants(decode_row(row).values()))
    except RowError:
        return None
    return min(max(instants), now) if len(instants) > 1 else None


def _instants(values: Iterable[Any]) -> Iterator[float]:
    for value in values:
        if isinstance(value, dict):
            yield from _instants(value.values())
        elif (instant := instant_of(value) if isinstance(value, str) else None) is not None:
            yield instant
