"""The door to dlt's clients of a destination, beyond what `pipeline.sql_client()` documents.

What the functions here rest on, by dlt 1.31:

- A job client of a pipeline is made for a schema, which need not be one of the pipeline's. With
  it come the SQL client, and the statements that make the tables of that schema.
- By `use_single_dataset = false` the job client of a schema is that of a dataset with the schema's
  name behind, but for the pipeline's default schema. With a load of a source, the state of all is
  stored in the dataset of that source.
- Where the tables of a destination are files, its SQL client is DuckDB over views of them, and a
  table can be queried only once its view has been made.
- `pipeline_drop` is what `dlt pipeline drop` does: with one load it drops the tables of resources,
  where they are there, and stores a state and a schema that do not know them.
- A job client gives the columns of each table that it is asked for; none for one that is missing.
- The dataset that merges go through has the tables of a load with the types of the first one, the
  schema of the last one in `_dlt_version`, and no `_dlt_loads`.
- The job client of SQLAlchemy has no statements of its own: its type mapper and the capabilities of
  its dialect make the columns and the table.
- A copy of a pipeline takes another destination and leaves the pipeline alone. A copy of a DuckDB
  destination takes the credentials among its `config_params`: a connection of somebody else, which
  stays open, and pragmas for each connection cloned from it. By the search path among them it finds
  the datasets of an attached file.
- A cursor makes Arrow tables by the columns that it is given. By itself it takes every column
  for one of unknown type.

At an upgrade of dlt check those sentences; the tests of the run history, of `verify` and of the
report, on DuckDB, PostgreSQL and files, fail where one is no longer true.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, nullcontext, suppress
from copy import copy
from typing import Any, TypeGuard

import dlt
from dlt.common.destination.exceptions import DestinationUndefinedEntity
from dlt.common.schema import Schema
from dlt.common.schema.typing import TTableSchemaColumns
from dlt.destinations.job_client_impl import SqlJobClientBase
from dlt.destinations.sql_client import DBApiCursorImpl, SqlClientBase
from dlt.pipeline.helpers import pipeline_drop

from headrace.core.arrow import pa


def new_job_client(pipeline: dlt.Pipeline, schema: Schema) -> Any:
    """Make a client for the tables of a schema that the pipeline need not know.

    The documented `pipeline.destination_client()` takes the names of the pipeline's schemas only.

    Args:
        pipeline: The pipeline whose destination and dataset are meant.
        schema: The schema of the tables.
    """
    return pipeline._get_destination_clients(schema)[0]


def takes_statements(client: object) -> TypeGuard[SqlJobClientBase]:
    """Whether the destination of a job client takes plain SQL statements.

    Args:
        client: A job client of dlt's.
    """
    return isinstance(client, SqlJobClientBase)


def dataset_of(pipeline: dlt.Pipeline, schema: str) -> str:
    """The name of the dataset that holds the tables of one of a pipeline's schemas.

    By `use_single_dataset = false` each schema has a dataset of its own, beside that of the default
    one.

    Args:
        pipeline: The pipeline.
        schema: The name of the schema.
    """
    name, default = str(pipeline.dataset_name or ""), pipeline.default_schema_name
    if pipeline.config.use_single_dataset or default in (None, schema):
        return name
    return f"{name}_{schema}"


def is_sql_destination(pipeline: dlt.Pipeline) -> bool:
    """Whether the destination of a pipeline takes plain SQL statements; it is not connected to.

    Args:
        pipeline: The pipeline.
    """
    destination: Any = pipeline.destination
    return destination is not None and issubclass(destination.client_class, SqlJobClientBase)


def destination_kind(pipeline: dlt.Pipeline) -> str:
    """The name that dlt has for the kind of a pipeline's destination: `duckdb`, `snowflake`, ...

    Args:
        pipeline: The pipeline. Without a destination the name is empty.
    """
    kind = getattr(pipeline.destination, "destination_type", None)
    return str(kind or "").rpartition(".")[2]


def make_table(client: SqlJobClientBase, table: str) -> None:
    """Make a table of the client's schema and its dataset, where they are not there.

    A table that is there gets the columns of the schema that it lacks.

    dlt's own `update_stored_schema` would write the schema into `_dlt_version` as well, where it
    would be taken for one of a pipeline's.

    Args:
        client: An open job client, for the schema of the table.
        table: The table's name in that schema.
    """
    client.initialize_storage()
    dialect = getattr(client.capabilities, "dialect_capabilities", None)
    if dialect is not None:
        _make_sqlalchemy_table(client, dialect, table)
    else:
        client._execute_schema_update_sql([table], store_schema=False)


def _make_sqlalchemy_table(client: Any, dialect: Any, name: str) -> None:
    """Makes a table where SQLAlchemy writes the statements, as dlt itself does it there."""
    import sqlalchemy

    sql, table = client.sql_client, client.prepare_load_table(name)
    stored = sql.reflect_table(name, sqlalchemy.MetaData())
    columns = [
        sqlalchemy.Column(
            column["name"],
            client.type_mapper.to_destination_type(column, table),
            nullable=column.get("nullable", True),
        )
        for column in table["columns"].values()
    ]
    made = sqlalchemy.Table(name, sqlalchemy.MetaData(), *columns, schema=sql.dataset_name)
    if stored is None:
        sql.create_table(dialect.adapt_table(made, table))
        return
    added = [column for column in made.columns if column.name not in stored.columns]
    if added:
        sql.alter_table_add_columns(added)


def missing_tables(pipeline: dlt.Pipeline, schema: Schema, tables: Collection[str]) -> set[str]:
    """Which tables the destination does not have.

    Args:
        pipeline: The pipeline.
        schema: The schema of the tables.
        tables: The names of the tables in that schema.

    Returns:
        Those that are missing. An empty set where the destination is no database: a table that is
        a folder of files comes and goes with them.
    """
    stored = stored_columns(pipeline, schema, tables)
    return {name for name, columns in stored.items() if not columns}


def stored_columns(
    pipeline: dlt.Pipeline, schema: Schema, tables: Collection[str]
) -> dict[str, TTableSchemaColumns]:
    """The columns of tables as the destination has them, in dlt's types.

    Args:
        pipeline: The pipeline.
        schema: The schema that names the tables, which need not be in it.
        tables: The names of the tables.

    Returns:
        By the name of each table its columns, none where it is missing. Nothing at all where the
        destination is no database.
    """
    if not tables or not is_sql_destination(pipeline):
        return {}
    client: SqlJobClientBase = new_job_client(pipeline, schema)
    with client:
        return dict(client.get_storage_tables(tables))


def drop_resources(pipeline: dlt.Pipeline, schema: str, resources: Sequence[str]) -> None:
    """Drop the tables of resources and all that is known of them, with one load.

    Args:
        pipeline: The pipeline; no load is left behind in it.
        schema: The name of the schema of the tables.
        resources: The names of the resources.
    """
    pipeline_drop(pipeline, resources, schema)()


def drop_dataset(pipeline: dlt.Pipeline) -> None:
    """Drop the dataset of a pipeline, and the one that its merges go through.

    Args:
        pipeline: The pipeline.

    Raises:
        DltException: The destination refuses that.
    """
    for schema in pipeline.schemas.values():
        client = new_job_client(pipeline, schema)
        with client:
            staging = getattr(client, "with_staging_dataset", nullcontext)
            for dataset in (staging, nullcontext):
                with dataset():
                    if client.is_storage_initialized():
                        client.drop_storage()


def drop_left_staging(pipeline: dlt.Pipeline, schema: Schema) -> None:
    """Drop the tables that merges went through, where those that they led to are not there.

    dlt makes the dataset anew, but takes these tables as they are. A value would go through a
    column of the type that it had before, where 1.5 becomes 2, or by ADBC's copy any number.

    Args:
        pipeline: The pipeline; no load is left behind in it.
        schema: The schema of a source. Where its dataset is there, nothing is dropped; nor out of
            one that loads go to themselves, though its name is that of a dataset for merges.
    """
    client = new_job_client(pipeline, schema)
    if not takes_statements(client) or not hasattr(client, "with_staging_dataset"):
        return
    with client:
        if client.is_storage_initialized():
            return
        with client.with_staging_dataset(), suppress(DestinationUndefinedEntity):
            ((_, loads),) = client.get_storage_tables([schema.loads_table_name])
            stored = None if loads else client.get_stored_schema(schema.name)
            if stored is not None:
                tables = json.loads(stored.schema)["tables"].keys() - set(schema.dlt_table_names())
                client.drop_tables(*sorted(tables))


def make_readable(client: SqlClientBase[Any], table: str) -> None:
    """Make the view by which a table can be queried, where the tables are files.

    Args:
        client: An open SQL client.
        table: The table's name in the schema.
    """
    # A run into another destination needs no DuckDB, which takes a while to import.
    from dlt.destinations.impl.duckdb.sql_client import WithTableScanners

    if isinstance(client, WithTableScanners):
        client.create_views_for_tables({table: table})


def asking_through(pipeline: dlt.Pipeline, connection: Any, catalog: str) -> dlt.Pipeline:
    """A pipeline that reads as another one does, by a connection of ours to DuckDB.

    Args:
        pipeline: The pipeline, which loads into a DuckDB file. It stays as it is.
        connection: The connection. It stays open.
        catalog: The name of the catalog that stands for the file.
    """
    from dlt.destinations.impl.duckdb.configuration import DuckDbCredentials

    credentials = DuckDbCredentials(connection, pragmas=[f"search_path='{catalog}.main'"])
    destination: Any = copy(pipeline.destination)
    destination.config_params = {**destination.config_params, "credentials": credentials}
    # What copies a pipeline elsewhere is for pickling, and leaves half of it out.
    reading: dlt.Pipeline = object.__new__(type(pipeline))
    vars(reading).update(vars(pipeline))
    reading.destination = destination
    return reading


def arrow_batches(cursor: Any, columns: TTableSchemaColumns, rows: int) -> Iterator[pa.Table]:
    """The answer to a query as Arrow tables.

    Args:
        cursor: A cursor of dlt's, or one of a database's driver.
        columns: The columns of the answer, with their types.
        rows: How many rows each table has at most.
    """
    reader: Any = cursor if hasattr(cursor, "iter_arrow") else DBApiCursorImpl(cursor)
    reader.columns_schema = columns
    yield from reader.iter_arrow(chunk_size=rows)


# Of 500,000 rows it would hold 110 MB at once by default, and 75 MB so.
_BESIDE_FETCH = ("SET threads = 1", "SET write_buffer_row_group_count = 1")


class KeptFile:
    """Keeps the file of a DuckDB database open, from `open` to `close`.

    dlt opens the file anew for each job and each step of a load. That takes 20 ms of CPU as long as
    nothing else in the process has it open, and no time at all otherwise. No other process can
    come in between then, either.

    Args:
        pipeline: The pipeline; its schema is known by the time of `open`. Other destinations than
            DuckDB are left alone.
    """

    def __init__(self, pipeline: dlt.Pipeline) -> None:
        self._pipeline = pipeline
        self._opened = ExitStack()
        self._is_open = False

    def open(self, *, beside_fetch: bool = False) -> None:
        """Opens the file where it is not kept open yet.

        Args:
            beside_fetch: Whether the next rows are fetched while it is open. What is loaded then
                takes less memory, and leaves the other processors to the fetch.
        """
        if self._is_open:
            return
        self._is_open = True
        # What is wrong with the file, dlt finds out as well, and tells it.
        with suppress(Exception):
            client = new_job_client(self._pipeline, self._pipeline.default_schema)
            if duckdb_file(client) is not None:
                self._opened.enter_context(client)
                for setting in _BESIDE_FETCH if beside_fetch else ():
                    client.sql_client.execute_sql(setting)

    def close(self) -> None:
        """Lets go of the file."""
        self._is_open = False
        self._opened.close()


def duckdb_file(job_client: Any) -> str | None:
    """The file of a DuckDB database that a client would make where it is missing.

    Args:
        job_client: A job client of any destination.

    Returns:
        The path of the file; None for another destination, and for a database in memory.
    """
    from dlt.destinations.impl.duckdb.configuration import DuckDbCredentials

    credentials = getattr(job_client.config, "credentials", None)
    file = credentials.database if isinstance(credentials, DuckDbCredentials) else None
    return file if file and not file.startswith(":") else None
