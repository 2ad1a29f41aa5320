"""Airflow 3 gives no more than 100 rows a page, whatever it is asked for."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.stories.real_servers.mirrored import (
    Mirror,
    documented,
    found_out,
    guessed,
    of_its_document,
)
from tests.stories.real_servers.running import free_port, program, serving
from tests.support.tables import Row, Warehouse

pytestmark = pytest.mark.real_servers

VARIABLES = 1_200
RUNS = 350
_USER, _PASSWORD = "reader", "not-a-secret"
_PATHS = {
    "dag_runs": "/dags/~/dagRuns",
    "task_instances": "/dags/~/dagRuns/~/taskInstances",
    "variables": "/variables",
}
_KEYS = {"dag_runs": "dag_run_id", "task_instances": "id", "variables": "key"}
_DAG = """\
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

with DAG("nightly", schedule=None):
    EmptyOperator(task_id="load")
"""


class Airflow:
    """A server with a DAG, its runs and variables; nothing schedules the runs.

    Args:
        url: Its URL.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._session = requests.Session()
        who = {"username": _USER, "password": _PASSWORD}
        self.token: str = self._answer("POST", "/auth/token", json=who)["access_token"]
        self._session.headers["Authorization"] = f"Bearer {self.token}"

    def _answer(self, method: str, path: str, **options: Any) -> Any:
        answer = self._session.request(method, self.url + path, timeout=60, **options)
        assert answer.ok, answer.text
        return answer.json() if answer.content else None

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """What its API answers."""
        return self._answer(method, f"/api/v2{path}", json=body)

    def change_variables(self, action: str, entities: list[Any]) -> None:
        """Does the same with many variables."""
        self.ask("PATCH", "/variables", {"actions": [{"action": action, "entities": entities}]})

    def start(self, numbers: range) -> None:
        """Runs of the DAG, one for each number."""
        for number in numbers:
            run = {
                "dag_run_id": f"run-{number}",
                "logical_date": f"2026-01-01T{number // 60:02}:{number % 60:02}:00Z",
                "conf": {"number": number, "parts": [number, str(number)]},
            }
            self.ask("POST", "/dags/nightly/dagRuns", run)

    def listed(self, table: str) -> list[Row]:
        """All rows, and as many as Airflow counts."""
        rows: list[Row] = []
        while True:
            page = self.ask("GET", f"{_PATHS[table]}?limit=100&offset={len(rows)}")
            if not page[table]:
                assert len(rows) == page["total_entries"]
                return rows
            rows += page[table]


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Airflow]:
    home = tmp_path_factory.mktemp("airflow")
    (home / "dags").mkdir()
    (home / "dags" / "nightly.py").write_text(_DAG)
    (home / "passwords").write_text(json.dumps({_USER: _PASSWORD}))
    settings = {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "false",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{_USER}:admin",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(home / "passwords"),
    }
    command = program("airflow", "airflow")
    for preparation in (["db", "migrate"], ["dags", "reserialize"]):
        environment = {**os.environ, **settings}
        subprocess.run([command, *preparation], env=environment, check=True, capture_output=True)
    url = f"http://127.0.0.1:{(port := free_port())}"
    where = ("--host", "127.0.0.1", "--port", str(port))
    with serving([command, "api-server", *where], f"{url}/api/v2/version", home, settings):
        running = Airflow(url)
        running.ask("PATCH", "/dags/nightly", {"is_paused": True})
        running.change_variables("create", [variable(number) for number in range(VARIABLES)])
        running.start(range(RUNS))
        yield running


@pytest.fixture
def airflow(started: Airflow, monkeypatch: pytest.MonkeyPatch) -> Airflow:
    monkeypatch.setenv("AIRFLOW_URL", started.url)
    monkeypatch.setenv("AIRFLOW_TOKEN", started.token)
    return started


def variable(number: int) -> Row:
    return {
        "key": f"variable-{number:04}",
        "value": f"value {number}",
        "description": f"description {number}" if number % 3 else None,
    }


def test_runs_and_variables_and_what_becomes_of_them(
    airflow: Airflow, warehouse: Warehouse
) -> None:
    mirror = Mirror(documented("Airflow 3"), warehouse)
    checked = mirror.check()
    assert checked.returncode == 0, checked.stderr
    ran = mirror.run()
    assert ran.returncode == 0, ran.stderr
    before = {table: airflow.listed(table) for table in _PATHS}
    assert [len(rows) for rows in before.values()] == [RUNS, RUNS, VARIABLES]
    for table, key in _KEYS.items():
        assert mirror.differences(table, before[table], key, as_json={"conf"}) == []
    verified = mirror.verify()
    assert verified.returncode == 0, verified.stdout

    gone = [variable(number)["key"] for number in range(20)]
    airflow.change_variables("delete", gone)
    airflow.change_variables("create", [variable(VARIABLES + number) for number in range(150)])
    changed = [{**variable(number), "value": "other"} for number in range(100, 200)]
    airflow.change_variables("update", changed)
    for number in range(60):
        state = {"state": "failed" if number % 2 else "success"}
        airflow.ask("PATCH", f"/dags/nightly/dagRuns/run-{number}", state)
    airflow.start(range(RUNS, RUNS + 30))
    assert mirror.run().returncode == 0
    now = {table: airflow.listed(table) for table in _PATHS}
    assert [len(rows) for rows in now.values()] == [RUNS + 30, RUNS + 30, VARIABLES + 150 - 20]
    now["variables"] += [row for row in before["variables"] if row["key"] in gone]
    for table, key in _KEYS.items():
        assert mirror.differences(table, now[table], key, as_json={"conf"}) == []
    verified = mirror.verify()
    assert verified.returncode == 0, verified.stdout
    assert "20 rows only in the table" in verified.stdout


@pytest.mark.parametrize("limit", [100, 1000])
def test_more_is_asked_for_than_it_gives(
    limit: int, airflow: Airflow, warehouse: Warehouse
) -> None:
    config = only("variables")
    endpoint = config["resources"][0]["endpoint"]
    endpoint["paginator"]["limit"] = limit
    mirror = Mirror(config, warehouse)
    ran = mirror.run()

    assert ran.returncode == 0, ran.stderr
    assert mirror.differences("variables", airflow.listed("variables"), "key") == []
    assert mirror.verify().returncode == 0


@pytest.mark.parametrize("table", ["variables", "dag_runs"])
@pytest.mark.parametrize("params", [{}, {"limit": 1000}], ids=str)
def test_the_first_page_is_not_everything(
    params: Row, table: str, airflow: Airflow, warehouse: Warehouse
) -> None:
    config = guessed(only(table))
    config["resources"][0]["endpoint"]["params"] = params
    mirror = Mirror(config, warehouse)
    ran = mirror.run()

    assert (ran.returncode, mirror.count(table)) == (1, 0), ran.stdout
    rows = len(airflow.listed(table))
    for told in ("total_entries", f"{rows:,}", "offset"):
        assert told in ran.stderr


def test_runs_by_their_cursor_are_found_out(airflow: Airflow, warehouse: Warehouse) -> None:
    mirror = Mirror(guessed(only("dag_runs")), warehouse)
    ran = mirror.run()

    assert ran.returncode == 0, ran.stderr
    runs = airflow.listed("dag_runs")
    assert mirror.differences("dag_runs", runs, "dag_run_id", as_json={"conf"}) == []


def only(table: str) -> dict[str, Any]:
    config = documented("Airflow 3")
    config["resources"] = [each for each in config["resources"] if each["name"] == table]
    return config


def test_its_document_is_a_config_that_loads_all(
    airflow: Airflow, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("API_TOKEN", airflow.token)
    mirror = Mirror(of_its_document(f"{airflow.url}/openapi.json"), warehouse)
    checked = mirror.check()
    assert checked.returncode == 0, checked.stderr
    ran = mirror.run()

    assert ran.returncode == 0, ran.stderr
    counts = {table: mirror.count(table) for table in _PATHS}
    assert counts == {table: len(airflow.listed(table)) for table in _PATHS}


@pytest.mark.parametrize("table", _PATHS)
def test_all_of_it_is_found_out(table: str, airflow: Airflow, warehouse: Warehouse) -> None:
    url = f"{airflow.url}/api/v2{_PATHS[table]}"
    who = ("--bearer", "${AIRFLOW_TOKEN}", "--name", table)
    mirror = Mirror(found_out(url, *who, kept_as=f"airflow {table}"), warehouse)
    ran = mirror.run()

    assert ran.returncode == 0, ran.stderr
    assert mirror.differences(table, list(map(_typed, airflow.listed(table))), _KEYS[table]) == []


def _typed(row: Row) -> Row:
    """The row, its texts of digits beside numbers as numbers: so dlt loads them into one column."""
    conf = row.get("conf")
    if not conf or "parts" not in conf:
        return row
    return {**row, "conf": {**conf, "parts": list(map(int, conf["parts"]))}}
