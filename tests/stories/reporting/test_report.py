"""Reports from DuckDB and PostgreSQL: what is counted, and what comes of odd calls."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dlt
import pytest

from headrace import ConfigError, SyncError, report
from headrace.destination.sql import connect_to_dataset
from headrace.reports.html.counting import MOST_WORKFLOWS, ReportTables, count_executions
from headrace.reports.html.figures import MirrorHealth, MirrorRun, ReportFigures
from headrace.simulator.archive import Archive
from headrace.simulator.history import History
from tests.stories.reporting.mirrors import page_data
from tests.support.postgres import PostgresDatabase
from tests.support.tables import Warehouse
from tests.unit.destination.views.stored import Stores, executions

TABLES = ReportTables()


@pytest.fixture(params=["warehouse", "postgres"])
def store(request: pytest.FixtureRequest) -> Stores:
    found: Stores = request.getfixturevalue(request.param)
    return found


def sample(rows: int) -> list[dict[str, Any]]:
    return list(Archive(History(rows, 3, incidents=True)).truth())


def many_workflows(count: int) -> list[dict[str, Any]]:
    """Executions of so many workflows, three of the first fifty and one of each other."""
    begun = datetime(2026, 6, 1, tzinfo=UTC).isoformat()
    return [
        {"id": 3 * number + each, "finished": True, "startedAt": begun, "workflowId": f"w{number}"}
        for number in range(count)
        for each in range(3 if number < 50 else 1)
    ]


def figures_of(pipeline: dlt.Pipeline, since: str, workflow: str | None = None) -> ReportFigures:
    with connect_to_dataset(pipeline) as database:
        return count_executions(database, TABLES, since, workflow)


def test_both_databases_count_the_same(
    warehouse: Warehouse, postgres: PostgresDatabase, tmp_path: Path
) -> None:
    rows = sample(600)
    counted = []
    for store in (warehouse, postgres):
        made = report(executions(store, rows), tmp_path / "report.html", since="12d")
        counted.append(page_data(made.path))

    one, other = ({**each, "place": "", "made": ""} for each in counted)
    assert one["overall"]["now"]["runs"][0] > 200
    # A tie may be rounded up by one and down by the other.
    assert flat(one) == {
        name: pytest.approx(value, rel=1e-3) if isinstance(value, float) else value
        for name, value in flat(other).items()
    }


def flat(value: Any, path: str = "") -> dict[str, Any]:
    """All that is in a value, by where it is."""
    if not isinstance(value, dict | list):
        return {path: value}
    places = value.items() if isinstance(value, dict) else enumerate(value)
    found = [flat(each, f"{path}.{place}") for place, each in places]
    return {name: each for part in found for name, each in part.items()}


def test_one_workflow_is_all_there_is_of_it(store: Stores) -> None:
    rows = sample(300)
    pipeline = executions(store, rows)
    key = rows[0]["workflowId"]
    only = figures_of(pipeline, "12d", key)
    among_all = next(each for each in figures_of(pipeline, "12d").workflows if each.id == key)

    assert [each.id for each in only.workflows] == [key]
    assert only.overall.now == among_all.figures.now
    assert only.overall.series == among_all.figures.series
    assert only.chosen == key


def test_workflows_beyond_the_first_are_put_together(warehouse: Warehouse) -> None:
    pipeline = executions(warehouse, many_workflows(230))
    figures = figures_of(pipeline, "14d")
    rest = figures.workflows[-1]

    assert len(figures.workflows) == MOST_WORKFLOWS + 1
    assert (rest.name, rest.others) == ("30 other workflows", 30)
    assert sum(each.figures.now.runs for each in figures.workflows) == figures.overall.now.runs


def test_the_file_stays_small(warehouse: Warehouse, tmp_path: Path) -> None:
    pipeline = executions(warehouse, [])
    with connect_to_dataset(pipeline) as database:
        database.execute(
            "INSERT INTO test_data.executions (id, finished, started_at, stopped_at, workflow_id) "
            "SELECT row_number() OVER (), (w + d) % 9 > 0, begun, begun + INTERVAL 1 SECOND * "
            "(w * d % 977), 'workflow ' || w FROM (SELECT w, d, TIMESTAMPTZ '2026-01-01T00:00Z' + "
            "INTERVAL 1 HOUR * (d * 12 + w % 12) AS begun FROM range(300) AS w(w), "
            "range(184) AS d(d))"
        )
    made = report(pipeline, tmp_path / "large.html", since="2026-01-01")

    assert made.executions == 300 * 184
    assert made.path.stat().st_size < 5_000_000


def test_a_period_with_nothing_but_open_executions(store: Stores, tmp_path: Path) -> None:
    rows = [{"id": 1, "finished": False, "startedAt": "2026-01-01T00:00:00Z", "workflowId": None}]
    pipeline = executions(store, rows)
    data = page_data(report(pipeline, tmp_path / "open.html").path)

    assert data["overall"]["now"] == {"runs": [1], "running": [1]}
    assert data["workflows"][0]["name"] == "(no workflow)"


def test_what_waits_in_a_queue_and_what_was_cancelled_there(store: Stores, tmp_path: Path) -> None:
    ended = {"startedAt": "2026-01-01T00:00:00Z", "stoppedAt": "2026-01-01T10:00:00Z"}
    never = {"startedAt": None, "finished": False, "workflowId": "w"}
    rows = [
        {"id": 1, "status": "success", "finished": True, "workflowId": "w", **ended},
        {"id": 2, "status": "canceled", "stoppedAt": "2026-01-01T08:00:00Z", **never},
        {"id": 3, "status": "new", **never},
        {"id": 4, "status": "running", **never, "startedAt": "2026-01-01T09:00:00Z"},
    ]
    data = page_data(report(executions(store, rows), tmp_path / "queued.html").path)

    now = data["overall"]["now"]
    assert (now["runs"], now["running"], now["canceled"]) == ([4], [2], [1])
    assert [(each["id"], each["seconds"], each["started"]) for each in data["overall"]["open"]] == [
        ("4", 3600, "2026-01-01T09:00:00.000Z"),
        ("3", None, None),
    ]


def test_the_mirrors_runs_are_told(store: Stores) -> None:
    pipeline = executions(store, sample(20))
    with connect_to_dataset(pipeline) as database:
        database.execute("CREATE TABLE test_data._headrace_quarantine (resource VARCHAR)")
        database.execute("INSERT INTO test_data._headrace_quarantine VALUES ('executions'), ('x')")
        database.execute(
            "CREATE TABLE test_data._headrace_runs (resource VARCHAR, started_at TIMESTAMP WITH "
            "TIME ZONE, ended_at TIMESTAMP WITH TIME ZONE, outcome VARCHAR, requests BIGINT, "
            "rows_loaded BIGINT, rows_quarantined BIGINT, error VARCHAR)"
        )
        database.execute(
            "INSERT INTO test_data._headrace_runs VALUES "
            "('executions', '2026-01-01T00:00:00Z', '2026-01-01T00:00:05Z', 'complete', 3, 20, 1, "
            "NULL), "
            "('executions', '2026-01-02T00:00:00Z', NULL, 'failed', 1, 0, 0, 'no answer'),"
            "('other', '2026-01-03T00:00:00Z', NULL, 'failed', 1, 0, 0, 'not ours')"
        )
    health = figures_of(pipeline, "30d").health

    assert health == MirrorHealth(
        runs=[
            MirrorRun(datetime(2026, 1, 2), "failed", None, 1, 0, 0, "no answer"),
            MirrorRun(datetime(2026, 1, 1), "complete", 5.0, 3, 20, 1),
        ],
        quarantined=1,
    )


def test_a_workflow_is_named_by_id_or_name(warehouse: Warehouse) -> None:
    pipeline = executions(warehouse, sample(100))
    with connect_to_dataset(pipeline) as database:
        database.execute("CREATE TABLE test_data.workflows (id VARCHAR, name VARCHAR)")
        database.execute(
            "INSERT INTO test_data.workflows VALUES ('0c6f81RpIcAKtfil', 'Sync contacts'), "
            "('57dzdPT4P4xOhwo0', 'Same'), ('hZHI423uQMRxfq7w', 'Same')"
        )

    assert figures_of(pipeline, "30d", "sync CONTACTS").workflows[0].id == "0c6f81RpIcAKtfil"
    with pytest.raises(ConfigError, match="`Sync contract`; did you mean `Sync contacts`"):
        figures_of(pipeline, "30d", "Sync contract")
    with pytest.raises(ConfigError, match="2 workflows are called `Same`; give the id of one"):
        figures_of(pipeline, "30d", "Same")


def test_without_a_table_it_says_what_to_do(store: Stores, tmp_path: Path) -> None:
    if isinstance(store, Warehouse):
        with pytest.raises(SyncError, match=r"there is no file .*warehouse\.duckdb. Load it first"):
            report(store.pipeline(), tmp_path / "x.html")
        assert not store.file.exists()
        return
    with pytest.raises(SyncError, match=r"there is no table `executions` in `test_data`. Load it"):
        report(store.pipeline(), tmp_path / "x.html")


def test_a_table_of_something_else_is_refused(warehouse: Warehouse, tmp_path: Path) -> None:
    pipeline = executions(warehouse, [], {"id": "BIGINT", "name": "VARCHAR"})
    with pytest.raises(SyncError, match="holds no executions: there is no column for `startedAt`"):
        report(pipeline, tmp_path / "x.html")


def test_a_file_that_cannot_be_written_is_told(warehouse: Warehouse, tmp_path: Path) -> None:
    pipeline = executions(warehouse, sample(10))
    with pytest.raises(SyncError, match=r"nowhere/x\.html cannot be written: No such file"):
        report(pipeline, tmp_path / "nowhere" / "x.html")


def test_a_destination_without_the_tables_is_told(tmp_path: Path) -> None:
    pipeline = dlt.pipeline("test", destination=dlt.destinations.filesystem(str(tmp_path)))

    with pytest.raises(SyncError, match="there is nothing to look at"):
        report(pipeline, tmp_path / "x.html")
