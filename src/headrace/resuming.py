"""Readies a load that broke off for its second try, so that it goes on and adds no row twice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import dlt
from dlt.common.destination.exceptions import DestinationException, DestinationUndefinedEntity
from dlt.common.exceptions import PipelineException
from dlt.common.schema import Schema
from dlt.common.schema.typing import C_DLT_LOAD_ID, TTableSchema
from dlt.common.schema.utils import (
    get_first_column_name_with_prop,
    get_nested_tables,
    get_write_disposition,
    is_nested_table,
)
from dlt.common.storages.load_package import ParsedLoadJobFileName
from dlt.destinations.sql_client import SqlClientBase


def delete_what_is_normalized(pipeline: dlt.Pipeline) -> None:
    """Deletes extracted packages that were normalized before the process was killed.

    dlt first puts the normalized package in its place, then deletes the extracted one. Killed in
    between, it fails in each later run, since the place is taken.
    """
    normalized = set(pipeline.list_normalized_load_packages())
    for load_id in normalized.intersection(pipeline.list_extracted_load_packages()):
        pipeline._get_normalize_storage().extracted_packages.delete_package(load_id)


def delete_half_loaded(pipeline: dlt.Pipeline) -> None:
    """Deletes what jobs have added that dlt will do again, since it does not know how they ended.

    A job that merges or replaces may be done twice. One that appends would double its rows, or
    fail on their ids where the destination keeps those unique, in each later run.

    Args:
        pipeline: with a load that an earlier run left behind.
    """
    packages = pipeline._get_load_storage().normalized_packages
    for load_id in packages.list_packages():
        states = packages.list_all_jobs_with_states(load_id)
        interrupted = {
            ParsedLoadJobFileName.parse(file).table_name
            for file, folder in packages.list_retried_new_jobs(load_id)
            if folder == "started_jobs"
        }
        done = {job.table_name for state, job in states if state == "completed_jobs"}
        done |= {
            ParsedLoadJobFileName.parse(file).table_name
            for file in packages.list_pending_transitions(load_id)
        }
        schema = packages.load_schema(load_id)
        tables = [table for table in _appended_to(schema, interrupted) if table not in done]
        if tables:
            _delete(pipeline, schema, tables, load_id)


def _appended_to(schema: Schema, names: set[str]) -> Iterator[str]:
    """Those of the tables that rows are only ever added to, parents before their children."""
    roots = {name: table for name, table in schema.tables.items() if not is_nested_table(table)}
    for root in roots:
        if get_write_disposition(schema.tables, root) == "append":
            family = [table["name"] for table in get_nested_tables(schema.tables, root)]
            yield from (name for name in family if name in names)


def _delete(pipeline: dlt.Pipeline, schema: Schema, tables: Sequence[str], load_id: str) -> None:
    try:
        with pipeline.sql_client(schema.name) as client:
            for name in tables:
                _delete_from(client, schema, schema.tables[name], load_id)
    except (PipelineException, DestinationException):
        return  # Not all destinations know SQL.


def _delete_from(
    client: SqlClientBase[object], schema: Schema, table: TTableSchema, load_id: str
) -> None:
    name = client.make_qualified_table_name(table["name"] or "")
    parent = schema.tables.get(table.get("parent") or "")
    try:
        if parent is None:
            column = client.escape_column_name(schema.naming.normalize_identifier(C_DLT_LOAD_ID))
            client.execute_sql(f"DELETE FROM {name} WHERE {column} = %s", load_id)
        else:
            client.execute_sql(
                f"DELETE FROM {name} WHERE NOT EXISTS {_parents(client, table, parent)}"
            )
    except DestinationUndefinedEntity:
        return  # The job had not come so far as to make the table.


def _parents(client: SqlClientBase[object], table: TTableSchema, parent: TTableSchema) -> str:
    """A subquery for the parent of each row."""
    own = get_first_column_name_with_prop(table, "parent_key") or ""
    its = get_first_column_name_with_prop(parent, "row_key") or ""
    name = client.make_qualified_table_name(table["name"] or "")
    parents = client.make_qualified_table_name(parent["name"] or "")
    its, own = client.escape_column_name(its), client.escape_column_name(own)
    return f"(SELECT 1 FROM {parents} AS parents WHERE parents.{its} = {name}.{own})"
