"""Which missing keys are asked for one by one, and what their answers tell.

A key that the listing passed over may belong to a row that is hidden, or not committed yet. It is
asked for in each sync until an answer that comes `grace` seconds after it was passed over has no
row: until then a transaction may be under way. Where there are more than a sync may ask for, those
that never were asked for come first, the newest and the oldest alike, beside the ones that need
only a last answer. So each of them has its turn.

Where a listing of hidden rows has been read, a missing key is likely none of a row. That listing
may be of one kind of them though, as of those that run and not of those that wait. So keys are
asked for all the same until enough of them had no row; from then on a few of those that a sync
passes over, as a sample, and the ones that were passed over before that listing was ever read.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from heapq import nlargest, nsmallest

from headrace.sansio.tail.keys import Key, KeyKind
from headrace.sansio.tail.ledger import Ledger, SyncProgress
from headrace.sansio.tail.settings import TailSettings

_SAMPLE = 4
# A row that is in neither listing costs so many times the keys without one that trust takes.
_DISTRUST = 9
# Clocks of servers and clients differ.
_SKEW_SECONDS = 10.0


def trusts_hidden(settings: TailSettings, ledger: Ledger) -> bool:
    """Whether the listing of hidden rows is taken to show all that the plain one hides.

    Args:
        settings: What the config says of the listing.
        ledger: What is known of it.
    """
    is_there = settings.has_hidden and ledger.heeded is not None
    return is_there and ledger.vain >= settings.trust_after


def remembers_gaps(settings: TailSettings, ledger: Ledger, started: float) -> bool:
    """Whether each row that may come late has its key among the missing ones.

    Then a row that is listed again, and is none of these, is in the table.

    Args:
        settings: What the config says of the listing.
        ledger: What is known of it.
        started: When the sync began, in seconds since 1970.
    """
    since = ledger.heeded
    if since is None or ledger.kind is not KeyKind.INTEGER:
        return False
    has_for_long = settings.probes or started - since > settings.grace
    if not has_for_long or len(ledger.missing) < settings.max_gaps:
        return has_for_long
    # The ones that were forgotten, as they were too many, had been passed over before these.
    oldest = min(ledger.missing.values())
    return ledger.looked is not None and oldest + settings.grace <= ledger.looked


def late_keys(settings: TailSettings, ledger: Ledger) -> int:
    """How many keys that the listing passed over the next sync may ask for one by one.

    Args:
        settings: What the config says of the listing.
        ledger: What is known of it.
    """
    if not settings.probes:
        return 0
    return len(_passed_before(ledger) if trusts_hidden(settings, ledger) else ledger.missing)


def _passed_before(ledger: Ledger) -> set[int]:
    """The missing keys that were passed over before the listing of hidden rows was read at all."""
    since = ledger.heeded
    return {key for key, at in ledger.missing.items() if since is not None and at < since}


class Probes:
    """Chooses the missing keys that a sync asks for, and remembers what came.

    Args:
        settings: What the config says of the listing.
        ledger: What is known of the listing; it is changed in place.
        sync: How far the sync under way has come; a part of that ledger.
    """

    def __init__(self, settings: TailSettings, ledger: Ledger, sync: SyncProgress) -> None:
        self._settings = settings
        self._ledger = ledger
        self._sync = sync
        self._sample: set[int] | None = None

    def pass_over(self, gaps: Iterable[range], now: float, known: Collection[Key]) -> None:
        """Notes that the listing shows no rows for some keys.

        Args:
            gaps: Descending runs of keys, newest first.
            now: When the page arrived, in seconds since 1970.
            known: Keys whose rows have come otherwise.
        """
        self._sample = None
        most = self._settings.max_gaps
        missing = self._ledger.missing
        for gap in gaps:
            missing.update({key: now for key in gap[:most] if key not in known})
            if len(missing) > 2 * most:
                self._keep_newest()
                missing = self._ledger.missing
        if len(missing) > most:
            self._keep_newest()

    def _keep_newest(self) -> None:
        missing = self._ledger.missing
        newest = nlargest(self._settings.max_gaps, missing)
        self._ledger.missing = {key: missing[key] for key in newest}
        self._ledger.answered.intersection_update(newest)

    @property
    def trusts_hidden(self) -> bool:
        """Whether the listing of hidden rows was read, and is taken to show all of them."""
        return self._sync.knows_hidden and trusts_hidden(self._settings, self._ledger)

    @property
    def _room(self) -> int:
        """How many more keys the sync may ask for."""
        return self._settings.max_probes - len(self._sync.asked)

    def _unasked(self) -> set[int]:
        if not self._settings.probes:
            return set()
        if not self.trusts_hidden:
            return self._ledger.missing.keys() - self._sync.asked
        if self._sample is None:
            began = self._sync.started
            passed = (key for key, at in self._ledger.missing.items() if at >= began)
            self._sample = _passed_before(self._ledger).union(nlargest(_SAMPLE, passed))
        return self._sample & self._ledger.missing.keys() - self._sync.asked

    @property
    def has_more(self) -> bool:
        """Whether there are keys to ask for."""
        return bool(self._ledger.missing) and self._room > 0 and bool(self._unasked())

    def may_ask(self, key: Key) -> bool:
        """Whether a key is missing, and not asked for yet."""
        return key in self._ledger.missing and key not in self._sync.asked

    def choose(self, pending: Collection[Key], under_way: int, now: float) -> set[int]:
        """The keys to ask for.

        Args:
            pending: The keys of rows that are being asked for.
            under_way: How many of them are missing keys.
            now: The time, in seconds since 1970.
        """
        room = self._room - under_way
        if room <= 0 or not self._ledger.missing:
            return set()
        unasked = self._unasked().difference(pending)
        if len(unasked) <= room:
            return unasked
        missing, answered = self._ledger.missing, self._ledger.answered
        fresh = unasked - answered
        known = unasked & answered
        last = {key for key in known if now - missing[key] >= self._settings.grace}
        for_last = min(len(last), max(room // 2, room - len(fresh)))
        chosen = set(nsmallest(for_last, last))
        left = room - len(chosen)
        chosen.update(nlargest(left - left // 2, fresh), nsmallest(left // 2, fresh))
        chosen.update(nlargest(room - len(chosen), fresh - chosen))
        chosen.update(nlargest(room - len(chosen), known - chosen))
        return chosen

    def left(self, most: int) -> list[int]:
        """The keys that would be asked for next.

        Args:
            most: How many to give at most.
        """
        return nlargest(min(most, max(self._room, 0)), self._unasked())

    def count(self, key: Key) -> None:
        """Counts that a missing key was asked for alone, whether its row is there or not."""
        if isinstance(key, int) and key in self._ledger.missing:
            self._sync.asked.add(key)

    def absent(self, key: Key, at: float) -> None:
        """Notes that a key has no row.

        Args:
            key: The key.
            at: When it was asked for, in seconds since 1970.
        """
        ledger = self._ledger
        self.count(key)
        if not isinstance(key, int) or key not in ledger.missing:
            return
        if self._sync.knows_hidden and key not in ledger.answered:
            ledger.vain += 1
        if at - ledger.missing[key] >= self._settings.grace:
            del ledger.missing[key]
            ledger.answered.discard(key)
        else:
            ledger.answered.add(key)

    def found_hidden(self, began: float | None, *, was_there: bool) -> None:
        """Notes that a row can still change which neither of the listings has shown.

        A row that began after the hidden rows were listed says nothing of that listing.

        Args:
            began: Its time in seconds since 1970; None where none is known, as of one that waits in
                a queue.
            was_there: Whether an earlier sync has seen the row.
        """
        asked = self._sync.hidden_asked
        if not self._sync.knows_hidden or asked is None:
            return
        if was_there if began is None else began < asked - _SKEW_SECONDS:
            self._ledger.vain = -_DISTRUST * self._settings.trust_after
