"""When a row last changed, as far as its own fields tell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from headrace.core.exceptions import RowError
from headrace.sansio.rows.json_rows import decode_row
from headrace.sansio.tail.keys import instant_of


def last_change(row: msgspec.Raw, now: float) -> float | None:
    """The latest moment that a row tells of; None unless it tells of two, a first and a last.

    Args:
        row: its JSON.
        now: in seconds since 1970; a later moment counts as now.

    Returns:
        Seconds since 1970.
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
