"""Puts together what is known of the stretches of a listing, each of which was read on its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from heapq import nlargest

from headrace.core.exceptions import StateError
from headrace.sansio.tail.coverage import Coverage, Span
from headrace.sansio.tail.keys import Key, just_above
from headrace.sansio.tail.ledger import Ledger
from headrace.sansio.tail.newest import NEWEST
from headrace.sansio.tail.settings import TailSettings


def merged(
    stretches: Sequence[Ledger], settings: TailSettings, known: Ledger | None = None
) -> Ledger:
    """The ledger of a listing whose stretches were read, each at its own time.

    What was not read is a hole, which the next sync reads. It also reads again what may have
    changed since: the rows that were open, and those that a row of another stretch has named.

    Args:
        stretches: What is known of each stretch.
        settings: What the config says of the listing.
        known: What syncs knew of the listing; None where there was none. What they have listed
            above the stretches is listed again: a row there may have changed one that was read in
            a stretch before, and is loaded after it.

    Raises:
        StateError: They are not of one listing.
    """
    ledgers = [*stretches, *([] if known is None else [_below(known, stretches)])]
    kinds = {ledger.kind for ledger in ledgers if ledger.kind is not None}
    if len(kinds) > 1 or any(ledger.keys_move for ledger in ledgers):
        raise StateError(
            "the stretches have keys of different kinds, so they are not of one listing: plan and "
            "read them again."
        )
    coverage = _coverage([ledger.coverage for ledger in ledgers])
    floor = coverage.floor
    followed = set[Key]().union(*(ledger.open for ledger in ledgers))
    anchors = [ledger.anchor for ledger in ledgers if ledger.anchor is not None]
    points = {point for ledger in ledgers for point in ledger.checkpoints}
    fronts = [span.low for span in coverage.spans if coverage.has_hole_under(span)]
    touched = _latest(ledger.touched.items() for ledger in ledgers)
    missing = _latest(ledger.missing.items() for ledger in ledgers)
    missing = {key: missing[key] for key in nlargest(settings.max_gaps, missing)}
    return Ledger(
        kind=next(iter(kinds), None),
        keys_move=False,
        coverage=coverage,
        backfilled=sum(ledger.backfilled for ledger in ledgers),
        split=max(fronts, default=None),
        first_change=min(_given(ledger.first_change for ledger in ledgers), default=None),
        newest=nlargest(NEWEST, {key for ledger in ledgers for key in ledger.newest}),
        open=followed,
        hidden=set[Key]().union(*(ledger.hidden for ledger in ledgers)) & followed,
        misses={key: miss for ledger in ledgers for key, miss in ledger.misses.items()},
        # A row below the bound of the first sync is not wanted, whichever row names it.
        touched={key: at for key, at in touched.items() if floor is None or key >= floor},
        missing=missing,
        answered=set[int]().union(*(ledger.answered for ledger in ledgers)) & missing.keys(),
        vain=_vain([ledger.vain for ledger in ledgers]),
        heeded=_heeded(ledgers),
        unheeded=_latest(ledger.unheeded.items() for ledger in ledgers),
        raw={key: raw for ledger in ledgers for key, raw in ledger.raw.items()},
        checkpoints=sorted(points, key=lambda point: point.read),
        # The next sync looks back from before the first of them was read.
        anchor=min(anchors, key=lambda point: point.asked, default=None),
        looked=min(_given(ledger.looked for ledger in ledgers), default=None),
    )


def _coverage(parts: Sequence[Coverage]) -> Coverage:
    found = Coverage(floor=_floor(parts))
    spans = [(span, part) for part in parts for span in part.spans]
    for span, part in sorted(spans, key=lambda each: each[0].high, reverse=True):
        _join(found, span, ends=part.has_ended and span is part.spans[-1])
    return found


def _below(known: Ledger, stretches: Sequence[Ledger]) -> Ledger:
    """What is known, without what was listed above the stretches."""
    tops = [span.high for ledger in stretches for span in ledger.coverage.spans]
    top = max(tops, default=None)
    if top is None:
        return known
    spans = [
        replace(span, high=min(span.high, top)) for span in known.coverage.spans if span.low <= top
    ]
    # Else it would say that nothing is wanted below a span of another.
    has_ended = known.coverage.has_ended and bool(spans)
    return replace(known, coverage=replace(known.coverage, spans=spans, has_ended=has_ended))


def _floor(parts: Sequence[Coverage]) -> Key | None:
    """The bound of the one that has been read furthest down; the others end above that."""
    read = [part for part in parts if part.spans]
    lowest = min((part.spans[-1].low for part in read), default=None)
    floors = [part.floor for part in read if part.spans[-1].low == lowest]
    given = [floor for floor in floors if floor is not None]
    return min(given, default=None) if len(given) == len(floors) else None


def _join(found: Coverage, span: Span, *, ends: bool) -> None:
    """Adds a span that begins below those that were added before, or with one of them.

    Args:
        found: What was added before.
        span: The span.
        ends: Whether nothing was listed below it: what others show further down is pruned since.
    """
    above = found.spans[-1] if found.spans else None
    if above is None or not (found.has_ended or just_above(span.high) >= above.low):
        found.spans.append(replace(span))
    elif span.low < above.low:
        above.low, above.cursor = span.low, span.cursor
    found.has_ended |= ends


def _vain(counts: Iterable[int]) -> int:
    """How many keys were asked for in vain: after a row that was in no listing, none count."""
    counts = list(counts)
    return min(counts) if any(count < 0 for count in counts) else sum(counts)


def _heeded(ledgers: Sequence[Ledger]) -> float | None:
    """Since when the listing of hidden rows has been read each time."""
    times = [ledger.heeded for ledger in ledgers]
    return None if None in times else min(_given(times), default=None)


def _given(times: Iterable[float | None]) -> list[float]:
    return [time for time in times if time is not None]


def _latest(parts: Iterable[Iterable[tuple[Key, float]]]) -> dict[Key, float]:
    found: dict[Key, float] = {}
    for part in parts:
        for key, time in part:
            found[key] = max(time, found.get(key, time))
    return found
