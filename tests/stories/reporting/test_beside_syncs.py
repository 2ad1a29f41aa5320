"""Reports and status while syncs go on: they are in no sync's way, and nothing is half done."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from dlt.common.configuration.utils import get_resolved_traces

from headrace import SyncError, report
from headrace.destination.duckdb_beside import Snapshot
from headrace.reports.served.newest_sync import SyncWatch
from headrace.simulator import RealTime, Simulator, World
from tests.stories.reporting.mirrors import page_data
from tests.support.command_line import headrace, headrace_running
from tests.support.kept_databases import connect_anew, held_open, release_databases
from tests.support.postgres import PostgresDatabase
from tests.support.tables import Warehouse
from tests.unit.destination.views.stored import executions

ROUNDS = 12
# All rows have the same version at each moment, whatever has been written by then.
VERSIONS = """
import duckdb, sys
file, rounds = sys.argv[1], int(sys.argv[2])
for number in range(rounds):
    with duckdb.connect(file) as connection:
        connection.execute("SET checkpoint_threshold = '1gb'")
        connection.execute("BEGIN")
        connection.execute("CREATE TABLE copied AS SELECT id, version + 1 AS version FROM rows")
        connection.execute("DELETE FROM rows")
        connection.execute("INSERT INTO rows FROM copied")
        connection.execute("DROP TABLE copied")
        connection.execute("COMMIT")
        connection.execute("UPDATE rows SET version = version + 1")
    print(number, flush=True)
"""
ALONE = """
import duckdb, sys
try:
    duckdb.connect(sys.argv[1]).close()
except duckdb.IOException:
    print("locked")
"""


def apart(code: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)], stdout=subprocess.PIPE, text=True
    )


def test_syncs_and_reports_at_once(warehouse: Warehouse, tmp_path: Path) -> None:
    world = World(3_000, 7)
    arguments = ("run", "executions", "--resource", "executions", "--destination", warehouse.url)
    made = []
    with Simulator(world=world, on_request=RealTime(world, 600)) as api:
        known = (f"client.base_url={api.base_url}", f"client.auth.api_key={api.api_key}")
        settings = [part for each in known for part in ("--set", each)]
        names = ("--set", "pipeline.name=test", "--dataset", "test_data", "--every", "0.05s")
        with headrace_running(*arguments, *settings, *names) as running:
            for line in running.stdout:
                if not line.startswith("Loaded "):
                    continue
                data = page_data(report(warehouse.pipeline(), tmp_path / "report.html").path)
                made.append(data["overall"]["now"]["runs"][0])
                assert all(each["outcome"] == "complete" for each in data["health"]["runs"])
                if len(made) == ROUNDS:
                    break
            running.send_signal(signal.SIGTERM)
            _, warned = running.rest()

    assert "Error" not in warned
    assert running.returncode == 0
    failed = "SELECT count(*) FROM test_data._headrace_runs WHERE outcome = 'failed'"
    assert warehouse.query(failed) == [(0,)]
    assert made[-1] >= 1_000


def test_what_is_read_is_of_one_moment(tmp_path: Path) -> None:
    file = tmp_path / "versions.duckdb"
    with connect_anew(str(file)) as connection:
        connection.execute("CREATE TABLE rows AS SELECT id, 0 AS version FROM range(50_000) r(id)")
    seen = set()
    with apart(VERSIONS, file, 40) as writer:
        while writer.poll() is None:
            for with_log in (True, False):
                snapshot = Snapshot(file, with_log=with_log)
                try:
                    with snapshot.connection() as connection:
                        found = connection.execute(
                            "SELECT count(*), min(version), max(version), count(DISTINCT id) "
                            "FROM headrace_beside.rows"
                        ).fetchall()
                except duckdb.Error:
                    # Changed meanwhile, or the log was half written.
                    assert with_log or snapshot.has_changed()
                    continue
                if not snapshot.has_changed():
                    ((count, oldest, newest, different),) = found
                    assert (count, different, oldest) == (50_000, 50_000, newest)
                    seen.add(newest)
    assert writer.returncode == 0, "a writer was locked out"
    assert len(seen) > 2


def test_a_database_that_another_process_holds_open_is_read(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    rows = [{"id": 1, "finished": True, "startedAt": "2026-01-01T00:00:00Z", "workflowId": "w"}]
    pipeline = executions(warehouse, rows)
    more = "INSERT INTO test_data.executions SELECT * REPLACE (2 AS id) FROM test_data.executions"
    with held_open(warehouse.file, more):
        assert report(pipeline, tmp_path / "report.html").executions == 2


def test_status_tells_while_another_process_holds_the_file(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Simulator(rows=300) as api:
        monkeypatch.setenv("EXECUTIONS_BASE_URL", api.base_url)
        monkeypatch.setenv("API_KEY", api.api_key)
        place = ("executions", "--destination", warehouse.url)
        chosen = ("--resource", "workflows", "--resource", "executions")
        assert headrace("run", *place, *chosen).returncode == 0
    with held_open(warehouse.file):
        found = headrace("status", *place, "--resource", "executions")
    assert (found.returncode, found.stderr) == (0, "")
    assert f"duckdb:///{warehouse.file}" in found.stdout
    assert "rows: 300 in executions" in found.stdout
    release_databases()
    headrace("status", *place)
    release_databases()
    assert apart(ALONE, warehouse.file).communicate()[0] == ""


def test_a_report_takes_no_lock_and_loses_none(warehouse: Warehouse, tmp_path: Path) -> None:
    rows = [{"id": 1, "finished": True, "startedAt": "2026-01-01T00:00:00Z", "workflowId": "w"}]
    pipeline = executions(warehouse, rows)
    release_databases()
    report(pipeline, tmp_path / "report.html")
    release_databases()
    assert apart(ALONE, warehouse.file).communicate()[0] == ""

    with connect_anew(str(warehouse.file)):
        report(pipeline, tmp_path / "report.html")
        assert apart(ALONE, warehouse.file).communicate()[0] == "locked\n"


def test_a_file_that_was_replaced_is_read_anew(warehouse: Warehouse, tmp_path: Path) -> None:
    row = {"finished": True, "startedAt": "2026-01-01T00:00:00Z", "workflowId": "w"}
    pipeline = executions(warehouse, [{"id": 1, **row}])
    assert report(pipeline, tmp_path / "report.html").executions == 1
    release_databases()
    warehouse.file.unlink()
    pipeline = executions(warehouse, [{"id": 1, **row}, {"id": 2, **row}])
    assert report(pipeline, tmp_path / "report.html").executions == 2


def test_what_is_no_database_is_told(warehouse: Warehouse, tmp_path: Path) -> None:
    warehouse.file.write_text("This is no database. " * 1_000)
    with pytest.raises(SyncError, match=r"warehouse\.duckdb cannot be read: .*not a valid DuckDB"):
        report(warehouse.pipeline(), tmp_path / "report.html")


def test_reading_again_and_again_keeps_nothing(into: Warehouse | PostgresDatabase) -> None:
    row = {"finished": True, "startedAt": "2026-01-01T00:00:00Z", "workflowId": "w"}
    pipeline = executions(into, [{"id": 1, **row}])
    kept = get_resolved_traces()
    before = len(kept.all_traces), len(kept.resolved_traces)
    for number in range(3):
        report(pipeline, f"{number}.html")
        SyncWatch(pipeline, "executions").newest()
    assert (len(kept.all_traces), len(kept.resolved_traces)) == before


def test_what_nobody_changes_is_read_at_once(tmp_path: Path) -> None:
    file = tmp_path / "log.duckdb"
    with connect_anew(str(file)) as connection:
        for number in range(20):
            connection.execute(
                f"CREATE TABLE rows_{number} AS SELECT repeat('x' || hash(id), 20) AS text "
                "FROM range(100) r(id)"
            )
        for _ in range(30):
            snapshot = Snapshot(file)
            assert snapshot.log_size > 100_000
            with snapshot.connection() as reading:
                found = reading.execute("SELECT count(*) FROM headrace_beside.rows_19").fetchall()
            assert found == [(100,)]
