"""Which page of the listing is asked for next.

A chain of pages (a walk) begins at the top or at the saved cursor of a hole. It ends where it meets
a stretch that was read before, unless more pages down there are the cheapest way to refresh due
rows. Then the newest hole is next. Where keys move, the top comes once more until it shows nothing
new, since rows may have moved there while the chain was under way. And it comes once more where the
requests for single rows fail, and a few pages show those rows.
"""

from __future__ import annotations

from headrace.core.exceptions import PageError
from headrace.sansio.tail.bounds import Lookback
from headrace.sansio.tail.checked_page import CheckedPage
from headrace.sansio.tail.coverage import Span
from headrace.sansio.tail.key_lanes import KeyLanes
from headrace.sansio.tail.keys import Key, position, raw_of, read_key
from headrace.sansio.tail.ledger import Ledger, SyncProgress, Walk
from headrace.sansio.tail.messages import ListAsk
from headrace.sansio.tail.refreshing import RowRefresher
from headrace.sansio.tail.settings import TailSettings
from headrace.sansio.tail.within import Within

_MOST_REFUSED = 5
_MOST_LOOKS = 20


class Walker:
    """Leads one chain of pages after another: the top, the holes, and the top again.

    Args:
        settings: What the config says of the listing.
        ledger: What is known of the listing; it is changed in place.
        sync: How far the sync under way has come; a part of that ledger.
        refresher: The rows that are read again.
        lookback: How far below the top is listed again.
        within: The part of the listing that is read on its own; None for all of it.

    Attributes:
        lanes: The chains of pages beside the one that comes from the top.
    """

    def __init__(
        self,
        settings: TailSettings,
        ledger: Ledger,
        sync: SyncProgress,
        refresher: RowRefresher,
        lookback: Lookback,
        within: Within | None = None,
    ) -> None:
        self._settings = settings
        self._ledger = ledger
        self._sync = sync
        self._refresher = refresher
        self._lookback = lookback
        self._width = settings.limit or 1
        self._within = within
        self.lanes = KeyLanes(
            settings, ledger, sync, example=None if within is None else within.starts.example
        )

    @property
    def low(self) -> Key | None:
        """Rows below this key may still be listed; None where no listing goes on."""
        walk = self._sync.walk
        if walk is None:
            return None
        if walk.low is not None:
            return walk.low
        # A chain that begins at the top again goes down to the first hole and lists on below it.
        hole = self._ledger.coverage.first_hole()
        return hole.low if self._sync.has_top and hole is not None else None

    def next_asks(self) -> list[ListAsk]:
        """The pages that may be asked for now, the most urgent first."""
        main = self._sync.walk
        if main is None:
            return []
        self.lanes.begin()
        return [self.lanes.ask_of(walk) for walk in self.lanes.in_order(main)]

    def walk_of(self, ask: ListAsk) -> Walk | None:
        """The chain that a page belongs to; None where that has ended meanwhile.

        Args:
            ask: The request for the page.
        """
        main = self._sync.walk
        walks = [*([] if main is None else [main]), *self.lanes.walks]
        return next((walk for walk in walks if self.lanes.ask_of(walk) == ask), None)

    def highest(self, walk: Walk, ask: ListAsk) -> Key | None:
        """The highest key that the next page of a chain may show; None where it may be any.

        Args:
            walk: The chain.
            ask: The request for the page.
        """
        if walk.low is None or self._ledger.kind is None:
            return None
        if self._within is not None:
            return self._within.starts.highest(walk.low)
        # Where keys are written to the millisecond, what is above one may come again.
        below = None if ask.below is None else read_key(ask.below, self._ledger.kind)
        return walk.low if below is None else max(walk.low, below)

    def settle(self) -> list[str]:
        """Ends the chain under way where it is of no more use, and begins the next.

        Returns:
            What the user should be told.
        """
        sync = self._sync
        if sync.has_stopped:
            sync.walk = None
        elif sync.walk is not None and not self._goes_on(sync.walk):
            sync.walk = self.lanes.take_over(self._ledger.coverage.at(sync.walk.low))
            if sync.walk is None:
                self._read_top()
        found = [] if sync.has_stopped or sync.walk is not None else self._begin_next()
        self.lanes.tidy()
        return [*found, *self.lanes.warnings()]

    def _begin_next(self) -> list[str]:
        sync, hole = self._sync, self._ledger.coverage.first_hole()
        if not sync.has_top:
            sync.walk = self._from_top()
        elif hole is not None:
            sync.walk = self.lanes.take_over(hole) or self._at(hole)
        elif sync.needs_look and sync.looks < _MOST_LOOKS:
            sync.looks += 1
            sync.walk = Walk()
        elif sync.needs_look:
            sync.needs_look = False
            return [
                f"rows moved to the top of the listing each of {_MOST_LOOKS} times that it was "
                "looked at: those that moved last come with the next sync."
            ]
        elif self._begins_again():
            sync.walk = Walk()
        return []

    def _from_top(self) -> Walk:
        """The chain that comes from the top; in a part of the listing, from the one above it."""
        return Walk() if self._within is None else self._within.walk(self._ledger.coverage)

    def _at(self, hole: Span) -> Walk:
        """The chain that goes on in a hole, given the span above it."""
        if self.lanes.asks_by_key:
            return Walk(None, hole.low, by_key=True)
        return Walk() if hole.cursor is None else Walk(hole.cursor, hole.low)

    def _begins_again(self) -> bool:
        spans = self._ledger.coverage.spans
        if self._within is not None:
            return False
        return bool(spans) and self._refresher.begins_again(
            spans[0].high, spans[0].low, self._width
        )

    def _read_top(self) -> None:
        if not self._sync.has_top:
            self._sync.has_top = True
            self._lookback.end()

    def _goes_on(self, walk: Walk) -> bool:
        if walk.low is None:
            return True
        coverage = self._ledger.coverage
        span = coverage.at(walk.low)
        if self._ledger.keys_move and walk.low == span.high:
            # More rows with the newest key may stand on the next page.
            return True
        if walk.low == span.low:
            return self._sync.looks_back or coverage.has_hole_under(span)
        is_on_the_way = span.cursor is None and coverage.has_hole_under(span)
        if self._sync.looks_back or (is_on_the_way and not self.lanes.asks_by_key):
            return True
        return self._refresher.is_worth_listing(walk.low, span.low, self._width)

    def advance(self, page: CheckedPage, cursor: str | None, fresh: int) -> Span | None:
        """Notes that a page has been read.

        Args:
            page: The page, read and checked.
            cursor: The cursor of the next page; None at the end of the listing.
            fresh: How many of its rows were new.

        Returns:
            The span that the page belongs to; None for a page without rows at the top.
        """
        self.lanes.see(page, cursor)
        sync, walk, coverage = self._sync, page.walk, self._ledger.coverage
        if walk.by_key and page.start >= page.end and not page.has_end:
            self.lanes.leads_nowhere(walk)
            if self._within is not None:
                raise PageError(
                    f"asked for the rows below `{walk.low}` by {self._within.starts.way}, the API "
                    "shows none, and says that there are more: this part of the listing cannot be "
                    "read on its own. Leave `endpoint.lanes` out, and plan again."
                )
            sync.walk = Walk() if walk is sync.walk else sync.walk
            return None
        if walk is not sync.walk:
            return self._advance_lane(page, cursor)
        is_top = walk.low is None
        if walk.cursor is not None and fresh:
            sync.refused = 0
        walk.cursor = None if walk.by_key else cursor
        if not page.keys and is_top:
            if page.has_end:
                sync.has_stopped = True
                self._read_top()
            return None
        span = coverage.span_for_top(page.keys[0]) if is_top else coverage.at(page.walk.low)
        if page.keys:
            self._measure(page)
            low = walk.low = page.keys[-1]
            coverage.extend(span, low, walk.cursor, may_share=bool(self._ledger.keys_move))
            if not sync.has_top and (sync.listed_low is None or low < sync.listed_low):
                sync.listed_low = low
        if page.has_end:
            coverage.end_below(span)
            sync.walk = None
            sync.looks_back = False
            self._read_top()
        return span

    def _advance_lane(self, page: CheckedPage, cursor: str | None) -> Span | None:
        walk, coverage = page.walk, self._ledger.coverage
        if walk.is_start:
            has_rows = page.start < page.end
            span = coverage.span_from(page.keys[page.start]) if has_rows else None
        else:
            span = coverage.at(walk.low)
        walk.cursor = None if walk.by_key else cursor
        if span is not None and page.keys:
            walk.low = page.keys[-1]
            coverage.extend(span, walk.low, walk.cursor, may_share=False)
        if span is not None and page.has_end:
            coverage.end_below(span)
        self.lanes.advanced(walk, span)
        return span

    def _measure(self, page: CheckedPage) -> None:
        count, limit = len(page.keys), self._settings.limit or len(page.keys)
        extent = position(page.keys[0]) - position(page.keys[-1])
        self._width = max(extent * limit // count, limit, 1)

    def refused(self, walk: Walk, ask: ListAsk) -> list[str]:
        """Notes that the server no longer takes a cursor.

        Args:
            walk: The chain that asked for it.
            ask: The request that was refused.

        Returns:
            What the user should be told of what it costs.

        Raises:
            PageError: The server takes no cursor at all.
        """
        sync = self._sync
        if self._within is not None and self._within.made(walk, ask):
            raise PageError(
                f"the server refuses {self._within.starts.way} for the rows below `{walk.low}`: "
                "this part of the listing cannot be read on its own. Check that key, or leave "
                "`endpoint.lanes` out, and plan again."
            )
        if walk is not sync.walk or walk.by_key:
            self.lanes.refused(walk)
            if walk is sync.walk:
                sync.walk = Walk()
            return self.lanes.warnings()
        sync.refused += 1
        if sync.refused > _MOST_REFUSED:
            raise PageError(
                f"the server refused {sync.refused} cursors without a new row between them, the "
                f"last one `{ask.cursor}`. Check that `paginator.cursor_param` and "
                "`paginator.cursor_path` name the same cursor; if cursors expire, sync more often."
            )
        span = None
        if walk.low is not None:
            span = self._ledger.coverage.at(walk.low)
            if walk.low == span.low:
                span.cursor = None
            elif self._settings.has_refresh_path and not sync.looks_back:
                # The chain listed what was read before, only to save requests for single rows.
                self._read_top()
        sync.walk = None
        # What the chain had still to show may have got the newest key since.
        sync.needs_look |= self._settings.keys_move
        if span is None or self._ledger.kind is None:
            return ["the server refused a cursor: the listing starts again at the top."]
        reached = raw_of(span.low, self._ledger.kind)
        if self._within is not None and self._within.high is not None:
            return [
                f"the server refused a cursor: the listing goes on below `{reached}` from one that "
                "is made."
            ]
        return [
            "the server refused a cursor: the listing starts again at the top, and goes down to "
            f"`{reached}`, where it had come to."
        ]
