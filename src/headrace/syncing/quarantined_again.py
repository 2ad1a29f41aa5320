"""Keeps a row that stays bad in quarantine once, where each sync that lists it adds it again."""

from __future__ import annotations

from collections.abc import Sequence

import dlt
from dlt.common.schema import Schema

from headrace.dlt_source.quarantine import TABLE


def keep_newest(pipeline: dlt.Pipeline, schema: Schema, resources: Sequence[str]) -> None:
    """Deletes the rows in quarantine that a later load has brought again, letter for letter.

    Rows that are there several times in one load stay, as the listing has them several times.

    Args:
        pipeline: The pipeline. Its destination takes SQL.
        schema: The schema of the quarantine's table.
        resources: The names of the resources whose rows are meant, at least one.

    Raises:
        DltException: The destination refuses that.
    """
    table = schema.naming.normalize_tables_path(TABLE)
    if table not in schema.tables:
        return
    with pipeline.sql_client(schema.name) as client:
        name = client.make_qualified_table_name(table)
        row_id, load_id, resource, raw_row = (
            client.escape_column_name(schema.naming.normalize_identifier(column))
            for column in ("_dlt_id", "_dlt_load_id", "resource", "raw_row")
        )
        marks = ", ".join(["%s"] * len(resources))
        # A table within the `IN`, as MySQL takes no other way to read what it deletes from.
        client.execute_sql(
            f"DELETE FROM {name} WHERE {row_id} IN (SELECT {row_id} FROM ("
            f"SELECT {row_id}, rank() OVER (PARTITION BY {resource}, {raw_row} "
            f"ORDER BY {load_id} DESC) AS place FROM {name} WHERE {resource} IN ({marks})"
            ") AS placed WHERE place > 1)",
            *resources,
        )
