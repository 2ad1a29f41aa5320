"""The SQL of a report, which has the database count everything."""

from __future__ import annotations

from datetime import datetime

from headrace.reports.html.figures import Period

ROWS, WORKFLOWS, PLACES = (f"headrace_report_{name}" for name in ("rows", "workflows", "places"))
"""Temporary tables: what counts of each execution, the workflows, and their places on the page.

`ROWS` may have millions of rows, and stays in memory: it has no texts, and a workflow is a number.
"""

DETAILS = "headrace_report_details"
"""A temporary table with what is shown of single executions: those that have not ended, and where
the runs of nodes are loaded those of the period."""

FAILURES = "headrace_report_failures"
"""A temporary table with the runs of nodes that failed, where the runs of nodes are loaded."""

TABLES = (ROWS, WORKFLOWS, PLACES, DETAILS, FAILURES)
"""All of them."""

_PLACED = f"{ROWS} JOIN {PLACES} USING (workflow)"
_TOLD = f"{DETAILS} JOIN {PLACES} USING (workflow) JOIN {WORKFLOWS} USING (workflow)"
EACH_PLACE, ALL_PLACES = "place", "CAST(NULL AS INTEGER)"
"""The figures of each place on the page, or of all together: their place is null."""

SESSION_SETTINGS = {"postgres": ("SET work_mem = '256MB'", "SET jit = off"), "duckdb": ()}
"""Settings that let each kind of database count a million executions within seconds."""

OPEN_SHOWN, OPEN_SHOWN_IN_ALL = 10, 15
NODES_SHOWN, NODES_SHOWN_IN_ALL = 8, 10
_SECONDS = "CAST(EXTRACT(EPOCH FROM ({})) AS DOUBLE PRECISION)"

COUNTS = """COUNT(*), COUNT(*) FILTER (WHERE ended),
  COUNT(*) FILTER (WHERE succeeded), COUNT(*) FILTER (WHERE failed),
  COUNT(*) FILTER (WHERE canceled), COUNT(*) FILTER (WHERE waiting),
  COUNT(*) FILTER (WHERE NOT ended AND NOT waiting),
  COUNT(*) FILTER (WHERE failed AND is_first),
  COUNT(*) FILTER (WHERE failed AND retried),
  COUNT(*) FILTER (WHERE failed AND saved_by_retry),
  PERCENTILE_CONT(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY duration_seconds)"""
"""The figures of `Counts` as SQL, in the order of its fields."""


def moment(value: datetime) -> str:
    """Writes a moment as an SQL literal.

    Args:
        value: The moment, without a zone.
    """
    return f"TIMESTAMP '{value:%Y-%m-%d %H:%M:%S.%f}'"


def numbered_sql(workflows: str) -> str:
    """Writes a statement that makes the table `WORKFLOWS`.

    Args:
        workflows: The query with one row for each workflow.
    """
    return f"""CREATE TEMPORARY TABLE {WORKFLOWS} AS
SELECT CAST(ROW_NUMBER() OVER () AS INTEGER) AS workflow, COALESCE(workflow_id, '') AS workflow_id,
  workflow_name
FROM ({workflows}) AS found"""


def rows_sql(outcomes: str, period: Period) -> str:
    """Writes a statement that makes the table `ROWS`.

    It has the executions that began in the period or in the one before, and those not ended. What
    was cancelled before it began is placed at that moment, what waits in a queue at the end.

    Args:
        outcomes: The query with one row for each execution.
        period: The period that the report covers.
    """
    bucket = int(period.bucket.total_seconds())
    from_start = _SECONDS.format(f"placed - {moment(period.start)}")
    return f"""CREATE TEMPORARY TABLE {ROWS} AS
SELECT workflow, ended, outcome = 'success' AS succeeded, failed, outcome = 'canceled' AS canceled,
  outcome = 'waiting' AS waiting, retried, saved_by_retry, attempt = 1 AS is_first,
  duration_seconds, {_period_sql(period)} AS period,
  CAST(FLOOR({from_start} / {bucket}) AS INTEGER) AS bucket,
  CAST(EXTRACT(ISODOW FROM placed) * 24 - 24 + EXTRACT(HOUR FROM placed) AS SMALLINT) AS hour
FROM (SELECT COALESCE(workflow_id, '') AS workflow_id, outcome, ended, failed, retried,
    saved_by_retry, attempt, duration_seconds, {_placed_sql(period)} AS placed
  FROM ({outcomes}) AS told) AS told JOIN {WORKFLOWS} USING (workflow_id)
WHERE NOT ended OR placed >= {moment(period.before)}"""


def details_sql(endings: str, period: Period, *, of_all: bool) -> str:
    """Writes a statement that makes the table `DETAILS`.

    Args:
        endings: The query with one row for each execution.
        period: The period that the report covers.
        of_all: Whether it has the executions of the period that have ended, too.
    """
    wanted = "NOT ended OR period = 0" if of_all else "NOT ended"
    return f"""CREATE TEMPORARY TABLE {DETAILS} AS
SELECT key AS id, workflow, outcome, ended, failed, period, started, stopped, wait_till
FROM (SELECT key, workflow_id, outcome, ended, failed, started, stopped, wait_till,
    {_period_sql(period)} AS period
  FROM (SELECT key, COALESCE(workflow_id, '') AS workflow_id, outcome, ended, failed,
      started_at AT TIME ZONE 'UTC' AS started, stopped_at AT TIME ZONE 'UTC' AS stopped,
      wait_till AT TIME ZONE 'UTC' AS wait_till, {_placed_sql(period)} AS placed
    FROM ({endings}) AS told) AS told) AS told JOIN {WORKFLOWS} USING (workflow_id)
WHERE {wanted}"""


def known_sql() -> str:
    """Writes a query for the number, id and name of each workflow, that with most runs first."""
    return f"""SELECT workflow, workflow_id, workflow_name
FROM (SELECT workflow, COUNT(*) AS runs FROM {ROWS} GROUP BY workflow) AS counted
JOIN {WORKFLOWS} USING (workflow) ORDER BY runs DESC, workflow_id"""


def periods_sql(place: str) -> str:
    """Writes a query for the counts by period and place.

    Args:
        place: What is asked of, `EACH_PLACE` or `ALL_PLACES`. For both at once, the database would
            hold all durations twice.
    """
    return _counts_sql("period", place, "period < 2")


def series_sql(place: str) -> str:
    """Writes a query for the counts by bucket and place.

    Args:
        place: What is asked of, `EACH_PLACE` or `ALL_PLACES`.
    """
    return _counts_sql("bucket", place, "period = 0")


def hours_sql() -> str:
    """Writes a query for runs, ended and failed ones by the hour of the week and place."""
    return f"""SELECT hour, place, COUNT(*), COUNT(*) FILTER (WHERE ended),
  COUNT(*) FILTER (WHERE failed)
FROM {_PLACED} WHERE period = 0 GROUP BY GROUPING SETS ((hour, place), (hour))"""


def open_sql(end: datetime) -> str:
    """Writes a query for the oldest executions that have not ended, and how many there are.

    Args:
        end: The end of the period: the age of an execution is counted up to there.
    """
    seconds = _SECONDS.format(f"{moment(end)} - started")
    return f"""SELECT place, id, outcome, started, wait_till, {seconds}, of_place, of_all, in_place,
  in_all
FROM (SELECT place, id, outcome, started, wait_till,
    ROW_NUMBER() OVER (PARTITION BY place ORDER BY started NULLS LAST, id) AS of_place,
    ROW_NUMBER() OVER (ORDER BY started NULLS LAST, id) AS of_all,
    COUNT(*) OVER (PARTITION BY place) AS in_place, COUNT(*) OVER () AS in_all
  FROM {_TOLD} WHERE NOT ended) AS numbered
WHERE of_place <= {OPEN_SHOWN} OR of_all <= {OPEN_SHOWN_IN_ALL} ORDER BY of_all"""


def failures_sql(node_runs: str, characters: int) -> str:
    """Writes a statement that makes the table `FAILURES`.

    Args:
        node_runs: The query with one row for each run of each node.
        characters: How much of a message is kept.
    """
    return f"""CREATE TEMPORARY TABLE {FAILURES} AS
SELECT place, workflow_id, id, COALESCE(node, '') AS node, COALESCE(error_name, '') AS error_name,
  LEFT(message, {characters}) AS message,
  COALESCE(failed_at AT TIME ZONE 'UTC', stopped, started) AS failed_at
FROM ({node_runs}) AS runs JOIN ({_TOLD}) ON id = key WHERE period = 0 AND failing AND failed"""


def failed_sql() -> str:
    """Writes a query for the runs that failed, and the executions they are of, by place."""
    return f"SELECT place, COUNT(*), COUNT(DISTINCT id) FROM {FAILURES} GROUP BY place"


def messages_sql(most: int) -> str:
    """Writes a query for how often each node failed with which message, the most frequent first.

    Args:
        most: How many rows are wanted.
    """
    order = ", ".join(f'{each} COLLATE "C"' for each in ("message", "node", "workflow_id"))
    return f"""SELECT place, workflow_id, node, error_name, message, COUNT(*), MAX(failed_at)
FROM {FAILURES} GROUP BY place, workflow_id, node, error_name, message
ORDER BY COUNT(*) DESC, MAX(failed_at) DESC NULLS LAST, {order}, error_name COLLATE "C"
LIMIT {most}"""


def nodes_sql(node_runs: str) -> str:
    """Writes a query for the nodes that fail most often, and the slowest, of each place and of all.

    Each comes with its number among those of its place and of all, by failures and by p95, and how
    many there are of each.

    Args:
        node_runs: The query with one row for each run of each node.
    """
    fails = 'failures DESC, last_failed DESC, node COLLATE "C", workflow_id COLLATE "C"'
    slow = 'p95 DESC NULLS LAST, p50 DESC, node COLLATE "C", workflow_id COLLATE "C"'
    part = "PARTITION BY place"
    return f"""WITH runs AS (
  SELECT place, workflow_id, workflow_name, COALESCE(node, '') AS node, failing AND failed AS fails,
    COALESCE(failed_at AT TIME ZONE 'UTC', stopped, started) AS failed_at,
    CASE WHEN milliseconds >= 0 AND COALESCE(status, '') NOT IN ('waiting', 'running', 'new')
      THEN milliseconds END AS took
  FROM ({node_runs}) AS runs JOIN ({_TOLD}) ON id = key WHERE period = 0
), counted AS (
  SELECT place, workflow_id, MAX(workflow_name) AS workflow_name, node, COUNT(*) AS runs,
    COUNT(*) FILTER (WHERE fails) AS failures,
    MAX(CASE WHEN fails THEN failed_at END) AS last_failed, COUNT(took) AS timed,
    PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY took) AS p50,
    PERCENTILE_CONT(0.95) WITHIN GROUP (ORDER BY took) AS p95
  FROM runs GROUP BY place, workflow_id, node
), numbered AS (
  SELECT counted.*,
    ROW_NUMBER() OVER ({part} ORDER BY {fails}) AS failing_of_place,
    ROW_NUMBER() OVER (ORDER BY {fails}) AS failing_of_all,
    ROW_NUMBER() OVER ({part} ORDER BY {slow}) AS slow_of_place,
    ROW_NUMBER() OVER (ORDER BY {slow}) AS slow_of_all,
    COUNT(*) FILTER (WHERE failures > 0) OVER ({part}) AS failing_in_place,
    COUNT(*) FILTER (WHERE failures > 0) OVER () AS failing_in_all,
    COUNT(*) FILTER (WHERE timed > 0) OVER ({part}) AS timed_in_place,
    COUNT(*) FILTER (WHERE timed > 0) OVER () AS timed_in_all
  FROM counted
)
SELECT node, place, workflow_name, runs, failures, last_failed, timed, p50, p95, failing_of_place,
  failing_of_all, slow_of_place, slow_of_all, failing_in_place, failing_in_all, timed_in_place,
  timed_in_all
FROM numbered
WHERE failing_of_place <= {NODES_SHOWN} OR failing_of_all <= {NODES_SHOWN_IN_ALL}
  OR slow_of_place <= {NODES_SHOWN} OR slow_of_all <= {NODES_SHOWN_IN_ALL}
ORDER BY failing_of_all"""


def _counts_sql(by: str, place: str, condition: str) -> str:
    group = f"{by}, place" if place == EACH_PLACE else by
    return f"SELECT {by}, {place}, {COUNTS} FROM {_PLACED} WHERE {condition} GROUP BY {group}"


def _placed_sql(period: Period) -> str:
    """The moment by which an execution counts, in UTC."""
    return f"COALESCE(COALESCE(started_at, stopped_at) AT TIME ZONE 'UTC', {moment(period.end)})"


def _period_sql(period: Period) -> str:
    """Of `placed`: 0 in the period, 1 in the one before, 2 earlier."""
    return (
        f"CAST(CASE WHEN placed >= {moment(period.start)} THEN 0 "
        f"WHEN placed >= {moment(period.before)} THEN 1 ELSE 2 END AS SMALLINT)"
    )
