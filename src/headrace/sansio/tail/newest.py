"""Notices that a source was reset, by its newest rows."""

from __future__ import annotations

from typing import Any

from headrace.core.exceptions import PageError
from headrace.sansio.tail.ledger import Ledger

NEWEST = 20
"""The source counts as reset where none of so many of the newest rows is there any more. Of a short
listing fewer are enough."""
_FEWEST = 5


def note_newest(ledger: Ledger, keys: list[Any]) -> None:
    """Remembers the newest keys that the listing has shown.

    Args:
        ledger: What is known of the listing; it is changed in place.
        keys: The keys of its first page, newest first.

    Raises:
        PageError: None of those that were remembered is there any more.
    """
    newest = ledger.newest
    is_whole = ledger.coverage.first_hole() is None and len(newest) >= _FEWEST
    if (len(newest) >= NEWEST or is_whole) and keys[0] < newest[-1]:
        raise PageError(
            f"the newest row that the listing shows is `{keys[0]}`, but rows up to "
            f"`{newest[0]}` are known: the source seems to have been reset. Nothing was "
            "loaded. If it was reset, its new rows may have keys of old ones: to keep the old "
            "rows apart, load it into another `pipeline.dataset`; to merge what it lists now "
            "into the table: headrace run CONFIG --list-anew; to drop the old rows first: "
            "headrace run CONFIG --full-refresh."
        )
    ledger.newest = sorted({*newest, *keys[:NEWEST]}, reverse=True)[:NEWEST]
