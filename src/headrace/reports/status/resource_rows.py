"""Reads from the tables of a resource how many rows there are, and how old they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from headrace.config.built.tail import TailConfig
from headrace.core.json_path import JsonPath
from headrace.core.quick_dataclasses import dataclass
from headrace.destination.dataset import StoredDataset
from headrace.destination.dlt_schema import tables_below
from headrace.destination.run_history import in_utc
from headrace.reports.status.results import OpenRows
from headrace.sansio.tail import Ledger
from headrace.sansio.tail.keys import Key, KeyKind, instant_of

_AGES = {"under an hour": 3_600.0, "under a day": 86_400.0, "under a week": 604_800.0}
_OLDER = "a week or more"
_UNKNOWN = "of unknown age"
# Databases take only so many parameters in one statement. The ages of further rows are not looked
# up, and count as unknown.
_KEYS_AT_ONCE = 1_000
_MOST_KEYS = 20_000


@dataclass(frozen=True, slots=True)
class NewestRow:
    """When the newest row of a table was created.

    Args:
        at: The moment, in UTC; None where the rows do not say.
        ahead: The latest moment of a row that lies in the future, in UTC; None where there is none.
    """

    at: datetime | None
    ahead: datetime | None = None


def open_of_unknown_age(count: int) -> OpenRows:
    """Rows that can still change, of which nobody looks up how old they are.

    Args:
        count: How many there are.
    """
    return OpenRows(count, {_UNKNOWN: count} if count else {})


@dataclass(frozen=True, slots=True)
class ResourceRows:
    """The rows of one resource in its tables.

    Args:
        stored: The dataset with the tables.
        table: The name of the resource's table.
        tail: How the resource is kept up with; None when it is not.
        ledger: What is known of its listing.
    """

    stored: StoredDataset
    table: str
    tail: TailConfig | None
    ledger: Ledger

    def counts(self) -> dict[str, int]:
        """Counts the rows of each table, child tables included, by the name of the table."""
        own = tables_below(self.stored.schema, self.table)
        counts = {name: self.stored.fetch(name, "count(*)") for name in own}
        return {name: int(found[0][0]) for name, found in counts.items() if found}

    def newest(self, latest: datetime) -> NewestRow:
        """Says when the newest row was created.

        Args:
            latest: The moment after which no row can have been created, with its zone.
        """
        column = self._time_column()
        if column is None:
            newest = self._newest_key()
        else:
            found = self.stored.fetch(self.table, f"max({self.stored.escape(column)})")
            newest = _moment(found[0][0]) if found else None
        if newest is None or newest <= latest:
            return NewestRow(newest)
        return NewestRow(self._newest_until(latest, column), ahead=newest)

    def _newest_until(self, latest: datetime, column: str | None) -> datetime | None:
        if column is None or self._type_of(column) != "timestamp":
            return None
        name = self.stored.escape(column)
        ((newest,),) = self.stored.fetch(
            self.table, f"max({name})", f"WHERE {name} <= %s", [latest]
        )
        return _moment(newest)

    def _newest_key(self) -> datetime | None:
        spans = self.ledger.coverage.spans
        if self.ledger.kind is not KeyKind.TIME or not spans:
            return None
        return _of_micros(spans[0].high)

    def open(self, now: datetime) -> OpenRows:
        """Counts the rows that can still change, by their age.

        Args:
            now: The time, with its zone.
        """
        keys = self.ledger.open
        if not keys:
            return OpenRows()
        times = list(self._times_of(keys))
        counts = Counter(_age_group((now - time).total_seconds()) for time in times)
        counts[_UNKNOWN] = max(0, len(keys) - len(times))
        groups = (*_AGES, _OLDER, _UNKNOWN)
        return OpenRows(len(keys), {group: counts[group] for group in groups if counts[group]})

    def _times_of(self, keys: Iterable[Key]) -> Iterator[datetime]:
        """When the rows with these keys were created, as far as the rows say."""
        if self.ledger.kind is KeyKind.TIME:
            yield from map(_of_micros, keys)
            return
        time, key = self._time_column(), self._column_of(self.tail.key if self.tail else None)
        if time is None or key is None:
            return
        is_number = self._type_of(key) == "bigint"
        raw = self.ledger.raw
        values = iter([each if is_number else str(raw.get(each, each)) for each in keys])
        escape = self.stored.escape
        for _ in range(_MOST_KEYS // _KEYS_AT_ONCE):
            some = list(islice(values, _KEYS_AT_ONCE))
            if not some:
                return
            marks = ", ".join(["%s"] * len(some))
            # Of one listed row several may have been made.
            where = f"WHERE {escape(key)} IN ({marks}) GROUP BY {escape(key)}"
            found = self.stored.fetch(self.table, f"min({escape(time)})", where, some)
            yield from (moment for (value,) in found if (moment := _moment(value)) is not None)

    def _time_column(self) -> str | None:
        return self._column_of(self.tail.time_path if self.tail else None)

    def _column_of(self, path: JsonPath | None) -> str | None:
        """The column of a field of the listed row."""
        steps = None if self.tail is None or path is None else self.tail.in_table(path.steps)
        return self._column(steps)

    def _column(self, steps: Iterable[str] | None) -> str | None:
        """The column of a field; None where the table has no such column."""
        if steps is None:
            return None
        naming = self.stored.schema.naming
        name = naming.shorten_fragments(*map(naming.normalize_identifier, steps))
        return name if self._type_of(name) is not None else None

    def _type_of(self, column: str) -> str | None:
        if self.table not in self.stored.schema.tables:
            return None
        columns = self.stored.schema.get_table_columns(self.table)
        return columns[column].get("data_type") if column in columns else None


def _age_group(seconds: float) -> str:
    return next((name for name, limit in _AGES.items() if seconds < limit), _OLDER)


def _moment(value: Any) -> datetime | None:
    if isinstance(value, datetime):
        return in_utc(value)
    seconds = instant_of(value) if isinstance(value, str) else None
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def _of_micros(key: Key) -> datetime:
    return datetime.fromtimestamp(int(key) / 1e6, UTC)
