"""Notices that there was another sync, at little cost and in no sync's way."""

from __future__ import annotations

from collections.abc import Hashable
from datetime import datetime, timedelta

import dlt

from headrace.core.dlt_door.settings import traces_forgotten
from headrace.destination import run_history
from headrace.destination.dataset import StoredDataset
from headrace.destination.run_history import RunHistory, in_utc
from headrace.destination.sql import DIALECTS, DatasetConnection, dialect_of, schema_that_has
from headrace.destination.steady_reading import file_state, query_steadily
from headrace.dlt_source.by_call import SOURCE_NAME

_LOADS = "_dlt_loads"
# A load that is so much newer than the last sync on record is one of a sync that takes long, or of
# one that keeps no record.
_LONG = timedelta(minutes=10)


class SyncWatch:
    """Tells whether tables were synced, by what syncs leave in the destination.

    Args:
        pipeline: The pipeline that loads the tables.
        executions: The name of the table of executions.
    """

    def __init__(self, pipeline: dlt.Pipeline, executions: str) -> None:
        self._pipeline = pipeline
        self._executions = executions
        self._file_state: Hashable = None
        self._newest: Hashable = None

    def newest(self) -> Hashable:
        """Gives something that is another one after each sync.

        It is the newest sync on record. Where a load is much newer than that, since the sync under
        way takes long or syncs are not recorded, it is that load.

        Raises:
            SyncError: The destination cannot be read.
        """
        with traces_forgotten():
            schema = schema_that_has(self._pipeline, self._executions)
            if dialect_of(self._pipeline) not in DIALECTS:
                return self._newest_elsewhere(schema)
            state = file_state(self._pipeline, schema)
            if state is None or state != self._file_state:
                self._newest = query_steadily(self._pipeline, schema, _newest)
                self._file_state = state
            return self._newest

    def _newest_elsewhere(self, schema: str | None) -> Hashable:
        name = schema or self._pipeline.default_schema_name or SOURCE_NAME
        stored = StoredDataset(self._pipeline, name)
        runs = RunHistory(self._pipeline, stored.schema).last(self._executions, 1)
        if runs:
            return runs[0].run_id
        return sum(len(each) for each in stored.batches(stored.schema.loads_table_name))


def _newest(database: DatasetConnection) -> tuple[datetime | None, int]:
    """When the newest sync or load ended, and how many there are."""
    run, runs = _last(database, run_history.TABLE, "ended_at")
    load, loads = _last(database, _LOADS, "inserted_at")
    if run is None or (load is not None and load > run + _LONG):
        return load, loads
    return run, runs


def _last(database: DatasetConnection, name: str, field: str) -> tuple[datetime | None, int]:
    table = database.table(name)
    column = table.column(field) if table else None
    if table is None or column is None:
        return None, 0
    ((last, count),) = database.execute(
        f"SELECT MAX({database.quoted(column)}), COUNT(*) FROM {table.name}"
    )
    return (None if last is None else in_utc(last)), int(count)
