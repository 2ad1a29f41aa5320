"""Airflow plans, reads the lanes, and commits; a lane that fails it runs again by itself."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.engines.airflow.standalone import airflow_standalone
from tests.engines.examples import backfill_of

pytestmark = pytest.mark.engines


def test_the_example_of_the_docs_runs(tmp_path: Path) -> None:
    with backfill_of("airflow.md", tmp_path) as backfill:
        (tmp_path / "dags").mkdir()
        shutil.move(tmp_path / "example.py", tmp_path / "dags")
        with airflow_standalone(tmp_path, backfill.environment) as airflow:
            assert airflow.run_dag("executions_backfill") == "success"
            lanes = airflow.tries("lane")
            assert (airflow.tries("plan"), airflow.tries("commit")) == ([1], [1])

    assert sorted(lanes) == [1] * (len(lanes) - 1) + [2]
    assert backfill.check() == len(lanes) > 5
