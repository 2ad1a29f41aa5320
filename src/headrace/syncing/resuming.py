"""Finishes a load that an earlier run left behind, so that it goes on and adds no row twice.

What is repaired here are the folders of dlt's load packages as dlt 1.31 leaves them when its
process is killed. At an upgrade of dlt the tests that kill runs at each stage must pass.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import dlt
import pyarrow.parquet
from dlt.common.destination.exceptions import DestinationException, DestinationUndefinedEntity
from dlt.common.exceptions import PipelineException
from dlt.common.schema import Schema
from dlt.common.storages import FileStorage
from dlt.common.storages.load_package import ParsedLoadJobFileName
from dlt.destinations.sql_client import SqlClientBase

from headrace.destination.dlt_schema import columns_with, is_appended_to

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
    _delete_half_copied(pipeline)
    _delete_what_is_normalized(pipeline)
    _put_away_what_is_loaded(pipeline)
    if drop and pipeline.has_pending_data:
        pipeline.abort_packages()
    is_pending: bool = pipeline.has_pending_data
    if is_pending:
        _delete_half_loaded(pipeline)
        # `run` would throw the very first load away, as long as its destination is empty.
        pipeline.normalize()
        pipeline.load()
    # On a new machine this restores the state.
    pipeline.run()
    return is_pending


def _delete_half_copied(pipeline: dlt.Pipeline) -> None:
    """Deletes what is left of a job's file that was being copied when the process was killed.

    Where temporary files lie on another file system than the pipeline's folder, dlt copies the
    files of merges under names without a dot, and then renames them. One that is left has no name
    of a job, and each later run fails at it. dlt makes that job again.
    """
    packages = pipeline._get_load_storage().normalized_packages
    for load_id in pipeline.list_normalized_load_packages():
        for file in packages.list_new_jobs(load_id):
            if "." not in Path(file).name:
                packages.storage.delete(file)


def _delete_what_is_normalized(pipeline: dlt.Pipeline) -> None:
    """Deletes extracted packages that were normalized before the process was killed.

    dlt first moves the normalized package to its place, then deletes the extracted one. When it is
    killed in between, each later run fails, since the place is taken.
    """
    normalized = set(pipeline.list_normalized_load_packages())
    for load_id in normalized.intersection(pipeline.list_extracted_load_packages()):
        pipeline._get_normalize_storage().extracted_packages.delete_package(load_id)


def _put_away_what_is_loaded(pipeline: dlt.Pipeline) -> None:
    """Moves packages that are marked as loaded to the folder of the loaded ones.

    dlt first marks such a package, then moves it. When it is killed in between, each later run
    fails, since the package is marked already.
    """
    storage = pipeline._get_load_storage()
    for load_id in pipeline.list_normalized_load_packages():
        if storage.normalized_packages.is_package_completed(load_id):
            storage.storage.rename_tree(
                storage.get_normalized_package_path(load_id),
                storage.get_loaded_package_path(load_id),
            )


def _delete_half_loaded(pipeline: dlt.Pipeline) -> None:
    """Deletes the rows that interrupted jobs have added.

    dlt does not know how far such a job came, and does it again from its start. A job that merges
    or replaces may be done twice. One that appends would double its rows, or, where the destination
    keeps row ids unique, fail in each later run.
    """
    for load_id in pipeline.list_normalized_load_packages():
        packages = pipeline._get_load_storage().normalized_packages
        schema = packages.load_schema(load_id)
        for file, folder in packages.list_retried_new_jobs(load_id):
            table = ParsedLoadJobFileName.parse(file).table_name
            is_interrupted = folder == "started_jobs" and table in schema.tables
            if is_interrupted and is_appended_to(schema, table):
                _delete(pipeline, schema, table, packages.storage.make_full_path(file))


def _delete(pipeline: dlt.Pipeline, schema: Schema, table: str, file: str) -> None:
    columns = columns_with(schema.tables[table], "row_key", typed_only=True)
    if not columns:
        return
    column = columns[0]
    try:
        with pipeline.sql_client(schema.name) as client:
            ids = _ids_in(file, column)
            while some := list(islice(ids, _IDS_AT_ONCE)):
                _delete_rows(client, table, column, some)
    except DestinationUndefinedEntity:
        return  # The job was killed before it made the table.
    except (PipelineException, DestinationException):
        return  # Not every destination has SQL.


def _delete_rows(client: SqlClientBase[object], table: str, column: str, ids: list[str]) -> None:
    name, key = client.make_qualified_table_name(table), client.escape_column_name(column)
    marks = ", ".join(["%s"] * len(ids))
    client.execute_sql(f"DELETE FROM {name} WHERE {key} IN ({marks})", *ids)


def _ids_in(file: str, column: str) -> Iterator[str]:
    """The row ids in the file of a job.

    From a file of text it gives everything in quotes: no other row has an id that is one of these.
    """
    if file.endswith(".parquet"):
        with pyarrow.parquet.ParquetFile(file) as rows:
            has_ids = column in rows.schema_arrow.names
            for batch in rows.iter_batches(columns=[column]) if has_ids else ():
                yield from batch.column(0).to_pylist()
        return
    with FileStorage.open_zipsafe_ro(file, "r", encoding="utf-8") as lines:
        for line in lines:
            yield from _QUOTED.findall(line)
