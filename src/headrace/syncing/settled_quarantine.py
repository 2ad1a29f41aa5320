"""Takes rows out of quarantine that stand there twice, or have been loaded since."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import dlt
import msgspec
from dlt.common.schema import Schema
from dlt.destinations.sql_client import SqlClientBase

from headrace.destination.dlt_schema import columns_with, has_rows
from headrace.destination.sql import newest_first
from headrace.dlt_source.quarantine import TABLE

# Of more rows in quarantine the newest are looked at: all of them would be read with each sync.
_LOOKED_AT = 1_000
# Databases take only so many parameters in one statement.
_AT_ONCE = 200


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise ValueError("no whole number")
    return int(value)


# The kinds of keys that the JSON of a row has as its table does.
_KEYS: Mapping[str, Callable[[Any], Any]] = {"bigint": _whole, "text": str}


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


def delete_loaded_since(pipeline: dlt.Pipeline, schema: Schema, tables: Mapping[str, str]) -> None:
    """Deletes the rows in quarantine that a later load has brought into their table.

    Args:
        pipeline: The pipeline. Its destination takes SQL.
        schema: The schema of the tables.
        tables: The tables of resources that a load has just brought rows for, by the resource.

    Raises:
        DltException: The destination refuses that.
    """
    if not _is_there(schema, schema.naming.normalize_tables_path(TABLE)):
        return
    with pipeline.sql_client(schema.name) as client:
        for resource, table in tables.items():
            if _is_there(schema, table):
                _Quarantine(client, schema, resource, table).delete_loaded_since()


def _is_there(schema: Schema, table: str) -> bool:
    return table in schema.tables and has_rows(schema.tables[table])


class _Quarantine:
    """The rows of one resource that are in quarantine."""

    def __init__(
        self, client: SqlClientBase[Any], schema: Schema, resource: str, table: str
    ) -> None:
        self._client, self._resource = client, resource
        self._name_of = schema.naming.normalize_identifier
        columns = schema.tables[table]["columns"]
        self._key: tuple[tuple[str, Callable[[Any], Any]], ...] = ()
        key = columns_with(schema.tables[table], "primary_key", typed_only=True)
        kinds = [str(columns[each].get("data_type")) for each in key]
        if self._name_of("_dlt_load_id") in columns and all(each in _KEYS for each in kinds):
            self._key = tuple(zip(key, (_KEYS[each] for each in kinds), strict=True))
        self._table = client.make_qualified_table_name(table)
        self._name = client.make_qualified_table_name(schema.naming.normalize_tables_path(TABLE))

    def delete_loaded_since(self) -> None:
        """Deletes the rows whose key a later load has brought."""
        if not self._key:
            return
        waiting: dict[tuple[Any, ...], list[tuple[str, str]]] = {}
        for row_id, load_id, key in self._rows():
            waiting.setdefault(key, []).append((row_id, load_id))
        keys = list(waiting)
        for start in range(0, len(keys), _AT_ONCE):
            loaded = self._loaded(keys[start : start + _AT_ONCE])
            self._delete(
                [
                    row_id
                    for key, last in loaded.items()
                    for row_id, load_id in waiting.get(key, ())
                    if load_id < last
                ]
            )

    def _rows(self) -> Iterator[tuple[str, str, tuple[Any, ...]]]:
        """The ids, loads and keys of the newest rows; without those whose key cannot be read."""
        row_id, load_id, raw_row, resource = (
            self._column(each) for each in ("_dlt_id", "_dlt_load_id", "raw_row", "resource")
        )
        newest = newest_first(self._client, self._name_of("_dlt_load_id"), _LOOKED_AT)
        found = self._client.execute_sql(
            f"SELECT {row_id}, {load_id}, {raw_row} FROM {self._name} "
            f"WHERE {resource} = %s {newest}",
            self._resource,
        )
        for row, load, text in found or ():
            key = self._key_of(text)
            if key is not None:
                yield str(row), str(load), key

    def _key_of(self, raw_row: str) -> tuple[Any, ...] | None:
        try:
            fields = msgspec.json.decode(raw_row, type=dict[str, Any])
            named = {self._name_of(name): value for name, value in fields.items()}
            return tuple(kind(named[column]) for column, kind in self._key)
        except (msgspec.MsgspecError, LookupError, TypeError, ValueError, RecursionError):
            return None

    def _loaded(self, keys: Sequence[tuple[Any, ...]]) -> dict[tuple[Any, ...], str]:
        """By the key of each row that is in the table, the load that brought it."""
        columns = [self._client.escape_column_name(column) for column, _ in self._key]
        is_row = f"({' AND '.join(f'{column} = %s' for column in columns)})"
        load_id = self._column("_dlt_load_id")
        found = self._client.execute_sql(
            f"SELECT {', '.join(columns)}, {load_id} FROM {self._table} "
            f"WHERE {load_id} IS NOT NULL AND ({' OR '.join([is_row] * len(keys))})",
            *(value for key in keys for value in key),
        )
        return {tuple(key): str(load) for *key, load in found or ()}

    def _delete(self, row_ids: Sequence[str]) -> None:
        for start in range(0, len(row_ids), _AT_ONCE):
            some = row_ids[start : start + _AT_ONCE]
            marks = ", ".join(["%s"] * len(some))
            self._client.execute_sql(
                f"DELETE FROM {self._name} WHERE {self._column('_dlt_id')} IN ({marks})", *some
            )

    def _column(self, name: str) -> str:
        return str(self._client.escape_column_name(self._name_of(name)))
