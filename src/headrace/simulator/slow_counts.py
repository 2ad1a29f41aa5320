"""How long a server takes that counts the remaining rows for each page, as release 2.41 does."""

from __future__ import annotations

from random import Random

# Recorded: 113 to 223 ms where 200,000 rows were left.
_ROWS = 200_000
_QUICKEST, _SLOWEST = 0.113, 0.223


def counting_seconds(rows_left: int) -> float:
    """Tell how long it takes to count rows, in seconds.

    Args:
        rows_left: How many rows there are from the page on.
    """
    whole = Random(rows_left).uniform(_QUICKEST, _SLOWEST)
    return whole * rows_left / _ROWS
