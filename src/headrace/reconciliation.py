"""Compares a listing with the table that was loaded from it, row by row, in SQL.

Both stand in one DuckDB database, which keeps memory bounded by spilling to disk.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pyarrow as pa

# The value of the primary key; a tuple of values where it has several columns.
Key = Any
Reason = Callable[[Key], str | None]

_KEYS_AT_ONCE = 10_000
_BATCH_ROWS = 50_000
# Up to here each whole number is a float of its own.
_EXACT = 2**53
_MEMORY = "512MB"
# Names of our own, beside which a column of the user's may stand.
_PRESENT = '"headrace present"'
_OUTCOME = '"headrace outcome"'
_NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "DECIMAL", "FLOAT", "DOUBLE")
_TIMES = ("TIMESTAMP", "DATE")


class Keys:
    """The keys of some rows, in order, however many they are.

    Args:
        table: a column for each column of the primary key.
    """

    def __init__(self, table: pa.Table) -> None:
        self._table = table

    def __len__(self) -> int:
        return int(self._table.num_rows)

    def __iter__(self) -> Iterator[Key]:
        for batch in self._table.to_batches(max_chunksize=_KEYS_AT_ONCE):
            columns = [column.to_pylist() for column in batch.columns]
            yield from columns[0] if len(columns) == 1 else zip(*columns, strict=True)


@dataclass(frozen=True, slots=True)
class Sides:
    """The two tables to compare.

    Args:
        listed: qualified name of the table with the listing.
        stored: qualified name of the copy of the loaded table.
        key: the columns of the primary key.
        ignored: columns that are not compared.
        ignored_prefix: of the names of further columns that are not compared.
        age: columns that order the versions of a key, oldest first, where they exist.
        condition: SQL that is true of the rows that count.
    """

    listed: str
    stored: str
    key: tuple[str, ...]
    ignored: frozenset[str]
    ignored_prefix: str
    age: tuple[str, ...]
    condition: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """How a listing and its table differ.

    Args:
        listed: keys in the listing.
        stored: rows in the table.
        missing: keys that are listed and not in the table.
        differing: keys of the rows whose values differ.
        only_stored: keys that only the table has.
        repeated: keys that the table has more than once.
        fields: how many rows differ in a column, by its name.
        examples: of differing rows: by key and column the values in the table and in the listing.
        excused: how many missing or differing rows may be so, by the reason.
    """

    listed: int
    stored: int
    missing: Keys
    differing: Keys
    only_stored: Keys
    repeated: Keys
    fields: dict[str, int]
    examples: dict[Key, dict[str, tuple[Any, Any]]]
    excused: Counter[str]


class Reconciliation:
    """Compares two tables of one database.

    Args:
        connection: as `open_database` makes it.
        sides: the two tables.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, sides: Sides) -> None:
        self._connection = connection
        self._sides = sides
        self._listed_types = _types(connection, sides.listed)
        self._stored_types = _types(connection, sides.stored)
        self._compared = [
            name
            for name in {**self._listed_types, **self._stored_types}
            if not name.startswith(sides.ignored_prefix)
            and name not in sides.ignored.union(sides.key)
        ]

    def compare(
        self, may_differ: Reason | None, may_be_missing: Reason | None, examples: int
    ) -> Comparison:
        """Compares row by row.

        Args:
            may_differ: gives the reason why a row may differ, None where it may not.
            may_be_missing: the same of a row that is missing.
            examples: how many differing rows to show field by field.
        """
        self._make_side("listed", self._sides.listed, self._listed_types)
        repeated = self._make_side("stored", self._sides.stored, self._stored_types)
        self._make_outcomes()
        excused: Counter[str] = Counter()
        for outcome, reason_of in (("missing", may_be_missing), ("differs", may_differ)):
            if reason_of is not None:
                excused += self._excuse(outcome, reason_of)
        return Comparison(
            listed=self._count("listed"),
            stored=self._count(self._sides.stored, self._sides.condition),
            missing=self._keys("missing"),
            differing=self._keys("differs"),
            only_stored=self._keys("only stored"),
            repeated=repeated,
            fields=self._fields(),
            examples=self._examples(examples),
            excused=excused,
        )

    def _make_side(self, name: str, table: str, types: dict[str, str]) -> Keys:
        """Makes a view with the newest row of each key; gives the keys that came repeatedly."""
        condition = self._sides.condition
        keys = ", ".join(map(quoted, self._sides.key))
        twice = f"SELECT {keys} FROM {table} WHERE {condition} GROUP BY ALL HAVING count(*) > 1"
        repeated = Keys(self._table(f"{twice} ORDER BY ALL"))
        age = [*(quoted(n) for n in self._sides.age if n in types), "rowid"]
        order = ", ".join(f"{each} DESC" for each in age)
        newest = f"QUALIFY row_number() OVER (PARTITION BY {keys} ORDER BY {order}) = 1"
        self._connection.execute(
            f"CREATE OR REPLACE TEMP VIEW {name} AS SELECT *, true AS {_PRESENT} FROM {table} "
            f"WHERE {condition} {newest if len(repeated) else ''}"
        )
        return repeated

    def _make_outcomes(self) -> None:
        """Makes a table of the keys of all rows that are not the same on both sides."""
        keys = ", ".join(
            f"coalesce({listed}, {stored}) AS {quoted(name)}"
            for name in self._sides.key
            for listed, stored in [self._pair(name)]
        )
        differs = " OR ".join(map(self._differs, self._compared)) or "false"
        in_listing, in_table = f"l.{_PRESENT}", f"t.{_PRESENT}"
        self._connection.execute(
            f"CREATE OR REPLACE TEMP TABLE outcomes AS SELECT {keys}, CASE "
            f"WHEN {in_table} IS NULL THEN 'missing' WHEN {in_listing} IS NULL THEN 'only stored' "
            f"ELSE 'differs' END AS {_OUTCOME} "
            f"FROM listed AS l FULL JOIN stored AS t ON {self._same_key()} "
            f"WHERE {in_listing} IS NULL OR {in_table} IS NULL OR {differs}"
        )

    def _excuse(self, outcome: str, reason_of: Reason) -> Counter[str]:
        """Takes the rows that have a reason off the outcomes; counts them by the reason."""
        reasons: Counter[str] = Counter()
        excused: list[Key] = []
        for key in self._keys(outcome):
            reason = reason_of(key)
            if reason is not None:
                reasons[reason] += 1
                excused.append(key)
        names = self._sides.key
        for start in range(0, len(excused), _KEYS_AT_ONCE):
            keys = excused[start : start + _KEYS_AT_ONCE]
            values = [keys] if len(names) == 1 else list(zip(*keys, strict=True))
            same = " AND ".join(f"outcomes.{n} = excused.{n}" for n in map(quoted, names))
            excused_keys = pa.table(dict(zip(names, map(pa.array, values), strict=True)))
            self._connection.register("excused", excused_keys)
            self._connection.execute(
                f"DELETE FROM outcomes USING excused WHERE {same} AND {_OUTCOME} = '{outcome}'"
            )
            self._connection.unregister("excused")
        return reasons

    def _keys(self, outcome: str) -> Keys:
        keys = ", ".join(map(quoted, self._sides.key))
        condition = f"{_OUTCOME} = '{outcome}'"
        return Keys(self._table(f"SELECT {keys} FROM outcomes WHERE {condition} ORDER BY ALL"))

    def _fields(self) -> dict[str, int]:
        names = self._compared
        if not names:
            return {}
        counts = ", ".join(f"count(*) FILTER (WHERE {self._differs(name)})" for name in names)
        (found,) = self._connection.execute(
            f"SELECT {counts} FROM {self._differing_rows()}"
        ).fetchall()
        return {name: count for name, count in zip(names, found, strict=True) if count}

    def _examples(self, most: int) -> dict[Key, dict[str, tuple[Any, Any]]]:
        key, compared = self._sides.key, self._compared
        values = [expression for name in key for expression in self._pair(name)[:1]]
        for name in compared:
            values += [*self._pair(name), self._differs(name)]
        # Numbered, since a name may be that of another column.
        selected = ", ".join(f"{each} AS c{number}" for number, each in enumerate(values))
        order = ", ".join(f"c{number}" for number in range(len(key)))
        table = self._table(
            f"SELECT {selected} FROM {self._differing_rows()} ORDER BY {order} LIMIT {most}"
        )
        found: dict[Key, dict[str, tuple[Any, Any]]] = {}
        for row in zip(*(column.to_pylist() for column in table.columns), strict=True):
            keys, rest = row[: len(key)], row[len(key) :]
            found[keys[0] if len(keys) == 1 else keys] = {
                name: (rest[place + 1], rest[place])
                for place, name in zip(range(0, len(rest), 3), compared, strict=True)
                if rest[place + 2]
            }
        return found

    def _differing_rows(self) -> str:
        same = " AND ".join(f"o.{name} = l.{name}" for name in map(quoted, self._sides.key))
        return (
            f"listed AS l JOIN stored AS t ON {self._same_key()} "
            f"JOIN outcomes AS o ON {same} AND o.{_OUTCOME} = 'differs'"
        )

    def _same_key(self) -> str:
        pairs = [self._pair(name) for name in self._sides.key]
        return " AND ".join(f"{listed} = {stored}" for listed, stored in pairs)

    def _differs(self, name: str) -> str:
        listed, stored = self._pair(name)
        return f"({listed} IS DISTINCT FROM {stored})"

    def _pair(self, name: str) -> tuple[str, str]:
        """A column in the listing and in the table, of types that can be compared."""
        kinds = self._listed_types.get(name), self._stored_types.get(name)
        sides = [
            f"{side}.{quoted(name)}" if kind else "NULL"
            for side, kind in zip("lt", kinds, strict=True)
        ]
        families = {_family(kind) for kind in kinds if kind}
        if len(families) > 1:
            sides = [f"CAST({side} AS VARCHAR)" for side in sides]
        return sides[0], sides[1]

    def _count(self, table: str, condition: str = "true") -> int:
        (row,) = self._connection.execute(
            f"SELECT count(*) FROM {table} WHERE {condition}"
        ).fetchall()
        return int(row[0])

    def _table(self, query: str) -> pa.Table:
        return self._connection.sql(query).to_arrow_table()


def open_database(folder: Path) -> duckdb.DuckDBPyConnection:
    """Opens an empty database that compares in bounded memory.

    Args:
        folder: for its file and for what it spills.
    """
    connection = duckdb.connect(str(folder / "scratch.duckdb"))
    connection.execute(f"SET memory_limit = '{_MEMORY}'")
    connection.execute("SET TimeZone = 'UTC'")
    return connection


def store(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    batches: Iterable[pa.Table],
    json: Collection[str] = (),
) -> bool:
    """Copies rows into a table that it makes.

    Args:
        connection: to the database.
        table: its qualified name.
        batches: of the same columns each.
        json: columns of JSON, to be written in the one form that all equal values share.

    Returns:
        Whether there were any; the table is not made else.
    """
    exists = False
    for batch in batches:
        connection.register("batch", _with_canonical(batch, json))
        how = f"INSERT INTO {table} BY NAME" if exists else f"CREATE TABLE {table} AS"
        connection.execute(f"{how} SELECT * FROM batch")
        connection.unregister("batch")
        exists = True
    return exists


def rows_of(connection: duckdb.DuckDBPyConnection, table: str) -> Iterator[pa.Table]:
    """The rows of a table, batch by batch.

    Args:
        connection: that may be used for something else meanwhile.
        table: its qualified name.
    """
    with closing(connection.cursor()) as cursor:
        for batch in cursor.sql(f"FROM {table}").to_arrow_reader(_BATCH_ROWS):
            yield pa.Table.from_batches([batch])


def _types(connection: duckdb.DuckDBPyConnection, table: str) -> dict[str, str]:
    described = connection.execute(f"DESCRIBE {table}").fetchall()
    return {name: kind for name, kind, *_ in described}


def _family(kind: str) -> str:
    """What compares by value with what, among the types."""
    if kind.startswith(_NUMBERS):
        return "number"
    return "time" if kind.startswith(_TIMES) else kind


def quoted(name: str) -> str:
    """A name as it stands in SQL."""
    escaped = name.replace('"', '""')
    return f'"{escaped}"'


def _with_canonical(batch: pa.Table, json: Collection[str]) -> pa.Table:
    for place, name in enumerate(batch.column_names):
        if name in json:
            texts = [_canonical(text) for text in batch.column(name).to_pylist()]
            batch = batch.set_column(place, name, pa.array(texts, pa.string()))
    return batch


def _canonical(text: str | None) -> str | None:
    """JSON in the one form that all equal values share; text that is no JSON as it is."""
    if text is None:
        return None
    try:
        return msgspec.json.encode(_DECODER.decode(text), order="sorted").decode()
    except (msgspec.MsgspecError, RecursionError):
        return text


def _number(text: str) -> float | int:
    value = float(text)
    return int(value) if value.is_integer() and abs(value) < _EXACT else value


_DECODER = msgspec.json.Decoder(float_hook=_number)
