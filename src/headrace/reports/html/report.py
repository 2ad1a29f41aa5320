"""Makes a report: reads the tables of a pipeline, and writes one HTML file."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from math import inf
from pathlib import Path

import dlt

from headrace.core.dlt_door.settings import traces_forgotten
from headrace.core.exceptions import ConfigError, Fault, SyncError
from headrace.reports.html.counting import ReportTables, count_executions
from headrace.reports.html.figures import ReportFigures
from headrace.reports.html.page import Refresh, render_page
from headrace.reports.html.source_tables import read_tables


@dataclass(frozen=True, slots=True)
class Report:
    """A report that was written.

    Args:
        path: The path of the file.
        executions: How many executions it covers.
        start: The beginning of the period that it covers, in UTC, without a zone; None where there
            is no execution.
        end: The end of that period.
    """

    path: Path
    executions: int
    start: datetime | None
    end: datetime | None


@dataclass(frozen=True, slots=True)
class MadePage:
    """A page that was made, and not yet shown.

    Args:
        text: The HTML.
        made: When it was made, in UTC, without a zone.
        figures: What it shows.
    """

    text: str
    made: datetime
    figures: ReportFigures


def report(
    pipeline: dlt.Pipeline,
    path: str | Path,
    *,
    since: str = "30d",
    workflow: str | None = None,
    executions: str = "executions",
    workflows: str | None = "workflows",
    node_runs: str | None = "node_runs",
    every: float | None = None,
) -> Report:
    """Writes one HTML file that shows how executions end and how long they take.

    The file works offline: it holds all that it needs, and asks no server for anything. A sync that
    runs meanwhile is not held up. Who opens the file while it is replaced gets a whole one.

    Args:
        pipeline: The dlt pipeline that has loaded the executions. Where that is not DuckDB or
            PostgreSQL, what is asked of them is copied to this machine for a moment.
        path: The path of the file. A file that exists is replaced.
        since: The period to cover: a duration that ends with the newest execution (`30d`, `12h`,
            `8w`), or the date or time of its beginning in ISO form, in UTC where it has no zone.
        workflow: The name or id of the only workflow to cover; all when None.
        executions: The name of the table of executions.
        workflows: The name of a table with the columns `id` and `name` of the workflows. It need
            not exist.
        node_runs: The name of a table with the runs of the nodes, as the connector `executions`
            loads it. It need not exist.
        every: In how many seconds the file will be written again: a browser that has it open then
            loads it by itself. It does not when None.

    Returns:
        Where the file is, and what it covers.

    Raises:
        ConfigError: There is no such workflow, or `since` or `every` cannot be read.
        SyncError: The tables do not exist or cannot be read, or the file cannot be written.

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
    if every is not None and not 0 < every < inf:
        raise ConfigError([Fault("every", f"`{every}` is no number of seconds above 0")])
    refresh = None if every is None else Refresh(every)
    tables = ReportTables(executions, workflows, node_runs)
    page = make_page(pipeline, since, workflow, tables, refresh)
    path = Path(path)
    _write(path, page.text)
    period = page.figures.period
    return Report(
        path,
        page.figures.overall.now.runs,
        period.start if period else None,
        period.end if period else None,
    )


def make_page(
    pipeline: dlt.Pipeline,
    since: str,
    workflow: str | None,
    tables: ReportTables,
    refresh: Refresh | None,
) -> MadePage:
    """Makes a page of what the tables hold now.

    Args:
        pipeline: The pipeline that has loaded the executions.
        since: The period to cover, as `report` takes it.
        workflow: The name or id of the only workflow to cover; all when None.
        tables: The names of the tables.
        refresh: How the page comes to show what is new; it stays as it is when None.

    Raises:
        ConfigError: There is no such workflow, or `since` cannot be read.
        SyncError: The tables do not exist or cannot be read.
    """
    with traces_forgotten():
        figures = read_tables(
            pipeline, tables, lambda database: count_executions(database, tables, since, workflow)
        )
    made = datetime.now(UTC).replace(tzinfo=None)
    return MadePage(render_page(figures, made, refresh), made, figures)


def _write(path: Path, text: str) -> None:
    # Written beside it and then moved: nobody who opens the file sees half of it.
    part = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}.part")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    except OSError as error:
        raise SyncError(f"{path} cannot be written: {error.strerror}") from None
    finally:
        # Where it is not there any more, or never was.
        with suppress(OSError):
            part.unlink()
