"""Dagster plans, reads the lanes, and commits; a lane that fails it runs again by itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engines.examples import backfill_of
from tests.engines.running import program, run

pytestmark = pytest.mark.engines

PROGRAM = """
from example import executions_backfill
result = executions_backfill.execute_in_process()
kinds = [event.event_type_value for event in result.all_events]
print(result.success, kinds.count("STEP_UP_FOR_RETRY"))
"""


def test_the_example_of_the_docs_runs(tmp_path: Path) -> None:
    with backfill_of("dagster.md", tmp_path, page_rows=2) as backfill:
        out = run([program(), "-c", PROGRAM], tmp_path, backfill.environment)

    assert out.split() == ["True", "1"]
    assert backfill.check() == 200
