"""Lets columns of tables be null that were made when they might not.

dlt 1.31 keeps a table's columns as they were made: where a config says later that one may be null,
the database refuses the whole load for a row without a value.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from typing import Any

import dlt
from dlt.common.destination.exceptions import DestinationException
from dlt.common.schema import Schema
from dlt.common.schema.typing import TTableSchemaColumns

from headrace.destination.dlt_clients import new_job_client, takes_statements
from headrace.destination.failures import cause_of

_DROP = "ALTER TABLE {table} ALTER COLUMN {column} DROP NOT NULL"
_STAYS = (
    "the column `{column}` may be null now, but the table `{table}` was made when it might not, "
    "and the destination does not change that: {why}. Until you change it there, a load with a "
    "row that has no value is refused"
)


def let_columns_be_null(
    pipeline: dlt.Pipeline, schema: Schema, wanted: Mapping[str, TTableSchemaColumns]
) -> Iterator[str]:
    """Has tables take rows without a value in columns that may be null.

    Args:
        pipeline: The pipeline.
        schema: The schema that names the tables, which need not be in it.
        wanted: By the name of each table those of its columns that may be null.

    Yields:
        What the user should be told, of columns that stay as they are.

    Raises:
        DltException: The database cannot be read.
    """
    client = new_job_client(pipeline, schema)
    if not wanted or not takes_statements(client):
        return
    staging: Any = getattr(client, "with_staging_dataset", None)
    with client:
        # Merges go through tables of their own, which must take such rows first.
        for dataset in (staging, nullcontext):
            if dataset is None:
                continue
            with dataset():
                for table, column in _not_null(client, wanted):
                    try:
                        _let_be_null(client.sql_client, table, column)
                    except DestinationException as error:
                        yield _STAYS.format(column=column, table=table, why=cause_of(error))


def _let_be_null(client: Any, table: str, column: str) -> None:
    place, name = client.make_qualified_table_name(table), client.escape_column_name(column)
    client.execute_sql(_DROP.format(table=place, column=name))


def _not_null(client: Any, wanted: Mapping[str, TTableSchemaColumns]) -> list[tuple[str, str]]:
    """The tables and columns that the destination does not let be null, though they may."""
    if not client.is_storage_initialized():
        return []
    return [
        (table, name)
        for table, columns in client.get_storage_tables(wanted)
        for name, column in columns.items()
        if name in wanted[table] and not column.get("nullable", True)
    ]
