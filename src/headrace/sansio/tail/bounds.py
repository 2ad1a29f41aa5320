"""How far down a listing is read: the first sync's bound, and the look back for late rows."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

from headrace.core.exceptions import ConfigError, Fault
from headrace.sansio.tail.keys import Key, KeyKind, first_below, instant_of, just_above, read_key
from headrace.sansio.tail.ledger import Checkpoint, Ledger, SyncProgress
from headrace.sansio.tail.messages import AnsweredRows
from headrace.sansio.tail.probing import remembers_gaps
from headrace.sansio.tail.settings import TailSettings
from headrace.sansio.tail.within import Within

# Tops of earlier syncs are remembered this many to a lookback.
_CHECKPOINTS = 64


class Floor:
    """Where the first sync ends; rows below this key are never wanted.

    Args:
        settings: What the config says of the listing.
        ledger: What is known of the listing; it is changed in place.
        within: The part of the listing that is read on its own; None for all of it.
    """

    def __init__(
        self, settings: TailSettings, ledger: Ledger, within: Within | None = None
    ) -> None:
        self._within = within
        self._until = settings.backfill_until
        self._coverage = ledger.coverage

    def check(self, kind: KeyKind, rows: AnsweredRows) -> None:
        """Refuses a bound that cannot be compared with the rows of the listing.

        Args:
            kind: The kind of the listing's keys.
            rows: The rows of the first page.

        Raises:
            ConfigError: The bound is neither a key of that kind nor a time that the rows have too.
        """
        if self._until is None or self._coverage.has_ended:
            return
        if read_key(self._until, kind) is None and (
            rows.instants is None or instant_of(self._until) is None
        ):
            names = {KeyKind.INTEGER: "a whole number", KeyKind.TIME: "an ISO time"}
            wanted = names.get(kind, "such a key")
            raise ConfigError(
                [
                    Fault(
                        "initial_value",
                        f"the first sync cannot be bounded by `{self._until}`, which does not "
                        f"compare with the listing's keys: give {wanted}, or an ISO time together "
                        "with `time_path`",
                    )
                ]
            )

    def wanted(self, keys: Sequence[Any], rows: AnsweredRows, kind: KeyKind) -> list[int]:
        """The indexes of the rows that are wanted, whatever their order.

        Args:
            keys: The keys of the rows.
            rows: What is to be known of them.
            kind: The kind of the listing's keys.
        """
        found, within = self._above(keys, rows, kind), self._within
        return found if within is None else [each for each in found if within.holds(keys[each])]

    def _above(self, keys: Sequence[Any], rows: AnsweredRows, kind: KeyKind) -> list[int]:
        floor, until = self._coverage.floor, self._until
        if floor is None and until is not None and not self._coverage.has_ended:
            floor = read_key(until, kind)
            oldest = instant_of(until) if floor is None else None
            if oldest is not None and rows.instants is not None:
                return [index for index, at in enumerate(rows.instants) if at >= oldest]
        return [index for index, key in enumerate(keys) if floor is None or key >= floor]

    def cut(self, keys: Sequence[Any], rows: AnsweredRows, kind: KeyKind) -> int:
        """The index of the first row of a page that is not wanted; there the listing ends."""
        coverage, end = self._coverage, len(keys)
        if coverage.floor is not None:
            return first_below(keys, coverage.floor, 0, end)
        if self._until is None or coverage.has_ended:
            return end
        bound = read_key(self._until, kind)
        if bound is None:
            oldest = instant_of(self._until)
            index = _older_tail(rows.instants, oldest) if rows.instants and oldest else end
            bound = just_above(keys[index]) if index < end else None
        else:
            index = first_below(keys, bound, 0, end)
        if index < end:
            coverage.floor = bound
        return index


class Lookback:
    """How far below the top a sync lists again, to find rows that came late.

    It counts from the top of the last sync that looked back as far as it should: what a sync that
    broke off has left out, the next one makes up for.

    Args:
        settings: What the config says of the listing.
        ledger: What is known of the listing; it is changed in place.
        sync: How far the sync under way has come; a part of that ledger.
    """

    def __init__(self, settings: TailSettings, ledger: Ledger, sync: SyncProgress) -> None:
        self._settings = settings
        self._ledger = ledger
        self._sync = sync
        self._late_keys: list[int] | None = None

    @property
    def _seconds(self) -> float | None:
        return self._settings.lookback(knows_hidden=self._sync.knows_hidden)

    def begin(self) -> None:
        """Notes that a sync knows how far it lists again; the first has nothing to look back on."""
        self._sync.looks_back = self._seconds is not None and self._last_look is not None

    @property
    def _last_look(self) -> Checkpoint | None:
        """The top from which it counts; that of a first sync too which broke off."""
        ledger = self._ledger
        if ledger.anchor is None and ledger.checkpoints:
            return ledger.checkpoints[0]
        return ledger.anchor

    def see_top(
        self, keys: Sequence[Any], rows: AnsweredRows, asked: float, now: float
    ) -> str | None:
        """Notes how far the top has come.

        Args:
            keys: The keys of the first page.
            rows: What is to be known of its rows.
            asked: When it was asked for, in seconds since 1970.
            now: When it arrived, in seconds since 1970.

        Returns:
            A warning where nothing tells how old a row is; otherwise None.
        """
        if self._seconds is None or self._sync.began is not None:
            return None
        self._sync.top_asked = asked
        if rows.instants:
            # A row may say that it begins tomorrow.
            asked = now = min(max(rows.instants), asked)
        self._sync.began = Checkpoint(keys[0], asked, now)
        is_first = not self._ledger.checkpoints
        self._ledger.checkpoints.append(self._sync.began)
        if is_first and not rows.instants and self._ledger.kind is not KeyKind.TIME:
            return (
                "the keys are no times, and no `time_path` tells how old a row is: rows that "
                f"appear late below `{keys[0]}` are not found. Give `time_path`."
            )
        return None

    def cut(self, keys: Sequence[Any], rows: AnsweredRows) -> int:
        """The index after the last row of a page that is listed again for late rows."""
        if not self._sync.looks_back or self._seconds is None:
            return 0
        anchor = self._last_look
        assert anchor is not None
        end = len(keys)
        if self._sync.knows_hidden and remembers_gaps(
            self._settings, self._ledger, self._sync.started
        ):
            lowest = self._lowest_late_key()
            return 0 if lowest is None else first_below(keys, lowest, 0, end)
        if self._ledger.kind is KeyKind.TIME and isinstance(anchor.key, int):
            return first_below(keys, anchor.key - int(self._seconds * 1e6), 0, end)
        if rows.instants:
            return _older_tail(rows.instants, anchor.asked - self._seconds)
        return first_below(keys, self._oldest_late_key(anchor.asked - self._seconds), 0, end)

    def _lowest_late_key(self) -> int | None:
        """The lowest missing key whose row may have come since the last look."""
        looked, grace = self._ledger.looked, self._settings.grace
        if self._late_keys is None:
            missing = self._ledger.missing.items()
            self._late_keys = [key for key, at in missing if looked is None or looked < at + grace]
        return min(self._late_keys, default=None)

    def _oldest_late_key(self, time: float) -> Key:
        points = self._ledger.checkpoints
        index = bisect_right(points, time, key=lambda point: point.read)
        return points[max(index - 1, 0)].key

    def end(self) -> None:
        """Notes that the listing has been read as far down as it should."""
        self._sync.looks_back = False
        if self._sync.began is None or self._seconds is None:
            return
        self._ledger.anchor = anchor = self._sync.began
        self._ledger.looked = self._sync.top_asked
        points = self._ledger.checkpoints
        old = bisect_right(points, anchor.asked - self._seconds, key=lambda point: point.read)
        spacing = self._seconds / _CHECKPOINTS
        kept: list[Checkpoint] = []
        for point in points[max(old - 1, 0) :]:
            # Of tops that are close together the oldest stays: a late row may lie below the newest
            # of them, where the look back would end.
            if not kept or point.read - kept[-1].read >= spacing:
                kept.append(point)
        self._ledger.checkpoints = kept


def _older_tail(instants: Sequence[float], time: float) -> int:
    """The index from which on all rows of a page are older than a time.

    Rows in the middle may be older than their neighbours: the time need not follow the key.
    """
    index = len(instants)
    while index and instants[index - 1] < time:
        index -= 1
    return index
