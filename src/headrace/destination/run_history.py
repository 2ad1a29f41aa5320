"""The table `_headrace_runs`: one row for each sync and resource, beside the loaded tables.

It is written by plain SQL statements, not by a load. So it is no part of the pipeline's schema,
state or load packages, and a sync that failed can leave its row while its package stays pending.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from datetime import UTC, datetime
from typing import Any

import dlt
from dlt.common.destination.exceptions import DestinationUndefinedEntity
from dlt.common.schema import Schema
from dlt.common.schema.typing import TTableSchemaColumns

from headrace.destination.dlt_clients import make_table, new_job_client, takes_statements
from headrace.destination.dlt_schema import schema_with_table
from headrace.destination.sql import newest_first

TABLE = "_headrace_runs"

# Databases take only so many parameters in one statement: a run has 24 columns.
_ROWS_AT_ONCE = 50

COMPLETE, STOPPED, FAILED = "complete", "stopped", "failed"

# A column that is added here must be nullable: tables of earlier versions get it beside the rows
# that they have, and those are read as if NULL stood there.
_COLUMNS: TTableSchemaColumns = {
    "run_id": {"data_type": "text", "nullable": False},
    "pipeline": {"data_type": "text", "nullable": False},
    "resource": {"data_type": "text", "nullable": False},
    "table_name": {"data_type": "text"},
    "started_at": {"data_type": "timestamp", "nullable": False},
    "ended_at": {"data_type": "timestamp", "nullable": False},
    "outcome": {"data_type": "text", "nullable": False},
    "requests": {"data_type": "bigint", "nullable": False},
    "pages": {"data_type": "bigint", "nullable": False},
    "retries": {"data_type": "bigint", "nullable": False},
    "seconds_waited": {"data_type": "double", "nullable": False},
    "bytes": {"data_type": "bigint", "nullable": False},
    "rows_received": {"data_type": "bigint", "nullable": False},
    "rows_loaded": {"data_type": "bigint", "nullable": False},
    "rows_quarantined": {"data_type": "bigint", "nullable": False},
    "rows_discarded": {"data_type": "bigint", "nullable": False},
    "legs": {"data_type": "bigint", "nullable": False},
    "resumed": {"data_type": "bool", "nullable": False},
    "error": {"data_type": "text"},
    "headrace_version": {"data_type": "text", "nullable": False},
    "failed_requests": {"data_type": "bigint"},
    "notes": {"data_type": "text"},
    "rows_marked": {"data_type": "bigint"},
    "rows_deleted": {"data_type": "bigint"},
}


@dataclass(frozen=True, slots=True)
class ResourceRun:
    """What a sync did with one resource.

    Args:
        run_id: The id of the sync; the same for all of its resources.
        pipeline: The name of the pipeline.
        resource: The name of the resource.
        table_name: The name of the table that the resource fills; None where rows name theirs.
        started_at: When the sync began, in UTC.
        ended_at: When the sync ended, in UTC.
        outcome: `complete`, `stopped` (there is more, and the next sync loads it) or `failed`.
        requests: How many requests were answered with a page.
        pages: How many pages were read.
        retries: How many times a request was made again.
        seconds_waited: How many seconds were spent waiting because the server asked for it, or
            before another attempt.
        bytes: The size of the pages in bytes, after decompression.
        rows_received: How many rows the API sent.
        rows_loaded: How many rows were committed. Where a listing is kept up with, only new and
            changed rows are loaded.
        rows_quarantined: How many rows were set aside, since they cannot be loaded as they are.
        rows_discarded: How many rows the schema contract or a processing step left out.
        legs: How many loads the sync committed, for all resources together.
        resumed: Whether the sync first finished a load that an earlier run had left behind.
        error: The error that made the sync fail; None where it did not fail.
        headrace_version: The version of Headrace that ran.
        failed_requests: How many requests beside the listing had failed by the end of the sync, and
            are asked again in the next one; None in runs of earlier versions.
        notes: What the sync told of the resource, a line for each note; None where it told nothing.
        rows_marked: How many rows of the table were marked, as the API has them no more; None in
            runs of earlier versions.
        rows_deleted: How many rows were deleted for that; None in runs of earlier versions.
    """

    run_id: str
    pipeline: str
    resource: str
    table_name: str | None
    started_at: datetime
    ended_at: datetime
    outcome: str
    requests: int
    pages: int
    retries: int
    seconds_waited: float
    bytes: int
    rows_received: int
    rows_loaded: int
    rows_quarantined: int
    rows_discarded: int
    legs: int
    resumed: bool
    error: str | None
    headrace_version: str
    failed_requests: int | None = None
    notes: str | None = None
    rows_marked: int | None = None
    rows_deleted: int | None = None


class RunHistory:
    """The history of runs in the dataset of a pipeline.

    Args:
        pipeline: The pipeline whose runs these are.
        named_as: A schema of the pipeline: the table and its columns are named by the same
            convention as the tables beside it.
    """

    def __init__(self, pipeline: dlt.Pipeline, named_as: Schema) -> None:
        self._pipeline = pipeline
        # By the name of a schema dlt may choose the dataset of its tables.
        self._schema, self._table = schema_with_table(named_as.name, named_as, TABLE, _COLUMNS)
        self._columns = [self._named(name) for name in _COLUMNS]

    @property
    def is_kept(self) -> bool:
        """Whether a history can be kept: the destination takes plain SQL statements."""
        return takes_statements(self._new_client())

    def add(self, runs: Sequence[ResourceRun]) -> None:
        """Adds runs; makes the table, and the dataset, where they do not exist yet.

        A table of an earlier version gets the columns that it lacks.

        Args:
            runs: The runs, at least one.

        Raises:
            Exception: The destination refused the rows. Each driver has its own errors for that.
        """
        client = self._new_client()
        with client:
            make_table(client, self._table)
            sql = client.sql_client
            name = sql.make_qualified_table_name(self._table)
            columns = ", ".join(map(sql.escape_column_name, self._columns))
            marks = ", ".join(["%s"] * len(self._columns))
            for start in range(0, len(runs), _ROWS_AT_ONCE):
                some = runs[start : start + _ROWS_AT_ONCE]
                rows = ", ".join([f"({marks})"] * len(some))
                values = [value for run in some for value in astuple(run)]
                sql.execute_sql(f"INSERT INTO {name} ({columns}) VALUES {rows}", *values)

    def keep_last(self, most: int, latest: datetime) -> None:
        """Deletes the runs of the pipeline but for its last syncs.

        The last complete run of each resource stays as well, however long ago it was.

        Args:
            most: How many syncs to keep; at least 1.
            latest: The moment now, with its zone: a run that is dated later is not the last one.

        Raises:
            DltException: The destination refuses that.
        """
        client = self._new_client()
        if not takes_statements(client):
            return
        sql, pipeline = client.sql_client, self._pipeline.pipeline_name
        table = sql.make_qualified_table_name(self._table)
        of_pipeline, resource, started, outcome, run_id = (
            sql.escape_column_name(self._named(name))
            for name in ("pipeline", "resource", "started_at", "outcome", "run_id")
        )
        with client:
            try:
                last = sql.execute_sql(
                    f"SELECT DISTINCT {run_id}, {started} FROM {table} WHERE {of_pipeline} = %s "
                    f"{newest_first(sql, self._named('started_at'), most)}",
                    pipeline,
                )
            except DestinationUndefinedEntity:
                return
            if last is None or len(last) < most:
                return
            oldest = last[-1][1]
            complete = sql.execute_sql(
                f"SELECT {resource}, max({started}) FROM {table} WHERE {of_pipeline} = %s "
                f"AND {outcome} = %s AND {started} <= %s GROUP BY {resource}",
                pipeline,
                COMPLETE,
                latest,
            )
            # All others have theirs among the last syncs.
            kept = [each for each in complete or () if each[1] < oldest]
            others = "".join(f" AND NOT ({resource} = %s AND {started} = %s)" for _ in kept)
            sql.execute_sql(
                f"DELETE FROM {table} WHERE {of_pipeline} = %s AND {started} < %s{others}",
                pipeline,
                oldest,
                *(value for each in kept for value in each),
            )

    def last(
        self, resource: str, most: int, outcome: str | None = None, latest: datetime | None = None
    ) -> list[ResourceRun]:
        """Reads the last runs of a resource, the newest first.

        Args:
            resource: The name of the resource.
            most: How many runs to give at most.
            outcome: The outcome of the runs that are wanted; any when None.
            latest: The moment at which they began at the latest, with its zone; any when None.

        Returns:
            The runs; an empty list where there is no history.

        Raises:
            DltException: The destination cannot be read.
        """
        client = self._new_client()
        if not takes_statements(client):
            return []
        wanted = {"pipeline": self._pipeline.pipeline_name, "resource": resource}
        wanted |= {"outcome": outcome} if outcome is not None else {}
        sql = client.sql_client
        conditions = " AND ".join(
            f"{sql.escape_column_name(self._named(name))} = %s" for name in wanted
        )
        started = sql.escape_column_name(self._named("started_at"))
        conditions += f" AND {started} <= %s" if latest is not None else ""
        values = [*wanted.values(), *([latest] if latest is not None else [])]
        rest = f"WHERE {conditions} {newest_first(sql, self._named('started_at'), most)}"
        try:
            with client:
                stored = dict(client.get_storage_tables([self._table]))[self._table]
                if not stored:
                    return []
                columns = [
                    sql.escape_column_name(name) if name in stored else "NULL"
                    for name in self._columns
                ]
                table = sql.make_qualified_table_name(self._table)
                query = f"SELECT {', '.join(columns)} FROM {table} {rest}"
                rows = sql.execute_sql(query, *values) or ()
        except DestinationUndefinedEntity:
            return []
        return [_run(row) for row in rows]

    def _named(self, column: str) -> str:
        return self._schema.naming.normalize_identifier(column)

    def _new_client(self) -> Any:
        return new_job_client(self._pipeline, self._schema)


def _run(row: Sequence[Any]) -> ResourceRun:
    values = dict(zip((each.name for each in fields(ResourceRun)), row, strict=True))
    for name in ("started_at", "ended_at"):
        values[name] = in_utc(values[name])
    return ResourceRun(**{**values, "resumed": bool(values["resumed"])})


def in_utc(stored: datetime | str) -> datetime:
    """Gives a moment its zone, UTC: some destinations give moments without one, or as texts.

    Args:
        stored: The moment as the destination gave it; in UTC where it has no zone.
    """
    moment = datetime.fromisoformat(stored) if isinstance(stored, str) else stored
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
