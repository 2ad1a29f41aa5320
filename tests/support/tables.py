"""Loads into a DuckDB file, reads back what is there, and compares it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import dlt
import duckdb

from headrace.destination import run_history

Row = dict[str, Any]

_SHOWN = 5


class Warehouse:
    """A DuckDB file in a folder, with pipelines that load into it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.file = folder / "warehouse.duckdb"
        self.url = f"duckdb:///{self.file}"

    def pipeline(self, name: str = "test") -> dlt.Pipeline:
        """A pipeline whose dataset goes by its own name."""
        pipeline: dlt.Pipeline = dlt.pipeline(
            name,
            destination=dlt.destinations.duckdb(str(self.file)),
            dataset_name=f"{name}_data",
            pipelines_dir=str(self._folder / "pipelines"),
        )
        return pipeline

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """What a query gives."""
        with duckdb.connect(str(self.file)) as connection:
            return connection.execute(sql).fetchall()

    def tables(self, dataset: str) -> set[str]:
        """Names of the data's tables, without dlt's own and the history of runs."""
        found = self.query(
            f"SELECT table_name FROM duckdb_tables() WHERE schema_name = '{dataset}'"
        )
        names = {name for (name,) in found if not name.startswith("_dlt")}
        return names - {run_history.TABLE}

    def columns(self, table: str) -> dict[str, tuple[str, bool]]:
        """Type and nullability of each column, by name; `table` with its dataset."""
        described = self.query(f"DESCRIBE {table}")
        return {name: (kind, null == "YES") for name, kind, null, *_ in described}

    def rows(self, table: str, order: str = "id", *, without_ids: bool = True) -> list[Row]:
        """All rows, without dlt's own columns unless asked for."""
        with duckdb.connect(str(self.file)) as connection:
            found = connection.execute(f'SELECT * FROM {table} ORDER BY "{order}"')
            names = [name for name, *_ in found.description or ()]
            rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
        if not without_ids:
            return rows
        return [
            {name: value for name, value in row.items() if not name.startswith("_dlt")}
            for row in rows
        ]


def differences(found: Sequence[Row], expected: Sequence[Row], *, key: str) -> list[str]:
    """What a table has too little, too much or otherwise; empty where it is right.

    Args:
        found: the rows of the table.
        expected: the rows that it should have, each once.
        key: the field that tells rows apart.
    """
    counts = Counter(row[key] for row in found)
    wanted = {row[key]: row for row in expected}
    kinds = {
        "missing": [each for each in wanted if not counts[each]],
        "more than once": [each for each, times in counts.items() if times > 1],
        "not of the API": [each for each in counts if each not in wanted],
        "with other values": [
            row[key] for row in found if row[key] in wanted and row != wanted[row[key]]
        ],
    }
    return [
        f"{len(keys)} {kind}: {sorted(keys)[:_SHOWN]}..." for kind, keys in kinds.items() if keys
    ]
