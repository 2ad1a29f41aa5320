"""Puts the nested rows of a table beside it: one more column for each of its child tables.

The column has the number of a row's nested rows and a hash over what they hold, in their order. So
the lists of a row are compared as one more value of it, whatever their length, and the ids that dlt
makes for nested rows do not count.
"""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
from dlt.common.schema import Schema

from headrace.core.quick_dataclasses import dataclass
from headrace.destination.dlt_schema import columns_with
from headrace.verification.scratch.database import quoted
from headrace.verification.sides import column_types, type_family

_WHOLE_NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
# The sum of hashes is the same in any order of rows, whose place in the list is in the hash.
_SUMMARY = "count(*) || ' nested rows, hash ' || right(CAST(sum(hash({content})) AS VARCHAR), 9)"


@dataclass(frozen=True, slots=True)
class NestedRows:
    """The nested rows of both sides, as columns of the tables that they belong to.

    Args:
        connection: The connection to the scratch database.
        schema: The schema of the tables.
        sides: The schemas of the database with the child tables: first of the listing, then of
            the loaded table. A child table without rows need not be there.
    """

    connection: duckdb.DuckDBPyConnection
    schema: Schema
    sides: tuple[str, str]

    def add_to(self, table: str, listed: str, stored: str) -> tuple[str, str]:
        """Makes copies of both sides of a table with a column for each of its child tables.

        Args:
            table: The name of the table in dlt's schema.
            listed: The qualified name of the table with the listing.
            stored: The qualified name of the copy of the loaded table.

        Returns:
            The qualified names of the copies; those given where there is nothing to add.
        """
        row_id, both = self._row_id(table), (listed, stored)
        if row_id is None or any(row_id not in column_types(self.connection, s) for s in both):
            return both
        summaries = self._summaries(table)
        return (
            self._with_columns(0, table, listed, summaries),
            self._with_columns(1, table, stored, summaries),
        )

    def add_to_stored(self, table: str, stored: str) -> str:
        """Makes a copy of the loaded table alone, as it is now, with those columns.

        Args:
            table: The name of the table in dlt's schema.
            stored: The qualified name of the copy of the loaded table.

        Returns:
            The qualified name of the copy; the one given where there is nothing to add.
        """
        if self._row_id(table) not in column_types(self.connection, stored):
            return stored
        return self._with_columns(1, table, stored, self._summaries(table))

    def _summaries(self, table: str) -> dict[str, tuple[str, str]]:
        """The summaries of both sides, by the child table."""
        return {child: self._summary(child) for child in self._children(table)}

    def _with_columns(
        self, number: int, table: str, rows: str, summaries: dict[str, tuple[str, str]]
    ) -> str:
        if not summaries:
            return rows
        columns = ", ".join(
            f"s{place}.summary AS {quoted(child)}" for place, child in enumerate(summaries)
        )
        joins = self._joined([sides[number] for sides in summaries.values()], table)
        whole = f"{self.sides[number]}.{quoted(f'{table} with nested rows')}"
        self.connection.execute(
            f"CREATE OR REPLACE TABLE {whole} AS SELECT t.*, {columns} FROM {rows} AS t {joins}"
        )
        return whole

    def _joined(self, summaries: list[str], table: str) -> str:
        row_id = self._row_id(table)
        return " ".join(
            f"LEFT JOIN {name} AS s{place} ON s{place}.parent = t.{quoted(row_id)}"
            for place, name in enumerate(summaries)
            if row_id is not None
        )

    def _summary(self, child: str) -> tuple[str, str]:
        """Makes a table with a summary of a child table's rows by their parent, on each side."""
        below = [self._summary(each) for each in self._children(child)]
        types = [column_types(self.connection, f"{s}.{quoted(child)}") for s in self.sides]
        parent = columns_with(self.schema.tables[child], "parent_key")[0]
        made = []
        for number, side in enumerate(self.sides):
            name = f"{side}.{quoted(f'{child} summary')}"
            made.append(name)
            if types[number]:
                joins = self._joined([tables[number] for tables in below], child)
                values = self._values(types[number], types[1 - number])
                values += [f"s{place}.summary" for place in range(len(below))]
                summary = _SUMMARY.format(content=", ".join(values) or "1")
                query = (
                    f"SELECT t.{quoted(parent)} AS parent, {summary} AS summary "
                    f"FROM {side}.{quoted(child)} AS t {joins} GROUP BY ALL"
                )
            else:
                query = "SELECT NULL::VARCHAR AS parent, NULL::VARCHAR AS summary LIMIT 0"
            self.connection.execute(f"CREATE OR REPLACE TABLE {name} AS {query}")
        return made[0], made[1]

    def _values(self, own: dict[str, str], other: dict[str, str]) -> list[str]:
        """What counts of a nested row: its place in the list, and its columns but for dlt's own."""
        naming = self.schema.naming
        index = naming.normalize_identifier("_dlt_list_idx")
        names = sorted({*own, *other})
        values = [
            _comparable(name, own, other)
            for name in names
            if not name.startswith(naming.normalize_identifier("_dlt"))
        ]
        return [f"CAST(t.{quoted(index)} AS BIGINT)", *values] if index in own else values

    def _children(self, table: str) -> Iterator[str]:
        for name, each in self.schema.tables.items():
            if each.get("parent") == table and columns_with(each, "parent_key"):
                yield name

    def _row_id(self, table: str) -> str | None:
        found = columns_with(self.schema.tables[table], "row_key") if self._has(table) else ()
        return found[0] if found else None

    def _has(self, table: str) -> bool:
        return table in self.schema.tables


def _comparable(name: str, own: dict[str, str], other: dict[str, str]) -> str:
    """A column as an expression whose value has the same hash on both sides where it is equal."""
    if name not in own:
        return "NULL"
    column, kinds = f"t.{quoted(name)}", {own[name], other.get(name, own[name])}
    families = {type_family(kind) for kind in kinds}
    if len(kinds) == 1:
        return column
    if families == {"number"}:
        return f"CAST({column} AS {'HUGEINT' if kinds.issubset(_WHOLE_NUMBERS) else 'DOUBLE'})"
    return f"CAST({column} AS {'TIMESTAMPTZ' if families == {'time'} else 'VARCHAR'})"
