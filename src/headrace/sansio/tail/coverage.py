"""Which stretches of a listing have been read, and where reading goes on below each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from typing import Any, NamedTuple

from headrace.core.quick_dataclasses import dataclass
from headrace.sansio.tail.keys import Key, first_at_most, first_below


@dataclass(slots=True)
class Span:
    """A stretch of the listing that was read without a break.

    Args:
        high: The newest key in it.
        low: The oldest key in it.
        cursor: The cursor that goes on below `low`; None where the server refused it.
        edge: The identities of the rows that were read at `high`, for keys that several rows may
            share.
        is_firm: Whether no row can have got the key `high` after `edge` was read.
    """

    high: Key
    low: Key
    cursor: str | None
    edge: frozenset[Any] = frozenset()
    is_firm: bool = True


class Segment(NamedTuple):
    """A run of rows of a page that no span covers.

    Args:
        start: The index of its first row.
        end: The index after its last row.
        above: The covered key next above it; None where there is none.
        beneath: The covered key next below it; None where the page does not reach it.
    """

    start: int
    end: int
    above: Key | None
    beneath: Key | None


@dataclass(slots=True)
class Coverage:
    """The spans of a listing, newest first, with a hole under each but perhaps the last.

    Args:
        spans: The stretches that were read, newest first; they never overlap.
        has_ended: Whether nothing is wanted below the last span.
        floor: No row below this key is wanted; None wants all rows.
    """

    spans: list[Span] = field(default_factory=list)
    has_ended: bool = False
    floor: Key | None = None

    def at(self, key: Key) -> Span:
        """The span that holds a key; a shared boundary belongs to the upper one."""
        return next(span for span in self.spans if span.low <= key <= span.high)

    def has_hole_under(self, span: Span) -> bool:
        """Whether more rows are wanted right below a span."""
        return not (self.has_ended and span is self.spans[-1])

    def first_hole(self) -> Span | None:
        """The newest span with a hole under it, or None where there is no hole."""
        return next((span for span in self.spans if self.has_hole_under(span)), None)

    def span_for_top(self, high: Key) -> Span:
        """The span that a page from the top belongs to; a new one where its newest key is new."""
        if not self.spans or high > self.spans[0].high:
            self.spans.insert(0, Span(high, high, None))
        return self.spans[0]

    def span_from(self, high: Key) -> Span | None:
        """The new span of a chain that begins in a hole.

        Args:
            high: The first key that the chain has read.

        Returns:
            None where a span holds that key already.
        """
        index = sum(span.low > high for span in self.spans)
        if index < len(self.spans) and high <= self.spans[index].high:
            return None
        begun = Span(high, high, None)
        self.spans.insert(index, begun)
        return begun

    def extend(self, span: Span, low: Key, cursor: str | None, *, may_share: bool) -> None:
        """Notes that a span was read on down to a key, and joins the spans that this reaches.

        Args:
            span: The span in which was read on.
            low: The last key that was read.
            cursor: The cursor that goes on below it.
            may_share: Whether several rows may have the same key. Then to reach the newest key of
                another span is not enough to join it: more rows with that key may follow.
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
        """Notes that the listing ends below a span; what was read further down is pruned."""
        index = self.spans.index(span)
        span.low, span.cursor = self.spans[-1].low, None
        del self.spans[index + 1 :]
        self.has_ended = True

    def segments(
        self, keys: Sequence[Any], start: int, above: Key | None, *, has_end: bool
    ) -> list[Segment]:
        """Finds the runs of a page's rows that no span covers.

        Args:
            keys: The keys of the page, newest first, none of them twice.
            start: The index of the first row to look at.
            above: The key that the listing had reached before the page; None at the top.
            has_end: Whether the listing ends with the page.

        Returns:
            The runs from the newest on. A run without rows is a gap between two covered keys in
            which the listing shows no row; its missing keys may still appear.
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
