"""Which rows are read again: open ones, touched ones, and keys that the listing passed over.

Why this keeps the promise of the tail:

- An open row can change, so each sync reads it once more, until it settles. What is due is
  remembered by key (`due`), and a row leaves it only when it is loaded or known to be missing.
- A row that another one names (`touches`) changes because of that row. Servers write the two one
  after the other, so it is read in this sync and again in a later one, until it was read at least
  `grace` seconds after the naming row arrived.
- A key that the listing passed over is asked for alone: see `probing`.
- An open row is gone only when it is missing in two syncs: one 404 may be a moment's fault.
- A row whose request fails is asked for again in the next sync: see `failed_rows`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from heapq import nlargest
from itertools import compress
from operator import not_
from typing import Any

from headrace.sansio.tail.failed_rows import FailedRows
from headrace.sansio.tail.keys import Key, just_above, position
from headrace.sansio.tail.ledger import Ledger, Miss, SyncProgress
from headrace.sansio.tail.messages import GoneRow, RowAsk
from headrace.sansio.tail.probing import Probes
from headrace.sansio.tail.settings import TailSettings


class RowRefresher:
    """Decides which rows a sync reads again, and learns from what they answer.

    Args:
        settings: What the config says of the listing.
        ledger: What is known of the listing; it is changed in place.
        sync: How far the sync under way has come; a part of that ledger.
        tries: In how many syncs the requests for rows have failed, by the key.

    Attributes:
        failed: The rows whose requests failed in this sync.
        probes: The missing keys that are asked for.
    """

    def __init__(
        self,
        settings: TailSettings,
        ledger: Ledger,
        sync: SyncProgress,
        tries: Mapping[Key, int] | None = None,
    ) -> None:
        self._settings = settings
        self._ledger = ledger
        self._sync = sync
        self._queue: list[Key] = []
        self._queue_is_stale = True
        self._queue_trusts = False
        self._has_waiting = False
        self._has_warned = False
        self._sorted_due: list[Key] | None = None
        self.failed = FailedRows(ledger, tries)
        self.probes = Probes(settings, ledger, sync)

    # What a listing would save

    def is_worth_listing(self, low: Key, bottom: Key, width: int) -> bool:
        """Whether to list on refreshes more due rows than it costs requests.

        To list on for n pages costs n requests, and saves one request for each due row that the
        pages show. It is worth it where some n saves more than it costs. Rows that the listing
        hides do not count, since no page shows them.

        Args:
            low: The last key that was listed.
            bottom: The lowest key that pages can reach.
            width: How far apart the first and the last key of a page are, as positions.
        """
        due = self._due_below(low, bottom)
        if not self._settings.has_refresh_path:
            return any(True for _ in due)
        if self.failed.are_worth_listing(self._due_below(low, bottom), low, width):
            return True
        top = position(low)
        shown = (key for key in due if key not in self._ledger.hidden)
        return any(count > -((position(key) - top) // width) for count, key in enumerate(shown, 1))

    def begins_again(self, top: Key, bottom: Key, width: int) -> bool:
        """Whether to list again from the top, once, for due rows that cannot be had alone.

        Args:
            top: The newest key.
            bottom: The lowest key that pages can reach.
            width: How far apart the first and the last key of a page are, as positions.
        """
        due = self._due_below(just_above(top), bottom)
        return self.failed.begin_listing_again(due, top, width)

    def _due_below(self, low: Key, bottom: Key) -> Iterator[Key]:
        """The due keys from `bottom` up to `low`, without `low`, newest first."""
        due = self._sync.due
        if not due:
            return
        if self._sorted_due is None:
            self._sorted_due = sorted(due)
        for index in range(bisect_left(self._sorted_due, low) - 1, -1, -1):
            key = self._sorted_due[index]
            if key < bottom:
                return
            if key in due:
                yield key

    # What arrives

    def arrived(self, keys: Sequence[Any], settled: Sequence[bool] | None, at: float) -> None:
        """Notes that rows are loaded.

        Args:
            keys: The keys of the rows.
            settled: Whether each row changes no more; None takes all rows as settled.
            at: When they were asked for, in seconds since 1970.
        """
        ledger, due = self._ledger, self._sync.due
        if due:
            due.difference_update(keys)
        self.failed.arrived(keys)
        if ledger.misses:
            _forget(ledger.misses, keys)
        if ledger.missing:
            _forget(ledger.missing, keys)
            ledger.answered.difference_update(keys)
        if ledger.hidden:
            ledger.hidden.difference_update(keys)
        if ledger.touched:
            self._read_again(keys, at)
        if ledger.open:
            ledger.open.difference_update(keys)
        if settled is not None and not all(settled):
            ledger.open.update(compress(keys, map(not_, settled)))

    def _read_again(self, keys: Iterable[Any], at: float) -> None:
        touched = self._ledger.touched
        for key in touched.keys() & set(keys):
            if at - touched[key] >= self._settings.grace:
                del touched[key]

    def touch(self, key: Key, now: float, *, is_read: bool) -> None:
        """Notes that a row names an older one.

        Args:
            key: The key of the older row.
            now: When the naming row arrived, in seconds since 1970.
            is_read: Whether the older row has been loaded already, in a version that is as new.
        """
        self._ledger.touched[key] = now
        if not is_read:
            self._sync.due.add(key)
            self._queue_is_stale, self._sorted_due = True, None

    def pass_over(self, gaps: Iterable[range], now: float, loaded: Set[Key]) -> None:
        """Notes that the listing shows no rows for some keys.

        Args:
            gaps: Descending runs of keys, newest first.
            now: When the page arrived, in seconds since 1970.
            loaded: The keys of rows that came otherwise.
        """
        self.probes.pass_over(gaps, now, loaded | self._ledger.open)
        self._queue_is_stale = True

    def shown(self, keys: Sequence[Any]) -> None:
        """Notes that the listing shows rows, whether they are to be loaded or not."""
        if self._ledger.hidden:
            self._ledger.hidden.difference_update(keys)

    def listed_past(self) -> None:
        """Notes that the listing got on, so that rows that waited for it may be asked for alone."""
        self._queue_is_stale |= self._has_waiting

    def not_listed(self, low: Key | None, at: float) -> list[GoneRow]:
        """Takes due rows that the listing passed as missing, where no row can be asked for alone.

        Args:
            low: The last key that was listed; None at the end of the listing.
            at: When the page was asked for, in seconds since 1970.

        Returns:
            The rows that are now known to be gone.
        """
        passed = [key for key in self._sync.due if low is None or key >= low]
        return [gone for key in passed for gone in self.missed(key, at)]

    # Rows asked for alone

    @property
    def wants_rows(self) -> bool:
        """Whether there are rows to ask for alone, once no listing goes on."""
        if not self._settings.has_refresh_path or self.failed.have_ended_asking:
            return False
        return not self._sync.due <= self.failed.keys or self.probes.has_more

    def row_asks(
        self, walk_low: Key | None, pending: set[Key], most: int, now: float
    ) -> list[RowAsk]:
        """The rows that may be asked for alone now, newest first.

        A row that a page may still show is not asked for: the page costs one request for all.

        Args:
            walk_low: Rows below this key may still be listed; None where no listing goes on.
            pending: The keys that are being asked for.
            most: How many rows at most.
            now: The time, in seconds since 1970.
        """
        if not self._settings.has_refresh_path or self.failed.have_ended_asking or most < 1:
            return []
        self._queue_is_stale |= self._queue_trusts != self.probes.trusts_hidden
        # What was queued may have come on a page, which leaves room for other keys.
        if self._queue_is_stale or not (self._queue or self._has_waiting):
            self._fill_queue(walk_low, pending, now)
        asks: list[RowAsk] = []
        while self._queue and len(asks) < most:
            key = self._queue.pop()
            if key in pending or key in self.failed.keys:
                continue
            if key in self._sync.due or self.probes.may_ask(key):
                asks.append(RowAsk(self.identity_of(key), key))
        return asks

    def _fill_queue(self, walk_low: Key | None, pending: set[Key], now: float) -> None:
        self._queue_is_stale, self._queue_trusts = False, self.probes.trusts_hidden
        wanted: set[Key] = set(self._sync.due)
        wanted.update(self.probes.choose(pending, len(pending - self._sync.due), now))
        ready = wanted if walk_low is None else {key for key in wanted if key >= walk_low}
        self._has_waiting = len(ready) < len(wanted)
        self._queue = self.failed.in_order(ready - pending - self.failed.keys)

    def identity_of(self, key: Key) -> Key:
        """What a row's own path names it by: its key, as the API writes it."""
        return self._ledger.raw.get(key, key)

    def is_wanted(self, key: Key) -> bool:
        """Whether a row that was asked for alone is still to be loaded."""
        return key in self._sync.due or key in self._ledger.missing

    def hide(self, key: Key) -> None:
        """Notes that an open row has an answer at its own path, but the listing did not show it."""
        if key in self._ledger.open:
            self._ledger.hidden.add(key)

    def failed_at(self, key: Key) -> None:
        """Notes that the request for a row failed."""
        self.probes.count(key)
        self.failed.add(key)

    def is_left(self, key: Key) -> bool:
        """Whether a row that was to be read in this sync was not read.

        Args:
            key: The key of the row.
        """
        if key in self.failed.keys or key in self._sync.due:
            return True
        return self.probes.may_ask(key)

    def left(self, most: int) -> list[Key]:
        """The rows that were not asked for, as the requests for others failed; newest first.

        Args:
            most: How many to give at most.
        """
        if not self.failed.have_ended_asking:
            return []
        left = (self._sync.due - self.failed.keys).union(self.probes.left(most))
        return nlargest(most, left)

    def missed(self, key: Key, at: float) -> list[GoneRow]:
        """Notes that a row that was asked for is not there.

        Args:
            key: The key of the row.
            at: When it was asked for, in seconds since 1970.
        """
        ledger = self._ledger
        self.probes.absent(key, at)
        if key not in self._sync.due:
            return []
        self._sync.due.discard(key)
        ledger.touched.pop(key, None)
        if key not in ledger.open:
            return []
        first = ledger.misses.setdefault(key, Miss(self._sync.started, at))
        if first.sync == self._sync.started:
            self.failed.missed(key, first, is_gone=False)
            return []
        gone = GoneRow(self.identity_of(key), first.at)
        self.failed.missed(key, first, is_gone=True)
        self._drop_open([key])
        return [gone]

    # Bounds

    def bound_open_rows(self) -> str | None:
        """Forgets the oldest open rows beyond the cap.

        Returns:
            A warning the first time, otherwise None.
        """
        ledger, most = self._ledger, self._settings.max_open_rows
        # A tenth more is allowed: to sort all for each row too many would take longer than the
        # listing itself.
        if len(ledger.open) <= most + most // 10:
            return None
        newest = nlargest(most, ledger.open)
        lowest = self.identity_of(newest[-1])
        dropped = ledger.open.difference(newest)
        self._drop_open(dropped)
        self._sync.due.difference_update(dropped)
        if self._has_warned:
            return None
        self._has_warned = True
        return (
            f"more than {most:,} rows are open: only the newest are looked at again, down to "
            f"`{lowest}`, and older ones stay as they are. Check `settled_when`: it may "
            "never be true."
        )

    def _drop_open(self, keys: Iterable[Key]) -> None:
        ledger = self._ledger
        for key in keys:
            ledger.open.discard(key)
            ledger.hidden.discard(key)
            ledger.misses.pop(key, None)


def _forget(known: dict[Any, Any], keys: Iterable[Any]) -> None:
    for key in known.keys() & set(keys):
        del known[key]
