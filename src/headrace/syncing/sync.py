"""Runs a dlt pipeline until the source has no more."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import dlt
from dlt.common.exceptions import DltException
from dlt.common.pipeline import LoadInfo
from dlt.extract import DltSource

from headrace.core.events import Event, tell
from headrace.core.exceptions import SyncError
from headrace.core.figures import Figures
from headrace.core.secrets.outlets import clean_logs
from headrace.core.secrets.redaction import clean, clean_error, keep_secret
from headrace.destination.failure_records import clean_failure_records
from headrace.destination.failures import cause_of
from headrace.destination.secrets import destination_secrets, secrets_of_settings_error
from headrace.destination.tables import table_names
from headrace.destination.views import release_tables
from headrace.dlt_source.current_sync import RunningSync, running
from headrace.dlt_source.dlt_pipe import feeders
from headrace.reading.keep_up.legs import Legs, LegSettings
from headrace.syncing.accounting import Account
from headrace.syncing.lock import held
from headrace.syncing.record import RunRecord
from headrace.syncing.resuming import (
    delete_half_loaded,
    delete_what_is_normalized,
    put_away_what_is_loaded,
)

_LOGGER = logging.getLogger(__name__)
_PENDING = (
    "What was fetched is kept, and the next run tries to load it first. To give it up and fetch "
    "it again: headrace run CONFIG --drop-pending"
)


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What a sync did.

    Args:
        pipeline_name: of the pipeline that ran.
        destination: dlt's name of the destination.
        location: where that is, without its password.
        dataset_name: the dataset loaded into.
        tables: name of the table of each resource that ran, by the resource's name.
        figures: counts by resource.
        seconds: that it took, the load included.
        resumed: whether it first finished what an earlier run had left unloaded.
        is_complete: whether the source has no more; not so when the sync was told to stop.
        run_id: names it in the history of runs.
    """

    pipeline_name: str
    destination: str
    location: str
    dataset_name: str
    tables: dict[str, str]
    figures: Figures
    seconds: float
    resumed: bool
    is_complete: bool
    run_id: str = ""


_DEFAULT_LEGS = LegSettings()


def sync(
    pipeline: dlt.Pipeline,
    source: DltSource,
    *,
    full_refresh: bool = False,
    drop_pending: bool = False,
    legs: LegSettings = _DEFAULT_LEGS,
    figures: Figures | None = None,
    stop: threading.Event | None = None,
    clock: Callable[[], float] = time.time,
    run_history: bool = True,
) -> SyncReport:
    """Loads what the source has into the pipeline's destination, leg by leg.

    A load that an earlier run left behind is finished first: `pipeline.run` alone would finish
    that, leave the source alone and report success. Resources that are kept up with
    (`row_order: desc`) are loaded in legs, each committed with what is known by then, while the
    next one is fetched; all others are loaded whole, in the first leg.

    Args:
        pipeline: to run.
        source: as `rest_api_source` makes it.
        full_refresh: drop the tables and what is known of the resources, and load all again.
        drop_pending: give up a load that an earlier run left behind.
        legs: how long a leg may get.
        figures: to count on, for whoever wants to watch; counted on a new one when None.
        stop: once set, the sync ends after the leg under way, committed.
        clock: gives the time, in seconds since 1970.
        run_history: add a row for each resource to the table `_headrace_runs`, however the sync
            ends.

    Returns:
        What was done.

    Raises:
        HeadraceError: the API, or a row of it, stopped the sync.
        SyncError: the pipeline or its destination did, or another sync of it is under way.
        KeyboardInterrupt: someone did.
    """
    started = time.monotonic()
    if stop is not None:
        # Else dlt would take the signals for itself, and break off a load for them.
        pipeline.runtime_config.intercept_signals = False
    running_now = RunningSync(figures or Figures(), Legs(legs, clock, stop or threading.Event()))
    record = RunRecord(pipeline, source, running_now)
    history = record.kept() if run_history else nullcontext()
    with held(pipeline), _told_of(pipeline, running_now), history, failures_told(pipeline):
        running_now.commits.resumed = finish_pending(pipeline, drop=drop_pending)
        info = load_all(pipeline, source, running_now, full_refresh=full_refresh)
    return SyncReport(
        pipeline_name=pipeline.pipeline_name,
        destination=info.destination_name,
        location=clean(str(info.destination_displayable_credentials)),
        dataset_name=info.dataset_name,
        tables=table_names(source),
        figures=running_now.figures,
        seconds=time.monotonic() - started,
        resumed=running_now.commits.resumed,
        is_complete=not running_now.legs.unfinished,
        run_id=record.run_id,
    )


def finish_pending(pipeline: dlt.Pipeline, *, drop: bool = False) -> bool:
    """Finishes a load that an earlier run left behind.

    Args:
        pipeline: held by the caller.
        drop: give such a load up instead.

    Returns:
        Whether there was one to finish.
    """
    delete_what_is_normalized(pipeline)
    put_away_what_is_loaded(pipeline)
    if drop and pipeline.has_pending_data:
        pipeline.abort_packages()
    is_pending: bool = pipeline.has_pending_data
    if is_pending:
        delete_half_loaded(pipeline)
        # `run` would throw the very first load away, as long as its destination is empty.
        pipeline.normalize()
        pipeline.load()
    # On a new machine this restores the state.
    pipeline.run()
    return is_pending


def load_all(
    pipeline: dlt.Pipeline, source: DltSource, sync: RunningSync, *, full_refresh: bool = False
) -> LoadInfo:
    """Runs a pipeline until the source has no more.

    Args:
        pipeline: with no load left behind.
        source: to load.
        sync: that it is loaded in.
        full_refresh: drop the tables and what is known of the resources first.
    """
    refresh: Any = "drop_resources" if full_refresh else None
    if full_refresh:
        release_tables(pipeline)
    try:
        with running(pipeline.pipeline_name, sync):
            while True:
                account = Account(sync.figures, source)
                number = sync.commits.legs + 1
                _tell(f"leg {number} begins", "leg begins", leg=number)
                pipeline.extract(source, refresh=refresh)
                sync.legs.go_on()
                _tell(f"the load of leg {number} begins", "load begins", leg=number)
                info = pipeline.run() or pipeline.load()
                account.settle(pipeline)
                loaded, unfinished = source.resources.selected.keys(), sync.legs.unfinished
                sync.commits.add(sync.figures, loaded, unfinished)
                _tell(f"leg {number} is committed", "leg committed", leg=number)
                sync.legs.last_load_seconds = _load_seconds(pipeline)
                if not sync.legs.unfinished or sync.legs.stop.is_set():
                    return info
                # What was loaded whole must not be loaded again: `replace` keeps the last leg.
                source = source.with_resources(*_with_fed(source, sync.legs.unfinished))
                refresh = None
    finally:
        sync.legs.close()


def _with_fed(source: DltSource, names: Collection[str]) -> list[str]:
    """Names of resources, and of the selected ones that are fed with their rows."""
    return [
        name
        for name, resource in source.resources.selected.items()
        if not feeders(resource).isdisjoint(names)
    ]


@contextmanager
def failures_told(pipeline: dlt.Pipeline) -> Iterator[None]:
    """Turns what dlt raises in the block into errors that say what to do.

    Args:
        pipeline: that runs in it.
    """
    clean_logs()
    keep_secret(destination_secrets(pipeline))
    try:
        yield
    except DltException as error:
        keep_secret(secrets_of_settings_error(error))
        told = _told(error, pipeline)
        clean_error(error)
        clean_failure_records(pipeline)
        raise told from error
    except Exception as error:
        clean_error(error)
        raise


def _load_seconds(pipeline: dlt.Pipeline) -> float:
    """How long the last load took, from its rows in files to the commit."""
    trace = pipeline.last_trace
    steps = trace.steps if trace else []
    spans = [
        step.finished_at - step.started_at
        for step in steps
        if step.step in ("normalize", "load") and step.finished_at
    ]
    return sum(span.total_seconds() for span in spans)


def _told(error: DltException, pipeline: dlt.Pipeline) -> BaseException:
    cause = cause_of(error)
    if isinstance(cause, SyncError) and pipeline.has_pending_data:
        return SyncError(f"{cause}\n{_PENDING}")
    return cause


@contextmanager
def _told_of(pipeline: dlt.Pipeline, sync: RunningSync) -> Iterator[None]:
    """Logs when the sync in the block begins and how it ends."""
    name = pipeline.pipeline_name
    _tell(f"sync of pipeline `{name}` begins", "sync begins")
    ended = "failed"
    try:
        yield
        ended = "stopped" if sync.legs.unfinished else "complete"
    except BaseException as error:
        ended = ended if isinstance(error, Exception) else "stopped"
        raise
    finally:
        total = sync.figures.total
        told = f"sync of pipeline `{name}` ends: {ended}, {total.loaded_rows:,} rows"
        _tell(told, "sync ends", outcome=ended, **total.brief)


def _tell(text: str, name: str, **figures: Any) -> None:
    tell(_LOGGER, logging.INFO, text, Event(name, figures=figures))
