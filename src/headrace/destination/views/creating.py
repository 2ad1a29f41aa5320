"""Creates the views in a destination, and drops the views that it created."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import dlt
from dlt.common.exceptions import DltException

from headrace.core.exceptions import SyncError
from headrace.destination.failures import cause_of
from headrace.destination.sql import (
    DIALECTS,
    DatasetConnection,
    StoredTable,
    connect_to_dataset,
    dialect_of,
    schema_that_has,
)
from headrace.destination.views.failures import failures_sql
from headrace.destination.views.outcomes import daily_sql, outcomes_sql

OUTCOMES, DAILY, FAILURES = "outcomes", "daily", "failures"
_MARK = "Made by Headrace, and made anew when the table changes"
_COMMENTS = {
    "duckdb": "SELECT view_name, comment FROM duckdb_views() "
    "WHERE database_name = current_database() AND schema_name = %s",
    "postgres": "SELECT c.relname, obj_description(c.oid, 'pg_class') FROM pg_class AS c "
    "JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.relkind = 'v' AND n.nspname = %s",
}


@dataclass(frozen=True, slots=True)
class CreatedViews:
    """What became of the views.

    Args:
        names: The names of the views that exist now, with their dataset.
        notes: A sentence for each view that could not be made, with the reason.
    """

    names: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def create_views(
    pipeline: dlt.Pipeline,
    executions: str = "executions",
    workflows: str | None = "workflows",
    node_runs: str | None = "node_runs",
) -> CreatedViews:
    """Creates the views `<executions>_outcomes` and `<executions>_daily`, or creates them anew.

    Where the runs of their nodes are loaded, there is `<executions>_failures` as well. A table
    or view of somebody else that has one of these names is left as it is.

    Args:
        pipeline: The dlt pipeline that has loaded the tables, into DuckDB or PostgreSQL.
        executions: The name of the table of executions.
        workflows: The name of a table with the columns `id` and `name` of the workflows; None
            where there is none.
        node_runs: The name of a table with the runs of the nodes, as the connector `executions`
            loads it; None where there is none. It need not exist.

    Returns:
        Which views exist now. When the destination has another SQL, or a table does not exist,
        that is a note in it and no error.

    Example:
        After `headrace run executions`:

        >>> import dlt, headrace
        >>> pipeline = dlt.pipeline(
        ...     "executions",
        ...     destination=dlt.destinations.duckdb("executions.duckdb"),
        ...     dataset_name="executions_dataset",
        ... )
        >>> headrace.create_views(pipeline).names
        ('executions_dataset.executions_outcomes', 'executions_dataset.executions_daily')
    """
    dialect = dialect_of(pipeline)
    if dialect not in DIALECTS:
        known = " or ".join(DIALECTS)
        return CreatedViews(notes=(f"no views were made: they need {known}, not {dialect}",))
    try:
        with connect_to_dataset(pipeline, schema_that_has(pipeline, executions)) as database:
            return _create(database, executions, workflows, node_runs)
    except SyncError as error:
        return CreatedViews(notes=(f"no views were made: {error}",))


def release_tables(pipeline: dlt.Pipeline, schema: str) -> None:
    """Drops the views that were created here, where tables cannot be dropped under them.

    Args:
        pipeline: The pipeline that is about to drop its tables.
        schema: The name of the schema that has the tables.

    Raises:
        SyncError: The destination refused it, for example since views of others read these views.
    """
    # DuckDB drops a table that a view reads; PostgreSQL refuses to.
    if dialect_of(pipeline) != "postgres":
        return
    known = schema if schema in pipeline.schemas else None
    with connect_to_dataset(pipeline, known) as database, database.transaction():
        # `_daily` reads `_outcomes`, and sorts before it, so it is dropped first.
        for name in sorted(_own_views(database)):
            database.execute(f"DROP VIEW {database.qualified(name)}")


def _create(
    database: DatasetConnection, executions: str, workflows: str | None, node_runs: str | None
) -> CreatedViews:
    table = database.table(executions)
    if table is None:
        return CreatedViews(notes=(f"no views were made: there is no table `{executions}` yet",))
    names_table = database.table(workflows) if workflows else None
    runs_table = database.table(node_runs) if node_runs else None
    base = table.name.rpartition(".")[2].strip('"')
    outcomes, daily, failures = (f"{base}_{kind}" for kind in (OUTCOMES, DAILY, FAILURES))
    queries = {
        outcomes: outcomes_sql(database, table, names_table),
        daily: daily_sql(database.qualified(outcomes)),
    }
    own, all_there = _own_views(database), database.relations()
    for name in queries:
        if name in all_there and name not in own:
            what = "view" if all_there[name] else "table"
            note = f"no views were made: `{database.dataset}.{name}` is a {what} of somebody else"
            return CreatedViews(notes=(note,))
    # A view keeps the column types of the moment when it was made, so the mark covers them.
    made = _replace(database, queries, _mark(queries, table, names_table), own)
    if runs_table is None:
        if failures in own:
            database.execute(f"DROP VIEW {database.qualified(failures)}")
        return made
    if failures in all_there and failures not in own:
        what = "view" if all_there[failures] else "table"
        note = f"`{database.dataset}.{failures}` is a {what} of somebody else, and was left alone"
        return CreatedViews(made.names, (*made.notes, note))
    try:
        queries = {failures: failures_sql(database, runs_table, table, names_table)}
    except SyncError as error:
        note = f"no view `{failures}` was made: {error}"
        return CreatedViews(made.names, (*made.notes, note))
    more = _replace(database, queries, _mark(queries, table, names_table, runs_table), own)
    return CreatedViews((*made.names, *more.names), (*made.notes, *more.notes))


def _replace(
    database: DatasetConnection, queries: Mapping[str, str], mark: str, own: Mapping[str, str]
) -> CreatedViews:
    """Makes views that read each other, the one that is read first, where they are not yet there.

    Args:
        database: The connection to the dataset.
        queries: The query of each view by its name.
        mark: The comment that tells a view made of these queries and tables.
        own: The views that were made here, each with its comment.
    """
    names = tuple(f"{database.dataset}.{name}" for name in queries)
    # To replace a view waits for everybody who reads it, and holds up whoever comes then.
    if all(own.get(name) == mark for name in queries):
        return CreatedViews(names)
    mine = [name for name in reversed([*queries]) if name in own]
    try:
        _make(database, queries, mark)
    except DltException as refusal:
        # PostgreSQL does not replace a view by one with other columns; it must be dropped first.
        if not mine:
            return CreatedViews(notes=(f"no views were made: {cause_of(refusal)}",))
        try:
            _make(database, queries, mark, dropped_first=mine)
        except DltException:
            kept = tuple(name for name in names if name.rpartition(".")[2] in own)
            return CreatedViews(kept, (f"the views stay as they were: {cause_of(refusal)}",))
    return CreatedViews(names)


def _make(
    database: DatasetConnection,
    queries: Mapping[str, str],
    mark: str,
    dropped_first: Sequence[str] = (),
) -> None:
    with database.transaction():
        for name in dropped_first:
            database.execute(f"DROP VIEW {database.qualified(name)}")
        for name, query in queries.items():
            view = database.qualified(name)
            database.execute(f"CREATE OR REPLACE VIEW {view} AS {query}")
            database.execute(f"COMMENT ON VIEW {view} IS '{mark}'")


def _mark(queries: Mapping[str, str], *tables: StoredTable | None) -> str:
    """The comment on a view: it was made here, from these queries and these columns."""
    columns = [sorted(each.columns.items()) if each else None for each in tables]
    digest = hashlib.sha256(repr((sorted(queries.items()), columns)).encode()).hexdigest()
    return f"{_MARK} ({digest[:16]})"


def _own_views(database: DatasetConnection) -> dict[str, str]:
    """The views that were made here, each with its comment."""
    found = database.execute(_COMMENTS[database.dialect], database.dataset)
    return {name: comment for name, comment in found if comment and comment.startswith(_MARK)}
