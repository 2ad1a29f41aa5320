"""Makes the views in a destination, and takes away those that it made."""

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
)
from headrace.destination.views.outcomes import daily_sql, outcomes_sql

OUTCOMES, DAILY = "outcomes", "daily"
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
        names: of those that are there now, with their dataset.
        notes: a sentence for each that could not be made, with the reason.
    """

    names: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def create_views(
    pipeline: dlt.Pipeline, executions: str = "executions", workflows: str | None = "workflows"
) -> CreatedViews:
    """Makes the views `<executions>_outcomes` and `<executions>_daily`, or makes them anew.

    What else goes by one of these names is left as it is, and so are views of other people.

    Args:
        pipeline: that has loaded the tables.
        executions: name of the table of executions.
        workflows: name of a table with `id` and `name` of the workflows, where there is one.

    Returns:
        What is there now; a destination whose SQL is not known, or a table that is not there, is
        a note and no error.

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
        with connect_to_dataset(pipeline) as database:
            return _create(database, executions, workflows)
    except SyncError as error:
        return CreatedViews(notes=(f"no views were made: {error}",))


def release_tables(pipeline: dlt.Pipeline) -> None:
    """Takes away the views that were made here, where tables cannot be dropped under them.

    Args:
        pipeline: that is to drop tables.

    Raises:
        SyncError: the destination does not let it be done, as when views of others read them.
    """
    # DuckDB drops what a view reads; PostgreSQL does not.
    if dialect_of(pipeline) != "postgres":
        return
    with connect_to_dataset(pipeline) as database, database.transaction():
        # A view goes before the one that it reads.
        for name in sorted(_own_views(database)):
            database.execute(f"DROP VIEW {database.qualified(name)}")


def _create(database: DatasetConnection, executions: str, workflows: str | None) -> CreatedViews:
    table = database.table(executions)
    if table is None:
        return CreatedViews(notes=(f"no views were made: there is no table `{executions}` yet",))
    names_table = database.table(workflows) if workflows else None
    base = table.name.rpartition(".")[2].strip('"')
    outcomes, daily = f"{base}_{OUTCOMES}", f"{base}_{DAILY}"
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
    # A view is bound to the types that its columns have when it is made.
    mark = _mark(queries, table, names_table)
    names = tuple(f"{database.dataset}.{name}" for name in queries)
    # Who reads a view holds up who replaces it, and then all others.
    if all(own.get(name) == mark for name in queries):
        return CreatedViews(names)
    mine = [name for name in (daily, outcomes) if name in own]
    try:
        _make(database, queries, mark)
    except DltException as refusal:
        # PostgreSQL replaces no view by one with other columns.
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
    """Says of a view that it was made here, and from what."""
    columns = [sorted(each.columns.items()) if each else None for each in tables]
    digest = hashlib.sha256(repr((sorted(queries.items()), columns)).encode()).hexdigest()
    return f"{_MARK} ({digest[:16]})"


def _own_views(database: DatasetConnection) -> dict[str, str]:
    """The views that were made here, each with its mark."""
    found = database.execute(_COMMENTS[database.dialect], database.dataset)
    return {name: comment for name, comment in found if comment and comment.startswith(_MARK)}
