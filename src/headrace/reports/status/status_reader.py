"""Reads from the destination how each resource of a config is doing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import dlt
from dlt.common.exceptions import DltException
from dlt.common.schema import Schema
from dlt.extract import DltSource

from headrace.config import ResourceConfig
from headrace.core.exceptions import NothingLoaded, SyncError
from headrace.core.quick_dataclasses import dataclass
from headrace.destination.dataset import StoredDataset, refuse_missing_file
from headrace.destination.failures import cause_of
from headrace.destination.run_history import COMPLETE, ResourceRun, RunHistory, in_utc
from headrace.destination.tables import table_names
from headrace.dlt_source import gone_rows, quarantine
from headrace.dlt_source.failed_requests import failed_requests_in
from headrace.dlt_source.missing_rows import GONE_COLUMN, missing_rows_of
from headrace.dlt_source.saved_state import saved_ledgers, tenant_states_in
from headrace.reports.status.resource_rows import NewestRow, ResourceRows, open_of_unknown_age
from headrace.reports.status.results import (
    MissingRows,
    NextSync,
    OpenRows,
    Quarantine,
    QuarantinedRow,
    ResourceStatus,
)
from headrace.sansio.tail import Ledger
from headrace.sansio.tail.extent import holes
from headrace.sansio.tail.keys import raw_of
from headrace.sansio.tail.probing import late_keys

# How many characters of a row in quarantine are shown.
_SHOWN_ROW = 200
_MOST_REASONS = 5
_CLOCKS_DIFFER = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class StatusReader:
    """Finds out how each resource of a source is doing.

    Args:
        pipeline: The pipeline that loads the resources.
        stored: What the pipeline has loaded; None where it has loaded nothing yet.
        source: The source with the resources.
        now: The time, with its zone.
        runs: How many runs of each resource to give.
        examples: How many rows of the quarantine to give for each resource.
    """

    pipeline: dlt.Pipeline
    stored: StoredDataset | None
    source: DltSource
    now: datetime
    runs: int
    examples: int

    def resources(self, configs: Mapping[str, ResourceConfig]) -> list[ResourceStatus]:
        """How each selected resource is doing, in the order of the config.

        Args:
            configs: The configs of the resources, by their names.

        Raises:
            StateError: A saved ledger is of a later version.
            SyncError: The destination cannot be read.
        """
        states = self.stored.state() if self.stored else {}
        ledgers = saved_ledgers(states)
        tables = table_names(self.source)
        return [
            replace(
                self._resource(
                    name, tables.get(name), configs.get(name), ledgers.get(name, Ledger())
                ),
                **_of_tenants(states.get(name) or {}),
                failed_requests=tuple(failed_requests_in(states, [name])),
            )
            for name in self.source.resources.selected
        ]

    def _resource(
        self, name: str, table: str | None, config: ResourceConfig | None, ledger: Ledger
    ) -> ResourceStatus:
        tail = config.tail if config else None
        runs, last_complete = self._history(name)
        rows = ResourceRows(self.stored, table, tail, ledger) if self.stored and table else None
        newest = rows.newest(self._latest) if rows else NewestRow(None)
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
            newest=newest.at,
            ahead=newest.ahead,
            age=_age(self.now, last_complete, newest.at),
            open=rows.open(self.now) if rows else OpenRows(),
            holes=missing,
            quarantine=self._quarantine(name),
            gone=self._gone(name, table),
            next=_next_sync(config, ledger, len(missing)),
        )

    @property
    def _latest(self) -> datetime:
        """The moment after which nothing can have happened, whichever clock says so."""
        return self.now + _CLOCKS_DIFFER

    def _history(self, name: str) -> tuple[list[ResourceRun], ResourceRun | None]:
        schema: Schema = self.stored.schema if self.stored else self.source.schema
        try:
            refuse_missing_file(self.pipeline)
            history = RunHistory(self.pipeline, schema)
            runs = history.last(name, self.runs)
            # A machine whose clock was ahead has left runs that would look fresh for as long.
            complete = next(
                (run for run in runs if run.outcome == COMPLETE and run.started_at <= self._latest),
                None,
            )
            if complete is None and len(runs) == self.runs:
                complete = next(iter(history.last(name, 1, COMPLETE, self._latest)), None)
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

    def _gone(self, name: str, of_resource: str | None) -> int:
        if self.stored is None:
            return 0
        naming = self.stored.schema.naming
        hinted = self.stored.schema.tables.get(of_resource or "", {})
        wanted = missing_rows_of(hinted)
        if of_resource is not None and wanted is not None:
            mark = naming.normalize_identifier(GONE_COLUMN)
            if wanted.action == "delete" or mark not in hinted["columns"]:
                return 0
            escaped = self.stored.escape(mark)
            ((marked,),) = self.stored.fetch(of_resource, f"count({escaped})") or [(0,)]
            return int(marked)
        table = naming.normalize_tables_path(gone_rows.TABLE)
        resource = naming.normalize_identifier("resource")
        ((count,),) = self._of_resource(table, resource, name, "count(*)") or [(0,)]
        return int(count)

    def _of_resource(self, table: str, column: str, name: str, what: str) -> Any:
        assert self.stored is not None
        where = f"WHERE {self.stored.escape(column)} = %s"
        return self.stored.fetch(table, what, where, [name])


def _of_tenants(state: Mapping[str, Any]) -> dict[str, Any]:
    """What is known of the tenants of a resource that is kept up with, all of them together."""
    ledgers = saved_ledgers(tenant_states_in(state)).values()
    if not ledgers:
        return {}
    still_open = sum(len(each.open) for each in ledgers)
    named = sum(len(each.touched.keys() - each.open) for each in ledgers)
    left = sum(len(list(holes(each))) for each in ledgers)
    planned = NextSync(
        lists_all=False, tenants=len(ledgers), open_rows=still_open, named_rows=named, holes=left
    )
    return {"open": open_of_unknown_age(still_open), "next": planned}


def _age(now: datetime, last_complete: ResourceRun | None, newest: datetime | None) -> float | None:
    if last_complete is None:
        return None
    moments = [last_complete.started_at, *([newest] if newest else [])]
    return max(0.0, (now - max(moments)).total_seconds())


def _next_sync(config: ResourceConfig | None, ledger: Ledger, holes_left: int) -> NextSync:
    tail, spans = config.tail if config else None, ledger.coverage.spans
    if config is not None and config.token is not None:
        return NextSync(lists_all=False, from_token=True)
    if config is not None and config.cursor is not None:
        ends = config.cursor.has_end
        return NextSync(lists_all=False, from_cursor=not ends, whole_range=ends)
    if tail is None or not spans or ledger.kind is None:
        return NextSync(lists_all=True)
    lists_hidden = tail.settings.has_hidden and ledger.heeded is not None
    return NextSync(
        lists_all=False,
        lists_hidden=lists_hidden,
        newer_than=str(raw_of(spans[0].high, ledger.kind)),
        open_rows=len(ledger.open),
        named_rows=len(ledger.touched.keys() - ledger.open),
        late_keys=late_keys(tail.settings, ledger),
        holes=holes_left,
        looks_back=tail.settings.lookback(knows_hidden=lists_hidden) or 0.0,
    )
