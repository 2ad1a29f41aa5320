"""Reads from the destination how well the table is kept equal to the API."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from headrace.core.secrets.redaction import clean
from headrace.destination import run_history
from headrace.destination.sql import DatasetConnection, StoredTable
from headrace.dlt_source import gone_rows, quarantine
from headrace.reports.html.figures import MirrorHealth, MirrorRun

_LOADS = "_dlt_loads"
_SHOWN = 30
_FIELDS = (
    "started_at",
    "outcome",
    "ended_at",
    "requests",
    "rows_loaded",
    "rows_quarantined",
    "error",
)


def mirror_health(database: DatasetConnection, resource: str) -> MirrorHealth:
    """Reads what the syncs of a resource have left in the destination.

    Args:
        database: The connection to the dataset with the tables.
        resource: The name of the resource.
    """
    return MirrorHealth(
        _runs(database, resource),
        _rows_of(database, quarantine.TABLE, resource),
        _rows_of(database, gone_rows.TABLE, resource),
    )


def _runs(database: DatasetConnection, resource: str) -> list[MirrorRun]:
    runs = database.table(run_history.TABLE)
    if runs is not None and {"started_at", "outcome"} <= runs.columns.keys():
        return _recorded_runs(database, runs, resource)
    loads = database.table(_LOADS)
    if loads is None:
        return []
    found = database.execute(
        f"SELECT inserted_at, status FROM {loads.name} ORDER BY inserted_at DESC LIMIT {_SHOWN}"
    )
    # dlt writes a row into this table only for loads that succeeded.
    return [
        MirrorRun(_utc(at), run_history.COMPLETE if status == 0 else "unknown")
        for at, status in found
    ]


def _recorded_runs(
    database: DatasetConnection, runs: StoredTable, resource: str
) -> list[MirrorRun]:
    fields = [name if name in runs.columns else f"NULL AS {name}" for name in _FIELDS]
    named = [name for name in ("resource", "table_name") if name in runs.columns]
    where = f" WHERE {' OR '.join(f'{name} = %s' for name in named)}" if named else ""
    found = database.execute(
        f"SELECT {', '.join(fields)} FROM {runs.name}{where} "
        f"ORDER BY started_at DESC LIMIT {_SHOWN}",
        *[resource] * len(named),
    )
    return [_recorded_run(*row) for row in found]


def _recorded_run(
    started: datetime,
    outcome: str,
    ended: datetime | None,
    requests: int | None,
    loaded: int | None,
    quarantined: int | None,
    error: Any,
) -> MirrorRun:
    seconds = None if ended is None else (_utc(ended) - _utc(started)).total_seconds()
    return MirrorRun(
        _utc(started), str(outcome), seconds, requests, loaded, quarantined, clean(str(error or ""))
    )


def _rows_of(database: DatasetConnection, name: str, resource: str) -> int:
    table = database.table(name)
    if table is None:
        return 0
    sql = f"SELECT COUNT(*) FROM {table.name} WHERE resource = %s"
    ((count,),) = database.execute(sql, resource)
    return int(count)


def _utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)
