"""Switches between two roads that lead to the same rows: for tests, and to rule one out.

Each is an environment variable, read whenever it counts.
"""

from __future__ import annotations

import os


def direct_merges() -> bool:
    """Whether merges take the rows from the files of a load, where that comes to the same."""
    return os.environ.get("HEADRACE_DIRECT_MERGES") != "0"


def lists_in_arrow() -> bool:
    """Whether the items of lists become rows of child tables in Arrow, where that is exact.

    Otherwise each row with a list goes to dlt's normalizer.
    """
    return os.environ.get("HEADRACE_LISTS_IN_ARROW") != "0"


def rows_worth_a_claim() -> int:
    """From how many rows on a load tells dlt that it has each key once.

    With fewer rows the merge is quick in any case: better not claim then.
    """
    return int(os.environ.get("HEADRACE_ROWS_WORTH_A_CLAIM", "50000"))
