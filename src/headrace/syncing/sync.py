"""Loads what a source has into a pipeline's destination: one sync, from its lock to its report."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext
from functools import partial

import dlt
from dlt.common.pipeline import LoadInfo
from dlt.extract import DltSource
from dlt.pipeline.exceptions import PipelineStepFailed

from headrace.core.arrow import import_where_threads_meet
from headrace.core.figures import Figures
from headrace.core.quick_dataclasses import dataclass
from headrace.destination.dataset import state_by_resource
from headrace.destination.direct_merges import merge_directly
from headrace.destination.dispositions import refuse_dataset_named_as_its_file, refuse_unsupported
from headrace.destination.dlt_clients import (
    KeptFile,
    dataset_of,
    drop_left_staging,
    new_job_client,
    takes_statements,
)
from headrace.destination.failures import cause_of
from headrace.destination.first_folder import notes_on_first_folder
from headrace.destination.long_texts import make_room_for_long_texts
from headrace.destination.merging import merge_whole_or_not_at_all
from headrace.destination.places import location_of
from headrace.destination.remembered_settings import settings_looked_up_once
from headrace.destination.tables import table_names
from headrace.dlt_source.current_sync import RunningSync
from headrace.dlt_source.failed_requests import failed_requests_in
from headrace.reading.keep_up.legs import Legs, LegSettings
from headrace.syncing.adopting import adopt_columns, let_declared_columns_be_null
from headrace.syncing.cleaning import Cleaning
from headrace.syncing.confirming import confirm, knows_of_rows, note_on_lost_dataset
from headrace.syncing.deleted_rows import notice_deleted_rows, remember_rows
from headrace.syncing.failures import explained_failures
from headrace.syncing.listing_anew import list_all_anew
from headrace.syncing.loading import log_sync_event
from headrace.syncing.lock import held
from headrace.syncing.missing_rows import MissingRowsStep
from headrace.syncing.record import RunRecord
from headrace.syncing.remembered_schemas import schemas_read_once
from headrace.syncing.results import SyncReport
from headrace.syncing.resuming import finish_pending
from headrace.syncing.retention import Retention
from headrace.syncing.setting_aside import is_of_rows, load_what_is_taken

_DEFAULT_LEGS = LegSettings()
_DEFAULT_RETENTION = Retention()
_GIVEN_UP = (
    "what an earlier run left behind could not be loaded, so it was given up, and is fetched "
    "again: {}"
)


def sync(
    pipeline: dlt.Pipeline,
    source: DltSource,
    *,
    full_refresh: bool = False,
    list_anew: bool = False,
    drop_pending: bool = False,
    allow_missing: bool = False,
    legs: LegSettings = _DEFAULT_LEGS,
    figures: Figures | None = None,
    stop: threading.Event | None = None,
    clock: Callable[[], float] = time.time,
    run_history: bool = True,
    retention: Retention = _DEFAULT_RETENTION,
) -> SyncReport:
    """Loads what the source has into the pipeline's destination, leg by leg.

    Where a request beside a listing fails, for a single row or for what belongs to one row of a
    parent, all else is loaded; the report has those requests, and the next sync asks them again.

    A load that an earlier run left behind is finished first: `pipeline.run` alone would finish
    that, leave the source alone and report success. Resources that are kept up with
    (`row_order: desc`) are loaded in legs. Each leg is committed with what is known by then, while
    the next one is fetched. All other resources are loaded whole, in the first leg.

    Args:
        pipeline: The dlt pipeline to run.
        source: The source, as `rest_api_source` makes it.
        full_refresh: Drop the tables and what is known of the resources, and load all again. Rows
            that the API has no more are lost with them.
        list_anew: List everything again and merge it into the tables, whose rows all stay.
        drop_pending: Give up a load that an earlier run left behind.
        allow_missing: Mark or delete rows that the API has no more, as `missing_rows` asks, also
            where they are a larger share of their table than it allows.
        legs: How large a leg may get, in bytes and seconds.
        figures: Where to count rows and requests, for whoever wants to watch meanwhile; the report
            has figures of its own when None.
        stop: An event that ends the sync once it is set: after the leg under way, committed.
        clock: Gives the time, in seconds since 1970.
        run_history: Add a row for each resource to the table `_headrace_runs`, however the sync
            ends.
        retention: How much is kept of earlier syncs.

    Returns:
        What was loaded, where to, and whether the source has more.

    Raises:
        ConfigError: The destination cannot write a resource's rows as it asks for it, or rows that
            are appended are to be listed anew. Nothing was requested.
        HeadraceError: The API, or a row of it, stopped the sync.
        SyncError: The pipeline or its destination failed, another sync of it is under way, or rows
            that no sync brings back were deleted out of a table.
        KeyboardInterrupt: Someone stopped the sync.

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
        >>> report.is_complete, report.figures.of("workflows").loaded_rows
        (True, 12)
    """
    if stop is not None:
        # Else dlt would take the signals for itself, and break off a load for them.
        pipeline.runtime_config.intercept_signals = False
    return run_sync(
        pipeline,
        source,
        RunningSync(figures or Figures(), Legs(legs, clock, stop or threading.Event())),
        full_refresh=full_refresh,
        list_anew=list_anew,
        drop_pending=drop_pending,
        allow_missing=allow_missing,
        run_history=run_history,
        retention=retention,
    )


def run_sync(
    pipeline: dlt.Pipeline,
    source: DltSource,
    running: RunningSync,
    *,
    full_refresh: bool = False,
    list_anew: bool = False,
    drop_pending: bool = False,
    allow_missing: bool = False,
    run_history: bool = True,
    retention: Retention = _DEFAULT_RETENTION,
) -> SyncReport:
    """Does what `sync` says, with a sync that is made already.

    Args:
        pipeline: As in `sync`.
        source: As in `sync`.
        running: The sync, which may load what was read before in place of asking the API.
        full_refresh: As in `sync`.
        list_anew: As in `sync`.
        drop_pending: As in `sync`.
        allow_missing: As in `sync`.
        run_history: As in `sync`.
        retention: As in `sync`.

    Raises:
        HeadraceError: As from `sync`.
    """
    started = time.monotonic()
    import_where_threads_meet()
    record = RunRecord(pipeline, source, running)
    steps = _Steps(
        pipeline,
        source,
        running,
        Cleaning(pipeline, source, running, retention),
        MissingRowsStep(pipeline, source, running, allow=allow_missing),
    )
    history = record.written_at_end() if run_history else nullcontext()
    with (
        held(pipeline),
        schemas_read_once(pipeline),
        settings_looked_up_once(pipeline.destination, pipeline.staging),
        _logged(pipeline, running),
        closing(KeptFile(pipeline)) as kept,
        steps.cleaning.tables_cleaned_at_end(),
        history,
        explained_failures(pipeline),
    ):
        steps.look_at_destination()
        # A load that comes before a full refresh is for nothing, and may be what cannot be loaded.
        kept.open()
        steps.finish_earlier(drop=drop_pending or full_refresh, full_refresh=full_refresh)
        if full_refresh:
            _note_forgotten_requests(pipeline, source, running)
        else:
            running.figures.notes += _notes_on_tables(pipeline, source, list_anew=list_anew)
            steps.missing.finish_earlier()
            steps.missing.add_marks(source)
        adopt_columns(pipeline, source)
        running.figures.notes += let_declared_columns_be_null(pipeline, source)
        info = steps.load(kept, full_refresh=full_refresh)
        remember_rows(pipeline, source)
        client = new_job_client(pipeline, source.schema)
        states = state_by_resource(pipeline.state, source.schema.name)
    return SyncReport(
        pipeline_name=pipeline.pipeline_name,
        destination=info.destination_name,
        location=location_of(client),
        takes_sql=takes_statements(client),
        dataset_name=dataset_of(pipeline, source.schema.name),
        tables=table_names(source),
        figures=running.figures,
        seconds=time.monotonic() - started,
        resumed=running.commits.resumed,
        is_complete=not running.legs.unfinished,
        run_id=record.run_id,
        failed_requests=tuple(failed_requests_in(states, source.resources.selected)),
        missing_rows=tuple(steps.missing.found.values()),
    )


@dataclass(frozen=True, slots=True)
class _Steps:
    """What a sync does, one after the other.

    Args:
        pipeline: The pipeline.
        source: What it runs.
        running: The sync under way.
        cleaning: Clears away what earlier syncs have left.
        missing: Marks or deletes the rows that the API has no more.
    """

    pipeline: dlt.Pipeline
    source: DltSource
    running: RunningSync
    cleaning: Cleaning
    missing: MissingRowsStep

    def look_at_destination(self) -> None:
        """Sees that the destination takes what is to come.

        Raises:
            ConfigError: It does not.
        """
        pipeline, source = self.pipeline, self.source
        self.running.figures.notes += notes_on_first_folder(pipeline)
        make_room_for_long_texts(pipeline)
        merge_whole_or_not_at_all(pipeline)
        merge_directly(pipeline)
        refuse_dataset_named_as_its_file(pipeline, source.schema)
        refuse_unsupported(pipeline, source.resources.selected, source.schema)
        self.missing.refuse_without_sql()

    def finish_earlier(self, *, drop: bool, full_refresh: bool) -> None:
        """Finishes the load that an earlier run left behind, or drops it.

        Args:
            drop: Whether it is dropped.
            full_refresh: Whether the tables are dropped as well, by the load that follows.
        """
        pipeline, source = self.pipeline, self.source
        had_rows = not full_refresh and knows_of_rows(pipeline, source)
        self.running.commits.resumed = _resume(pipeline, self.running, drop=drop)
        # Where each load fails, there is no other moment.
        self.cleaning.clean_folder()
        if source.schema.name not in pipeline.schemas:
            drop_left_staging(pipeline, source.schema)
            if had_rows:
                self.running.figures.notes.append(note_on_lost_dataset(pipeline, source))

    def load(self, kept: KeptFile, *, full_refresh: bool) -> LoadInfo:
        """Loads what the source has, and then what becomes of the rows that it has no more.

        Args:
            kept: The rows that are kept beside the load.
            full_refresh: Whether the tables are dropped first.
        """
        after_leg = self.cleaning.clean_folder
        load = partial(load_what_is_taken, sync=self.running, kept=kept, after_leg=after_leg)
        info = load(self.pipeline, self.source, full_refresh=full_refresh)
        self.missing.settle(lambda names: load(self.pipeline, self.source.with_resources(*names)))
        return info


def _notes_on_tables(pipeline: dlt.Pipeline, source: DltSource, *, list_anew: bool) -> list[str]:
    """Has listed anew what the tables lack, or all that is to be; gives what to tell of it."""
    notes = confirm(pipeline, source)
    if list_anew:
        list_all_anew(pipeline, source)
    else:
        notes += notice_deleted_rows(pipeline, source, is_confirmed=not notes)
    return notes


def _note_forgotten_requests(pipeline: dlt.Pipeline, source: DltSource, sync: RunningSync) -> None:
    """Notes which requests are on record no more when the state of their resources is dropped."""
    states = state_by_resource(pipeline.state, source.schema.name)
    for each in failed_requests_in(states, source.resources.selected):
        sync.forgotten_requests.setdefault(each.resource, []).append(each)


def _resume(pipeline: dlt.Pipeline, sync: RunningSync, *, drop: bool) -> bool:
    """Finishes what an earlier run left behind, or gives it up where it cannot be loaded."""
    try:
        return finish_pending(pipeline, drop=drop)
    except PipelineStepFailed as error:
        if not is_of_rows(pipeline, error):
            raise
        sync.figures.notes.append(_GIVEN_UP.format(cause_of(error)))
    return finish_pending(pipeline, drop=True)


@contextmanager
def _logged(pipeline: dlt.Pipeline, sync: RunningSync) -> Iterator[None]:
    """Logs when the sync in the block begins and how it ends."""
    name = pipeline.pipeline_name
    log_sync_event(f"sync of pipeline `{name}` begins", "sync begins")
    ended = "failed"
    try:
        yield
        ended = "stopped" if sync.legs.unfinished else "complete"
    except BaseException as error:
        ended = ended if isinstance(error, Exception) else "stopped"
        raise
    finally:
        total = sync.figures.total
        rows = f"{total.loaded_rows:,} rows"
        log_sync_event(
            f"sync of pipeline `{name}` ends: {ended}, {rows}",
            "sync ends",
            outcome=ended,
            **total.brief,
        )
