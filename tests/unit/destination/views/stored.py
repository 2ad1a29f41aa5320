"""A table of executions in a destination, as a test wants it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dlt
import duckdb

from headrace.destination.sql import DatasetConnection, connect_to_dataset
from tests.support.postgres import PostgresDatabase
from tests.support.tables import Warehouse

COLUMNS = {
    "id": "BIGINT",
    "finished": "BOOLEAN",
    "mode": "VARCHAR",
    "status": "VARCHAR",
    "retryOf": "VARCHAR",
    "retrySuccessId": "BIGINT",
    "startedAt": "TIMESTAMP WITH TIME ZONE",
    "stoppedAt": "TIMESTAMP WITH TIME ZONE",
    "workflowId": "VARCHAR",
    "waitTill": "TIMESTAMP WITH TIME ZONE",
}
Stores = Warehouse | PostgresDatabase


def snake(field: str) -> str:
    return "".join(f"_{each.lower()}" if each.isupper() else each for each in field)


def executions(
    store: Stores, rows: Sequence[Any], columns: dict[str, str] | None = None
) -> dlt.Pipeline:
    """A pipeline whose dataset holds a table of these executions."""
    pipeline = store.pipeline()
    if isinstance(store, Warehouse):
        # A file must be there before it is read.
        duckdb.connect(str(store.file)).close()
    with connect_to_dataset(pipeline) as database:
        write(database, rows, columns or COLUMNS)
    return pipeline


def write(database: DatasetConnection, rows: Sequence[Any], columns: dict[str, str]) -> None:
    database.execute("CREATE SCHEMA IF NOT EXISTS test_data")
    cascade = "CASCADE" if database.dialect == "postgres" else ""
    database.execute(f"DROP TABLE IF EXISTS test_data.executions {cascade}")
    described = ", ".join(f"{snake(name)} {kind}" for name, kind in columns.items())
    database.execute(f"CREATE TABLE test_data.executions ({described})")
    insert(database, rows, columns)


def insert(database: DatasetConnection, rows: Sequence[Any], columns: dict[str, str]) -> None:
    if rows:
        marks = ", ".join([f"({', '.join(['%s'] * len(columns))})"] * len(rows))
        values = [row.get(name) for row in rows for name in columns]
        database.execute(f"INSERT INTO test_data.executions VALUES {marks}", *values)
