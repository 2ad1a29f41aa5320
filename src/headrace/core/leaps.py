"""The newer and faster roads, each of which can be left for the road before it."""

from __future__ import annotations

import os
from enum import StrEnum

_WITHOUT = "HEADRACE_WITHOUT"
_ROWS_WORTH_A_CLAIM = "HEADRACE_ROWS_WORTH_A_CLAIM"


class Leap(StrEnum):
    """A faster road that gives what the road before it gives."""

    PLAIN_TRANSPORT = "plain_transport"
    """Requests with nothing special about them go out past aiohttp."""
    ASK_AHEAD = "ask_ahead"
    """The next page is asked for before the rows of this one are looked at."""
    DIRECT_MERGES = "direct_merges"
    """Merges take the rows from the files of a load, and not from a copy of them."""
    LISTS_IN_ARROW = "lists_in_arrow"
    """The items of lists become rows of child tables in Arrow, where that is exact."""
    REMEMBERED_SETTINGS = "remembered_settings"
    """In a run dlt looks up once how its destination is reached."""
    REMEMBERED_SCHEMAS = "remembered_schemas"
    """In a sync dlt reads its file of a schema again only where that has changed."""


def is_taken(leap: Leap) -> bool:
    """Whether a road is taken: the environment's `HEADRACE_WITHOUT` names those that are not.

    Args:
        leap: The road.
    """
    without = os.environ.get(_WITHOUT)
    return not without or leap not in {name.strip() for name in without.split(",")}


def rows_worth_a_claim() -> int:
    """From how many rows on a load tells dlt that it has each key once.

    With fewer rows the merge is quick in any case: better not claim then.
    """
    return int(os.environ.get(_ROWS_WORTH_A_CLAIM, "50000"))
