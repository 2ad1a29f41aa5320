"""Compares a listing with the table that was loaded from it, row by row, in SQL.

Both stand in one DuckDB database, which keeps memory bounded by spilling to disk.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa

from headrace.verification.scratch.database import quoted

# The value of the primary key; a tuple of values where it has several columns.
Key = Any
Reason = Callable[[Key], str | None]

_KEYS_AT_ONCE = 10_000
# Names of our own, beside which a column of the user's may stand.
_PRESENT = '"headrace present"'
_OUTCOME = '"headrace outcome"'
_NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "DECIMAL", "FLOAT", "DOUBLE")
_TIMES = ("TIMESTAMP", "DATE")
MISSING, DIFFERS, _ONLY_STORED = "missing", "differs", "only stored"
# In a table of faulty rows: the id that a row has in the listing.
ROW_ID = '"headrace row id"'


class Keys:
    """The keys of some rows, in order, however many they are.

    Args:
        table: a column for each column of the primary key.
    """

    def __init__(self, table: pa.Table) -> None:
        self._table = table

    def __len__(self) -> int:
        return int(self._table.num_rows)

    @property
    def columns(self) -> pa.Table:
        """The keys, by the columns of the primary key."""
        return self._table

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
class Awaited:
    """Rows that may be missing or differ, since the next sync is to bring them.

    Args:
        reason: why they may.
        condition: SQL that is true of them, of a row `l` of the listing; it may look into
            `awaited_keys`.
        keys: what `awaited_keys` has in its one column, `key`.
        outcomes: `MISSING`, `DIFFERS`, or both.
    """

    reason: str
    condition: str
    keys: Sequence[str] = ()
    outcomes: tuple[str, ...] = (MISSING, DIFFERS)


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
        self,
        examples: int = 0,
        *,
        awaited: Iterable[Awaited] = (),
        may_differ: Reason | None = None,
        may_be_missing: Reason | None = None,
    ) -> Comparison:
        """Compares row by row.

        Args:
            examples: how many differing rows to show field by field.
            awaited: rows that may be missing or differ.
            may_differ: gives the reason why a row may differ, None where it may not.
            may_be_missing: the same of a row that is missing.
        """
        self._make_side("listed", self._sides.listed, self._listed_types)
        repeated = self._make_side("stored", self._sides.stored, self._stored_types)
        self._make_outcomes()
        excused: Counter[str] = Counter()
        for each in awaited:
            excused[each.reason] += self._excuse_awaited(each)
        for outcome, reason_of in ((MISSING, may_be_missing), (DIFFERS, may_differ)):
            if reason_of is not None:
                excused += self._excuse(outcome, reason_of)
        return Comparison(
            listed=self._count("listed"),
            stored=self._count(self._sides.stored, self._sides.condition),
            missing=self._keys(MISSING),
            differing=self._keys(DIFFERS),
            only_stored=self._keys(_ONLY_STORED),
            repeated=repeated,
            fields=self._fields(),
            examples=self._examples(examples),
            excused=+excused,
        )

    @property
    def listed_columns(self) -> frozenset[str]:
        """Names of the listing's columns."""
        return frozenset(self._listed_types)

    def save_faulty(self, table: str, row_id: str, repeated: Keys | None) -> None:
        """Makes a table of the keys that were missing or differed, with the ids of their rows.

        Args:
            table: its qualified name.
            row_id: column of the listing with the id.
            repeated: further keys to go there.
        """
        names = [quoted(name) for name in self._sides.key]
        keys, same = ", ".join(names), " AND ".join(f"f.{name} = l.{name}" for name in names)
        faulty = f"SELECT {keys} FROM outcomes WHERE {_OUTCOME} IN ('{MISSING}', '{DIFFERS}')"
        if repeated is not None:
            self._connection.register("repeated", repeated.columns)
            faulty += f" UNION SELECT {keys} FROM repeated"
        id_there = f"l.{quoted(row_id)}" if row_id in self._listed_types else "NULL::VARCHAR"
        self._connection.execute(
            f"CREATE TABLE {table} AS SELECT f.*, {id_there} AS {ROW_ID} "
            f"FROM ({faulty}) AS f LEFT JOIN listed AS l ON {same}"
        )
        if repeated is not None:
            self._connection.unregister("repeated")

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
            f"WHEN {in_table} IS NULL THEN '{MISSING}' "
            f"WHEN {in_listing} IS NULL THEN '{_ONLY_STORED}' ELSE '{DIFFERS}' END AS {_OUTCOME} "
            f"FROM listed AS l FULL JOIN stored AS t ON {self._same_key()} "
            f"WHERE {in_listing} IS NULL OR {in_table} IS NULL OR {differs}"
        )

    def _excuse_awaited(self, awaited: Awaited) -> int:
        """Takes rows that may be as they are off the outcomes; counts them."""
        names = map(quoted, self._sides.key)
        same = " AND ".join(f"outcomes.{name} = l.{name}" for name in names)
        among = ", ".join(f"'{outcome}'" for outcome in awaited.outcomes)
        keys = pa.table({"key": pa.array(awaited.keys, pa.string())})
        self._connection.register("awaited_keys", keys)
        (deleted,) = self._connection.execute(
            f"DELETE FROM outcomes USING listed AS l WHERE {same} AND {_OUTCOME} IN ({among}) "
            f"AND ({awaited.condition})"
        ).fetchall()
        self._connection.unregister("awaited_keys")
        return int(deleted[0])

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
            f"JOIN outcomes AS o ON {same} AND o.{_OUTCOME} = '{DIFFERS}'"
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


def _types(connection: duckdb.DuckDBPyConnection, table: str) -> dict[str, str]:
    described = connection.execute(f"DESCRIBE {table}").fetchall()
    return {name: kind for name, kind, *_ in described}


def _family(kind: str) -> str:
    """What compares by value with what, among the types."""
    if kind.startswith(_NUMBERS):
        return "number"
    return "time" if kind.startswith(_TIMES) else kind
