"""The dataset of a pipeline as SQL sees it: which tables there are, with which columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import dlt
from dlt.common.exceptions import DltException
from dlt.destinations.sql_client import SqlClientBase

from headrace.core.exceptions import SyncError
from headrace.core.secrets.redaction import keep_secret
from headrace.destination.dlt_clients import duckdb_file
from headrace.destination.failures import cause_of
from headrace.destination.secrets import destination_secrets

DIALECTS = ("duckdb", "postgres")
"""The destinations whose SQL is spoken here, by dlt's names."""

_TABLES_SQL = (
    "SELECT table_name, table_type FROM information_schema.tables "
    "WHERE table_catalog = current_database() AND table_schema = %s"
)
_COLUMNS_SQL = (
    "SELECT column_name, data_type FROM information_schema.columns "
    "WHERE table_catalog = current_database() AND table_schema = %s AND table_name = %s "
    "ORDER BY ordinal_position"
)

# Dialects that say it in the words of the standard.
_WITHOUT_LIMIT = ("tsql", "fabric", "oracle")


@dataclass(frozen=True, slots=True)
class StoredTable:
    """A table as the destination has it.

    Args:
        name: quoted, with its dataset.
        columns: type of each column, in the database's words, by the column's name.
    """

    name: str
    columns: Mapping[str, str]

    def column(self, field: str) -> str | None:
        """The column in which a field of the API lies, whatever the naming convention.

        Args:
            field: as the API calls it, for example `startedAt`.

        Returns:
            The column's name; None where there is none.
        """
        wanted = _bare(field)
        return next((name for name in self.columns if _bare(name) == wanted), None)


class DatasetConnection:
    """The dataset of a pipeline, with a connection open.

    Args:
        client: dlt's, connected.
        dialect: one of `DIALECTS`.
    """

    def __init__(self, client: SqlClientBase[Any], dialect: str) -> None:
        self._client = client
        self.dialect = dialect

    @cached_property
    def dataset(self) -> str:
        """Name of the dataset, as the destination has it."""
        return str(self._client.fully_qualified_dataset_name(quote=False).rpartition(".")[2])

    def execute(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Runs a statement.

        Args:
            sql: with `%s` for each value.
            values: for the placeholders.

        Returns:
            The rows; none where the statement gives none.
        """
        return [tuple(row) for row in self._client.execute_sql(sql, *values) or ()]

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All that is done in the block, or nothing of it."""
        with self._client.begin_transaction():
            yield

    def relations(self) -> dict[str, bool]:
        """Names of the tables and views, each with whether it is a view."""
        return {name: kind == "VIEW" for name, kind in self.execute(_TABLES_SQL, self.dataset)}

    def table(self, name: str) -> StoredTable | None:
        """A table by its name, as a config or the destination writes it; None without such a one.

        Args:
            name: for example `executions`.
        """
        found = [each for each in self.relations() if _bare(each) == _bare(name)]
        if not found:
            return None
        stored = name if name in found else found[0]
        columns = dict(self.execute(_COLUMNS_SQL, self.dataset, stored))
        return StoredTable(self.qualified(stored), columns)

    def qualified(self, name: str) -> str:
        """The name of a table or view, quoted, with its dataset.

        Args:
            name: as the destination has it.
        """
        return str(self._client.make_qualified_table_name(name))

    def quoted(self, column: str) -> str:
        """The name of a column, quoted.

        Args:
            column: as the destination has it.
        """
        return str(self._client.escape_column_name(column))


@contextmanager
def connect_to_dataset(pipeline: dlt.Pipeline) -> Iterator[DatasetConnection]:
    """Connects to the dataset of a pipeline.

    Args:
        pipeline: that loads into it.

    Raises:
        SyncError: the destination is none of `DIALECTS`, or something in the block failed there.
    """
    dialect = dialect_of(pipeline)
    place = f"dataset `{pipeline.dataset_name}` in {dialect}"
    if dialect not in DIALECTS:
        raise SyncError(
            f"this needs a destination whose SQL is known: {' or '.join(DIALECTS)}, not {dialect}"
        )
    keep_secret(destination_secrets(pipeline))
    try:
        job_client: Any = pipeline.destination_client()
        _refuse_missing_file(job_client)
        with job_client.sql_client as client:
            yield DatasetConnection(client, dialect)
    except DltException as error:
        raise SyncError(f"{place} cannot be read: {cause_of(error)}") from error


def dialect_of(pipeline: dlt.Pipeline) -> str:
    """What dlt calls the kind of a pipeline's destination.

    Args:
        pipeline: with a destination.
    """
    kind = str(getattr(pipeline.destination, "destination_type", "") or "")
    return kind.rpartition(".")[2] or "no destination"


def value_list(values: Sequence[str]) -> str:
    """Texts for an `IN`, as SQL writes them; each made of letters alone.

    Args:
        values: the texts.
    """
    return ", ".join(f"'{value}'" for value in values)


def newest_first(sql: SqlClientBase[Any], column: str, most: int) -> str:
    """The end of a query for the rows with the latest values of a column.

    Args:
        sql: client of the database.
        column: its name in the schema.
        most: rows at most.
    """
    order = f"ORDER BY {sql.escape_column_name(column)} DESC"
    if sql.capabilities.sqlglot_dialect in _WITHOUT_LIMIT:
        return f"{order} OFFSET 0 ROWS FETCH NEXT {most} ROWS ONLY"
    return f"{order} LIMIT {most}"


def _bare(name: str) -> str:
    return name.replace("_", "").lower()


def _refuse_missing_file(job_client: Any) -> None:
    """DuckDB would make the file that is to be read."""
    file = duckdb_file(job_client)
    if file is not None and not Path(file).exists():
        raise SyncError(f"there is no file {file}. Load it first: headrace run CONFIG")
