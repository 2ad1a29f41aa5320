"""How much of a listing has been read, by its keys alone."""

from __future__ import annotations

from typing import Any, NamedTuple

from headrace.sansio.tail.keys import Key, KeyKind, position, raw_of, read_key
from headrace.sansio.tail.ledger import Ledger


class Hole(NamedTuple):
    """A stretch of the listing that has yet to be read.

    Args:
        above: The key right above it, as an API writes it.
        below: The newest key below it that was read; None at the end of the listing.
    """

    above: Key
    below: Key | None


def holes(ledger: Ledger) -> list[Hole]:
    """The stretches that have yet to be read, newest first.

    Args:
        ledger: What is known of the listing.
    """
    kind, spans = ledger.kind, ledger.coverage.spans
    if kind is None or not spans:
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
        ledger: What is known of the listing.
        backfill_until: Where the first sync is to end: a key or an ISO time; None where it goes to
            the end of the listing.

    Returns:
        A number from 0 to 1; None where the keys do not tell how far down the end is.
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
        # Ids usually begin at 1; a listing that has lost its oldest rows ends sooner.
        end = 1 if kind is KeyKind.INTEGER else None
    if end is None:
        return None
    whole = position(spans[0].high) - position(end)
    read = sum(position(span.high) - position(span.low) for span in spans)
    return min(1.0, max(0.0, read / whole)) if whole > 0 else None
