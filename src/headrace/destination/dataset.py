"""Reads what a pipeline has loaded: the schema and the tables, as the destination has them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dlt
import duckdb
import pyarrow as pa
from dlt.common.destination.exceptions import DestinationUndefinedEntity
from dlt.common.exceptions import DltException
from dlt.common.schema import Schema
from dlt.common.schema.typing import TTableSchemaColumns
from dlt.destinations.sql_client import SqlClientBase

from headrace.core.exceptions import NothingLoaded, SyncError
from headrace.core.secrets.redaction import clean
from headrace.destination.dlt_clients import (
    arrow_batches,
    duckdb_file,
    make_readable,
    saved_state,
)
from headrace.destination.failures import cause_of
from headrace.destination.sql import newest_first

_BATCH_ROWS = 50_000
_LOAD_IT = "Load it first: headrace run CONFIG"


class StoredDataset:
    """The dataset of a pipeline at its destination; nothing of the local folder is read.

    Args:
        pipeline: that has loaded it.
        schema_name: of the source.

    Raises:
        NothingLoaded: the destination has no such schema.
        SyncError: the destination cannot be read.
    """

    def __init__(self, pipeline: dlt.Pipeline, schema_name: str) -> None:
        self.destination = str(getattr(pipeline.destination, "destination_name", None))
        self._place = f"dataset `{pipeline.dataset_name}` in {self.destination}"
        with self._readable():
            refuse_missing_file(pipeline)
            self._dataset = dlt.dataset(
                pipeline.destination, pipeline.dataset_name or "", schema=schema_name
            )
            self.schema: Schema = self._dataset.schema
            self._client: SqlClientBase[Any] = self._dataset.sql_client
            self.location = clean(str(self._dataset.destination_client.config))
        if self.schema.name != schema_name or self.schema.is_new:
            raise self._nothing_loaded()

    @property
    def identifiers(self) -> dict[str, Any]:
        """What the destination's capabilities say of names: how long they are, and how made."""
        capabilities = self._client.capabilities
        names = ("max_identifier_length", "max_column_identifier_length", "naming_convention")
        found = {name: getattr(capabilities, name) for name in names}
        return {name: value for name, value in found.items() if value is not None}

    def state(self, pipeline_name: str) -> dict[str, Any]:
        """What a pipeline has saved with its last load, by resource; nothing where it has not.

        Args:
            pipeline_name: of the pipeline.

        Raises:
            SyncError: the destination cannot be read.
        """
        with self._readable():
            try:
                saved = saved_state(pipeline_name, self._dataset.destination_client)
            except DestinationUndefinedEntity:
                return {}
        return state_by_resource(saved, self.schema.name)

    def batches(self, table: str, keys: pa.Table | None = None) -> Iterator[pa.Table]:
        """The rows of a table; none where the destination has no such table.

        Args:
            table: its name in the schema.
            keys: a column for each column of the key, with the keys of the only rows that are
                wanted; all rows when None.

        Raises:
            SyncError: the destination cannot be read.
        """
        columns = self.schema.get_table_columns(table) if table in self.schema.tables else {}
        if not columns:
            return
        names = ", ".join(self._client.escape_column_name(name) for name in columns)
        query = f"SELECT {names} FROM {self._client.make_qualified_table_name(table)}"
        values: list[Any] = []
        if keys is not None:
            condition, values = self._with_one_of(keys)
            query = f"{query} WHERE {condition}"
        with self._readable():
            try:
                with self._client:
                    make_readable(self._client, table)
                    for batch in _batches(self._client, query, values, columns):
                        yield batch.rename_columns(list(columns))
            except DestinationUndefinedEntity:
                return

    def escape(self, column: str) -> str:
        """A column as it stands in SQL."""
        return self._client.escape_column_name(column)

    def fetch(
        self,
        table: str,
        select: str,
        rest: str = "",
        values: Sequence[Any] = (),
    ) -> Sequence[Sequence[Any]]:
        """What a small query of one table gives; nothing where there is no such table.

        Args:
            table: its name in the schema.
            select: what stands between `SELECT` and `FROM`.
            rest: what stands behind the table.
            values: for the placeholders.

        Raises:
            SyncError: the destination cannot be read.
        """
        if table not in self.schema.tables:
            return ()
        sql = self._client
        query = f"SELECT {select} FROM {sql.make_qualified_table_name(table)} {rest}"
        with self._readable():
            try:
                with sql:
                    make_readable(sql, table)
                    return sql.execute_sql(query, *values) or ()
            except DestinationUndefinedEntity:
                return ()

    def newest_first(self, column: str, most: int) -> str:
        """The end of a query for the rows with the latest values of a column."""
        return newest_first(self._client, column, most)

    def _with_one_of(self, keys: pa.Table) -> tuple[str, list[Any]]:
        """What is true of rows with these keys, and the values for its placeholders."""
        names = [self._client.escape_column_name(name) for name in keys.column_names]
        one = " AND ".join(f"{name} = %s" for name in names)
        rows = zip(*(column.to_pylist() for column in keys.columns), strict=True)
        values = [value for row in rows for value in row]
        return " OR ".join([f"({one})"] * keys.num_rows), values

    @contextmanager
    def _readable(self) -> Iterator[None]:
        try:
            yield
        except DestinationUndefinedEntity:
            raise self._nothing_loaded() from None
        except DltException as error:
            cause = cause_of(error)
            raise SyncError(f"{self._place} cannot be read: {cause}") from error

    def _nothing_loaded(self) -> NothingLoaded:
        return NothingLoaded(
            f"there is nothing to look at: {self._place} holds nothing of this source yet. "
            f"{_LOAD_IT}"
        )


def refuse_missing_file(pipeline: dlt.Pipeline) -> None:
    """DuckDB would make the file that is to be read.

    Args:
        pipeline: that is to have loaded into it.

    Raises:
        NothingLoaded: there is no such file.
    """
    file = duckdb_file(pipeline.destination_client())
    if file is not None and not Path(file).exists():
        raise NothingLoaded(f"there is nothing to look at: there is no file {file}. {_LOAD_IT}")


def state_by_resource(state: Mapping[str, Any] | None, schema_name: str) -> dict[str, Any]:
    """What each resource of a source has put into a pipeline's state.

    Args:
        state: of the pipeline; None where it has none.
        schema_name: of the source.
    """
    of_source = ((state or {}).get("sources") or {}).get(schema_name) or {}
    return dict(of_source.get("resources") or {})


def _batches(
    client: SqlClientBase[Any], query: str, values: Sequence[Any], columns: TTableSchemaColumns
) -> Iterator[pa.Table]:
    """What a query gives, never all of it in memory at once."""
    connection: Any = client.native_connection
    if isinstance(connection, duckdb.DuckDBPyConnection):
        relation = connection.sql(query.replace("%s", "?"), params=list(values))
        for batch in relation.to_arrow_reader(_BATCH_ROWS):
            yield pa.Table.from_batches([batch])
        return
    if type(connection).__module__.startswith("psycopg2"):
        # Its usual cursor fetches the whole answer first.
        with connection.cursor(name="headrace_verify", withhold=True) as native:
            native.execute(query, list(values) or None)
            yield from arrow_batches(native, columns, _BATCH_ROWS)
        return
    with client.execute_query(query, *values) as cursor:
        yield from arrow_batches(cursor, columns, _BATCH_ROWS)
