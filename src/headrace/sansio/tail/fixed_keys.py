"""Which rows of a page to load where each row keeps its key.

New are the rows that no covered stretch holds. Of those that were loaded before, the page's version
is taken where it is wanted anyway: of due rows, of late ones, and of rows that a new row of the
same page names. A key is loaded at most once in a leg, so that the merge may be told that no key is
there twice.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise, zip_longest
from typing import Any

from headrace.sansio.tail.checked_page import CheckedPage
from headrace.sansio.tail.coverage import Segment
from headrace.sansio.tail.key_runs import KeyRuns
from headrace.sansio.tail.keys import Key, KeyKind, read_key
from headrace.sansio.tail.ledger import Ledger, SyncProgress
from headrace.sansio.tail.messages import AnsweredRows
from headrace.sansio.tail.probing import remembers_gaps
from headrace.sansio.tail.refreshing import RowRefresher
from headrace.sansio.tail.settings import RECENT_ROWS, TailSettings
from headrace.sansio.tail.within import Within


class FixedKeys:
    """Reads the rows of a listing that keep their keys.

    Args:
        settings: What the config says of the listing.
        ledger: What is known of the listing; it is changed in place.
        sync: How far the sync under way has come; a part of that ledger.
        refresher: The rows that are read again.
        within: The part of the listing that is read on its own; None for all of it.
        once: Whether the hidden rows at the end of a first listing are left for the next sync where
            a page has brought them.

    Attributes:
        leaves_out: Whether a page may have left out rows of which no note was made.
    """

    def __init__(
        self,
        settings: TailSettings,
        ledger: Ledger,
        sync: SyncProgress,
        refresher: RowRefresher,
        within: Within | None = None,
        *,
        once: bool = False,
    ) -> None:
        self._within = within
        self._listed = KeyRuns() if once else None
        self._settings = settings
        self._ledger = ledger
        self._sync = sync
        self._refresher = refresher
        self.leaves_out = False
        # What this planner has told to load, since a leg loads a key only once: rows by their keys,
        # and whole stretches of the listing, the newest key of each by its oldest.
        self._single: set[Key] = set()
        self._stretches: dict[Key, Key] = {}
        self._gap_count = 0
        self._row_count = 0
        self._has_warned = False

    def read_page(self, page: CheckedPage) -> tuple[Sequence[int], list[str]]:
        """Learns from a page's rows, before it counts as covered.

        Args:
            page: The page, read and checked.

        Returns:
            The indexes of the rows to load, ascending, and what the user should be told.
        """
        segments = self._ledger.coverage.segments(
            page.keys, page.start, page.walk.low, has_end=page.has_end
        )
        if self._within is not None and page.has_end and page.start == page.end:
            # No row of the page is in this part, whose last keys it has passed over.
            segments = [Segment(page.end, page.end, page.walk.low, self._within.low)]
        if page.walk.is_start and segments and segments[0].above == page.walk.low:
            # Which rows there are right above is for the lane above to see.
            segments[0] = segments[0]._replace(above=None)
        if self._ledger.first_change is None:
            self._ledger.first_change = page.rows.last_change
        is_first = self._is_first_listing(page)
        recent = self._recent_rows(page, segments)
        self.leaves_out |= is_first and self._may_leave_out(page, recent)
        chosen = self._choose(page, segments)
        keys, settled = page.keys, page.rows.settled
        if len(chosen) < len(keys):
            keys = [keys[index] for index in chosen]
            settled = None if settled is None else [settled[index] for index in chosen]
        elif settled is not None and len(settled) > len(keys):
            settled = settled[: len(keys)]
        if self._listed is not None:
            self._listed.add(key for key in keys if key not in self._single)
        self._refresher.arrived(keys, settled, page.at)
        self._refresher.shown(page.keys)
        self._note_stretches(page, segments)
        notes_gaps = self._settings.probes or self._sync.knows_hidden
        notes_gaps &= recent > 0 or not is_first
        warnings = self._note_gaps(page, segments, recent) if notes_gaps else []
        if page.rows.touches:
            self._note_touches(page.rows, chosen, self._naming_rows(page, recent), page.now)
        self._keep_raw(page.rows, chosen, keys)
        return chosen, warnings

    def read_row(self, key: Key, rows: AnsweredRows, at: float, now: float) -> Sequence[int]:
        """Learns from a row that was asked for alone.

        Args:
            key: The key of the row.
            rows: What is to be known of that one row.
            at: When it was asked for, in seconds since 1970.
            now: When it arrived, in seconds since 1970.

        Returns:
            The indexes of the rows to load: 0, or none where a page has brought the row meanwhile.
        """
        if not self._refresher.is_wanted(key):
            return ()
        low = self._sync.listed_low
        is_passed = low is not None and key >= low
        is_missing = key in self._ledger.missing
        is_hidden = is_passed or is_missing or key in self._ledger.hidden
        self._refresher.probes.count(key)
        self._refresher.arrived([key], rows.settled, at)
        if is_hidden:
            self._refresher.hide(key)
        if key in self._ledger.open and (is_passed or is_missing):
            began = rows.instants[0] if rows.instants else None
            self._refresher.probes.found_hidden(began, was_there=not is_missing)
        self._single.add(key)
        self._note_touches(rows, (0,), range(1), now, naming=[key])
        self._keep_raw(rows, (0,), [key])
        return (0,)

    def read_own(
        self,
        keys: Sequence[Any],
        wanted: Sequence[int],
        rows: AnsweredRows,
        at: float,
        now: float,
        *,
        are_hidden: bool,
    ) -> Sequence[int]:
        """Learns from a page of rows of one kind.

        Args:
            keys: The keys of the rows.
            wanted: The indexes of those that are wanted.
            rows: What is to be known of the rows.
            are_hidden: Whether the plain listing hides them.
            at: When the page was asked for, in seconds since 1970.
            now: When it arrived, in seconds since 1970.

        Returns:
            The indexes of the rows to load, ascending.
        """
        places: dict[Key, int] = {keys[index]: index for index in reversed(wanted)}
        chosen = sorted(index for key, index in places.items() if not self._has_loaded(key))
        own = [keys[index] for index in chosen]
        settled = None if rows.settled is None else [rows.settled[index] for index in chosen]
        self._refresher.arrived(own, settled, at)
        for key in own if are_hidden else ():
            self._refresher.hide(key)
        self._single.update(own)
        self._note_touches(rows, chosen, range(len(keys)), now)
        self._keep_raw(rows, chosen, own)
        return chosen

    def read_own_again(
        self, keys: Sequence[Any], wanted: Sequence[int], rows: AnsweredRows, now: float
    ) -> bool:
        """Learns from a page of rows that are hidden at the end of the first listing.

        One that is not known was shown at first, and hidden when its page was read.

        Args:
            keys: The keys of the rows.
            wanted: The indexes of those that are wanted.
            rows: What is to be known of the rows.
            now: When the page arrived, in seconds since 1970.

        Returns:
            Whether there are rows that are not known.
        """
        known = self._ledger.open | self._single
        found = {keys[index]: index for index in wanted if keys[index] not in known}
        for key, index in found.items():
            has_come = self._listed is not None and key in self._listed
            self._refresher.touch(key, now, is_read=has_come)
            if self._ledger.kind is KeyKind.TIME:
                self._ledger.raw[key] = rows.keys[index]
        return bool(found)

    def _choose(self, page: CheckedPage, segments: list[Segment]) -> Sequence[int]:
        fresh = [range(segment.start, segment.end) for segment in segments]
        fresh = [indexes for indexes in fresh if indexes]
        if sum(map(len, fresh)) == page.end - page.start:
            everything = range(page.start, page.end)
            return (
                everything if self._single.isdisjoint(page.keys) else self._once(page, everything)
            )
        known = set(range(page.start, page.end)).difference(*fresh)
        again = self._wanted_again(page, sorted(known), fresh)
        self._single.update(page.keys[index] for index in again)
        chosen = [index for indexes in fresh for index in self._once(page, indexes)]
        return sorted(chosen + again)

    def _once(self, page: CheckedPage, indexes: Sequence[int]) -> list[int]:
        return [index for index in indexes if page.keys[index] not in self._single]

    def _wanted_again(self, page: CheckedPage, known: list[int], fresh: list[range]) -> list[int]:
        """The covered rows of a page that are to be loaded again."""
        keys, low = page.keys, self._sync.listed_low
        due, missing = self._sync.due, self._ledger.missing
        late_end = page.late_end
        if self._sync.knows_hidden and remembers_gaps(
            self._settings, self._ledger, self._sync.started
        ):
            late_end = 0
        # A leg that starts again at the top has loaded some of them already.
        named = {key for key in self._named_on(page, fresh) if not self._has_loaded(key)}
        return [
            index
            for index in self._once(page, known)
            if (key := keys[index]) in due
            or key in missing
            or key in named
            or (index < late_end and (low is None or key < low))
        ]

    def _named_on(self, page: CheckedPage, fresh: list[range]) -> Iterator[Key]:
        """The keys that the page's new rows name: the page shows those rows in as new a version."""
        kind = self._ledger.kind
        if kind is None:
            return
        for index, raw in page.rows.touches:
            if any(index in indexes for indexes in fresh):
                key = read_key(raw, kind)
                if key is not None:
                    yield key

    def _is_first_listing(self, page: CheckedPage) -> bool:
        """Whether the page belongs to the first listing, below all that was listed before.

        Where that was parted into lanes, the page may be above some of what they have listed.
        """
        coverage, split = self._ledger.coverage, self._ledger.split
        if self._within is not None:
            return True
        if page.start == page.end:
            return False
        if split is not None and page.keys[page.start] < split:
            return True
        if coverage.has_ended:
            return False
        return all(span.high >= page.keys[-1] for span in coverage.spans)

    def _recent_rows(self, page: CheckedPage, segments: list[Segment]) -> int:
        """Counts how many rows at the start of the page are recent, by their number alone."""
        count = page.end - page.start
        if not self._is_first_listing(page):
            return count
        recent = max(RECENT_ROWS - self._ledger.backfilled, 0)
        self._ledger.backfilled += sum(segment.end - segment.start for segment in segments)
        return recent

    def _may_leave_out(self, page: CheckedPage, recent: int) -> bool:
        """Whether a page of the first listing may leave out rows whose keys are not remembered."""
        if self._ledger.kind is not KeyKind.INTEGER:
            return page.walk.low is not None
        if self._within is not None:
            keys = page.keys[page.start :]
            return self._within.left_out(page.walk.low, keys, has_end=page.has_end) > 0
        count = page.end - page.start
        above = page.keys[page.start] + 1 if page.walk.low is None else page.walk.low
        return recent < count and bool(above - page.keys[page.end - 1] > count)

    def _naming_rows(self, page: CheckedPage, recent: int) -> Collection[int]:
        """The rows so near to the present that the older rows which they name may still change.

        Args:
            page: The page, read and checked.
            recent: How many rows at its start are recent by their number.

        Returns:
            The indexes of those rows.
        """
        rows, ledger = page.rows, self._ledger
        counted = range(page.start + recent)
        if not self._is_first_listing(page):
            return counted
        if ledger.first_change is None:
            return counted
        oldest = ledger.first_change - self._settings.grace
        times = zip_longest(rows.touches, rows.touched_at)
        old = {index for (index, _), at in times if at is not None and at < oldest}
        return [index for index in counted if index not in old]

    def _note_stretches(self, page: CheckedPage, segments: list[Segment]) -> None:
        for segment in segments:
            if segment.start == segment.end:
                continue
            high, low = page.keys[segment.start], page.keys[segment.end - 1]
            if segment.above is not None:
                high = self._stretches.pop(segment.above, high)
            self._stretches[low] = high

    def _note_gaps(self, page: CheckedPage, segments: list[Segment], recent: int) -> list[str]:
        """Remembers which keys the listing passed over; gives a warning where they are too many."""
        if self._ledger.kind is not KeyKind.INTEGER:
            return []
        gaps: list[range] = []
        for segment in segments:
            end = min(segment.end, page.start + recent)
            if end < segment.start or (end == segment.start and segment.end > segment.start):
                break
            keys = list(page.keys[segment.start : end])
            if segment.above is not None:
                keys.insert(0, segment.above)
            if end == segment.end:
                keys += self._end_of_gaps(segment, page)
            self._row_count += len(keys)
            if keys and keys[0] - keys[-1] >= len(keys):
                gaps += [range(a - 1, b, -1) for a, b in pairwise(keys) if a - b > 1]
        if not gaps:
            return []
        self._refresher.pass_over(gaps, page.now, self._single)
        self._gap_count += sum(gap.start - gap.stop for gap in gaps)
        return self._gap_warning(self._settings.max_probes)

    def _end_of_gaps(self, segment: Segment, page: CheckedPage) -> list[Any]:
        floor = self._ledger.coverage.floor
        if segment.beneath is not None:
            return [segment.beneath]
        if isinstance(floor, int) and page.has_end and page.keys and page.keys[-1] >= floor:
            return [floor - 1]
        return []

    def _gap_warning(self, most: int) -> list[str]:
        if self._has_warned or self._sync.knows_hidden or self._gap_count <= most:
            return []
        self._has_warned = True
        if self._gap_count > self._row_count:
            return [
                f"the listing leaves out {self._gap_count:,} keys between {self._row_count:,} rows:"
                " to ask for them one by one costs more than to list again. If the API can list "
                "the rows that it hides, give `hidden`; for keys with large gaps use `late_rows: "
                "{lookback: <seconds>}`."
            ]
        return [
            f"the listing leaves out {self._gap_count:,} keys, and a sync asks for {most:,} of them"
            " at most: the others follow in later syncs. If the API can list the rows that it "
            "hides, give `hidden`."
        ]

    def _note_touches(
        self,
        rows: AnsweredRows,
        chosen: Sequence[int],
        counted: Collection[int],
        now: float,
        naming: Sequence[Any] | None = None,
    ) -> None:
        kind, floor = self._ledger.kind, self._ledger.coverage.floor
        if kind is None:
            return
        indexes = chosen if isinstance(chosen, range) else set(chosen)
        for index, raw in rows.touches:
            key = read_key(raw, kind)
            if key is None or index not in counted or index not in indexes:
                continue
            own = read_key(rows.keys[index], kind) if naming is None else naming[index]
            # That one is read with the part of the listing below, and again in the next sync.
            is_below = self._within is not None and self._within.is_below(key)
            if own is None or key >= own or (floor is not None and key < floor and not is_below):
                continue
            self._refresher.touch(key, now, is_read=is_below or self._has_loaded(key))
            if kind is KeyKind.TIME:
                self._ledger.raw[key] = raw

    def _has_loaded(self, key: Key) -> bool:
        if key in self._single:
            return True
        if key in self._ledger.missing:
            return False
        return any(low <= key <= high for low, high in self._stretches.items())

    def _keep_raw(self, rows: AnsweredRows, chosen: Sequence[int], keys: Sequence[Any]) -> None:
        if self._ledger.kind is not KeyKind.TIME or not self._settings.has_settled_when:
            return
        for index, key in zip(chosen, keys, strict=True):
            if key in self._ledger.open:
                self._ledger.raw[key] = rows.keys[index]
