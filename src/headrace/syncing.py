"""Runs a dlt pipeline until the source has no more."""

from __future__ import annotations

import time
from dataclasses import dataclass

import dlt
from dlt.common.exceptions import DltException
from dlt.extract import DltSource

from headrace.accounting import Account
from headrace.exceptions import SyncError
from headrace.figures import Figures, watch
from headrace.sync_failures import cause_of

_PENDING = (
    "What was fetched is kept, and the next run tries to load it first. To give it up: "
    "dlt pipeline {name} abort-packages"
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
    """

    pipeline_name: str
    destination: str
    location: str
    dataset_name: str
    tables: dict[str, str]
    figures: Figures
    seconds: float
    resumed: bool


def sync(
    pipeline: dlt.Pipeline, source: DltSource, *, figures: Figures | None = None
) -> SyncReport:
    """Loads what the source has into the pipeline's destination.

    A load that an earlier run left behind is finished first: `pipeline.run` alone would finish
    that, leave the source alone and report success.

    Args:
        pipeline: to run.
        source: as `rest_api_source` makes it.
        figures: to count on, for whoever wants to watch; counted on a new one when None.

    Returns:
        What was done.

    Raises:
        HeadraceError: the API, or a row of it, stopped the sync.
        SyncError: the pipeline or its destination did.
        KeyboardInterrupt: someone did.
    """
    started = time.monotonic()
    figures = figures or Figures()
    try:
        resumed = pipeline.has_pending_data
        if resumed:
            pipeline.run()
        account = Account(figures, source)
        with watch(pipeline.pipeline_name, figures):
            info = pipeline.run(source)
        account.settle(pipeline)
    except DltException as error:
        cause = cause_of(error)
        if isinstance(cause, SyncError) and pipeline.has_pending_data:
            cause = SyncError(f"{cause}\n{_PENDING.format(name=pipeline.pipeline_name)}")
        raise cause from error
    return SyncReport(
        pipeline_name=pipeline.pipeline_name,
        destination=info.destination_name,
        location=str(info.destination_displayable_credentials),
        dataset_name=info.dataset_name,
        tables=_tables(source),
        figures=figures,
        seconds=time.monotonic() - started,
        resumed=resumed,
    )


def _tables(source: DltSource) -> dict[str, str]:
    naming = source.schema.naming
    return {
        name: naming.normalize_tables_path(resource.table_name)
        for name, resource in source.resources.selected.items()
        if isinstance(resource.table_name, str)
    }
