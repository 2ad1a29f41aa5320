"""Lanes by key: a first listing is read in several places at once, each with a start that is made.

The listing is newest first by a key that can be computed with. So a place far down in it can be
asked for without having come there: by a cursor made as the API makes them, or by a filter for the
rows below a key. A lane is a chain of pages like any other, and what it reads is a span of the
coverage. A span begins with the first row that its lane has read, wherever the lane was to begin;
the chain above goes on until it meets that row, and then the spans join. So the coverage is at the
end the one of a single chain, and whatever a server makes of a start, no row lies between two
lanes that neither has read.

The chain that comes from the top (the walk of the sync) is one of the lanes. Where it meets a lane,
it goes on as that one.

A start is made only once it is proven how: by the cursor that a page of this sync has named, or by
one request for rows that are known. Where that fails, or a server takes no notice of a start, the
listing is read in one lane.
"""

from __future__ import annotations

import json
from typing import Any

from headrace.core.secrets.redaction import one_line
from headrace.sansio.tail.checked_page import CheckedPage
from headrace.sansio.tail.coverage import Span
from headrace.sansio.tail.key_texts import is_like, text_at_least, text_like
from headrace.sansio.tail.keys import Key, KeyKind, first_below, read_key
from headrace.sansio.tail.lane_starts import Density, Starts, next_start
from headrace.sansio.tail.ledger import Ledger, SyncProgress, Walk
from headrace.sansio.tail.messages import ListAsk
from headrace.sansio.tail.settings import RECENT_ROWS, TailSettings

_ONE_LANE = "so the listing is read in one lane"


class KeyLanes:
    """Begins lanes below the chain that comes from the top, and says where they end.

    Args:
        settings: What the config says of the listing.
        ledger: What is known of the listing; it is changed in place.
        sync: How far the sync under way has come; a part of that ledger.
        example: A key as the API writes it, where one is known before a page is.
    """

    def __init__(
        self, settings: TailSettings, ledger: Ledger, sync: SyncProgress, example: Any = None
    ) -> None:
        self._settings = settings
        self._lanes = settings.lanes
        self._ledger = ledger
        self._sync = sync
        self._walks: list[Walk] = []
        self._warnings: list[str] = []
        self._is_off = settings.lanes is None
        self._is_proven = False
        self._density = Density()
        # The last key of a page of the chain from the top, as it came, and the cursor that the page
        # named; and two neighbours of such a page.
        self._named: tuple[Any, str] | None = None
        self._neighbours: tuple[Key, Key] | None = None
        self._example = example
        self._proof: Walk | None = None
        self._expected: Key | None = None
        self._names_text = True
        self._starts: list[Key] = []
        # Of those the ones below which there is no row before the next span, or before the end.
        self._barren: list[Key] = []

    @property
    def walks(self) -> list[Walk]:
        """The lanes besides the chain that comes from the top."""
        return self._walks

    def in_order(self, main: Walk) -> list[Walk]:
        """All chains of pages: the one that comes from the top before the lanes.

        What is to be proven comes first, since it may spare the chain from the top its way down.

        Args:
            main: The chain that comes from the top.
        """
        return sorted([main, *self._walks], key=lambda walk: walk is not self._proof)

    @property
    def at_once(self) -> int:
        """How many pages of the listing are asked for at once, at most."""
        return 1 if self._lanes is None else self._lanes.at_once

    @property
    def asks_by_key(self) -> bool:
        """Whether rows below a key can be asked for, and that is proven."""
        return not self._is_off and self._is_proven and self._filters

    @property
    def _filters(self) -> bool:
        return self._lanes is not None and self._lanes.cursor_below is None

    def warnings(self) -> list[str]:
        """What the user should be told since the last call."""
        found, self._warnings = self._warnings, []
        return found

    def ask_of(self, walk: Walk) -> ListAsk:
        """The page that a chain asks for next.

        Args:
            walk: The chain from the top, or a lane.
        """
        if not walk.by_key or self._ledger.kind is None:
            return ListAsk(walk.cursor)
        # Not below that key, where others are written with more digits: rows would be passed over.
        return ListAsk(None, text_at_least(walk.low, self._example, self._ledger.kind))

    # Beginning

    def begin(self) -> None:
        """Begins as many lanes as may be under way."""
        lanes, main = self._lanes, self._sync.walk
        if lanes is None or main is None or self._is_off:
            return
        if lanes.at_once == 1 and (self._ledger.split is None or not self._filters):
            return
        if not self._are_wanted(main):
            return
        if not (self._is_proven or self._prove()):
            return
        while len(self._walks) + 1 < lanes.at_once:
            walk = self._resumed(main) or self._started(main)
            if walk is None:
                return
            self._walks.append(walk)

    def _are_wanted(self, main: Walk) -> bool:
        """Whether the first listing is under way, far enough below what may still appear."""
        ledger, sync, settings = self._ledger, self._sync, self._settings
        if sync.looks_back or main.low is None or self._lanes is None:
            return False
        if ledger.split is not None:
            return True
        coverage = ledger.coverage
        is_front = not coverage.has_ended and main.low == coverage.spans[-1].low
        if not is_front or ledger.backfilled < self._lanes.after:
            return False
        if settings.backfill_until is not None and self._bound() is None:
            self._turn_off("the first sync ends at a time, and the keys are no times")
        elif (
            settings.has_touches
            and ledger.first_change is None
            and ledger.backfilled >= RECENT_ROWS
        ):
            self._turn_off("no field tells when a row changed that names another one (`touches`)")
        return not self._is_off

    def _prove(self) -> bool:
        """Whether it is proven how a start is made."""
        lanes, kind = self._lanes, self._ledger.kind
        if lanes is None or kind is None or self._proof is not None or self._example is None:
            return False
        if not is_like(self._example, kind):
            self._turn_off(f"keys like `{_shown(self._example)}` cannot be made")
        elif lanes.cursor_below is None:
            if self._neighbours is not None:
                above, self._expected = self._neighbours
                self._proof = Walk(None, above, is_start=True, by_key=True)
                self._walks.append(self._proof)
        elif self._named is not None:
            key, cursor = self._named
            self._names_text = cursor.startswith('"')
            made = self._cursor_below(str(key))
            if made is not None and made == cursor:
                self._is_proven = True
                return True
            self._turn_off(
                f"the page that ends with the key `{_shown(key)}` names the cursor "
                f"`{lanes.readable(cursor)}`, and `endpoint.lanes.cursor` makes "
                f"`{lanes.readable(made or '')}`"
            )
        return False

    def _resumed(self, main: Walk) -> Walk | None:
        """A lane that goes on below a span that an earlier sync or lane has read."""
        ledger = self._ledger
        under_way = {main.low, *(walk.low for walk in self._walks if not walk.is_start)}
        for span in ledger.coverage.spans:
            is_of_first = ledger.split is not None and span.low <= ledger.split
            if not is_of_first or span.low in under_way:
                continue
            if ledger.coverage.has_hole_under(span) and (span.cursor or self._filters):
                return Walk(None if self._filters else span.cursor, span.low, by_key=self._filters)
        return None

    def _started(self, main: Walk) -> Walk | None:
        """A lane with a start that is made."""
        ledger, lanes = self._ledger, self._lanes
        if lanes is None or ledger.kind is None:
            return None
        starts = [walk.low for walk in self._walks if walk.is_start]
        key = next_start(
            ledger.coverage,
            main.low if ledger.split is None else min(main.low, ledger.split),
            Starts(starts, min(set(self._starts).difference(self._barren), default=None)),
            [*self._barren, *self._bottom()],
            self._density,
            lanes,
        )
        text = None if key is None else text_like(key, self._example, ledger.kind)
        key = None if text is None else read_key(text, ledger.kind)
        if text is None or key is None or key in self._starts or self._is_covered(key):
            return None
        ledger.split = main.low if ledger.split is None else ledger.split
        self._starts.append(key)
        return Walk(self._cursor_below(text), key, is_start=True, by_key=self._filters)

    def _cursor_below(self, text: str) -> str | None:
        """The cursor of the rows below a key, as JSON; None where they are asked for otherwise."""
        if self._lanes is None or self._lanes.cursor_below is None:
            return None
        made = self._lanes.cursor_below(text)
        return json.dumps(made) if self._names_text else made

    def _bound(self) -> Key | None:
        floor, until, kind = (
            self._ledger.coverage.floor,
            self._settings.backfill_until,
            self._ledger.kind,
        )
        return floor if floor is not None or kind is None else read_key(until, kind)

    def _bottom(self) -> list[Key]:
        """No row is wanted below these keys, as far as is known."""
        # Ids usually begin at 1, and the lowest lane goes on below that all the same.
        first = 1 if self._ledger.kind is KeyKind.INTEGER else None
        return [key for key in (self._bound(), first) if key is not None]

    def _is_covered(self, key: Key) -> bool:
        return any(span.low <= key <= span.high for span in self._ledger.coverage.spans)

    # What comes

    def see(self, page: CheckedPage, cursor: str | None) -> None:
        """Learns from a page how keys are apart, and what cursors are like.

        Args:
            page: The page, read and checked, before it counts as covered.
            cursor: The cursor that it names.
        """
        if self._lanes is None or page.start >= page.end or self._ledger.kind is KeyKind.TEXT:
            return
        walk, keys = page.walk, page.keys
        above = None if walk.is_start else walk.low
        self._density.see(
            keys[page.start] if above is None else above, keys[-1], page.end - page.start
        )
        if walk is not self._sync.walk or walk.by_key:
            return
        self._example = page.rows.keys[-1]
        if cursor is not None:
            self._named = self._example, cursor
        if above is not None:
            self._neighbours = above, keys[page.start]
        elif page.end > 2:
            # Below the first key there may be all rows, also for a server that takes no notice.
            self._neighbours = keys[1], keys[2]

    def begins(self, walk: Walk, keys: Any, highest: Key | None, cursor: str | None) -> bool:
        """Whether a lane can begin with its first page.

        Args:
            walk: The lane.
            keys: The keys of the page, newest first.
            highest: The highest key that it may show.
            cursor: The cursor that the page names.
        """
        first = first_below(keys, walk.low, 0, len(keys))
        if keys and keys[0] > highest:
            self._end(walk)
            self._turn_off(
                f"the API takes no notice of {self._way}: asked for the rows below "
                f"`{_shown(walk.low)}`, it shows `{_shown(keys[0])}`"
            )
        elif walk is self._proof:
            self._end(walk)
            self._judge_proof(walk, keys[first] if first < len(keys) else None)
        elif first == len(keys):
            if cursor is not None and not walk.by_key:
                walk.cursor = cursor
            else:
                self._end(walk)
                self._barren.append(walk.low)
        elif self._is_covered(walk.low) or self._is_covered(keys[first]):
            self._end(walk)
            self._barren.append(walk.low)
        else:
            return True
        return False

    def _judge_proof(self, walk: Walk, first: Key | None) -> None:
        self._proof = None
        if first is not None and first == self._expected:
            self._is_proven = True
            return
        shown = "nothing" if first is None else f"`{_shown(first)}` first"
        self._turn_off(
            f"asked for the rows below `{_shown(walk.low)}` by {self._way}, the API shows {shown}, "
            f"and the listing shows `{_shown(self._expected)}`"
        )

    def advanced(self, walk: Walk, span: Span | None) -> None:
        """Notes that a lane has read a page.

        Args:
            walk: The lane.
            span: The span that it reads; None where the page brought no row that is wanted.
        """
        if span is None:
            self._end(walk)
            return
        walk.is_start = False
        if walk.low != span.low or not self._ledger.coverage.has_hole_under(span):
            self._end(walk)

    def refused(self, walk: Walk) -> None:
        """Notes that the server does not take the cursor or the filter of a lane.

        Args:
            walk: The lane.
        """
        self._end(walk)
        if walk is self._proof:
            self._proof = None
        span = None if walk.is_start else self._ledger.coverage.at(walk.low)
        if span is not None and span.low == walk.low:
            span.cursor = None
        self._turn_off(f"the server refuses {self._way}")

    def leads_nowhere(self, walk: Walk) -> None:
        """Notes that an API says that rows follow below a key, and shows none.

        Args:
            walk: The chain that asked for them.
        """
        self._end(walk)
        self._turn_off(
            f"asked for the rows below `{_shown(walk.low)}` by {self._way}, the API shows none, "
            "and says that there are more"
        )

    def take_over(self, span: Span) -> Walk | None:
        """Gives the lane that reads on below a span; it is a lane no more.

        Args:
            span: The span that the chain from the top has come into.
        """
        for walk in self._walks:
            if not walk.is_start and walk.low == span.low:
                self._end(walk)
                return walk
        return None

    def tidy(self) -> None:
        """Ends the lanes that have become of no use."""
        coverage, main, split = self._ledger.coverage, self._sync.walk, self._ledger.split
        fronts = {span.low for span in coverage.spans if coverage.has_hole_under(span)}
        if split is not None and all(low > split for low in fronts):
            self._ledger.split = None
        if main is None:
            self._walks.clear()
            self._proof = None
        else:
            fronts.discard(main.low)
        for walk in list(self._walks):
            if walk.is_start and walk is not self._proof:
                is_below_end = coverage.has_ended and walk.low <= coverage.spans[-1].low
                if is_below_end or self._is_covered(walk.low):
                    self._end(walk)
            elif not walk.is_start and walk.low not in fronts:
                self._end(walk)

    def _end(self, walk: Walk) -> None:
        self._walks = [each for each in self._walks if each is not walk]

    @property
    def _way(self) -> str:
        which = "below_param" if self._filters else "cursor"
        return f"`endpoint.lanes.{which}`"

    def _turn_off(self, why: str) -> None:
        if not self._is_off:
            self._warnings.append(f"{why}, {_ONE_LANE}.")
        self._is_off, self._proof = True, None
        self._walks = [walk for walk in self._walks if not walk.is_start]


def _shown(key: Any) -> str:
    return one_line(str(key), 60)
