"""Notices rows that were deleted out of a table since the last sync, before anything is listed.

What is known of a listing keeps a sync from listing old rows again. Where somebody has deleted
them, they would never come back. So a sync remembers how many rows each table had at its end, and
the newest of them, and the next one looks whether they are there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import dlt
from dlt.common.destination.exceptions import DestinationException
from dlt.common.exceptions import PipelineException
from dlt.common.schema import Schema
from dlt.destinations.sql_client import SqlClientBase
from dlt.extract import DltSource

from headrace.core.exceptions import SyncError
from headrace.destination.dlt_clients import is_sql_destination
from headrace.destination.dlt_schema import columns_with, has_rows, is_appended_to
from headrace.destination.tables import table_names
from headrace.syncing.listing_anew import list_anew, partly_listed
from headrace.syncing.local_memory import LocalMemory

_REMEMBERED = "headrace_rows"
_ROWS, _NEWEST, _LOAD, _TOLD = "rows", "newest", "load", "told"
# The load after which a table was to be listed anew, and that it was listed anew once.
_SINCE, _ONCE = "anew_since", "anew_once"

_ANEW = (
    "the table `{table}` {what} since the last sync, its newest among them: `{resource}` is "
    "listed anew"
)
_STILL = "the table `{table}` lacks rows, and the last sync failed: `{resource}` is listed anew"
_FEWER = "rows deleted out of the table `{table}` since the last sync: {count:,}"
_CHOICE = (
    "{fewer}. No sync brings them back by itself, as `{resource}` lists only what is new. Nothing "
    "was requested. To load them again: headrace verify CONFIG --repair{or_anew}. Where they are "
    "to stay deleted, run again: from then on a sync goes on, and only says how many are gone."
)
_OR_ANEW = ", or headrace run CONFIG --list-anew"


def notice_deleted_rows(
    pipeline: dlt.Pipeline, source: DltSource, *, is_confirmed: bool
) -> list[str]:
    """Has the resources listed anew whose newest rows were deleted, or all of them.

    Args:
        pipeline: The pipeline. Its state is the one that the destination holds.
        source: What is about to be loaded.
        is_confirmed: Whether that is the state that the last sync on this machine has left.

    Returns:
        What the user should be told; nothing where the tables are as they were left.

    Raises:
        SyncError: Other rows were deleted out of a table, for the first time.
    """
    memory = LocalMemory(pipeline, _REMEMBERED)
    remembered = memory.read()
    schema = pipeline.schemas.get(source.schema.name)
    notes: list[str] = []
    if schema is None:
        return notes
    for resource, table, found in _looked_at(pipeline, source, schema):
        known = remembered.get(table, {})
        if known.get(_SINCE) is not None and known[_SINCE] == found[_LOAD]:
            list_anew(pipeline, schema.name, resource, keeps_bound=True)
            notes.append(_STILL.format(table=table, resource=resource))
            continue
        before = known if is_confirmed and known.get(_LOAD) == found[_LOAD] else None
        count = before[_ROWS] - found[_ROWS] if before else 0
        has_lost_newest = before is not None and before[_NEWEST] not in (None, found[_NEWEST])
        to_merge = count > 0 and has_lost_newest and not is_appended_to(schema, table)
        # One that had none lacks none, as where all rows of a listing are left out.
        lacks_all = not found[_ROWS] and (before is None or before[_ROWS] > 0)
        # What is deleted once more after that is deleted on purpose.
        if (to_merge or lacks_all) and not (before and known.get(_ONCE)):
            mark = {**known, _SINCE: found[_LOAD], _ONCE: True}
            memory.add({table: mark})
            list_anew(pipeline, schema.name, resource, keeps_bound=True)
            what = f"lost {count:,} rows" if found[_ROWS] else "lost all its rows"
            notes.append(_ANEW.format(table=table, what=what, resource=resource))
        elif count > 0:
            or_anew = "" if is_appended_to(schema, table) else _OR_ANEW
            fewer = _FEWER.format(count=count, table=table)
            if not known.get(_TOLD):
                memory.add({table: {**known, **found, _TOLD: True}})
                raise SyncError(_CHOICE.format(fewer=fewer, resource=resource, or_anew=or_anew))
            notes.append(fewer)
    return notes


def remember_rows(pipeline: dlt.Pipeline, source: DltSource) -> None:
    """Remembers what the tables hold at the end of a sync.

    Args:
        pipeline: The pipeline that has just loaded.
        source: What was loaded.
    """
    memory = LocalMemory(pipeline, _REMEMBERED)
    schema, remembered = pipeline.schemas.get(source.schema.name), memory.read()
    if schema is None:
        return
    found = {}
    for _, table, now in _looked_at(pipeline, source, schema):
        known = remembered.get(table, {})
        found[table] = now | {each: bool(known.get(each)) for each in (_TOLD, _ONCE)}
    if any(remembered.get(table) != now for table, now in found.items()):
        memory.add(found)


def _looked_at(
    pipeline: dlt.Pipeline, source: DltSource, schema: Schema
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """The resources that are kept up with, their tables, and what those hold now.

    There are none where the destination cannot be asked in SQL.
    """
    kept_up = list(_kept_up(pipeline, source, schema))
    if not kept_up or not is_sql_destination(pipeline):
        return
    try:
        with pipeline.sql_client(schema.name) as client:
            looked = [(name, table, _look(client, schema, table)) for name, table in kept_up]
    except (PipelineException, DestinationException):
        return
    for name, table, found in looked:
        if found is not None:
            yield name, table, found


def _kept_up(
    pipeline: dlt.Pipeline, source: DltSource, schema: Schema
) -> Iterator[tuple[str, str]]:
    """The resources that do not list all they have each time, and their tables.

    Where a row can be a mark to delete another, a table may well get smaller.
    """
    tables = table_names(source)
    for resource in partly_listed(pipeline, source, schema):
        table = tables.get(resource)
        hinted = schema.tables.get(table) if table else None
        if table and hinted is not None and has_rows(hinted):
            merges_all = hinted.get("x-merge-strategy") in ("scd2", "cdc")
            is_replaced = hinted.get("write_disposition") not in ("merge", "append")
            if not (merges_all or is_replaced or columns_with(hinted, "hard_delete")):
                yield resource, table


def _look(client: SqlClientBase[Any], schema: Schema, table: str) -> dict[str, Any] | None:
    """What a table holds now; None where it cannot be read."""
    column, loads = _newest_column(schema, table), schema.loads_table_name
    load_id, name = map(schema.naming.normalize_identifier, ("load_id", "schema_name"))
    escaped = client.escape_column_name
    newest = f"max({escaped(column)})" if column else "NULL"
    # Their number as well, as a load may have a smaller id where a clock was set back.
    of_loads = f"FROM {client.make_qualified_table_name(loads)} WHERE {escaped(name)} = %s"
    try:
        ((rows, key, load, loads),) = (
            client.execute_sql(
                f"SELECT count(*), {newest}, (SELECT max({escaped(load_id)}) {of_loads}), "
                f"(SELECT count(*) {of_loads}) FROM {client.make_qualified_table_name(table)}",
                schema.name,
                schema.name,
            )
            or ()
        )
    except DestinationException:
        return None
    return {_ROWS: int(rows), _NEWEST: None if key is None else str(key), _LOAD: f"{load} {loads}"}


def _newest_column(schema: Schema, table: str) -> str | None:
    """The column that is highest in the newest row: a numeric key, else the id of its load."""
    columns = schema.get_table_columns(table)
    key = columns_with(schema.tables[table], "primary_key", typed_only=True)
    if len(key) == 1 and columns[key[0]].get("data_type") == "bigint":
        return key[0]
    load_id = schema.naming.normalize_identifier("_dlt_load_id")
    return load_id if load_id in columns else None
