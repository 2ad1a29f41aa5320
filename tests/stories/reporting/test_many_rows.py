"""A report of very many executions: what it holds of each in memory is little."""

from __future__ import annotations

import subprocess
import sys

from headrace.destination.sql import connect_to_dataset
from headrace.reports.html import statements
from headrace.reports.html.counting import ReportTables, count_executions
from tests.support.tables import Warehouse
from tests.unit.destination.views.stored import executions

FEW, MANY = 1_000, 1_000_000
# Of each execution. It takes some 200 with so many retries; with all that is told of one, 460.
MOST_BYTES = 300
REPORT = """
import resource, sys
import dlt, headrace
file, page = sys.argv[1:]
pipeline = dlt.pipeline("test", destination=dlt.destinations.duckdb(file), dataset_name="test_data")
made = headrace.report(pipeline, page, since="52w")
print(made.executions, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
"""


def fill(warehouse: Warehouse, rows: int) -> None:
    """Adds executions of the last weeks, every tenth of them a retry of the one before it."""
    warehouse.query(
        "INSERT INTO test_data.executions BY NAME SELECT i AS id, i % 9 > 0 AS finished, 'trigger' "
        "AS mode, CASE WHEN i % 10 = 0 THEN CAST(i - 1 AS VARCHAR) END AS retry_of, begun AS "
        "started_at, begun + INTERVAL 1 MILLISECOND * (i * 7919 % 500_000) AS stopped_at, "
        "'a workflow with a long id, number ' || i % 50 AS workflow_id "
        "FROM (SELECT i, TIMESTAMPTZ '2026-01-01T00:00Z' + INTERVAL 2 SECOND * i AS begun "
        f"FROM range(1, {rows + 1}) AS r(i))"
    )


def measured(warehouse: Warehouse) -> tuple[int, int]:
    """How many executions a report counts, and the most memory that its process held."""
    page = str(warehouse.file.with_name("report.html"))
    command = [sys.executable, "-c", REPORT, str(warehouse.file), page]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    counted, peak = map(int, said.split())
    return counted, peak


def test_memory_for_each_execution(warehouse: Warehouse) -> None:
    executions(warehouse, [])
    fill(warehouse, FEW)
    few, little = measured(warehouse)
    warehouse.query("DELETE FROM test_data.executions")
    fill(warehouse, MANY)
    many, much = measured(warehouse)

    assert (few, many) == (FEW, MANY)
    assert (much - little) / (MANY - FEW) < MOST_BYTES


def test_the_rows_that_stay_in_memory_have_no_texts(warehouse: Warehouse) -> None:
    pipeline = executions(warehouse, [])
    fill(warehouse, FEW)
    with connect_to_dataset(pipeline) as database:
        count_executions(database, ReportTables(), "52w", None)
        held = dict(row[:2] for row in database.execute(f"DESCRIBE {statements.ROWS}"))
        (details,) = database.execute(f"SELECT COUNT(*) FROM {statements.DETAILS}")

    assert held["workflow"] == "INTEGER"
    assert not set(held.values()) & {"VARCHAR", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE"}
    assert details == (0,)
