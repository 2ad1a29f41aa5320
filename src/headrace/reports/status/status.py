"""Says how the syncs of a config are doing, by what they left in the destination."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import dlt
from dlt.extract import DltSource

from headrace.config import ResourceConfig, SourceConfig, config_of_call
from headrace.config.selection import select_resources
from headrace.core.exceptions import NothingLoaded
from headrace.core.secrets.redaction import hold_secrets
from headrace.destination.dataset import StoredDataset
from headrace.destination.dlt_clients import dataset_of, is_sql_destination
from headrace.destination.pipeline import destination_name
from headrace.destination.places import location_of
from headrace.destination.secrets import destination_secrets
from headrace.destination.steady_reading import read_steadily
from headrace.dlt_source.by_call import SOURCE_NAME
from headrace.dlt_source.source import build_source
from headrace.reports.status.results import Status
from headrace.reports.status.status_reader import StatusReader


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
    """Says how the syncs of a config are doing, by what is in the destination.

    The API is asked nothing, and nothing is changed. Everything is read from the destination, so
    any machine that reaches it will do; the local folder of the pipeline is not looked at.

    Args:
        pipeline: The dlt pipeline that the config is loaded with.
        config: The config, as `rest_api_source` takes it.
        resources: The names of the resources to look at; all when empty.
        source_name: The `name` that `rest_api_source` was called with.
        runs: How many of the last runs of each resource to give.
        examples: How many rows of the quarantine to give for each resource.
        clock: Gives the time, in seconds since 1970.

    Returns:
        For each resource: its last runs, how fresh its tables are, and what is left to do.

    Raises:
        ConfigError: The config cannot be used.
        StateError: A saved ledger was written by a later version.
        SyncError: The destination cannot be read.

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
        config_of_call(config),
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
        StateError: A saved ledger is of a later version.
        SyncError: The destination cannot be read.
    """
    parsed = select_resources(config, resources)
    source = build_source(parsed, name=source_name)
    now = datetime.fromtimestamp(clock(), UTC)
    hold_secrets(pipeline, destination_secrets(pipeline))

    def read(reading: dlt.Pipeline) -> Status:
        found = _read(reading, parsed, source, now, runs, examples)
        if reading is pipeline:
            return found
        # It reads by a connection, which is nowhere.
        return replace(found, location=location_of(pipeline.destination_client()))

    schema = source_name if source_name in pipeline.schemas else None
    return read_steadily(pipeline, schema, read)


def _read(
    pipeline: dlt.Pipeline,
    config: SourceConfig,
    source: DltSource,
    now: datetime,
    runs: int,
    examples: int,
) -> Status:
    try:
        stored: StoredDataset | None = StoredDataset(pipeline, source.name)
    except NothingLoaded:
        stored = None
    reader = StatusReader(pipeline, stored, source, now, runs, examples)
    found = reader.resources(
        {each.name: each for each in config.resources if isinstance(each, ResourceConfig)}
    )
    return Status(
        pipeline_name=pipeline.pipeline_name,
        destination=destination_name(pipeline),
        location=stored.location if stored else location_of(pipeline.destination_client()),
        dataset_name=dataset_of(pipeline, source.name),
        at=now,
        has_run=stored is not None or any(each.runs for each in found),
        resources=tuple(found),
        keeps_history=is_sql_destination(pipeline),
    )
