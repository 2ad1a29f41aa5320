"""How much of a listing has been read, by its keys alone."""

from __future__ import annotations

from typing import Any, NamedTuple

from headrace.sansio.tail.keys import Key, KeyKind, position, raw_of, read_key
from headrace.sansio.tail.ledger import Ledger


class Hole(NamedTuple):
    """A stretch of the listing that has yet to be read.

    Args:
        above: the key right above it, as an API writes it.
        below: the newest key below that was read; None at the end of the listing.
    """

    above: Key
    below: Key | None


def holes(ledger: Ledger) -> list[Hole]:
    """The stretches that have yet to be read, newest first.

    Args:
        ledger: of the listing.
    """
    kind, spans = ledger.kind, ledger.coverage.spans
    if kind is None:
        return []
    lower = [*spans[1:], None]
    return [
        Hole(raw_of(span.low, kind), None if following is None else raw_of(following.high, kind))
        for span, following in zip(spans, lower, strict=True)
        if ledger.coverage.has_hole_under(span)
    ]


def share_read(ledger: Ledger, backfill_until: Any) -> float | None:
    """The part of the wanted listing that has been read, by the distance between keys.

    Args:
        ledger: of the listing.
        backfill_until: where the first sync is to end; None where it goes to the end.

    Returns:
        From 0 to 1; None where the keys tell nothing of how far down the end is.
    """
    kind, spans = ledger.kind, ledger.coverage.spans
    if kind is None or not spans:
        return None
    if ledger.coverage.has_ended:
        end: Key | None = spans[-1].low
    elif ledger.coverage.floor is not None:
        end = ledger.coverage.floor
    elif backfill_until is not None:
        end = read_key(backfill_until, kind)
    else:
        # Numbers begin at 1 as a rule; a listing that has lost its oldest rows ends earlier.
        end = 1 if kind is KeyKind.INTEGER else None
    if end is None:
        return None
    whole = position(spans[0].high) - position(end)
    read = sum(position(span.high) - position(span.low) for span in spans)
    return min(1.0, max(0.0, read / whole)) if whole > 0 else None
