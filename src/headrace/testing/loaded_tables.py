"""What stands in the tables that a connector has filled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb

from headrace.core.quick_dataclasses import dataclass

DATASET = "checked"
# dlt's own, and those that Headrace keeps beside: their values differ from load to load.
_NOT_COMPARED = ("_dlt", "_headrace")


@dataclass(frozen=True, slots=True)
class LoadedTables:
    """The tables in a DuckDB file.

    Args:
        file: The file.
    """

    file: Path

    def names(self) -> list[str]:
        """The names of the tables with rows of the API."""
        found = self._query(
            f"SELECT table_name FROM duckdb_tables() WHERE schema_name = '{DATASET}' ORDER BY 1"
        )
        return [name for (name,) in found if not name.startswith(_NOT_COMPARED)]

    def rows(self, table: str) -> list[dict[str, Any]]:
        """The rows of a table, without the columns of dlt; none where there is no such table.

        Args:
            table: The name of the table.
        """
        if table not in self.names():
            return []
        with duckdb.connect(str(self.file)) as connection:
            found = connection.execute(f'SELECT * FROM {DATASET}."{table}"')
            names = [name for name, *_ in found.description or ()]
            rows = found.fetchall()
        return [
            {
                name: value
                for name, value in zip(names, row, strict=True)
                if not name.startswith(_NOT_COMPARED) or name.startswith("_headrace_gone")
            }
            for row in rows
        ]

    def contents(self) -> dict[str, list[str]]:
        """The rows of all tables, in a form in which two states can be compared."""
        return {name: sorted(map(_as_text, self.rows(name))) for name in self.names()}

    def texts(self) -> Iterator[str]:
        """All texts in all tables, those of dlt and Headrace among them."""
        for schema, table in self._query("SELECT schema_name, table_name FROM duckdb_tables()"):
            for row in self._query(f'SELECT * FROM "{schema}"."{table}"'):
                yield from (value for value in row if isinstance(value, str))

    def _query(self, sql: str) -> list[tuple[Any, ...]]:
        if not self.file.exists():
            return []
        with duckdb.connect(str(self.file)) as connection:
            return connection.execute(sql).fetchall()


def difference(before: Mapping[str, list[str]], now: Mapping[str, list[str]]) -> str | None:
    """Says how two states of the tables differ; None where they do not.

    Args:
        before: The contents of the tables as they should be.
        now: Their contents as they are.
    """
    for table in sorted({*before, *now}):
        old, new = before.get(table, []), now.get(table, [])
        if old == new:
            continue
        if len(old) != len(new):
            return f"the table `{table}` has {len(new):,} rows in place of {len(old):,}"
        at = next(place for place in range(len(old)) if old[place] != new[place])
        return f"a row of the table `{table}` is {new[at]} in place of {old[at]}"
    return None


def _as_text(row: Mapping[str, Any]) -> str:
    return repr({name: row[name] for name in sorted(row) if row[name] is not None})
