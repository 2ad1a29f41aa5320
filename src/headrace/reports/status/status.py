"""Looks at what the syncs of a config have left in their destination; asks the API nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import dlt
from dlt.common.exceptions import DltException
from dlt.common.schema import Schema
from dlt.extract import DltSource

from headrace.config import ResourceConfig, SourceConfig, parse_config
from headrace.config.selection import select_resources
from headrace.core.exceptions import NothingLoaded, SyncError
from headrace.core.secrets.redaction import clean, keep_secret
from headrace.destination.dataset import StoredDataset, refuse_missing_file
from headrace.destination.failures import cause_of
from headrace.destination.run_history import COMPLETE, ResourceRun, RunHistory, in_utc
from headrace.destination.secrets import destination_secrets
from headrace.destination.tables import table_names
from headrace.dlt_source import gone, quarantine
from headrace.dlt_source.saved_state import saved_ledgers
from headrace.dlt_source.source import SOURCE_NAME, build_source
from headrace.reports.status.resource_rows import ResourceRows
from headrace.reports.status.results import (
    MissingRows,
    NextSync,
    OpenRows,
    Quarantine,
    QuarantinedRow,
    ResourceStatus,
    Status,
)
from headrace.sansio.tail import Ledger
from headrace.sansio.tail.extent import holes
from headrace.sansio.tail.keys import raw_of

_SHOWN_ROW = 200
_MOST_REASONS = 5


def status(
    pipeline: dlt.Pipeline,
    config: Mapping[str, Any],
    *,
    resources: Collection[str] = (),
    source_name: str = SOURCE_NAME,
    runs: int = 5,
    examples: int = 3,
    clock: Callable[[], float] = time.time,
) -> Status:
    """Says how the sync of a config is doing, by what is in the destination.

    The API is asked nothing, and nothing is changed. All is read from the destination, so it does
    on any machine; what the local folder of the pipeline holds is not looked at.

    Args:
        pipeline: that the config is loaded with.
        config: as for `rest_api_source`.
        resources: names of the only ones that are wanted; all when empty.
        source_name: the `name` that `rest_api_source` was called with.
        runs: how many of each resource to give.
        examples: how many rows of the quarantine to give.
        clock: gives the time, in seconds since 1970.

    Returns:
        What is there of each resource, and of its last runs.

    Raises:
        ConfigError: the config cannot be used.
        StateError: a saved ledger is of a later version, or broken.
        SyncError: the destination cannot be read.

    Example:
        `headrace simulate` serves the sample API of this example:

        >>> import dlt, headrace
        >>> config = {
        ...     "client": {
        ...         "base_url": "http://127.0.0.1:8080/api/v1",
        ...         "auth": {"type": "api_key", "name": "X-API-KEY", "api_key": "simulator"},
        ...     },
        ...     "resources": ["workflows"],
        ... }
        >>> pipeline = dlt.pipeline("sample", destination="duckdb")
        >>> report = headrace.sync(pipeline, headrace.rest_api_source(config))
        >>> (workflows,) = headrace.status(pipeline, config).resources
        >>> workflows.rows["workflows"]
        12
        >>> workflows.last_complete.outcome
        'complete'
    """
    return status_of(
        pipeline,
        parse_config(config),
        resources=resources,
        source_name=source_name,
        runs=runs,
        examples=examples,
        clock=clock,
    )


def status_of(
    pipeline: dlt.Pipeline,
    config: SourceConfig,
    *,
    resources: Collection[str] = (),
    source_name: str = SOURCE_NAME,
    runs: int = 5,
    examples: int = 3,
    clock: Callable[[], float] = time.time,
) -> Status:
    """Does the same as `status` with a config that was read before.

    Args:
        pipeline: The pipeline that the config is loaded with.
        config: The config.
        resources: The names of the only resources that are wanted; all when empty.
        source_name: The name of the source.
        runs: How many runs of each resource to give.
        examples: How many rows of the quarantine to give.
        clock: Gives the time, in seconds since 1970.

    Raises:
        ConfigError: There is no such resource.
        StateError: A saved ledger is of a later version, or broken.
        SyncError: The destination cannot be read.
    """
    parsed = select_resources(config, resources)
    source = build_source(parsed, name=source_name)
    now = datetime.fromtimestamp(clock(), UTC)
    keep_secret(destination_secrets(pipeline))
    try:
        stored: StoredDataset | None = StoredDataset(pipeline, source_name)
    except NothingLoaded:
        stored = None
    reader = _StatusReader(pipeline, stored, source, now, runs, examples)
    found = reader.resources(
        {each.name: each for each in parsed.resources if isinstance(each, ResourceConfig)}
    )
    return Status(
        pipeline_name=pipeline.pipeline_name,
        destination=str(getattr(pipeline.destination, "destination_name", None)),
        location=clean(str(pipeline.destination_client().config)),
        dataset_name=pipeline.dataset_name or "",
        at=now,
        has_run=stored is not None or any(each.runs for each in found),
        resources=tuple(found),
    )


@dataclass(frozen=True, slots=True)
class _StatusReader:
    """Looks at each resource.

    Args:
        pipeline: that loads them.
        stored: what it has loaded; None for nothing.
        source: with the resources.
        now: the time.
        runs: how many to give.
        examples: of the quarantine.
    """

    pipeline: dlt.Pipeline
    stored: StoredDataset | None
    source: DltSource
    now: datetime
    runs: int
    examples: int

    def resources(self, configs: Mapping[str, ResourceConfig]) -> list[ResourceStatus]:
        states = self.stored.state(self.pipeline.pipeline_name) if self.stored else {}
        ledgers = saved_ledgers(states)
        tables = table_names(self.source)
        return [
            self._resource(name, tables.get(name), configs.get(name), ledgers.get(name, Ledger()))
            for name in self.source.resources.selected
        ]

    def _resource(
        self, name: str, table: str | None, config: ResourceConfig | None, ledger: Ledger
    ) -> ResourceStatus:
        tail = config.tail if config else None
        runs, last_complete = self._history(name)
        rows = ResourceRows(self.stored, table, tail, ledger) if self.stored and table else None
        newest = rows.newest() if rows else None
        missing = tuple(
            MissingRows(str(each.above), None if each.below is None else str(each.below))
            for each in holes(ledger)
        )
        return ResourceStatus(
            name=name,
            table=table,
            rows=rows.counts() if rows else {},
            runs=tuple(runs),
            last_complete=last_complete,
            newest=newest,
            age=_age(self.now, last_complete, newest),
            open=rows.open(self.now) if rows else OpenRows(),
            holes=missing,
            quarantine=self._quarantine(name),
            gone=self._gone(name),
            next=_next_sync(config, ledger, len(missing)),
        )

    def _history(self, name: str) -> tuple[list[ResourceRun], ResourceRun | None]:
        schema: Schema = self.stored.schema if self.stored else self.source.schema
        try:
            refuse_missing_file(self.pipeline)
            history = RunHistory(self.pipeline, schema)
            runs = history.last(name, self.runs)
            complete = next((run for run in runs if run.outcome == COMPLETE), None)
            if complete is None and len(runs) == self.runs:
                complete = next(iter(history.last(name, 1, COMPLETE)), None)
        except NothingLoaded:
            return [], None
        except DltException as error:
            raise SyncError(f"the history of runs cannot be read: {cause_of(error)}") from error
        return runs, complete

    def _quarantine(self, name: str) -> Quarantine:
        if self.stored is None:
            return Quarantine()
        naming = self.stored.schema.naming
        table = naming.normalize_tables_path(quarantine.TABLE)
        resource, row, reason, at = map(
            naming.normalize_identifier, ("resource", "raw_row", "reason", "quarantined_at")
        )
        ((count,),) = self._of_resource(table, resource, name, "count(*)") or [(0,)]
        if not count:
            return Quarantine()
        reasons: dict[str, int] = {}
        escape = self.stored.escape
        of_resource = f"WHERE {escape(resource)} = %s"
        grouped = f"{of_resource} GROUP BY {escape(reason)}"
        for text, times in self.stored.fetch(table, f"{escape(reason)}, count(*)", grouped, [name]):
            brief = quarantine.reason_without_value(str(text))
            reasons[brief] = reasons.get(brief, 0) + int(times)
        most = sorted(reasons.items(), key=lambda each: -each[1])[:_MOST_REASONS]
        latest = f"{of_resource} {self.stored.newest_first(at, self.examples)}"
        columns = ", ".join(map(escape, (row, reason, at)))
        examples = self.stored.fetch(table, columns, latest, [name])
        return Quarantine(
            int(count),
            dict(most),
            tuple(
                QuarantinedRow(str(r)[:_SHOWN_ROW], str(why), in_utc(t)) for r, why, t in examples
            ),
        )

    def _gone(self, name: str) -> int:
        if self.stored is None:
            return 0
        naming = self.stored.schema.naming
        table = naming.normalize_tables_path(gone.TABLE)
        resource = naming.normalize_identifier("resource")
        ((count,),) = self._of_resource(table, resource, name, "count(*)") or [(0,)]
        return int(count)

    def _of_resource(self, table: str, column: str, name: str, what: str) -> Any:
        assert self.stored is not None
        where = f"WHERE {self.stored.escape(column)} = %s"
        return self.stored.fetch(table, what, where, [name])


def _age(now: datetime, last_complete: ResourceRun | None, newest: datetime | None) -> float | None:
    if last_complete is None:
        return None
    moments = [last_complete.started_at, *([newest] if newest else [])]
    return max(0.0, (now - max(moments)).total_seconds())


def _next_sync(config: ResourceConfig | None, ledger: Ledger, holes_left: int) -> NextSync:
    tail, spans = config.tail if config else None, ledger.coverage.spans
    if config is not None and config.cursor is not None:
        return NextSync(lists_all=False, from_cursor=True)
    if tail is None or not spans or ledger.kind is None:
        return NextSync(lists_all=True)
    return NextSync(
        lists_all=False,
        newer_than=str(raw_of(spans[0].high, ledger.kind)),
        open_rows=len(ledger.open),
        named_rows=len(ledger.touched.keys() - ledger.open),
        late_keys=len(ledger.missing) if tail.settings.probes else 0,
        holes=holes_left,
        looks_back=tail.settings.lookback or 0.0,
    )
