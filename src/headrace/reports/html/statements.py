"""The SQL of a report, which has the database count everything."""

from __future__ import annotations

from datetime import datetime

from headrace.reports.html.figures import Period

ROWS, PLACES = "headrace_report_rows", "headrace_report_places"
"""Two temporary tables: the executions that count, and the place of each workflow on the page."""

_PLACED = f"{ROWS} JOIN {PLACES} USING (workflow_id)"
SESSION_SETTINGS = {"postgres": ("SET work_mem = '256MB'", "SET jit = off"), "duckdb": ()}
"""Settings that let each kind of database count a million executions within seconds."""

OPEN_SHOWN, OPEN_SHOWN_IN_ALL = 10, 15
_SECONDS = "CAST(EXTRACT(EPOCH FROM ({})) AS DOUBLE PRECISION)"

COUNTS = """COUNT(*), COUNT(*) FILTER (WHERE ended),
  COUNT(*) FILTER (WHERE outcome = 'success'), COUNT(*) FILTER (WHERE failed),
  COUNT(*) FILTER (WHERE outcome = 'canceled'),
  COUNT(*) FILTER (WHERE outcome = 'waiting'),
  COUNT(*) FILTER (WHERE outcome IN ('running', 'new')),
  COUNT(*) FILTER (WHERE failed AND attempt = 1),
  COUNT(*) FILTER (WHERE failed AND retried),
  COUNT(*) FILTER (WHERE failed AND saved_by_retry),
  PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY duration_seconds),
  PERCENTILE_CONT(0.95) WITHIN GROUP (ORDER BY duration_seconds)"""
"""The figures of `Counts` as SQL, in the order of its fields."""


def moment(value: datetime) -> str:
    """Writes a moment as an SQL literal.

    Args:
        value: The moment, without a zone.
    """
    return f"TIMESTAMP '{value:%Y-%m-%d %H:%M:%S.%f}'"


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
SELECT id, workflow_id, workflow_name, outcome, ended, failed, retried, saved_by_retry, attempt,
  duration_seconds, started, wait_till, CASE WHEN placed >= {moment(period.start)} THEN 0
    WHEN placed >= {moment(period.before)} THEN 1 ELSE 2 END AS period,
  CAST(FLOOR({from_start} / {bucket}) AS INTEGER) AS bucket,
  CAST(EXTRACT(ISODOW FROM placed) * 24 - 24 + EXTRACT(HOUR FROM placed) AS INTEGER) AS hour
FROM (SELECT CAST(id AS VARCHAR) AS id, COALESCE(workflow_id, '') AS workflow_id, workflow_name,
    outcome, ended, failed, retried, saved_by_retry, attempt, duration_seconds,
    started_at AT TIME ZONE 'UTC' AS started,
    COALESCE(COALESCE(started_at, stopped_at) AT TIME ZONE 'UTC', {moment(period.end)}) AS placed,
    wait_till AT TIME ZONE 'UTC' AS wait_till
  FROM ({outcomes}) AS told) AS told
WHERE NOT ended OR placed >= {moment(period.before)}"""


def workflows_sql() -> str:
    """Writes a query for the id and name of each workflow, the one with most executions first."""
    return f"""SELECT workflow_id, MAX(workflow_name) FROM {ROWS}
GROUP BY workflow_id ORDER BY COUNT(*) DESC, workflow_id"""


def periods_sql() -> str:
    """Writes a query for the counts by period and place; all together where the place is null."""
    return f"""SELECT period, place, {COUNTS} FROM {_PLACED} WHERE period < 2
GROUP BY GROUPING SETS ((period, place), (period))"""


def series_sql() -> str:
    """Writes a query for the counts by bucket and place; all together where the place is null."""
    return f"""SELECT bucket, place, {COUNTS} FROM {_PLACED} WHERE period = 0
GROUP BY GROUPING SETS ((bucket, place), (bucket))"""


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
  FROM {_PLACED} WHERE NOT ended) AS numbered
WHERE of_place <= {OPEN_SHOWN} OR of_all <= {OPEN_SHOWN_IN_ALL} ORDER BY of_all"""
