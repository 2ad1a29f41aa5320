"""Says which rows may differ since the next sync is to bring them, so that they are no fault."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from dlt.common.normalizers.naming import NamingConvention

from headrace.config.built.tail import TailConfig
from headrace.sansio.tail import Ledger
from headrace.sansio.tail.keys import Key, KeyKind
from headrace.sansio.tail.probing import remembers_gaps
from headrace.verification.reconciliation import DIFFERS, MISSING, ExpectedDifference
from headrace.verification.scratch.database import quoted, text_literal

_NEW = "new since the last sync"
_CHANGED = "changed since the last sync"
_OPEN = "changed since; still open"
_NAMED = "changed since; a newer row names it"
_LATE = "came late; the next sync looks for it"
_LISTED_AGAIN = "late or changed; the next sync lists it again"
_TOO_OLD = "older than the first sync went back to"

# For each kind of key: an expression that turns a column into a value in the order of the ledger's
# keys, and the type of that value.
_POSITIONS = {
    KeyKind.INTEGER: ("TRY_CAST({} AS HUGEINT)", "HUGEINT"),
    KeyKind.TIME: ("epoch_us(TRY_CAST({} AS TIMESTAMPTZ))", "BIGINT"),
    KeyKind.TEXT: ("CAST({} AS VARCHAR)", "VARCHAR"),
}


class ExpectedChanges:
    """Which rows of a listing may differ from their table, by what the last sync knew.

    Args:
        tail: How the listing is kept up with.
        ledger: The ledger of the listing, as the last sync left it.
        naming: dlt's naming convention, which made the names of the columns.
        columns: The names of the columns of the listing's table.
    """

    def __init__(
        self,
        tail: TailConfig,
        ledger: Ledger,
        naming: NamingConvention,
        columns: Collection[str],
    ) -> None:
        self._tail = tail
        self._ledger = ledger
        self._naming = naming
        self._columns = columns
        self._key = self._column(tail.key.steps or ())

    def differences(self, listed: str) -> Iterator[ExpectedDifference]:
        """Gives the rows that the next sync is to bring, group by group.

        Args:
            listed: The qualified name of the table with the listing.
        """
        spans = self._ledger.coverage.spans
        if not spans or self._ledger.kind is None:
            yield ExpectedDifference(_NEW, "true", outcomes=(MISSING,))
            return
        if self._key is None:
            return
        is_new = self._is_new(f"l.{self._key}")
        yield ExpectedDifference(_NEW, is_new, outcomes=(MISSING,))
        yield ExpectedDifference(_CHANGED, is_new, outcomes=(DIFFERS,))
        if not self._tail.settings.keys_move:
            yield from self._of_fixed_keys(listed)
        since = self._listed_again()
        if since is not None:
            yield ExpectedDifference(_LISTED_AGAIN, since)

    def _of_fixed_keys(self, listed: str) -> Iterator[ExpectedDifference]:
        ledger, kind = self._ledger, self._ledger.kind
        assert kind is not None
        assert self._key is not None
        is_expected = is_among(kind, f"l.{self._key}")
        # What is made of an open row may be more by now.
        changes = (DIFFERS,) if self._tail.row_names is None else (DIFFERS, MISSING)
        yield ExpectedDifference(_OPEN, is_expected, as_texts(ledger.open), changes)
        yield ExpectedDifference(_NAMED, is_expected, as_texts(ledger.touched), changes)
        for field in self._tail.touches:
            column = self._column((field,))
            if column is not None:
                own, named = (_position(kind, each) for each in (f"l.{self._key}", f"n.{column}"))
                naming = f"n.{self._key}"
                may_name = f"{self._is_new(naming)} OR {is_among(kind, naming)}"
                named_now = f"SELECT {named} FROM {listed} AS n WHERE {may_name}"
                is_named = f"{own} IN ({named_now})"
                yield ExpectedDifference(_NAMED, is_named, as_texts(ledger.open), changes)
        yield ExpectedDifference(_LATE, is_expected, as_texts(ledger.missing), (MISSING,))
        floor = ledger.coverage.floor
        if floor is not None:
            is_older = f"{_position(kind, f'l.{self._key}')} < {_literal(kind, floor)}"
            yield ExpectedDifference(_TOO_OLD, is_older, outcomes=(MISSING,))

    def _is_new(self, column: str) -> str:
        """A condition for rows above everything that was listed."""
        kind, newest = self._ledger.kind, self._ledger.coverage.spans[0]
        assert kind is not None
        # Where rows can share a key, further rows may have got the newest key since.
        above = ">" if newest.is_firm else ">="
        return f"{_position(kind, column)} {above} {_literal(kind, newest.high)}"

    def _listed_again(self) -> str | None:
        """A condition for the rows that the next sync lists again, as its lookback says."""
        settings, kind, anchor = self._tail.settings, self._ledger.kind, self._ledger.anchor
        knows_hidden = settings.has_hidden and self._ledger.heeded is not None
        seconds = settings.lookback(knows_hidden=knows_hidden)
        if seconds is None or anchor is None or kind is None:
            return None
        if knows_hidden and remembers_gaps(settings, self._ledger, anchor.read):
            return None
        key = _position(kind, f"l.{self._key}")
        if kind is KeyKind.TIME:
            return f"{key} >= {anchor.key - int(seconds * 1e6)}"
        time = self._column(self._tail.time_path.steps or ()) if self._tail.time_path else None
        oldest = anchor.asked - seconds
        if time is not None:
            return f"{_position(KeyKind.TIME, f'l.{time}')} >= {int(oldest * 1e6)}"
        points = self._ledger.checkpoints
        index = bisect_right(points, oldest, key=lambda point: point.read)
        return f"{key} >= {_literal(kind, points[max(index - 1, 0)].key)}" if points else None

    def _column(self, steps: Iterable[str]) -> str | None:
        """The column of a field, quoted for SQL; None where the listing has no such column."""
        there = self._tail.in_table(tuple(steps))
        if there is None:
            return None
        normalized = map(self._naming.normalize_identifier, there)
        name = self._naming.shorten_fragments(*normalized)
        return quoted(name) if name in self._columns else None


def is_among(kind: KeyKind, column: str) -> str:
    """Writes SQL that is true where a column has one of the keys in `expected_keys`.

    Args:
        kind: The kind of the keys: whole numbers, times or texts.
        column: The column, quoted for SQL.
    """
    keys = f"SELECT CAST(key AS {_POSITIONS[kind][1]}) FROM expected_keys"
    return f"{_position(kind, column)} IN ({keys})"


def as_texts(keys: Iterable[Key]) -> list[str]:
    """Writes keys of a ledger as the table `expected_keys` takes them.

    Args:
        keys: The keys.
    """
    return [str(key) for key in keys]


def _position(kind: KeyKind, column: str) -> str:
    return _POSITIONS[kind][0].format(column)


def _literal(kind: KeyKind, key: Any) -> str:
    return f"CAST({text_literal(str(key))} AS {_POSITIONS[kind][1]})"
