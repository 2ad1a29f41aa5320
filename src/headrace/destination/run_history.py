"""The table that has a row for each sync and resource, beside those that it tells of.

It is written by plain statements and not by a load. So it is no part of the pipeline's schema,
state or packages, and a sync that failed leaves its row while what is still to be loaded stays.
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

# Databases take only so many parameters in a statement.
_ROWS_AT_ONCE = 50

COMPLETE, STOPPED, FAILED = "complete", "stopped", "failed"

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
}


@dataclass(frozen=True, slots=True)
class ResourceRun:
    """What a sync did with one resource.

    Args:
        run_id: of the sync; the same for all of its resources.
        pipeline: its name.
        resource: its name.
        table_name: of the table it loads into; None where rows name theirs.
        started_at: when the sync began.
        ended_at: when it ended.
        outcome: `complete`, `stopped` (there is more, the next sync goes on) or `failed`.
        requests: answered with a page.
        pages: read.
        retries: requests made again.
        seconds_waited: for the server.
        bytes: of the pages, after decompression.
        rows_received: from the API.
        rows_loaded: committed; where a listing is kept up with, those new or changed.
        rows_quarantined: set aside, since they cannot be loaded as they are.
        rows_discarded: by the schema contract, or by a processing step.
        legs: loads that the sync committed, of all resources.
        resumed: whether the sync first finished what an earlier run had left unloaded.
        error: what made it fail.
        headrace_version: that ran.
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


class RunHistory:
    """The history of runs in a pipeline's dataset.

    Args:
        pipeline: of the runs.
        named_as: the schema whose naming the table follows, as those beside it do.
    """

    def __init__(self, pipeline: dlt.Pipeline, named_as: Schema) -> None:
        self._pipeline = pipeline
        self._schema, self._table = schema_with_table("headrace_runs", named_as, TABLE, _COLUMNS)
        self._columns = [self._named(name) for name in _COLUMNS]

    @property
    def is_kept(self) -> bool:
        """Whether the destination takes plain statements."""
        return takes_statements(self._new_client())

    def add(self, runs: Sequence[ResourceRun]) -> None:
        """Writes rows; makes the table, and the dataset, where they are not there.

        Args:
            runs: at least one.

        Raises:
            Exception: the destination does not take them; which one is up to its driver.
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

    def last(self, resource: str, most: int, outcome: str | None = None) -> list[ResourceRun]:
        """The runs of a resource, newest first.

        Args:
            resource: its name.
            most: how many at most.
            outcome: of the only runs that are wanted; any when None.

        Returns:
            none where there is no history.

        Raises:
            DltException: the destination cannot be read.
        """
        client = self._new_client()
        if not takes_statements(client):
            return []
        wanted = {"pipeline": self._pipeline.pipeline_name, "resource": resource}
        wanted |= {"outcome": outcome} if outcome is not None else {}
        sql = client.sql_client
        columns = ", ".join(map(sql.escape_column_name, self._columns))
        conditions = " AND ".join(
            f"{sql.escape_column_name(self._named(name))} = %s" for name in wanted
        )
        query = (
            f"SELECT {columns} FROM {sql.make_qualified_table_name(self._table)} "
            f"WHERE {conditions} {newest_first(sql, self._named('started_at'), most)}"
        )
        try:
            with client:
                rows = sql.execute_sql(query, *wanted.values()) or ()
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


def in_utc(moment: datetime) -> datetime:
    """A moment as a destination gives it, some without their zone, in UTC."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
