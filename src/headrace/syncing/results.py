"""What a sync did."""

from __future__ import annotations

from dataclasses import dataclass

from headrace.core.failed_requests import FailedRequest
from headrace.core.figures import Figures


@dataclass(frozen=True, slots=True)
class FoundMissing:
    """Rows of a table that the API has no more.

    Args:
        resource: The name of the resource.
        table: The name of its table.
        action: What its `missing_rows` asks for: `mark` or `delete`.
        rows: How many rows are missing.
        of_rows: How many rows the table had, without those that were marked before.
        most: The share of them that may be missing, by the config.
        is_refused: Whether nothing was done, since that share is smaller.
    """

    resource: str
    table: str
    action: str
    rows: int
    of_rows: int
    most: float
    is_refused: bool = False


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What a sync did.

    Args:
        pipeline_name: The name of the pipeline that ran.
        destination: dlt's name of the destination, for example `duckdb`.
        location: Where the destination is, without its password.
        dataset_name: The dataset (schema) that was loaded into.
        tables: The name of each resource's table, by the name of the resource.
        figures: What was counted for each resource: rows, pages, requests, ...
        seconds: How long the sync took, loads included.
        resumed: Whether the sync first finished a load that an earlier run had left behind.
        is_complete: Whether the source has no more rows; false when the sync was told to stop.
        run_id: The id of the sync in the history of runs (`_headrace_runs`).
        takes_sql: Whether the destination takes SQL as it is; false where its tables are files.
        failed_requests: The requests beside the listings that failed, and are asked again in the
            next sync, the last one in front. What they would have brought is not loaded.
        missing_rows: The rows that the API has no more, for each resource that has some and whose
            `missing_rows` asks for more than to keep them.
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
    takes_sql: bool = True
    failed_requests: tuple[FailedRequest, ...] = ()
    missing_rows: tuple[FoundMissing, ...] = ()
