"""Makes a report: from the tables of a pipeline to one HTML file."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import dlt

from headrace.core.exceptions import SyncError
from headrace.destination.sql import connect_to_dataset
from headrace.reports.html.counting import ReportTables, count_executions
from headrace.reports.html.page import render_page


@dataclass(frozen=True, slots=True)
class Report:
    """A report that was made.

    Args:
        path: of the file.
        executions: how many it tells of.
        start: when the period begins that it tells of, in UTC; None where there is no execution.
        end: when that ends.
    """

    path: Path
    executions: int
    start: datetime | None
    end: datetime | None


def report(
    pipeline: dlt.Pipeline,
    path: str | Path,
    *,
    since: str = "30d",
    workflow: str | None = None,
    executions: str = "executions",
    workflows: str | None = "workflows",
) -> Report:
    """Writes one HTML file that shows how executions fare; it works offline.

    Args:
        pipeline: that has loaded them, into DuckDB or PostgreSQL.
        path: of the file; one that is there is replaced.
        since: what the report is about: a span that ends with the newest execution (`30d`, `12h`,
            `8w`), or a date or time in ISO form.
        workflow: name or id of the only workflow that it is about; None for all.
        executions: name of the table of executions.
        workflows: name of the table with `id` and `name` of the workflows, where there is one.

    Returns:
        What was written.

    Raises:
        ConfigError: there is no such workflow, or `since` cannot be read.
        SyncError: the tables are not there, or cannot be read, or the file cannot be written.

    Example:
        After `headrace run executions`:

        >>> import dlt, headrace
        >>> pipeline = dlt.pipeline(
        ...     "executions",
        ...     destination=dlt.destinations.duckdb("executions.duckdb"),
        ...     dataset_name="executions_dataset",
        ... )
        >>> made = headrace.report(pipeline, "report.html", since="90d")
        >>> made.executions
        200
    """
    with connect_to_dataset(pipeline) as database:
        figures = count_executions(database, ReportTables(executions, workflows), since, workflow)
    path = Path(path)
    _write(path, render_page(figures, datetime.now(UTC).replace(tzinfo=None)))
    period = figures.period
    return Report(
        path,
        figures.overall.now.runs,
        period.start if period else None,
        period.end if period else None,
    )


def _write(path: Path, text: str) -> None:
    # Whoever has the old one open does not see half of the new one.
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise SyncError(f"{path} cannot be written: {error.strerror}") from None
