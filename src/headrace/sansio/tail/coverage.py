"""Which stretches of a listing have been read, and where reading goes on below each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from headrace.sansio.tail.keys import Key, first_at_most, first_below


@dataclass(slots=True)
class Span:
    """A stretch of the listing that was read without a break.

    Args:
        high: the newest key.
        low: the oldest key.
        cursor: goes on below `low`; None when the server refused it.
        edge: identities of the rows read at `high`, for keys that several rows may share.
        is_firm: no row can have got the key `high` after `edge` was read.
    """

    high: Key
    low: Key
    cursor: str | None
    edge: frozenset[Any] = frozenset()
    is_firm: bool = True


class Segment(NamedTuple):
    """A run of rows of a page that no span covers.

    Args:
        start: index of its first row.
        end: index after its last row.
        above: the covered key next above it, if any.
        beneath: the covered key next below it, if the page reaches it.
    """

    start: int
    end: int
    above: Key | None
    beneath: Key | None


@dataclass(slots=True)
class Coverage:
    """The spans of a listing, newest first, with a hole under each but perhaps the last.

    Args:
        spans: that never overlap.
        has_ended: nothing is wanted below the last span.
        floor: no row below this key is wanted; None wants all.
    """

    spans: list[Span] = field(default_factory=list)
    has_ended: bool = False
    floor: Key | None = None

    def at(self, key: Key) -> Span:
        """The span that holds a key; a shared boundary belongs to the upper one."""
        return next(span for span in self.spans if span.low <= key <= span.high)

    def has_hole_under(self, span: Span) -> bool:
        """More rows are wanted right below a span."""
        return not (self.has_ended and span is self.spans[-1])

    def first_hole(self) -> Span | None:
        """The newest span with a hole under it."""
        return next((span for span in self.spans if self.has_hole_under(span)), None)

    def span_for_top(self, high: Key) -> Span:
        """The span that a look at the top reads on in, made when its newest key is new."""
        if not self.spans or high > self.spans[0].high:
            self.spans.insert(0, Span(high, high, None))
        return self.spans[0]

    def extend(self, span: Span, low: Key, cursor: str | None, *, may_share: bool) -> None:
        """Reads on to `low` below a span, joining the spans that this reaches.

        Args:
            span: that is read on in.
            low: the last key read.
            cursor: that goes on below it.
            may_share: several rows may have one key, so meeting a span's newest is not enough.
        """
        if low >= span.low and span.cursor is not None:
            return
        if low <= span.low:
            span.low, span.cursor = low, cursor
        index = self.spans.index(span) + 1
        while index < len(self.spans):
            lower = self.spans[index]
            if low > lower.high or (may_share and low == lower.high):
                return
            del self.spans[index]
            if low > lower.low:
                span.low, span.cursor = lower.low, lower.cursor
                return

    def end_below(self, span: Span) -> None:
        """The listing ends below a span: what was read further down is there no more."""
        index = self.spans.index(span)
        span.low, span.cursor = self.spans[-1].low, None
        del self.spans[index + 1 :]
        self.has_ended = True

    def segments(
        self, keys: Sequence[Any], start: int, above: Key | None, *, has_end: bool
    ) -> list[Segment]:
        """The runs of a page's rows that no span covers.

        Args:
            keys: of the page, newest first, none twice.
            start: the first row to look at.
            above: the key that the listing had reached before the page, if any.
            has_end: the listing ends with the page.
        """
        found, end = [], len(keys)
        for span in self.spans:
            if above is not None and span.low > above:
                continue
            reached = first_at_most(keys, span.high, start, end)
            is_reached = reached < end or has_end
            is_own = above is not None and above <= span.high
            if not is_own and (reached > start or (above is not None and is_reached)):
                found.append(Segment(start, reached, above, span.high if is_reached else None))
            if not is_reached:
                return found
            start, above = first_below(keys, span.low, reached, end), span.low
            if start == end and not has_end:
                return found
        if start < end:
            found.append(Segment(start, end, above, None))
        return found
