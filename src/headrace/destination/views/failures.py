"""SQL that says which runs of nodes made executions fail, for DuckDB and PostgreSQL alike."""

from __future__ import annotations

from headrace.core.exceptions import SyncError
from headrace.destination.sql import DatasetConnection, StoredTable, value_list
from headrace.destination.views.columns import Columns
from headrace.destination.views.outcomes import FAILED, outcome_sql, workflow_name

# More than thirty years is no time that a node ran, and may lead beyond what a database counts.
_MOST_MILLISECONDS = 1_000_000_000_000


def node_runs_sql(database: DatasetConnection, node_runs: StoredTable) -> str:
    """Writes a query with one row for each run of each node.

    Its columns are `key` (the id of the execution, as text), `node`, `run`, `status`,
    `milliseconds`, `failing`, `error_name`, `message` and `failed_at`. A field without a column
    counts as null; only `execution_id` must have one.

    Args:
        database: The connection to the dataset with the table.
        node_runs: The table with a row for each run of each node.

    Returns:
        The SQL, without placeholders.

    Raises:
        SyncError: The table has no column for `execution_id`.
    """
    if node_runs.column("execution_id") is None:
        raise SyncError(
            f"{node_runs.name} holds no runs of nodes: there is no column for `execution_id`"
        )
    columns = Columns(database, node_runs)
    name, message = columns.text("error_name"), columns.text("error_message")
    started, took = columns.moment("started"), columns.number("milliseconds")
    status = f"LOWER({columns.text('status')})"
    failing = (
        f"CASE WHEN {status} IS NULL THEN {name} IS NOT NULL OR {message} IS NOT NULL "
        f"ELSE {status} IN ({value_list(FAILED)}) END"
    )
    failed_at = (
        f"CASE WHEN {took} BETWEEN 0 AND {_MOST_MILLISECONDS} "
        f"THEN {started} + {took} * INTERVAL '1 millisecond' ELSE {started} END"
    )
    return f"""SELECT {columns.text("execution_id")} AS key, {columns.text("node")} AS node,
    {columns.plain("run")} AS run, {status} AS status, {took} AS milliseconds,
    {failing} AS failing, {name} AS error_name, {message} AS message, {failed_at} AS failed_at
  FROM {node_runs.name}"""


def failures_sql(
    database: DatasetConnection,
    node_runs: StoredTable,
    executions: StoredTable,
    workflows: StoredTable | None,
) -> str:
    """Writes a query with one row for each run of a node that failed in an execution that failed.

    Args:
        database: The connection to the dataset with the tables.
        node_runs: The table with a row for each run of each node.
        executions: The table of executions; `outcomes_sql` says what it must have.
        workflows: A table with the columns `id` and `name` of the workflows; None where the names
            are not known.

    Returns:
        The SQL, without placeholders.

    Raises:
        SyncError: The table of the nodes has no column for `execution_id`.
    """
    columns = Columns(database, executions)
    name, join = workflow_name(database, workflows)
    return f"""WITH runs AS (
  {node_runs_sql(database, node_runs)}
), base AS (
  SELECT {columns.plain("id")} AS id, {columns.text("id")} AS key,
    {columns.text("workflowId")} AS workflow_id, {columns.moment("startedAt")} AS started_at,
    {columns.moment("stoppedAt")} AS stopped_at, {outcome_sql(columns)} AS outcome
  FROM {executions.name}
)
SELECT b.id AS execution_id, b.workflow_id, COALESCE({name}, b.workflow_id) AS workflow_name,
  r.node, CAST(r.run AS BIGINT) AS run, r.error_name, r.message,
  COALESCE(r.failed_at, b.stopped_at, b.started_at) AS failed_at
FROM runs AS r JOIN base AS b ON b.key = r.key{join}
WHERE r.failing AND b.outcome IN ({value_list(FAILED)})"""
