"""SQL that says how each execution ended, in words that DuckDB and PostgreSQL both take."""

from __future__ import annotations

from headrace.core.exceptions import SyncError
from headrace.destination.sql import DatasetConnection, StoredTable, value_list
from headrace.destination.views.columns import TEXT, Columns

FAILED = ("error", "crashed")
_ENDED = ("success", *FAILED, "canceled")
_OPEN = ("waiting", "running", "new")


def outcomes_sql(
    database: DatasetConnection, executions: StoredTable, workflows: StoredTable | None
) -> str:
    """Writes a query with one row for each execution.

    A chain is the first execution and all executions that retry it, or each other. A field without
    a column counts as null; only `id` and `startedAt` must have one. In a chain, attempts that
    have not started come last.

    Args:
        database: The connection to the dataset with the tables.
        executions: The table of executions, with the fields of the executions API (`id`,
            `finished`, `status`, ...).
        workflows: A table with the columns `id` and `name` of the workflows; None where the names
            are not known.

    Returns:
        The SQL, without placeholders.

    Raises:
        SyncError: The table has no column for `id` or for `startedAt`.
    """
    columns = _columns(database, executions)
    name, join = workflow_name(database, workflows)
    root = columns.as_id("COALESCE(c.root, b.key)")
    return f"""WITH RECURSIVE base AS NOT MATERIALIZED (
  {_base_sql(columns, executions)}
), links AS (
  SELECT child, MIN(parent) AS parent FROM (
    SELECT key AS child, retry_of AS parent FROM base WHERE retry_of IS NOT NULL
    UNION ALL
    SELECT retry_success, key FROM base WHERE retry_success IS NOT NULL
  ) AS named WHERE child <> parent GROUP BY child
), chained (member, root) AS (
  SELECT l.child, l.parent FROM links AS l LEFT JOIN links AS older ON older.child = l.parent
  WHERE older.child IS NULL
  UNION ALL
  SELECT l.child, chained.root FROM chained JOIN links AS l ON l.parent = chained.member
), members AS (
  SELECT member, root FROM chained UNION SELECT root, root FROM chained
), attempts AS (
  SELECT b.key, m.root, b.outcome,
    MAX(CASE WHEN b.outcome = 'success' OR b.retry_success IS NOT NULL THEN 1 ELSE 0 END)
      OVER (PARTITION BY m.root) AS succeeds,
    1 - MAX(CASE WHEN b.key = m.root THEN 1 ELSE 0 END) OVER (PARTITION BY m.root)
      + ROW_NUMBER() OVER (PARTITION BY m.root
        ORDER BY CASE WHEN b.key = m.root THEN 0 ELSE 1 END, b.started_at NULLS LAST,
        b.id) AS attempt
  FROM members AS m JOIN base AS b ON b.key = m.member
), chains AS (
  SELECT key, root, attempt, MAX(attempt) OVER (PARTITION BY root) AS attempts,
    CASE WHEN succeeds = 1 THEN 'success' ELSE
      FIRST_VALUE(outcome) OVER (PARTITION BY root ORDER BY attempt DESC) END AS chain_outcome
  FROM attempts
), told AS (
  SELECT b.*, {name} AS workflow_name, b.outcome IN ({value_list(FAILED)}) AS failed,
    b.outcome IN ({value_list(_ENDED)}) AS ended, {root} AS chain_root,
    CAST(COALESCE(c.attempt, 1) AS INTEGER) AS attempt,
    CAST(COALESCE(c.attempts, 1) AS INTEGER) AS chain_attempts,
    COALESCE(c.chain_outcome, CASE WHEN b.retry_success IS NOT NULL THEN 'success' END,
      b.outcome) AS chain_outcome
  FROM base AS b LEFT JOIN chains AS c ON c.key = b.key{join}
)
SELECT id, workflow_id, COALESCE(workflow_name, workflow_id) AS workflow_name, mode, started_at,
  stopped_at, wait_till, outcome, ended, failed,
  CASE WHEN ended THEN
    CAST(EXTRACT(EPOCH FROM (stopped_at - started_at)) AS DOUBLE PRECISION) END
    AS duration_seconds,
  retry_of, chain_root, attempt, chain_attempts, chain_outcome,
  attempt = 1 AND (chain_attempts > 1 OR retry_success IS NOT NULL) AS retried,
  attempt = 1 AND outcome <> 'success' AND chain_outcome = 'success' AS saved_by_retry
FROM told"""


def endings_sql(database: DatasetConnection, executions: StoredTable) -> str:
    """Writes a query with one row for each execution, without what others say of it.

    Its columns are those of `outcomes_sql` that a retry does not change: `id`, `key` (the id as
    text), `workflow_id`, `started_at`, `stopped_at`, `wait_till`, `outcome`, `ended` and `failed`.

    Args:
        database: The connection to the dataset with the table.
        executions: The table of executions; `outcomes_sql` says what it must have.

    Returns:
        The SQL, without placeholders.

    Raises:
        SyncError: The table has no column for `id` or for `startedAt`.
    """
    columns = _columns(database, executions)
    return f"""SELECT id, key, workflow_id, started_at, stopped_at, wait_till, outcome,
  outcome IN ({value_list(_ENDED)}) AS ended, outcome IN ({value_list(FAILED)}) AS failed
FROM ({_base_sql(columns, executions)}) AS base"""


def workflows_sql(
    database: DatasetConnection, executions: StoredTable, workflows: StoredTable | None
) -> str:
    """Writes a query for the `workflow_id` and `workflow_name` of each workflow that ran.

    Executions without a workflow are of one whose id and name are null.

    Args:
        database: The connection to the dataset with the tables.
        executions: The table of executions.
        workflows: A table with the columns `id` and `name` of the workflows; None where the names
            are not known.
    """
    columns = _columns(database, executions)
    name, join = workflow_name(database, workflows)
    found = f"SELECT DISTINCT {columns.text('workflowId')} AS workflow_id FROM {executions.name}"
    return f"""SELECT b.workflow_id, COALESCE({name}, b.workflow_id) AS workflow_name
FROM ({found}) AS b{join}"""


def daily_sql(outcomes: str) -> str:
    """Writes a query with one row for each day (in UTC) and workflow.

    An execution that was cancelled before it started counts on the day of that; one that waits in
    a queue counts on none yet.

    Args:
        outcomes: The qualified name of the view that holds the query of `outcomes_sql`.
    """
    moment = "COALESCE(started_at, stopped_at)"
    day = f"CAST({moment} AT TIME ZONE 'UTC' AS DATE)"
    return f"""SELECT {day} AS day, workflow_id,
  MAX(workflow_name) AS workflow_name, COUNT(*) AS runs,
  COUNT(*) FILTER (WHERE ended) AS ended,
  COUNT(*) FILTER (WHERE failed) AS failures,
  CAST(COUNT(*) FILTER (WHERE failed) AS DOUBLE PRECISION)
    / NULLIF(COUNT(*) FILTER (WHERE ended), 0) AS failure_rate,
  PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY duration_seconds) AS p50_seconds,
  PERCENTILE_CONT(0.95) WITHIN GROUP (ORDER BY duration_seconds) AS p95_seconds,
  COUNT(*) FILTER (WHERE retried) AS retried,
  COUNT(*) FILTER (WHERE saved_by_retry) AS saved_by_retry
FROM {outcomes} WHERE {moment} IS NOT NULL GROUP BY {day}, workflow_id"""


def outcome_sql(columns: Columns) -> str:
    """The `status`, where it is one that the API knows; otherwise what other fields say."""
    status = f"LOWER({columns.text('status')})"
    return (
        f"CASE WHEN {status} IN ({value_list((*_ENDED, *_OPEN))}) THEN {status} "
        f"WHEN {columns.boolean('finished')} THEN 'success' "
        f"WHEN {columns.plain('waitTill')} IS NOT NULL THEN 'waiting' "
        f"WHEN {columns.plain('stoppedAt')} IS NOT NULL THEN 'error' ELSE 'running' END"
    )


def workflow_name(database: DatasetConnection, workflows: StoredTable | None) -> tuple[str, str]:
    """A workflow's name as an expression, and the join that it needs."""
    key = workflows.column("id") if workflows else None
    name = workflows.column("name") if workflows else None
    if workflows is None or key is None or name is None:
        return f"CAST(NULL AS {TEXT})", ""
    # Once for each id, so that no execution comes twice.
    names = (
        f"SELECT CAST({database.quoted(key)} AS {TEXT}) AS workflow_id, "
        f"MAX(CAST({database.quoted(name)} AS {TEXT})) AS name FROM {workflows.name} GROUP BY 1"
    )
    return "w.name", f"\n  LEFT JOIN ({names}) AS w ON w.workflow_id = b.workflow_id"


def _columns(database: DatasetConnection, executions: StoredTable) -> Columns:
    """The columns of a table of executions, which must have an `id` and a `startedAt`."""
    for field in ("id", "startedAt"):
        if executions.column(field) is None:
            raise SyncError(
                f"{executions.name} holds no executions: there is no column for `{field}`"
            )
    return Columns(database, executions)


def _base_sql(columns: Columns, executions: StoredTable) -> str:
    """A query for what an execution says of itself, with one type for each field.

    Each part of a query that needs it reads the table anew, as few columns of it as it can: a copy
    of all of them would take more memory than all that the query gives.
    """
    return f"""SELECT {columns.plain("id")} AS id, {columns.text("id")} AS key,
    {columns.text("workflowId")} AS workflow_id, {columns.text("mode")} AS mode,
    {columns.moment("startedAt")} AS started_at, {columns.moment("stoppedAt")} AS stopped_at,
    {columns.moment("waitTill")} AS wait_till, {columns.text("retryOf")} AS retry_of,
    NULLIF({columns.text("retrySuccessId")}, {columns.text("id")}) AS retry_success,
    {outcome_sql(columns)} AS outcome
  FROM {executions.name}"""
