"""Killed at any moment and run again, a sync ends with exactly the API's rows.

`scripts/soak` does the same at more moments.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from signal import SIGKILL
from typing import Any

import pytest

from headrace.simulator import Simulator
from tests.crashing import Gate, Machine, Moment, Run, moments
from tests.postgres import PostgresDatabase
from tests.servers import JsonServer
from tests.stories.test_recorded_server import typed
from tests.tables import Warehouse, differences

CRASHES = int(os.environ.get("HEADRACE_CRASHES", "4"))
SEED = int(os.environ.get("HEADRACE_CRASH_SEED", "1"))
ROWS = 3_000
PAGE = 50
# In the pipeline's folder, by one sync.
CHANGES = 80


@pytest.fixture
def gate() -> Iterator[Gate]:
    with Gate() as running:
        yield running


@pytest.mark.parametrize("kind", ["duckdb", "postgres"])
def test_no_crash_loses_or_doubles_a_row(
    kind: str, gate: Gate, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    destination: Warehouse | PostgresDatabase = request.getfixturevalue(
        "warehouse" if kind == "duckdb" else "postgres"
    )
    machine = Machine(
        tmp_path,
        [
            *("run", "executions", "--destination", destination.url, "--dataset", "test_data"),
            *("--set", f"resources.executions.endpoint.paginator.limit={PAGE}"),
            *("--set", "resources.executions.endpoint.incremental=null"),
        ],
        {"API_KEY": "simulator", "EXECUTIONS_BASE_URL": gate.base_url},
    )
    crashes: list[Run] = []
    planned = moments(CRASHES, requests=ROWS // PAGE, changes=CHANGES, seed=SEED)
    for number, moment in enumerate(planned):
        # All rows change from sync to sync, so a row that a crash kept from its table shows.
        with Simulator(rows=ROWS + 10 * number, seed=number) as simulator:
            gate.leads_to(simulator.base_url)
            # Every other crash comes twice: again while the first is made good.
            for _ in range(1 + number % 2):
                crashes.append(machine.run(gate, moment))
                assert crashes[-1].code in (-SIGKILL, 0), f"{moment}: {crashes[-1].told}"
            again = machine.run(gate)
            assert again.code == 0, f"after {moment}: {again.told}"
            rows = [typed(row) for row in simulator.truth()]
        found = destination.rows("test_data.executions")
        assert not differences(found, rows, key="id"), f"after {moment}"
    # A drawn moment may come only after the end of a run.
    assert sum(each.was_killed for each in crashes) >= 0.8 * len(crashes)


@pytest.mark.parametrize("kind", ["duckdb", "postgres"])
@pytest.mark.parametrize("number", range(1, 5))
def test_what_is_appended_is_there_once(
    kind: str, number: int, gate: Gate, server: JsonServer, tmp_path: Path, request: Any
) -> None:
    destination: Warehouse | PostgresDatabase = request.getfixturevalue(
        "warehouse" if kind == "duckdb" else "postgres"
    )
    server.answers([{"id": 1, "tags": ["a", "b"]}, {"id": 2, "tags": []}, "no row"])
    gate.leads_to(server.base_url)
    config = tmp_path / "events.json"
    resource = {"name": "events", "endpoint": {"paginator": "single_page"}}
    config.write_text(json.dumps({"client": {"base_url": gate.base_url}, "resources": [resource]}))
    arguments = ["run", str(config), "--destination", destination.url, "--dataset", "test_data"]
    machine = Machine(tmp_path, arguments, {})

    # The destination has committed the job, and dlt does not know yet.
    assert machine.run(gate, Moment("job committed", number)).was_killed
    server.answers([])
    again = machine.run(gate)

    assert again.code == 0, again.told
    assert counted(destination, "events") == 2
    assert counted(destination, "events__tags") == 2
    assert counted(destination, "_headrace_quarantine") == 1


def counted(destination: Warehouse | PostgresDatabase, table: str) -> int:
    ((count,),) = destination.query(f"SELECT count(*) FROM test_data.{table}")
    return int(count)
