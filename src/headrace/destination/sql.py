"""Queries a dataset in the SQL of its database: which tables there are, with which columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import dlt
from dlt.common.exceptions import DltException
from dlt.destinations.sql_client import SqlClientBase

from headrace.core.exceptions import SyncError
from headrace.core.quick_dataclasses import dataclass
from headrace.core.secrets.redaction import hold_secrets
from headrace.destination.dlt_clients import dataset_of, destination_kind, is_sql_destination
from headrace.destination.failures import cause_of
from headrace.destination.pipeline import missing_file
from headrace.destination.secrets import destination_secrets

DIALECTS = ("duckdb", "postgres")
"""dlt's names of the destinations that views and reports can be made in."""

_TABLES_SQL = (
    "SELECT table_name, table_type FROM information_schema.tables "
    "WHERE table_catalog = current_database() AND table_schema = %s"
)
_COLUMNS_SQL = (
    "SELECT column_name, data_type FROM information_schema.columns "
    "WHERE table_catalog = current_database() AND table_schema = %s AND table_name = %s "
    "ORDER BY ordinal_position"
)
_TABLES_WITH_SQL = (
    "SELECT t.table_name FROM information_schema.tables t JOIN information_schema.columns c "
    "ON c.table_catalog = t.table_catalog AND c.table_schema = t.table_schema "
    "AND c.table_name = t.table_name WHERE t.table_catalog = current_database() "
    "AND t.table_schema = %s AND t.table_type <> 'VIEW' AND c.column_name = %s"
)

# Dialects without `LIMIT`: they have the `FETCH NEXT` of the SQL standard.
_WITHOUT_LIMIT = ("tsql", "fabric", "oracle")


@dataclass(frozen=True, slots=True)
class StoredTable:
    """A table as the destination has it.

    Args:
        name: The name of the table with its dataset, quoted for SQL.
        columns: The type of each column as the database calls it, by the name of the column.
    """

    name: str
    columns: Mapping[str, str]

    def column(self, field: str) -> str | None:
        """Finds the column of a field of the API, whatever dlt's naming convention made of it.

        Args:
            field: The name of the field as the API has it, for example `startedAt`.

        Returns:
            The name of the column; None where the table has none for the field.
        """
        wanted = bare(field)
        return next((name for name in self.columns if bare(name) == wanted), None)


class DatasetConnection:
    """An open connection to the dataset of a pipeline.

    Args:
        client: dlt's SQL client, connected.
        dialect: The kind of the database, one of `DIALECTS`.
    """

    def __init__(self, client: SqlClientBase[Any], dialect: str) -> None:
        self._client = client
        self.dialect = dialect

    @cached_property
    def dataset(self) -> str:
        """The name of the dataset as the destination has it."""
        return str(self._client.fully_qualified_dataset_name(quote=False).rpartition(".")[2])

    def execute(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Runs a statement.

        Args:
            sql: The statement, with the placeholder `%s` for each value.
            values: The values for the placeholders, in their order.

        Returns:
            The rows; an empty list where the statement gives none.

        Raises:
            DltException: The database refused the statement.
        """
        return [tuple(row) for row in self._client.execute_sql(sql, *values) or ()]

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commits all that is done in the block; undoes it all when the block fails."""
        with self._client.begin_transaction():
            yield

    def relations(self) -> dict[str, bool]:
        """The names of the tables and views, each with whether it is a view."""
        return {name: kind == "VIEW" for name, kind in self.execute(_TABLES_SQL, self.dataset)}

    def table(self, name: str) -> StoredTable | None:
        """Finds a table by its name, whatever dlt's naming convention made of it.

        Args:
            name: The name as a config or the destination writes it, for example `executions`.

        Returns:
            The table with its columns; None where there is no such table.
        """
        found = [each for each in self.relations() if bare(each) == bare(name)]
        if not found:
            return None
        stored = name if name in found else found[0]
        columns = dict(self.execute(_COLUMNS_SQL, self.dataset, stored))
        return StoredTable(self.qualified(stored), columns)

    def tables_with(self, column: str) -> list[str]:
        """The names of the tables, without the views, that have a column.

        Args:
            column: The name of the column as the destination has it.
        """
        found = self.execute(_TABLES_WITH_SQL, self.dataset, column)
        return [name for (name,) in found]

    def qualified(self, name: str) -> str:
        """Quotes the name of a table or view for SQL, and puts its dataset before it.

        Args:
            name: The name as the destination has it.
        """
        return str(self._client.make_qualified_table_name(name))

    def quoted(self, column: str) -> str:
        """Quotes the name of a column for SQL.

        Args:
            column: The name as the destination has it.
        """
        return str(self._client.escape_column_name(column))


@contextmanager
def connect_to_dataset(
    pipeline: dlt.Pipeline, schema: str | None = None
) -> Iterator[DatasetConnection]:
    """Connects to the dataset of a pipeline, for as long as the block lasts.

    Args:
        pipeline: The pipeline that has loaded the dataset.
        schema: The name of the pipeline's schema whose tables are meant, where each may have a
            dataset of its own; the default one when None.

    Raises:
        SyncError: The destination is none of `DIALECTS`, or a statement in the block failed.
    """
    dialect = dialect_of(pipeline)
    dataset = dataset_of(pipeline, schema) if schema else pipeline.dataset_name
    place = f"dataset `{dataset}` in {dialect}"
    if dialect not in DIALECTS:
        raise SyncError(
            f"this needs a destination whose SQL is known: {' or '.join(DIALECTS)}, not {dialect}"
        )
    hold_secrets(pipeline, destination_secrets(pipeline))
    try:
        job_client: Any = pipeline.destination_client(schema or "")
        if (file := missing_file(job_client)) is not None:
            raise SyncError(f"there is no file {file}. Load it first: headrace run CONFIG")
        with job_client.sql_client as client:
            yield DatasetConnection(client, dialect)
    except DltException as error:
        raise SyncError(f"{place} cannot be read: {cause_of(error)}") from error


def schema_that_has(pipeline: dlt.Pipeline, table: str) -> str | None:
    """Finds the schema of a pipeline that has a table.

    Args:
        pipeline: The pipeline.
        table: The name of the table, as a config or the destination writes it.

    Returns:
        The name of the schema; None where the pipeline knows of no such table.
    """
    for name, schema in pipeline.schemas.items():
        if any(bare(each) == bare(table) for each in schema.tables):
            return name
    return None


def dialect_of(pipeline: dlt.Pipeline) -> str:
    """Gives dlt's name for the kind of a pipeline's destination: `duckdb`, `snowflake`, ...

    A database that speaks one of `DIALECTS` goes by that name, as DuckLake by `duckdb`.

    Args:
        pipeline: The pipeline. Without a destination, the name is `no destination`.
    """
    kind = destination_kind(pipeline)
    if pipeline.destination is None or kind in DIALECTS or not is_sql_destination(pipeline):
        return kind or "no destination"
    spoken = pipeline.destination.capabilities().sqlglot_dialect
    return spoken if spoken in DIALECTS else kind


def value_list(values: Sequence[str]) -> str:
    """Writes texts as the list of an SQL `IN`.

    Args:
        values: The texts. They are made of letters only, as nothing is escaped.
    """
    return ", ".join(f"'{value}'" for value in values)


def newest_first(sql: SqlClientBase[Any], column: str, most: int) -> str:
    """Writes the end of a query for the rows with the latest values of a column.

    Args:
        sql: dlt's client of the database.
        column: The name of the column in dlt's schema.
        most: How many rows the query may give.
    """
    order = f"ORDER BY {sql.escape_column_name(column)} DESC"
    if sql.capabilities.sqlglot_dialect in _WITHOUT_LIMIT:
        return f"{order} OFFSET 0 ROWS FETCH NEXT {most} ROWS ONLY"
    return f"{order} LIMIT {most}"


def bare(name: str) -> str:
    """A name without what dlt's naming conventions change of it.

    Args:
        name: The name of a table or column, of a field, or of a resource.
    """
    return name.replace("_", "").lower()
