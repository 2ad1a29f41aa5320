"""Asks the database for the figures of a report."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from headrace.core.exceptions import ConfigError, Fault, SyncError
from headrace.core.nearest import nearest
from headrace.core.quick_dataclasses import dataclass
from headrace.destination.sql import DatasetConnection, StoredTable
from headrace.destination.views import endings_sql, outcomes_sql, workflows_sql
from headrace.reports.html import statements
from headrace.reports.html.figures import (
    Counts,
    ExecutionFigures,
    OpenExecution,
    Period,
    ReportFigures,
    Workflow,
)
from headrace.reports.html.mirror import mirror_health
from headrace.reports.html.nodes import add_nodes
from headrace.reports.html.periods import period_since

MOST_WORKFLOWS = 200
_NONE_NAMED = "(no workflow)"


@dataclass(frozen=True, slots=True)
class ReportTables:
    """Which tables a report is made from.

    Args:
        executions: The name of the table of executions.
        workflows: The name of the table with the names of the workflows; it need not exist.
        node_runs: The name of the table with the runs of the nodes; it need not exist.
    """

    executions: str = "executions"
    workflows: str | None = "workflows"
    node_runs: str | None = "node_runs"


@dataclass(frozen=True, slots=True)
class _KnownWorkflow:
    """A workflow that executions name."""

    number: int
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class _Queries:
    """The queries for workflows, for executions with and without what their retries say of them."""

    workflows: str
    outcomes: str
    endings: str
    has_nodes: bool


def count_executions(
    database: DatasetConnection, tables: ReportTables, since: str, workflow: str | None
) -> ReportFigures:
    """Counts the executions of a table.

    Args:
        database: The connection to the dataset with the tables.
        tables: The names of the tables.
        since: The period to cover, as `period_since` reads it.
        workflow: The name or id of the only workflow that counts; all when None.

    Returns:
        All figures that the report shows.

    Raises:
        ConfigError: There is no such workflow, or `since` cannot be read.
        SyncError: There is no such table.
    """
    table = database.table(tables.executions)
    if table is None:
        raise SyncError(
            f"there is no table `{tables.executions}` in `{database.dataset}`. Load it first: "
            "headrace run CONFIG"
        )
    names = database.table(tables.workflows) if tables.workflows else None
    queries = _Queries(
        workflows_sql(database, table, names),
        outcomes_sql(database, table, names),
        endings_sql(database, table),
        has_nodes=bool(tables.node_runs and database.table(tables.node_runs)),
    )
    place = f"{database.dataset}.{tables.executions} in {database.dialect}"
    health = mirror_health(database, tables.executions)
    first, last = _span(database, table)
    if first is None or last is None:
        nothing = ExecutionFigures(Counts(), Counts(), [])
        return ReportFigures(place, None, workflow, nothing, [], health)
    period = period_since(since, first, last)
    known = _lay_out(database, queries, period)
    chosen = _chosen(known, workflow) if workflow is not None else None
    _give_places(database, known if chosen is None else [chosen])
    all_figures = _figures(database, period)
    if tables.node_runs:
        add_nodes(database, tables.node_runs, all_figures)
    overall = all_figures.pop(None, None) or _empty(period)
    shown = [chosen] if chosen else known
    workflows = [
        Workflow(each.id, each.name, all_figures[number])
        for number, each in enumerate(shown[:MOST_WORKFLOWS])
    ]
    if (rest := all_figures.get(MOST_WORKFLOWS)) is not None:
        others = len(shown) - MOST_WORKFLOWS
        workflows.append(Workflow("", f"{others:,} other workflows", rest, others))
    name = chosen.name if chosen else None
    return ReportFigures(place, period, name, overall, workflows, health)


def _span(
    database: DatasetConnection, table: StoredTable
) -> tuple[datetime | None, datetime | None]:
    """The oldest and the newest moment in the executions, in UTC; None without executions."""
    stopped = table.column("stoppedAt")
    started = database.quoted(table.column("startedAt") or "")
    newest = f"MAX({started})"
    if stopped is not None:
        ended = database.quoted(stopped)
        newest = f"GREATEST({newest}, MAX({ended}))"
        started = f"COALESCE({started}, {ended})"
    utc = "CAST({} AS TIMESTAMP WITH TIME ZONE) AT TIME ZONE 'UTC'"
    ((first, last),) = database.execute(
        f"SELECT {utc.format(f'MIN({started})')}, {utc.format(newest)} FROM {table.name}"
    )
    return first, last


def _chosen(known: Sequence[_KnownWorkflow], wanted: str) -> _KnownWorkflow:
    by_id = [each for each in known if each.id == wanted]
    by_name = [each for each in known if each.name == wanted]
    near = [each for each in known if each.name.casefold() == wanted.casefold()]
    found = by_id or by_name or near
    if len(found) == 1:
        return found[0]
    if found:
        ids = ", ".join(each.id for each in found)
        problem = f"{len(found)} workflows are called `{wanted}`; give the id of one: {ids}"
    else:
        names = [each.name for each in known]
        close = nearest(wanted, names)
        hint = f"did you mean `{close}`?" if close else f"there are: {', '.join(names[:20])}"
        problem = f"no execution of that time is of a workflow `{wanted}`; {hint}"
    raise ConfigError([Fault("workflow", problem)])


def _lay_out(
    database: DatasetConnection, queries: _Queries, period: Period
) -> list[_KnownWorkflow]:
    """Puts the executions that count into temporary tables, and gives their workflows."""
    for setting in statements.SESSION_SETTINGS[database.dialect]:
        database.execute(setting)
    # The connection may still have the tables of an earlier report.
    for name in statements.TABLES:
        database.execute(f"DROP TABLE IF EXISTS {name}")
    database.execute(statements.numbered_sql(queries.workflows))
    database.execute(statements.rows_sql(queries.outcomes, period))
    database.execute(statements.details_sql(queries.endings, period, of_all=queries.has_nodes))
    found = database.execute(statements.known_sql())
    return [_KnownWorkflow(number, key, name or key or _NONE_NAMED) for number, key, name in found]


def _give_places(database: DatasetConnection, known: Sequence[_KnownWorkflow]) -> None:
    """Gives each workflow its place on the page; workflows without a place do not count."""
    database.execute(
        f"CREATE TEMPORARY TABLE {statements.PLACES} (workflow INTEGER, place INTEGER)"
    )
    for first in range(0, len(known), MOST_WORKFLOWS):
        part = known[first : first + MOST_WORKFLOWS]
        values: list[Any] = []
        for place, each in enumerate(part, start=first):
            values += [each.number, min(place, MOST_WORKFLOWS)]
        rows = ", ".join(["(%s, %s)"] * len(part))
        database.execute(f"INSERT INTO {statements.PLACES} VALUES {rows}", *values)


def _empty(period: Period) -> ExecutionFigures:
    return ExecutionFigures(Counts(), Counts(), [Counts() for _ in period.buckets])


def _figures(database: DatasetConnection, period: Period) -> dict[int | None, ExecutionFigures]:
    """The figures of each place on the page; under None, of all workflows together."""
    found: dict[int | None, ExecutionFigures] = {}

    def of(place: int | None) -> ExecutionFigures:
        if place not in found:
            found[place] = _empty(period)
        return found[place]

    for which in (statements.EACH_PLACE, statements.ALL_PLACES):
        for number, place, *counts in database.execute(statements.periods_sql(which)):
            if number == 0:
                of(place).now = _counts(counts)
            else:
                of(place).before = _counts(counts)
        for bucket, place, *counts in database.execute(statements.series_sql(which)):
            of(place).series[bucket] = _counts(counts)
    for hour, place, runs, ended, failed in database.execute(statements.hours_sql()):
        figures = of(place)
        figures.hours_runs[hour] = int(runs)
        figures.hours_ended[hour] = int(ended)
        figures.hours_failed[hour] = int(failed)
    for row in database.execute(statements.open_sql(period.end)):
        place, key, outcome, started, wait_till, seconds, of_place, of_all, in_place, in_all = row
        execution = OpenExecution(
            key, outcome, started, wait_till, None if seconds is None else float(seconds), place
        )
        if of_place <= statements.OPEN_SHOWN:
            of(place).open.append(execution)
            of(place).open_count = in_place
        if of_all <= statements.OPEN_SHOWN_IN_ALL:
            of(None).open.append(execution)
            of(None).open_count = in_all
    return found


def _counts(values: Sequence[Any]) -> Counts:
    *numbers, percentiles = values
    durations = (None if each is None else float(each) for each in percentiles or (None, None))
    ordered: list[Any] = [*map(int, numbers), *durations]
    return Counts(*ordered)
