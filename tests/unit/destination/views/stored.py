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
NODE_COLUMNS = {
    "execution_id": "BIGINT",
    "workflow_id": "VARCHAR",
    "node": "VARCHAR",
    "run": "BIGINT",
    "started": "TIMESTAMP WITH TIME ZONE",
    "milliseconds": "BIGINT",
    "status": "VARCHAR",
    "error_name": "VARCHAR",
    "error_message": "VARCHAR",
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


def add_node_runs(
    pipeline: dlt.Pipeline, rows: Sequence[Any], columns: dict[str, str] | None = None
) -> None:
    """Puts a table of these runs of nodes beside the executions."""
    with connect_to_dataset(pipeline) as database:
        write_node_runs(database, rows, columns or NODE_COLUMNS)


def write_node_runs(
    database: DatasetConnection, rows: Sequence[Any], columns: dict[str, str]
) -> None:
    write(database, rows, columns, "node_runs")


def write(
    database: DatasetConnection,
    rows: Sequence[Any],
    columns: dict[str, str],
    table: str = "executions",
) -> None:
    database.execute("CREATE SCHEMA IF NOT EXISTS test_data")
    cascade = "CASCADE" if database.dialect == "postgres" else ""
    database.execute(f"DROP TABLE IF EXISTS test_data.{table} {cascade}")
    described = ", ".join(f"{snake(name)} {kind}" for name, kind in columns.items())
    database.execute(f"CREATE TABLE test_data.{table} ({described})")
    insert(database, rows, columns, table)


def insert(
    database: DatasetConnection,
    rows: Sequence[Any],
    columns: dict[str, str],
    table: str = "executions",
) -> None:
    if rows:
        marks = ", ".join([f"({', '.join(['%s'] * len(columns))})"] * len(rows))
        values = [row.get(name) for row in rows for name in columns]
        database.execute(f"INSERT INTO test_data.{table} VALUES {marks}", *values)
