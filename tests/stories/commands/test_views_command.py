"""The views over executions, as `headrace run` makes them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from headrace import create_views, sync
from headrace.config import load_config
from headrace.dlt_source.source import build_source
from headrace.simulator import Simulator
from tests.support.command_line import headrace
from tests.support.postgres import PostgresDatabase
from tests.support.tables import Warehouse


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with Simulator(rows=2_000, incidents=True) as running:
        yield running


@pytest.fixture(autouse=True)
def settings(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_KEY", simulator.api_key)
    monkeypatch.setenv("EXECUTIONS_BASE_URL", simulator.base_url)


def test_a_run_of_the_connector_makes_them(simulator: Simulator) -> None:
    ran = headrace("run", "executions", "--resource", "executions", "--resource", "workflows")

    assert (ran.returncode, ran.stderr) == (0, "")
    views = ("executions_dataset.executions_outcomes", "executions_dataset.executions_daily")
    assert f"How they went: {' and '.join(views)}" in ran.stdout
    truth = list(simulator.truth())
    with duckdb.connect("executions.duckdb", read_only=True) as connection:
        found = connection.execute(
            f"SELECT outcome, count(*) FROM {views[0]} GROUP BY 1"
        ).fetchall()
        names = connection.execute(f"SELECT DISTINCT workflow_name FROM {views[1]}").fetchall()
    statuses = [row["status"] for row in truth]
    assert dict(found) == {each: statuses.count(each) for each in set(statuses)}
    assert ("Send invoices",) in names


def test_what_failed_is_a_view_once_the_nodes_are_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = ("--resource", "executions", "--resource", "node_runs")
    with Simulator(rows=600, incidents=True, like="2.41") as simulator:
        monkeypatch.setenv("EXECUTIONS_BASE_URL", simulator.base_url)
        ran = headrace("run", "executions", *chosen)

    assert (ran.returncode, ran.stderr) == (0, "")
    view = "executions_dataset.executions_failures"
    assert f"executions_dataset.executions_daily and {view}" in ran.stdout
    with duckdb.connect("executions.duckdb", read_only=True) as connection:
        found = connection.execute(f"SELECT DISTINCT execution_id FROM {view}").fetchall()
    failed = {int(r["id"]) for r in simulator.truth() if r["status"] in ("error", "crashed")}
    assert {key for (key,) in found} == failed


def test_without_the_key_there_are_none() -> None:
    ran = headrace("run", "executions", "--set", "pipeline.views=null")

    assert "How they went" not in ran.stdout
    with duckdb.connect("executions.duckdb", read_only=True) as connection:
        views = connection.execute("SELECT view_name FROM duckdb_views() WHERE NOT internal")
        assert views.fetchall() == []


def test_an_api_without_workflows_is_asked_for_executions_alone(simulator: Simulator) -> None:
    simulator.requests.clear()

    assert headrace("check", "executions").returncode == 0
    assert headrace("run", "executions").returncode == 0
    assert {request.path for request in simulator.requests} == {"/executions"}


def test_a_destination_that_has_none_is_loaded_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DESTINATION__FILESYSTEM__BUCKET_URL", Path("lake").absolute().as_uri())
    # Plain files take no merge, so not what is kept up with.
    append = ("--resource", "workflows", "--set", "resources.workflows.write_disposition=append")
    ran = headrace("run", "executions", "--destination", "filesystem", *append)

    assert ran.returncode == 0, ran.stderr
    assert "Note: no views were made: they need duckdb or postgres, not filesystem." in ran.stdout
    # No SQL, no history: how old the tables are is not known.
    workflows = ("--resource", "workflows")
    told = headrace("status", "executions", "--destination", "filesystem", *workflows)
    assert told.returncode == 0, told.stderr
    limit = ("--max-age", "1h")
    told = headrace("status", "executions", "--destination", "filesystem", *workflows, *limit)
    assert told.returncode == 3
    assert "--max-age cannot be told: `filesystem` keeps no history of runs" in told.stderr


@pytest.mark.parametrize("store", ["warehouse", "postgres"])
def test_tables_that_they_read_can_be_dropped_and_loaded_again(
    store: str, request: pytest.FixtureRequest
) -> None:
    into: Warehouse | PostgresDatabase = request.getfixturevalue(store)
    pipeline = into.pipeline()
    sync(pipeline, build_source(load_config("executions")))
    made = create_views(pipeline)

    sync(pipeline, build_source(load_config("executions")), full_refresh=True)

    assert create_views(pipeline) == made
    assert made.notes == ()
    assert into.query("SELECT count(*) FROM test_data.executions_outcomes") == [(2_000,)]


def test_a_report_needs_neither_the_api_nor_its_key(monkeypatch: pytest.MonkeyPatch) -> None:
    assert headrace("run", "executions", "--resource", "executions").returncode == 0
    monkeypatch.delenv("API_KEY")
    monkeypatch.delenv("EXECUTIONS_BASE_URL")

    ran = headrace("report", "executions", "-o", "fares.html", "--since", "10d")

    assert (ran.returncode, ran.stderr) == (0, "")
    assert " executions from 2026-11-13 00:00 to 2026-11-22 2" in ran.stdout
    assert "are in fares.html" in ran.stdout
    assert Path("fares.html").read_text().startswith("<!DOCTYPE html>")


def test_a_report_on_what_is_not_there_says_so() -> None:
    missing = headrace("report", "executions", "--destination", "duckdb:///none.duckdb")
    assert missing.returncode == 1
    assert "none.duckdb. Load it first: headrace run CONFIG" in missing.stderr
    assert not Path("none.duckdb").exists()
