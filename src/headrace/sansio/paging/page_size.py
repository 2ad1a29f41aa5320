"""Whether a page looks full: as many rows as servers put on one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headrace.sansio.paging.envelope import plain_name, whole_number

_UP_TO_100 = frozenset([10, 15, 20, 24, 25, 30, 32, 40, 48, 50, 60, 64, 75, 80, 100])
# By the largest number: below it servers cut their pages at multiples of the step.
_STEPS = ((250, 50), (1_000, 100), (5_000, 500))
_STEP_ABOVE = 1_000
_SIZE_PARAMS = frozenset(
    [
        *("limit", "pagesize", "perpage", "pagelimit", "size", "maxresults", "maxitems", "rows"),
        *("count", "top", "first", "num", "resultsperpage", "itemsperpage", "take", "ps"),
        *("recordsperpage", "maxrecords", "maxpagesize", "offsetlimit", "pagelength", "n"),
    ]
)


def is_round(rows: int) -> bool:
    """Whether a page has a number of rows that servers cut their pages at.

    Args:
        rows: The number of rows.
    """
    if rows <= max(_UP_TO_100):
        return rows in _UP_TO_100
    step = next((step for most, step in _STEPS if rows <= most), _STEP_ABOVE)
    return rows % step == 0 or rows & (rows - 1) == 0


def asked_size(params: Mapping[str, Any]) -> int | None:
    """The number of rows that query parameters ask a page to have, by their usual names.

    Args:
        params: The query parameters of a request.
    """
    sizes = [
        whole_number(value) for name, value in params.items() if plain_name(name) in _SIZE_PARAMS
    ]
    return next((size for size in sizes if size), None)
