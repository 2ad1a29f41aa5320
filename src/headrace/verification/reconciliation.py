"""Compares a listing with the table that was loaded from it, row by row, in SQL.

Both stand in one DuckDB database, which keeps memory bounded by spilling to disk.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import duckdb
import pyarrow as pa

from headrace.core.quick_dataclasses import dataclass
from headrace.verification.comparison import Key, RowKeys, TableComparison
from headrace.verification.scratch.database import quoted
from headrace.verification.sides import ComparedColumns, Sides

# Gives the reason why the row with a key may be as it is; None where there is none.
ReasonOf = Callable[[Key], str | None]

_KEYS_AT_ONCE = 10_000
# Names of our own, with a space in them: no column of an API stands beside them by chance.
_PRESENT = '"headrace present"'
_OUTCOME = '"headrace outcome"'
MISSING, DIFFERS, _ONLY_STORED = "missing", "differs", "only stored"
# In a table of faulty rows: the column with the id that a row has in the listing.
ROW_ID = '"headrace row id"'


@dataclass(frozen=True, slots=True)
class ExpectedDifference:
    """Rows that may be missing or differ, since the next sync is to bring them.

    Args:
        reason: Why they may, for people.
        condition: SQL that is true of these rows. A row of the listing is `l` in it, and it may
            look into the table `expected_keys`.
        keys: The values of the one column, `key`, of the table `expected_keys`.
        outcomes: What these rows may be: `MISSING`, `DIFFERS`, or both.
    """

    reason: str
    condition: str
    keys: Sequence[str] = ()
    outcomes: tuple[str, ...] = (MISSING, DIFFERS)


class Reconciliation:
    """Compares the two sides row by row, and keeps the keys of the rows that differ.

    Args:
        connection: The connection to the scratch database, as `open_scratch_database` makes it.
        sides: The two tables.
        has_long_rows: Whether rows may be so long that few of them fit into the memory.
    """

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, sides: Sides, *, has_long_rows: bool = False
    ) -> None:
        self._connection = connection
        self._sides = sides
        self._columns = ComparedColumns(connection, sides, by_digest=has_long_rows)

    def compare(
        self,
        examples: int = 0,
        *,
        expected: Iterable[ExpectedDifference] = (),
        may_differ: ReasonOf | None = None,
        may_be_missing: ReasonOf | None = None,
    ) -> TableComparison:
        """Compares the two sides by their primary key.

        Args:
            examples: How many differing rows to show field by field.
            expected: Rows that may be missing or differ.
            may_differ: Gives the reason why the row with a key may differ; None where it may not.
            may_be_missing: The same for a row that is missing.
        """
        self._make_side("listed", self._sides.listed, self._columns.listed_types)
        repeated = self._make_side("stored", self._sides.stored, self._columns.stored_types)
        self._make_outcomes()
        excused: Counter[str] = Counter()
        for each in expected:
            excused[each.reason] += self._excuse_expected(each)
        for outcome, reason_of in ((MISSING, may_be_missing), (DIFFERS, may_differ)):
            if reason_of is not None:
                excused += self._excuse(outcome, reason_of)
        return TableComparison(
            listed=self._count("listed"),
            stored=self._count(
                self._sides.stored, self._sides.condition_in(self._columns.stored_types)
            ),
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
        """The names of the columns of the listing."""
        return frozenset(self._columns.listed_types)

    def save_faulty(
        self,
        table: str,
        row_id: str,
        repeated: RowKeys | None,
        merged_with: Sequence[str] = (),
    ) -> None:
        """Makes a table with the keys that are missing or differ, and the ids of their rows.

        Args:
            table: The qualified name of the new table.
            row_id: The column of the listing that has the id of a row.
            repeated: Further keys to put there: those that the loaded table has more than once.
            merged_with: Columns of the key: what has the same there is to be loaded as well.
        """
        names = [quoted(name) for name in self._sides.key]
        keys, same = ", ".join(names), " AND ".join(f"f.{name} = l.{name}" for name in names)
        faulty = f"SELECT {keys} FROM outcomes WHERE {_OUTCOME} IN ('{MISSING}', '{DIFFERS}')"
        if repeated is not None:
            self._connection.register("repeated", repeated.columns)
            faulty += f" UNION SELECT {keys} FROM repeated"
        if merged_with:
            group = ", ".join(map(quoted, merged_with))
            faulty += (
                f" UNION SELECT {keys} FROM listed "
                f"WHERE ({group}) IN (SELECT ({group}) FROM ({faulty}) AS found)"
            )
        id_there = (
            f"l.{quoted(row_id)}" if row_id in self._columns.listed_types else "NULL::VARCHAR"
        )
        self._connection.execute(
            f"CREATE TABLE {table} AS SELECT f.*, {id_there} AS {ROW_ID} "
            f"FROM ({faulty}) AS f LEFT JOIN listed AS l ON {same}"
        )
        if repeated is not None:
            self._connection.unregister("repeated")

    def _make_side(self, name: str, table: str, types: dict[str, str]) -> RowKeys:
        """Makes a view with the newest row of each key; gives the keys that have several rows."""
        condition = self._sides.condition_in(types)
        keys = ", ".join(map(quoted, self._sides.key))
        twice = f"SELECT {keys} FROM {table} WHERE {condition} GROUP BY ALL HAVING count(*) > 1"
        repeated = RowKeys(self._table(f"{twice} ORDER BY ALL"))
        age = [*(quoted(n) for n in self._sides.age if n in types), "rowid"]
        order = ", ".join(f"{each} DESC" for each in age)
        newest = f"QUALIFY row_number() OVER (PARTITION BY {keys} ORDER BY {order}) = 1"
        self._connection.execute(
            f"CREATE OR REPLACE TEMP VIEW {name} AS "
            f"SELECT *, true AS {_PRESENT} {self._columns.digests} "
            f"FROM {table} WHERE {condition} {newest if len(repeated) else ''}"
        )
        return repeated

    def _make_outcomes(self) -> None:
        """Makes a table with the keys of all rows that are not equal on both sides."""
        keys = ", ".join(
            f"coalesce({listed}, {stored}) AS {quoted(name)}"
            for name in self._sides.key
            for listed, stored in [self._columns.pair(name)]
        )
        differs = " OR ".join(map(self._columns.differs, self._columns.compared)) or "false"
        in_listing, in_table = f"l.{_PRESENT}", f"t.{_PRESENT}"
        self._connection.execute(
            f"CREATE OR REPLACE TEMP TABLE outcomes AS SELECT {keys}, CASE "
            f"WHEN {in_table} IS NULL THEN '{MISSING}' "
            f"WHEN {in_listing} IS NULL THEN '{_ONLY_STORED}' ELSE '{DIFFERS}' END AS {_OUTCOME} "
            f"FROM listed AS l FULL JOIN stored AS t ON {self._columns.same_key()} "
            f"WHERE {in_listing} IS NULL OR {in_table} IS NULL OR {differs}"
        )

    def _excuse_expected(self, expected: ExpectedDifference) -> int:
        """Deletes the rows that may be as they are from the outcomes; counts them."""
        names = map(quoted, self._sides.key)
        same = " AND ".join(f"outcomes.{name} = l.{name}" for name in names)
        among = ", ".join(f"'{outcome}'" for outcome in expected.outcomes)
        keys = pa.table({"key": pa.array(expected.keys, pa.string())})
        self._connection.register("expected_keys", keys)
        (deleted,) = self._connection.execute(
            f"DELETE FROM outcomes USING listed AS l WHERE {same} AND {_OUTCOME} IN ({among}) "
            f"AND ({expected.condition})"
        ).fetchall()
        self._connection.unregister("expected_keys")
        return int(deleted[0])

    def _excuse(self, outcome: str, reason_of: ReasonOf) -> Counter[str]:
        """Deletes the rows that have a reason from the outcomes; counts them by the reason."""
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

    def _keys(self, outcome: str) -> RowKeys:
        keys = ", ".join(map(quoted, self._sides.key))
        condition = f"{_OUTCOME} = '{outcome}'"
        return RowKeys(self._table(f"SELECT {keys} FROM outcomes WHERE {condition} ORDER BY ALL"))

    def _fields(self) -> dict[str, int]:
        names = self._columns.compared
        if not names:
            return {}
        counts = ", ".join(
            f"count(*) FILTER (WHERE {self._columns.differs(name)})" for name in names
        )
        (found,) = self._connection.execute(
            f"SELECT {counts} FROM {self._differing_rows()}"
        ).fetchall()
        return {name: count for name, count in zip(names, found, strict=True) if count}

    def _examples(self, most: int) -> dict[Key, dict[str, tuple[Any, Any]]]:
        key, compared = self._sides.key, self._columns.compared
        values = [expression for name in key for expression in self._columns.pair(name)[:1]]
        for name in compared:
            values += [*self._columns.pair(name), self._columns.differs(name)]
        # The columns go by numbers: the column of a key may bear the same name as another.
        selected = ", ".join(f"{each} AS c{number}" for number, each in enumerate(values))
        order = ", ".join(f"c{number}" for number in range(len(key)))
        table = self._table(f"SELECT {selected} FROM {self._differing_rows(most)} ORDER BY {order}")
        found: dict[Key, dict[str, tuple[Any, Any]]] = {}
        for row in zip(*(column.to_pylist() for column in table.columns), strict=True):
            keys, rest = row[: len(key)], row[len(key) :]
            found[keys[0] if len(keys) == 1 else keys] = {
                name: (rest[place + 1], rest[place])
                for place, name in zip(range(0, len(rest), 3), compared, strict=True)
                if rest[place + 2]
            }
        return found

    def _differing_rows(self, most: int | None = None) -> str:
        """SQL for the rows that differ, with both their sides; for the first ones by their keys."""
        keys = [quoted(name) for name in self._sides.key]
        same = " AND ".join(f"o.{name} = l.{name}" for name in keys)
        first = "" if most is None else f"ORDER BY {', '.join(keys)} LIMIT {most}"
        differing = f"SELECT * FROM outcomes WHERE {_OUTCOME} = '{DIFFERS}' {first}"
        return (
            f"listed AS l JOIN stored AS t ON {self._columns.same_key()} "
            f"JOIN ({differing}) AS o ON {same}"
        )

    def _count(self, table: str, condition: str = "true") -> int:
        (row,) = self._connection.execute(
            f"SELECT count(*) FROM {table} WHERE {condition}"
        ).fetchall()
        return int(row[0])

    def _table(self, query: str) -> pa.Table:
        return self._connection.sql(query).to_arrow_table()
