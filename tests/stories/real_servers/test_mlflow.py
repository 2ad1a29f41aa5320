"""MLflow takes its searches by POST, and leaves out of an answer what is empty."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.stories.real_servers.mirrored import Mirror, documented, found_out
from tests.stories.real_servers.running import free_port, program, serving
from tests.support.tables import Row, Warehouse

pytestmark = pytest.mark.real_servers

RUNS = 200
EXPERIMENTS = 45
MODELS = 45
_PER_PAGE = 20
_KEYS = {"experiments": "experiment_id", "runs": "info__run_id", "models": "name"}


class Mlflow:
    """A server with experiments, runs and models.

    Args:
        url: Its URL.
    """

    def __init__(self, url: str) -> None:
        self._api = f"{url}/api/2.0/mlflow"
        self._session = requests.Session()

    def url(self, listing: str) -> str:
        """Where a listing is asked for."""
        return f"{self._api}/{listing}/search"

    def post(self, path: str, **body: Any) -> Any:
        """What it answers."""
        answer = self._session.post(f"{self._api}{path}", json=body, timeout=60)
        assert answer.ok, answer.text
        return answer.json()

    def start(self, experiment: str, number: int) -> None:
        """A run with a parameter and two tags, and now and then a metric, which may be NaN."""
        run = self.post(
            "/runs/create",
            experiment_id=experiment,
            run_name=f"run-{number}",
            start_time=1_700_000_000_000 + number,
            tags=[{"key": "team", "value": f"team {number % 3}"}],
        )["run"]["info"]["run_id"]
        if number % 8 == 0:
            loss = {"key": "loss", "timestamp": 1_700_000_000_000, "step": number}
            metrics = [{**loss, "value": "NaN" if number % 16 else number / 3}]
            parameters = [{"key": "rate", "value": str(number)}]
            self.post("/runs/log-batch", run_id=run, metrics=metrics, params=parameters)

    def listed(self, table: str) -> list[Row]:
        """All rows, in a single page."""
        if table == "models":
            url = f"{self._api}/registered-models/search"
            found = self._session.get(url, params={"max_results": 1000}, timeout=60).json()
        elif table == "experiments":
            found = self.post("/experiments/search", max_results=10_000, view_type="ALL")
        else:
            everywhere = [each["experiment_id"] for each in self.listed("experiments")]
            found = self.post(
                "/runs/search",
                experiment_ids=everywhere,
                run_view_type="ALL",
                max_results=10_000,
            )
        assert "next_page_token" not in found
        rows: list[Row] = found.get("registered_models" if table == "models" else table, [])
        return rows


@pytest.fixture
def mlflow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mlflow]:
    url = f"http://127.0.0.1:{(port := free_port())}"
    monkeypatch.setenv("MLFLOW_URL", url)
    where = ("--host", "127.0.0.1", "--port", str(port), "--workers", "1")
    stored = ("--backend-store-uri", f"sqlite:///{tmp_path}/mlflow.db")
    command = [program("mlflow", "mlflow"), "server", *where, *stored]
    with serving(command, f"{url}/health", tmp_path):
        yield Mlflow(url)


def config_of(per_page: int = _PER_PAGE) -> dict[str, Any]:
    config = documented("MLflow")
    for resource in config["resources"]:
        asked = resource["endpoint"].get("json") or resource["endpoint"]["params"]
        asked["max_results"] = per_page
    return config


def test_runs_and_what_becomes_of_them(mlflow: Mlflow, warehouse: Warehouse) -> None:
    mirror = Mirror(config_of(), warehouse)
    # Nothing is there but experiment 0.
    ran = mirror.run()
    assert ran.returncode == 0, ran.stderr
    assert [mirror.count(table) for table in _KEYS] == [1, 0, 0]

    # All but two of the experiments have no run.
    experiments = [
        mlflow.post("/experiments/create", name=f"experiment-{number}")["experiment_id"]
        for number in range(1, EXPERIMENTS)
    ]
    for number in range(RUNS):
        mlflow.start(experiments[30 if number < 40 else 7], number)
    for number in range(MODELS):
        mlflow.post("/registered-models/create", name=f"model-{number}")
    checked = mirror.check()
    assert checked.returncode == 0, checked.stderr
    ran = mirror.run()
    assert ran.returncode == 0, ran.stderr
    before = {table: mlflow.listed(table) for table in _KEYS}
    assert [len(rows) for rows in before.values()] == [EXPERIMENTS, RUNS, MODELS]
    for table, key in _KEYS.items():
        assert mirror.differences(table, before[table], key) == []
    assert mirror.verify().returncode == 0

    ids = [row["info"]["run_id"] for row in before["runs"]]
    for run in ids[:10]:
        mlflow.post("/runs/update", run_id=run, status="FINISHED", end_time=1_700_000_009_000)
    for run in ids[10:15]:
        mlflow.post("/runs/delete", run_id=run)
    for number in range(RUNS, RUNS + 30):
        mlflow.start(experiments[8], number)
    assert mirror.run().returncode == 0
    now = {table: mlflow.listed(table) for table in _KEYS}
    # What is deleted is listed as such: `view_type` says so.
    assert [len(rows) for rows in now.values()] == [EXPERIMENTS, RUNS + 30, MODELS]
    for table, key in _KEYS.items():
        assert mirror.differences(table, now[table], key) == []
    verified = mirror.verify()
    assert verified.returncode == 0, verified.stdout


def test_models_are_found_out(mlflow: Mlflow, warehouse: Warehouse) -> None:
    for number in range(3 * MODELS):
        mlflow.post("/registered-models/create", name=f"model-{number:03}")
    url = mlflow.url("registered-models")
    mirror = Mirror(found_out(url, "--name", "models", kept_as="mlflow models"), warehouse)
    ran = mirror.run()

    assert ran.returncode == 0, ran.stderr
    assert mirror.differences("models", mlflow.listed("models"), "name") == []


def test_runs_are_found_out(mlflow: Mlflow, warehouse: Warehouse) -> None:
    experiment = mlflow.post("/experiments/create", name="experiment")["experiment_id"]
    for number in range(RUNS):
        mlflow.start(experiment, number)
    body = json.dumps({"experiment_ids": [experiment], "max_results": _PER_PAGE})
    asked = ("--json", body, "--name", "runs")
    mirror = Mirror(found_out(mlflow.url("runs"), *asked, kept_as="mlflow runs"), warehouse)
    ran = mirror.run()

    assert ran.returncode == 0, ran.stderr
    assert mirror.differences("runs", mlflow.listed("runs"), "info__run_id") == []
