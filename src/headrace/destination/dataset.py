"""Reads what a pipeline has loaded, on any destination: its schema, state and tables."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import dlt
import duckdb
from dlt.common.destination.exceptions import DestinationUndefinedEntity
from dlt.common.exceptions import DltException
from dlt.common.schema import Schema
from dlt.common.schema.typing import TTableSchemaColumns
from dlt.destinations.sql_client import SqlClientBase

from headrace.core.arrow import pa
from headrace.core.exceptions import HeadraceError, NothingLoaded, SyncError
from headrace.destination.dlt_clients import (
    arrow_batches,
    dataset_of,
    make_readable,
)
from headrace.destination.failures import cause_of
from headrace.destination.pipeline import destination_name, missing_file
from headrace.destination.places import location_of
from headrace.destination.sql import newest_first
from headrace.destination.stored_states import saved_state

_BATCH_ROWS = 50_000
# Of DuckDB, whose rows come as Arrow: few long texts at once, at little cost for short ones.
_DUCKDB_BATCH_ROWS = 8_192
# What is enough to read tables of few columns in few threads. Each of both takes blocks of a file.
_MEMORY, _FEW_COLUMNS, _FEW_THREADS = "64MB", 40, 4
_LOAD_IT = "Load it first: headrace run CONFIG"


class StoredDataset:
    """The dataset of a pipeline at its destination; nothing of the local folder is read.

    Args:
        pipeline: The pipeline that has loaded the dataset.
        schema_name: The name of the source, which is that of its schema.

    Raises:
        NothingLoaded: The destination has no such schema.
        SyncError: The destination cannot be read.
    """

    def __init__(self, pipeline: dlt.Pipeline, schema_name: str) -> None:
        self.destination = destination_name(pipeline)
        self.dataset_name = dataset_of(pipeline, schema_name)
        self._pipeline_name = pipeline.pipeline_name
        self._place = f"dataset `{self.dataset_name}` in {self.destination}"
        with self._readable():
            refuse_missing_file(pipeline)
            self._dataset = dlt.dataset(pipeline.destination, self.dataset_name, schema=schema_name)
            self.schema: Schema = self._dataset.schema
            self._client: SqlClientBase[Any] = self._dataset.sql_client
            self.location = location_of(self._dataset.destination_client)
        if self.schema.name != schema_name or self.schema.is_new:
            raise self._nothing_loaded()

    @property
    def identifiers(self) -> dict[str, Any]:
        """How the destination makes names, and how long they may be, as dlt wants to know it."""
        capabilities = self._client.capabilities
        names = ("max_identifier_length", "max_column_identifier_length", "naming_convention")
        found = {name: getattr(capabilities, name) for name in names}
        return {name: value for name, value in found.items() if value is not None}

    def state(self) -> dict[str, Any]:
        """Reads the state that the pipeline has saved with its last load.

        Returns:
            The state of each resource, by its name; empty where no state was saved.

        Raises:
            SyncError: The destination cannot be read.
        """
        with self._readable():
            try:
                saved = saved_state(self._pipeline_name, self._dataset.destination_client)
            except DestinationUndefinedEntity:
                return {}
        return state_by_resource(saved, self.schema.name)

    def batches(
        self, table: str, keys: pa.Table | None = None, only: Collection[str] | None = None
    ) -> Iterator[pa.Table]:
        """Reads the rows of a table, batch by batch, never all of them into memory.

        Args:
            table: The name of the table in dlt's schema.
            keys: The keys of the rows that are wanted, with one column for each column of the
                key; all rows when None.
            only: The names of the columns that are wanted; all when None.

        Yields:
            Batches of at most 50,000 rows; none where the destination has no such table.

        Raises:
            SyncError: The destination cannot be read.
        """
        columns = self.schema.get_table_columns(table) if table in self.schema.tables else {}
        if only is not None:
            columns = {name: hint for name, hint in columns.items() if name in only}
        if not columns:
            return
        names = ", ".join(self._client.escape_column_name(name) for name in columns)
        place = self._client.make_qualified_table_name(table)
        query = f"SELECT {names} FROM {place}"
        values: list[Any] = []
        if keys is not None:
            condition, values = self._with_one_of(keys)
            query = f"{query} WHERE {condition}"
        with self._readable():
            try:
                with self._client:
                    make_readable(self._client, table)
                    # Through dlt, which tells a missing table from other failures.
                    self._client.execute_sql(f"SELECT 1 FROM {place} WHERE 1 = 0")
                    for batch in _batches(self._client, query, values, columns):
                        yield batch.rename_columns(list(columns))
            except DestinationUndefinedEntity:
                return

    def escape(self, column: str) -> str:
        """Quotes the name of a column for SQL."""
        return self._client.escape_column_name(column)

    def fetch(
        self,
        table: str,
        select: str,
        rest: str = "",
        values: Sequence[Any] = (),
    ) -> Sequence[Sequence[Any]]:
        """Asks one table a query with a small answer.

        Args:
            table: The name of the table in dlt's schema.
            select: The SQL between `SELECT` and `FROM`.
            rest: The SQL behind the name of the table: `WHERE`, `GROUP BY`, ...
            values: The values for the placeholders `%s`, in their order.

        Returns:
            The rows; none where there is no such table.

        Raises:
            SyncError: The destination cannot be read.
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
        """Writes the end of a query for the rows with the latest values of a column.

        Args:
            column: The name of the column in dlt's schema.
            most: How many rows the query may give.
        """
        return newest_first(self._client, column, most)

    def _with_one_of(self, keys: pa.Table) -> tuple[str, list[Any]]:
        """A condition for the rows with these keys, and the values for its placeholders."""
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
        except HeadraceError:
            raise
        except Exception as error:
            # What a driver raises in its own words, dlt does not always take for its own.
            raise SyncError(f"{self._place} cannot be read: {cause_of(error)}") from error

    def _nothing_loaded(self) -> NothingLoaded:
        return NothingLoaded(
            f"there is nothing to look at: {self._place} holds nothing of this source yet. "
            f"{_LOAD_IT}"
        )


def refuse_missing_file(pipeline: dlt.Pipeline) -> None:
    """Refuses to read a pipeline whose DuckDB file does not exist.

    Args:
        pipeline: The pipeline that should have loaded into the file.

    Raises:
        NothingLoaded: There is no such file.
    """
    file = missing_file(pipeline.destination_client())
    if file is not None:
        raise NothingLoaded(f"there is nothing to look at: there is no file {file}. {_LOAD_IT}")


def state_by_resource(state: Mapping[str, Any] | None, schema_name: str) -> dict[str, Any]:
    """Picks the states of a source's resources out of the state of a pipeline.

    The layout is dlt's: `sources`, then the name of the source, then `resources`.

    Args:
        state: The state of the pipeline; None where it has none.
        schema_name: The name of the source.
    """
    of_source = ((state or {}).get("sources") or {}).get(schema_name) or {}
    return dict(of_source.get("resources") or {})


def _batches(
    client: SqlClientBase[Any], query: str, values: Sequence[Any], columns: TTableSchemaColumns
) -> Iterator[pa.Table]:
    """The rows of a query, never all of them in memory at once."""
    connection: Any = client.native_connection
    if isinstance(connection, duckdb.DuckDBPyConnection):
        yield from _duckdb_batches(connection, query, values, len(columns))
        return
    if type(connection).__module__.startswith("psycopg2"):
        # Its usual cursor fetches the whole answer first.
        with connection.cursor(name="headrace_verify", withhold=True) as native:
            native.execute(query, list(values) or None)
            yield from arrow_batches(native, columns, _BATCH_ROWS)
        return
    with client.execute_query(query, *values) as cursor:
        yield from arrow_batches(cursor, columns, _BATCH_ROWS)


def _duckdb_batches(
    connection: duckdb.DuckDBPyConnection, query: str, values: Sequence[Any], columns: int
) -> Iterator[pa.Table]:
    """The rows of a query, with little memory where that is enough for them."""

    def found() -> Iterator[pa.Table]:
        relation = connection.sql(query.replace("%s", "?"), params=list(values))
        for batch in relation.to_arrow_reader(_DUCKDB_BATCH_ROWS):
            yield pa.Table.from_batches([batch])

    given = 0
    try:
        with _little_memory(connection, columns):
            for batch in found():
                given += batch.num_rows
                yield batch
        return
    except (duckdb.OutOfMemoryException, OSError) as error:
        # Long texts, or files of another kind that its tables are views of: now with all it has.
        # Arrow passes the error on as one of the system.
        if "Out of Memory" not in str(error):
            raise
    for batch in found():
        rest = batch.slice(given)
        given = max(0, given - batch.num_rows)
        if rest.num_rows:
            yield rest


@contextmanager
def _little_memory(connection: duckdb.DuckDBPyConnection, columns: int) -> Iterator[None]:
    """Has a DuckDB database keep little of its file in memory: it is read once, from end to end."""
    asked = "SELECT current_setting('threads'), current_setting('memory_limit')"
    ((threads, before),) = connection.execute(asked).fetchall()
    if columns > _FEW_COLUMNS or threads > _FEW_THREADS:
        yield
        return
    # Who has the file open in this process as well, and uses more now, goes on as before.
    with suppress(duckdb.Error):
        connection.execute(f"SET memory_limit = '{_MEMORY}'")
    try:
        yield
    finally:
        # DuckDB tells it with one decimal, cut off.
        number, unit = before.split()
        connection.execute(f"SET memory_limit = '{float(number) + 0.05:.2f} {unit}'")
