"""Copies tables of a dataset into a DuckDB file on this machine, where all can be asked of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import dlt
import pyarrow as pa

from headrace.destination.sql import DatasetConnection, connect_to_dataset


@contextmanager
def copied_to_duckdb(
    pipeline: dlt.Pipeline, tables: Mapping[str, Iterable[pa.Table]]
) -> Iterator[DatasetConnection]:
    """Copies rows into a DuckDB file, which lives as long as the block.

    Args:
        pipeline: The pipeline that the rows are of; the copy is a dataset of the same name.
        tables: The rows, in batches of the same columns, by the name of the table.

    Raises:
        SyncError: A statement in the block failed.
    """
    with TemporaryDirectory(prefix="headrace-") as folder:
        copy: dlt.Pipeline = dlt.pipeline(
            "headrace_copy",
            destination=dlt.destinations.duckdb(str(Path(folder) / "copy.duckdb")),
            dataset_name=pipeline.dataset_name,
            pipelines_dir=folder,
        )
        try:
            client: Any = copy.destination_client()
            with client.sql_client as sql:
                sql.create_dataset()
                for name, batches in tables.items():
                    _fill(sql.native_connection, sql.make_qualified_table_name(name), batches)
            with connect_to_dataset(copy) as database:
                yield database
        finally:
            # The last pipeline that was made is dlt's current one.
            pipeline.activate()


def _fill(connection: Any, table: str, batches: Iterable[pa.Table]) -> None:
    is_made = False
    for batch in batches:
        connection.register("headrace_batch", batch)
        done = f"INSERT INTO {table}" if is_made else f"CREATE TABLE {table} AS"
        connection.execute(f"{done} SELECT * FROM headrace_batch")
        connection.unregister("headrace_batch")
        is_made = True
