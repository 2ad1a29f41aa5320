"""Prefect plans, reads the lanes, and commits; a lane that fails it runs again by itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engines.examples import backfill_of
from tests.engines.running import program, run

pytestmark = pytest.mark.engines

# On a busy machine it takes longer than the 20 seconds that Prefect waits for its own server.
SERVER = {
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
}


def test_the_example_of_the_docs_runs(tmp_path: Path) -> None:
    with backfill_of("prefect.md", tmp_path, page_rows=2) as backfill:
        run([program(), "example.py"], tmp_path, {**backfill.environment, **SERVER}, seconds=240)

    said = (tmp_path / "errors.txt").read_text()
    assert said.count("Retry 1/3 will start") == 1
    assert "Retry 2/3" not in said
    assert backfill.check() == 200
