"""Opens the tables that a report is made of, wherever they were loaded to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TypeVar

import dlt
import pyarrow as pa

from headrace.destination import run_history
from headrace.destination.dataset import StoredDataset
from headrace.destination.local_copy import copied_to_duckdb
from headrace.destination.run_history import RunHistory
from headrace.destination.sql import (
    DIALECTS,
    DatasetConnection,
    bare,
    dialect_of,
    schema_that_has,
)
from headrace.destination.steady_reading import query_steadily
from headrace.dlt_source import gone_rows, quarantine
from headrace.dlt_source.by_call import SOURCE_NAME
from headrace.reports.html.counting import ReportTables

# What a report asks of an execution; inputs and outputs may be a thousand times as large.
_ASKED = frozenset(
    map(
        bare,
        (
            *("id", "workflowId", "mode", "status", "finished", "startedAt", "stoppedAt"),
            *("waitTill", "retryOf", "retrySuccessId", "name"),
            *("execution_id", "node", "run", "started", "milliseconds"),
            *("error_name", "error_message"),
        ),
    )
)
_RUNS = 30
_T = TypeVar("_T")


def read_tables(
    pipeline: dlt.Pipeline, asked: ReportTables, read: Callable[[DatasetConnection], _T]
) -> _T:
    """Reads the tables of a report; no sync that goes on meanwhile is held up.

    Where the SQL of the destination is not known, they are copied to this machine first.

    Args:
        pipeline: The pipeline that has loaded the executions.
        asked: The names of the tables.
        read: A function that reads; it is called again where the tables were changed meanwhile.

    Returns:
        What the function gives.

    Raises:
        SyncError: The tables cannot be read.
    """
    schema = schema_that_has(pipeline, asked.executions)
    if dialect_of(pipeline) in DIALECTS or pipeline.destination is None:
        return query_steadily(pipeline, schema, read)
    with _copied_tables(pipeline, schema, asked) as database:
        return read(database)


@contextmanager
def _copied_tables(
    pipeline: dlt.Pipeline, schema: str | None, asked: ReportTables
) -> Iterator[DatasetConnection]:
    stored = StoredDataset(pipeline, schema or pipeline.default_schema_name or SOURCE_NAME)
    wanted = {bare(each) for each in (asked.executions, asked.workflows, asked.node_runs) if each}
    beside = {bare(name) for name in (quarantine.TABLE, gone_rows.TABLE)}
    tables: dict[str, Iterable[pa.Table]] = {}
    for name in stored.schema.tables:
        if bare(name) in wanted:
            columns = stored.schema.get_table_columns(name)
            tables[name] = stored.batches(name, only=[c for c in columns if bare(c) in _ASKED])
        elif bare(name) in beside:
            tables[name] = stored.batches(name, only=["resource"])
    runs = RunHistory(pipeline, stored.schema).last(asked.executions, _RUNS)
    if runs:
        tables[run_history.TABLE] = [pa.Table.from_pylist([asdict(run) for run in runs])]
    else:
        tables[stored.schema.loads_table_name] = stored.batches(stored.schema.loads_table_name)
    with copied_to_duckdb(pipeline, tables) as database:
        yield database
