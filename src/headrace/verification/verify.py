"""Compares tables with what their API lists now, and loads the difference if that is wanted."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import dlt
from dlt.extract import DltSource

from headrace.core.exceptions import ConfigError, Fault
from headrace.core.figures import Figures
from headrace.destination.dataset import StoredDataset
from headrace.destination.dlt_schema import tables_below
from headrace.destination.tables import filled_tables
from headrace.dlt_source.saved_state import saved_ledgers, tenant_states_in
from headrace.reading.keep_up.legs import LegSettings
from headrace.syncing.failures import explained_failures
from headrace.syncing.lock import held
from headrace.syncing.resuming import finish_pending
from headrace.verification.refused_rows import refused_rows
from headrace.verification.repair import repair_tables
from headrace.verification.results import VerificationReport
from headrace.verification.scratch.listing import ScratchListing
from headrace.verification.table_comparer import Excuse, TableComparer

_DEFAULT_LEGS = LegSettings()


def verify(
    pipeline: dlt.Pipeline,
    source: DltSource,
    *,
    repair: bool = False,
    figures: Figures | None = None,
    may_differ: Excuse | None = None,
    may_be_missing: Excuse | None = None,
    examples: int = 20,
    legs: LegSettings = _DEFAULT_LEGS,
) -> VerificationReport:
    """Lists everything once and compares it with the tables that were loaded from it.

    The rows are typed as a sync would type them, and kept in a temporary folder. The lists within
    them are compared too. Where a listing is kept up with (`row_order: desc`), rows that the next
    sync is to bring are no fault: new ones, and those that could still change. Rows that cannot be
    loaded are one. Where a request beside a listing fails, for what belongs to one row of a parent
    say, the rest is compared, and the report has the request.

    Without `repair`, nothing is loaded, and the pipeline's folder and state stay as they are.
    With it, the pipeline is locked as by a sync, and a load that an earlier run left behind is
    finished first. Then the rows that are missing, differ, or are there twice are loaded from the
    listing as a sync would load them. What is known of the listings stays as it is.

    Args:
        pipeline: The dlt pipeline that has loaded the tables.
        source: The source, as `rest_api_source` makes it; its selected resources are verified.
        repair: Load what the tables lack.
        figures: Where to count what is listed, for whoever wants to watch meanwhile; the report
            has figures of its own when None.
        may_differ: A function that is called as `(resource, key)` for each row that differs. A
            reason (text) that it gives makes the difference no fault; None leaves it a fault. The
            key is a tuple where the primary key has several columns.
        may_be_missing: The same for each row that the table misses.
        examples: How many differing rows of a table to give field by field.
        legs: How much a repair loads at once, in bytes and seconds.

    Returns:
        What is missing, what differs, and what only the table has; and what a repair left of it.

    Raises:
        ConfigError: A resource has no primary key.
        SyncError: Nothing has been loaded yet, the destination cannot be read, a repair failed,
            or a sync is under way that a repair would have to wait for.
        HeadraceError: The API stopped the listing.

    Example:
        `headrace simulate` serves the sample API of this example:

        >>> import dlt, headrace
        >>> config = {
        ...     "client": {
        ...         "base_url": "http://127.0.0.1:8080/api/v1",
        ...         "auth": {"type": "api_key", "name": "X-API-KEY", "api_key": "simulator"},
        ...     },
        ...     "resource_defaults": {"primary_key": "id", "write_disposition": "merge"},
        ...     "resources": ["workflows"],
        ... }
        >>> pipeline = dlt.pipeline("sample", destination="duckdb")
        >>> report = headrace.sync(pipeline, headrace.rest_api_source(config))
        >>> found = headrace.verify(pipeline, headrace.rest_api_source(config))
        >>> found.ok, len(found.tables[0].comparison.missing)
        (True, 0)
    """
    started = time.monotonic()
    figures = figures or Figures()
    # Says at once, before anything is listed, which resource cannot be verified.
    filled_tables(source, source.schema)
    with ExitStack() as opened:
        # From before the listing on: what a sync loads meanwhile would be newer than that.
        resumed = _lock_and_finish_pending(pipeline, opened) if repair else False
        stored = StoredDataset(pipeline, source.schema.name)
        # Better known before the whole API is listed.
        tables = filled_tables(source, stored.schema)
        for table in tables:
            if table.name in stored.schema.tables:
                for each in tables_below(stored.schema, table.name):
                    stored.fetch(each, "1", "WHERE 1 = 0")
        _refuse_tenants(stored.state(), source.resources.selected)
        ledgers = saved_ledgers(stored.state())
        scratch = opened.enter_context(ScratchListing(pipeline, stored, keeps_rows=repair))
        refused = refused_rows(stored, tables)
        schema = scratch.list_all(source, figures, refused)
        comparer = TableComparer(scratch, schema, ledgers, may_differ, may_be_missing, examples)
        compared = [comparer.compare(table) for table in filled_tables(source, schema)]
        results = [each.result(figures) for each in compared]
        repaired = None
        faulty = [
            each
            for each, result in zip(compared, results, strict=True)
            if not result.has_all_loadable
        ]
        if repair and faulty:
            repaired = Figures()
            repairs = repair_tables(
                pipeline, source, scratch, [each.to_repair for each in faulty], legs, repaired
            )
            results = [replace(each, repair=repairs.get(each.table)) for each in results]
    return VerificationReport(
        pipeline_name=pipeline.pipeline_name,
        destination=stored.destination,
        location=stored.location,
        dataset_name=stored.dataset_name,
        tables=tuple(results),
        figures=figures,
        seconds=time.monotonic() - started,
        resumed=resumed,
        repaired=repaired,
        failed_requests=scratch.failed_requests,
    )


def _refuse_tenants(states: Mapping[str, Any], resources: Iterable[str]) -> None:
    """Refuses resources that are kept up with for several tenants.

    Which of their rows may differ by now is known for each tenant by itself.
    """
    faults = [
        Fault(
            f"resources.{name}",
            "is kept up with for several tenants, which cannot be verified together: leave it out "
            "with --resource, or compare what `headrace cat --tenant NAME` gives",
        )
        for name in resources
        if tenant_states_in(states.get(name) or {})
    ]
    if faults:
        raise ConfigError(faults)


def _lock_and_finish_pending(pipeline: dlt.Pipeline, opened: ExitStack) -> bool:
    """Locks the pipeline until the end; says whether an earlier run had left a load behind."""
    opened.enter_context(held(pipeline))
    with explained_failures(pipeline):
        return finish_pending(pipeline)
