"""A part of a listing that is read on its own, as if it were the whole.

The planner is given a ledger in which the rows above count as listed, and the ones below as not
wanted: so the first row of the part is looked for below the key above it, and keys that the listing
passes over at the two edges are noticed as everywhere else.

What is known afterwards is told by the rows that came. The part above tells the newest row below
its own, and if the part below begins with that row or with a higher one, then no row lies between
the two that neither has read, whatever a server makes of a start.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from typing import Any

from headrace.core.quick_dataclasses import dataclass
from headrace.sansio.tail.coverage import Coverage, Span
from headrace.sansio.tail.key_starts import KeyStarts
from headrace.sansio.tail.keys import Key, just_above
from headrace.sansio.tail.ledger import Checkpoint, Ledger, Walk
from headrace.sansio.tail.messages import ListAsk
from headrace.sansio.tail.settings import RECENT_ROWS


@dataclass(slots=True)
class Within:
    """The part of a listing that a planner reads: low < key <= high.

    Args:
        high: The highest key; None where the part is open upwards.
        low: The key right below the lowest one; None where it is open downwards.
        starts: Makes requests that begin below a key.
        recent: How many of its newest rows are so near to the present that keys which the listing
            passes over among them may still be of rows.
        first_change: The latest change that the top told of before any part was read, in seconds
            since 1970; None where nothing did.
        first: The newest row in it that was listed; None before that.
        beneath: The newest row below it that the listing has shown; None before that.
    """

    high: Key | None
    low: Key | None
    starts: KeyStarts
    recent: int = RECENT_ROWS
    first_change: float | None = None
    first: Key | None = field(default=None)
    beneath: Key | None = field(default=None)

    def ledger(self) -> Ledger:
        """What is known before it is read."""
        coverage = Coverage(floor=None if self.low is None else just_above(self.low))
        if self.high is not None:
            above = just_above(self.high)
            coverage.spans.append(Span(above, above, None))
        return Ledger(
            kind=self.starts.kind,
            keys_move=False,
            coverage=coverage,
            backfilled=RECENT_ROWS - self.recent,
            first_change=self.first_change,
        )

    def walk(self, coverage: Coverage) -> Walk:
        """The chain of pages that reads it, from where it has come to, or from the top.

        Args:
            coverage: What has been read.
        """
        return Walk() if self.high is None else self.starts.walk_below(coverage.spans[-1].low)

    def made(self, walk: Walk, ask: ListAsk) -> bool:
        """Whether a request begins as one does whose cursor no page has named.

        Args:
            walk: The chain of pages that it belongs to.
            ask: The request.
        """
        return (
            self.high is not None
            and walk.low is not None
            and ask == self.starts.ask_below(walk.low)
        )

    def see(self, keys: Sequence[Any], start: int, end: int) -> None:
        """Learns from a page.

        Args:
            keys: The keys of all of its rows, newest first.
            start: The index of the first row in this part that is new.
            end: The index after its last row.
        """
        if self.first is None and start < end:
            self.first = keys[start]
        if self.low is not None and end < len(keys):
            self.beneath = keys[end]

    def is_below(self, key: Key) -> bool:
        """Whether a key lies below the part."""
        return bool(self.low is not None and key <= self.low)

    def holds(self, key: Key) -> bool:
        """Whether a key lies in the part."""
        return not self.is_below(key) and (self.high is None or bool(key <= self.high))

    def left_out(self, above: Key | None, keys: Sequence[Any], *, has_end: bool) -> int:
        """How many keys a page passes over, at the edges of the part as well.

        Args:
            above: The key that was reached before it; None at the top.
            keys: Its keys in the part that had not been reached before, newest first; whole
                numbers.
            has_end: Whether the part ends with it.
        """
        low = self.low if has_end else None
        if above is None and keys:
            above = just_above(keys[0])
        if low is None and keys:
            low = keys[-1] - 1
        return 0 if above is None or low is None else above - low - 1 - len(keys)

    def told(self, ledger: Ledger, top: Checkpoint | None, looked: float) -> Ledger:
        """What the ledger says of the listing once the part has been read.

        Args:
            ledger: The ledger at the end; it is changed in place.
            top: The top of the listing before any part was read; None where rows are not looked
                back for.
            looked: When that was asked for, in seconds since 1970.
        """
        coverage = ledger.coverage
        if self.low is not None:
            coverage.floor = None
        ledger.backfilled -= RECENT_ROWS - self.recent
        if top is not None:
            ledger.checkpoints.insert(0, top)
            ledger.anchor, ledger.looked = top, looked
        ledger.sync = None
        if self.first is None:
            # The rows above it tell where the ones below it begin.
            ledger.coverage = Coverage(floor=coverage.floor)
            return ledger
        (span,) = coverage.spans
        if self.high is not None:
            span.high = self.first
        if self.low is not None:
            # That the whole listing ends above the part below is not taken from one page.
            coverage.has_ended = False
            span.low = span.low if self.beneath is None else just_above(self.beneath)
            span.cursor = self.starts.cursor_below(span.low)
        return ledger
