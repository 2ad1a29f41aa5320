"""dlt's own tables beside the data, to which each load adds a row: what of them is deleted.

What this rests on, by dlt 1.31:

- The state of a pipeline is the one of its newest load in `_dlt_loads` that is complete, found by a
  join: so the row of a load has to stay for as long as that of its state.
- `_dlt_loads` has the loads of all schemas of a dataset, and does not say of which pipeline they
  are. The ids of loads are in the order of time, as texts too.
- Each table has the id of the load that brought a row as `_dlt_load_id`, child tables excepted.

At an upgrade of dlt check those sentences; the tests of what stays of earlier syncs fail where one
is no longer true.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import dlt
from dlt.common.schema import Schema

from headrace.destination.dlt_clients import new_job_client
from headrace.destination.sql import DIALECTS, connect_to_dataset, dialect_of, newest_first
from headrace.destination.stored_states import saved_state


class DltTables:
    """The tables with the states and the loads of a pipeline, in a destination that takes SQL.

    Args:
        pipeline: The pipeline.
        schema: The schema whose loads are meant.
    """

    def __init__(self, pipeline: dlt.Pipeline, schema: Schema) -> None:
        self._pipeline = pipeline
        self._schema = schema
        self._named = schema.naming.normalize_identifier

    def keep_last_states(self, most: int) -> None:
        """Deletes the states of the pipeline but for the last ones.

        Args:
            most: How many to keep; at least 1.

        Raises:
            DltException: The destination refuses that.
        """
        with self._pipeline.sql_client(self._schema.name) as client:
            states = client.make_qualified_table_name(self._schema.state_table_name)
            loads = client.make_qualified_table_name(self._schema.loads_table_name)
            of_pipeline, of_load, load, status = (
                client.escape_column_name(self._named(name))
                for name in ("pipeline_name", "_dlt_load_id", "load_id", "status")
            )
            # Only a state whose load is complete is ever read.
            last = client.execute_sql(
                f"SELECT l.{load} FROM {states} AS s JOIN {loads} AS l ON l.{load} = s.{of_load} "
                f"WHERE s.{of_pipeline} = %s AND l.{status} = 0 "
                f"{newest_first(client, self._named('load_id'), most)}",
                self._pipeline.pipeline_name,
            )
            if last is not None and len(last) == most:
                client.execute_sql(
                    f"DELETE FROM {states} WHERE {of_pipeline} = %s AND {of_load} < %s",
                    self._pipeline.pipeline_name,
                    last[-1][0],
                )

    def count_loads(self) -> int:
        """How many loads of the schema there are.

        Raises:
            DltException: The destination cannot be read.
        """
        with self._pipeline.sql_client(self._schema.name) as client:
            loads = client.make_qualified_table_name(self._schema.loads_table_name)
            name = client.escape_column_name(self._named("schema_name"))
            found = client.execute_sql(
                f"SELECT count(*) FROM {loads} WHERE {name} = %s", self._schema.name
            )
        return int(found[0][0]) if found else 0

    def delete_unused_loads(self, most: int) -> None:
        """Deletes the loads of which no row is left in any table, but for the last ones.

        For that all tables are read. So it is done where that is cheap, in DuckDB and PostgreSQL,
        and where the loads of the schema are those of this pipeline alone.

        Args:
            most: How many of the last loads to keep in any case; at least 1.

        Raises:
            DltException: The destination refuses that.
            SyncError: The destination cannot be read.
        """
        if dialect_of(self._pipeline) not in DIALECTS or self._is_loaded_by_others():
            return
        own, load_id = self._schema.name, self._named("load_id")
        with connect_to_dataset(self._pipeline) as database:
            quoted = database.quoted
            loads = database.qualified(self._schema.loads_table_name)
            of_schema = f"{quoted(self._named('schema_name'))} = %s"
            last = database.execute(
                f"SELECT {quoted(load_id)} FROM {loads} WHERE {of_schema} "
                f"ORDER BY {quoted(load_id)} DESC LIMIT {most}",
                own,
            )
            of_load = self._named("_dlt_load_id")
            used = " UNION ".join(
                f"SELECT {quoted(of_load)} FROM {database.qualified(table)} "
                f"WHERE {quoted(of_load)} IS NOT NULL"
                for table in database.tables_with(of_load)
            )
            if last and used:
                database.execute(
                    f"DELETE FROM {loads} WHERE {of_schema} AND {quoted(load_id)} < %s "
                    f"AND {quoted(load_id)} NOT IN ({used})",
                    own,
                    last[-1][0],
                )

    def _is_loaded_by_others(self) -> bool:
        """Whether another pipeline loads into the dataset by a schema of the same name."""
        return any(
            self._schema.name in ((self._state_of(name) or {}).get("schema_names") or ())
            for name in self._other_pipelines()
        )

    def _other_pipelines(self) -> Iterator[str]:
        with self._pipeline.sql_client(self._schema.name) as client:
            states = client.make_qualified_table_name(self._schema.state_table_name)
            name = client.escape_column_name(self._named("pipeline_name"))
            found = client.execute_sql(f"SELECT DISTINCT {name} FROM {states}") or ()
        yield from (each for (each,) in found if each != self._pipeline.pipeline_name)

    def _state_of(self, pipeline_name: str) -> Any:
        return saved_state(pipeline_name, new_job_client(self._pipeline, self._schema))
