"""Cleans up behind a sync, in the local folder of its pipeline and in the destination."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

import dlt
from dlt.common.destination.exceptions import DestinationUndefinedEntity
from dlt.common.schema import Schema
from dlt.extract import DltSource

from headrace.core.quick_dataclasses import dataclass
from headrace.destination.dlt_clients import is_sql_destination
from headrace.destination.dlt_tables import DltTables
from headrace.destination.failures import cause_of
from headrace.destination.run_history import RunHistory
from headrace.destination.tables import table_names
from headrace.dlt_source.current_sync import RunningSync
from headrace.syncing.load_packages import keep_last_packages
from headrace.syncing.local_memory import LocalMemory
from headrace.syncing.retention import Retention
from headrace.syncing.settled_quarantine import delete_loaded_since, keep_newest

# A few queries, which a warehouse may take seconds for.
_SYNCS_BETWEEN = 10

# A machine that remembers nothing cleans up at its first sync.
_REMEMBERED = "headrace_cleaning"
_SYNCS, _LOADS, _TOLD = "syncs", "loads", "told"

_FOLDER_NOT_CLEANED = (
    "load packages that were loaded stay in {folder}, as they cannot be deleted there: {why}. The "
    "sync is not harmed; `retention: {{packages: null}}` under `pipeline` says that all are to stay"
)
_TABLES_NOT_CLEANED = (
    "what earlier syncs left in the destination stays there, as it could not be deleted: {why}. "
    "The sync is not harmed. The user of the destination needs the right to delete rows of "
    "`_dlt_pipeline_state`, `_dlt_loads`, `_headrace_runs` and `_headrace_quarantine`; "
    "`retention: {{states: null, runs: null}}` under `pipeline` says that all are to stay. This is "
    "not said again"
)


@dataclass(frozen=True, slots=True)
class Cleaning:
    """What is deleted behind a sync. It never fails, and says what it cannot do.

    Args:
        pipeline: The pipeline.
        source: What is loaded.
        sync: The sync.
        retention: How much is kept.
    """

    pipeline: dlt.Pipeline
    source: DltSource
    sync: RunningSync
    retention: Retention

    def clean_folder(self) -> None:
        """Deletes load packages that are done with, behind each load."""
        if self.retention.packages is None:
            return
        try:
            keep_last_packages(self.pipeline, self.retention.packages)
        except OSError as error:
            why = error.strerror or type(error).__name__
            note = _FOLDER_NOT_CLEANED.format(folder=self.pipeline.working_dir, why=why)
            if note not in self.sync.figures.notes:
                self.sync.figures.notes.append(note)

    @contextmanager
    def tables_cleaned_at_end(self) -> Iterator[None]:
        """Deletes rows of earlier syncs behind the block, also where a sync fails in it."""
        try:
            yield
        except Exception:
            # What is wrong then is told already, and each such sync leaves a row of its run.
            with suppress(Exception):
                self._clean_tables()
            raise
        try:
            self._clean_tables()
        except Exception as error:
            # Each driver has errors of its own, and none of them is worth failing a sync.
            if not self._memory.read().get(_TOLD):
                note = _TABLES_NOT_CLEANED.format(why=cause_of(error))
                self.sync.figures.notes.append(note)
                with suppress(OSError):
                    self._memory.add({_TOLD: True})

    def _clean_tables(self) -> None:
        schema = self.pipeline.schemas.get(self.source.schema.name)
        if schema is None or not is_sql_destination(self.pipeline):
            return
        known = self._memory.read()
        syncs = known.get(_SYNCS, _SYNCS_BETWEEN) + 1
        is_due = syncs >= _SYNCS_BETWEEN
        self._memory.add({_SYNCS: 0 if is_due else syncs})
        figures, tables = self.sync.figures.resources, table_names(self.source)
        bad = [name for name, each in figures.items() if each.quarantined]
        loaded = {
            name: tables[name]
            for name, each in figures.items()
            if each.loaded_rows and name in tables
        }
        with suppress(DestinationUndefinedEntity):
            delete_loaded_since(self.pipeline, schema, loaded)
            if is_due:
                self._delete_old_rows(schema, known.get(_LOADS))
            if bad:
                keep_newest(self.pipeline, schema, bad)

    def _delete_old_rows(self, schema: Schema, loads_before: int | None) -> None:
        if self.retention.runs is not None:
            now = datetime.fromtimestamp(self.sync.legs.clock(), UTC)
            RunHistory(self.pipeline, schema).keep_last(self.retention.runs, now)
        most = self.retention.states
        if most is None:
            return
        tables = DltTables(self.pipeline, schema)
        tables.keep_last_states(most)
        loads = tables.count_loads()
        if loads_before is None:
            loads_before = loads - self.sync.commits.legs
        if _has_doubled(loads_before, loads, 2 * most):
            tables.delete_unused_loads(most)
            loads = tables.count_loads()
        self._memory.add({_LOADS: loads})

    @property
    def _memory(self) -> LocalMemory:
        return LocalMemory(self.pipeline, _REMEMBERED)


def _has_doubled(before: int, now: int, least: int) -> bool:
    """Whether a count has passed `least`, or that times 2, 4, 8, ...

    To see which loads are unused all tables are read. So where all are used, that happens a few
    times only, however many there come.
    """
    bound = least
    while bound <= before:
        bound *= 2
    return now >= bound
