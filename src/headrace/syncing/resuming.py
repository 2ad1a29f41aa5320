"""Finishes a load that an earlier run left behind, so that it goes on and adds no row twice."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import islice

import dlt
from dlt.common.destination.exceptions import DestinationException, DestinationUndefinedEntity
from dlt.common.exceptions import PipelineException
from dlt.common.schema import Schema
from dlt.common.storages import FileStorage
from dlt.common.storages.load_package import ParsedLoadJobFileName
from dlt.destinations.sql_client import SqlClientBase

from headrace.destination.dlt_schema import columns_with, is_appended_to
from headrace.syncing.load_packages import delete_unfinished, load_storage, put_in_order

# Databases take only so many parameters in one statement.
_IDS_AT_ONCE = 1_000
# What stands between two quotes. No format escapes anything in an id.
_QUOTED = re.compile(r"""(?<=['"])[^'"\\]{1,128}(?=['"])""")


def finish_pending(pipeline: dlt.Pipeline, *, drop: bool = False) -> bool:
    """Finishes a load that an earlier run left behind.

    Args:
        pipeline: The pipeline; its lock is held by the caller.
        drop: Give such a load up instead of finishing it.

    Returns:
        Whether there was a load to finish.

    Raises:
        DltException: The destination does not take the load.
    """
    put_in_order(pipeline)
    if drop and pipeline.has_pending_data:
        pipeline.abort_packages()
    is_pending: bool = pipeline.has_pending_data
    if is_pending:
        _delete_half_loaded(pipeline)
        # `run` would throw the very first load away, as long as its destination is empty.
        pipeline.normalize()
        pipeline.load()
    delete_unfinished(pipeline)
    # On a new machine this restores the state.
    pipeline.run()
    return is_pending


def _delete_half_loaded(pipeline: dlt.Pipeline) -> None:
    """Deletes the rows that interrupted jobs have added.

    dlt does not know how far such a job came, and does it again from its start. One that appends
    would double its rows, or, where the destination keeps row ids unique, fail in each later run.
    So would one that adds them to those that a merge goes through: where a table has child tables,
    dlt inserts each of a key's rows that have one row id.
    """
    for load_id in pipeline.list_normalized_load_packages():
        packages = load_storage(pipeline).normalized_packages
        schema = packages.load_schema(load_id)
        for file, folder in packages.list_retried_new_jobs(load_id):
            table = ParsedLoadJobFileName.parse(file).table_name
            is_interrupted = folder == "started_jobs" and table in schema.tables
            if not is_interrupted:
                continue
            path = packages.storage.make_full_path(file)
            _delete(pipeline, schema, table, path, is_staged=not is_appended_to(schema, table))


def _delete(
    pipeline: dlt.Pipeline, schema: Schema, table: str, file: str, *, is_staged: bool
) -> None:
    """Deletes the rows of a file from their table, or from the one that a merge goes through."""
    columns = columns_with(schema.tables[table], "row_key", typed_only=True)
    if not columns:
        return
    column = columns[0]
    try:
        with pipeline.sql_client(schema.name) as client, ExitStack() as staging:
            if is_staged:
                staging.enter_context(client.with_staging_dataset())
                if not _has_rows(client, table):
                    return
            ids = _ids_in(file, column)
            while some := list(islice(ids, _IDS_AT_ONCE)):
                _delete_rows(client, table, column, some)
    except DestinationUndefinedEntity:
        return  # The job was killed before it made the table.
    except (PipelineException, DestinationException):
        return  # Not every destination has SQL.


def _has_rows(client: SqlClientBase[object], table: str) -> bool:
    name = client.make_qualified_table_name(table)
    return any(count for (count,) in client.execute_sql(f"SELECT COUNT(*) FROM {name}") or ())


def _delete_rows(client: SqlClientBase[object], table: str, column: str, ids: list[str]) -> None:
    name, key = client.make_qualified_table_name(table), client.escape_column_name(column)
    marks = ", ".join(["%s"] * len(ids))
    client.execute_sql(f"DELETE FROM {name} WHERE {key} IN ({marks})", *ids)


def _ids_in(file: str, column: str) -> Iterator[str]:
    """The row ids in the file of a job.

    From a file of text it gives everything in quotes: no other row has an id that is one of these.
    """
    if file.endswith(".parquet"):
        import pyarrow.parquet

        with pyarrow.parquet.ParquetFile(file) as rows:
            has_ids = column in rows.schema_arrow.names
            for batch in rows.iter_batches(columns=[column]) if has_ids else ():
                yield from batch.column(0).to_pylist()
        return
    with FileStorage.open_zipsafe_ro(file, "r", encoding="utf-8") as lines:
        for line in lines:
            yield from _QUOTED.findall(line)
