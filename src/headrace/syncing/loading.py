"""Runs a pipeline leg by leg until its source has no more rows."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from typing import Any

import dlt
from dlt.common.pipeline import LoadInfo
from dlt.extract import DltSource

from headrace.core.events import Event, log_event
from headrace.destination.dlt_clients import KeptFile
from headrace.destination.views import release_tables
from headrace.dlt_source.current_sync import RunningSync, running
from headrace.dlt_source.dlt_pipe import feeders
from headrace.syncing.accounting import LoadAccount

_LOGGER = logging.getLogger(__name__)


def load_all(
    pipeline: dlt.Pipeline,
    source: DltSource,
    sync: RunningSync,
    kept: KeptFile,
    *,
    full_refresh: bool = False,
    after_leg: Callable[[], object] = lambda: None,
) -> LoadInfo:
    """Runs a pipeline until the source has no more rows, or the sync is told to stop.

    Each turn extracts one leg and commits it: its rows, its state, and what was counted. While a
    leg is loaded, the next one is fetched already.

    Args:
        pipeline: The pipeline; no load may be left behind in it.
        source: What to load.
        sync: The sync that the legs belong to.
        kept: The file of the destination: it is kept open for each load, and stays so behind the
            last one, but not while the first leg or a leg that is not fetched yet is waited for.
        full_refresh: First drop the tables and the state of the resources.
        after_leg: Is called once a leg is committed.

    Returns:
        What dlt says of the last load.
    """
    refresh: Any = "drop_resources" if full_refresh else None
    if full_refresh:
        release_tables(pipeline, source.schema.name)
    try:
        with running(pipeline, sync):
            while True:
                account = LoadAccount(sync.figures, source)
                number = sync.commits.legs + 1
                log_sync_event(f"leg {number} begins", "leg begins", leg=number)
                kept.close()
                pipeline.extract(source, refresh=refresh)
                sync.legs.go_on()
                log_sync_event(f"the load of leg {number} begins", "load begins", leg=number)
                # Without data, dlt's `run` normalizes and loads what was extracted, and gives None
                # where that was nothing. `load` then gives the LoadInfo of an empty load.
                kept.open(beside_fetch=bool(sync.legs.unfinished))
                info = pipeline.run() or pipeline.load()
                account.settle(pipeline)
                loaded, unfinished = source.resources.selected.keys(), sync.legs.unfinished
                sync.commits.add(sync.figures, loaded, unfinished)
                log_sync_event(f"leg {number} is committed", "leg committed", leg=number)
                sync.legs.last_load_seconds = _load_seconds(pipeline)
                after_leg()
                if not sync.legs.unfinished or sync.legs.stop.is_set():
                    return info
                # What was loaded whole must not be loaded again: `replace` keeps the last leg.
                source = source.with_resources(*_with_fed(source, sync.legs.unfinished))
                # A second refresh would drop the leg that was just committed.
                refresh = None
    finally:
        sync.legs.close()


def log_sync_event(text: str, event: str, **figures: Any) -> None:
    """Logs an event of the sync.

    Args:
        text: The event for people.
        event: The name of the event for machines.
        figures: What was counted up to then.
    """
    log_event(_LOGGER, logging.INFO, text, Event(event, figures=figures))


def _with_fed(source: DltSource, names: Collection[str]) -> list[str]:
    """Names of resources, and of the selected ones that are fed with their rows."""
    return [
        name
        for name, resource in source.resources.selected.items()
        if not feeders(resource).isdisjoint(names)
    ]


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
