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
from uuid import uuid4

import pytest

from headrace.simulator import Pace, Simulator, World
from tests.stories.loading.test_recorded_server import typed
from tests.support.crashing import STAGES, Gate, Machine, Moment, Run, moments
from tests.support.postgres import PostgresDatabase
from tests.support.servers import Answer, Asked, JsonServer
from tests.support.tables import Warehouse, differences

CRASHES = int(os.environ.get("HEADRACE_CRASHES", "2"))
SEED = int(os.environ.get("HEADRACE_CRASH_SEED", "1"))
ROWS = 3_000
PAGE = 50
# A crash then loses what was fetched, and it is fetched again.
BEFORE_ROWS_ARE_ON_DISK = {"change", "extracting", "extracted", "state kept"}
# Of the simulator, about.
ROW_BYTES = 240
LEG_PAGES = 4
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
def test_no_crash_loses_a_change(
    kind: str, gate: Gate, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    destination: Warehouse | PostgresDatabase = request.getfixturevalue(
        "warehouse" if kind == "duckdb" else "postgres"
    )
    world = World(rows=1_000, seed=SEED, pace=Pace(executions_per_hour=60), string_ids=True)
    machine = executions_machine(gate, tmp_path, destination)
    crashes: list[Run] = []
    seen: list[dict[int, dict[str, Any]]] = []

    def go_on(request: int) -> None:
        """Something may happen between any two requests."""
        world.advance(2)
        seen.append(shown_or_hidden(world))

    with Simulator(world=world, on_request=go_on) as simulator:
        gate.leads_to(simulator.base_url)
        for number, moment in enumerate(moments(CRASHES, requests=25, changes=CHANGES, seed=SEED)):
            world.advance(4 * 3_600)
            for _ in range(1 + number % 2):
                crashes.append(machine.run(gate, moment))
                assert crashes[-1].code in (-SIGKILL, 0), f"{moment}: {crashes[-1].told}"
            before = shown_or_hidden(world)
            seen[:] = [before]
            again = machine.run(gate)
            assert again.code == 0, f"after {moment}: {again.told}"
            found = {row["id"]: row for row in destination.rows("test_data.executions")}
            assert len(found) == counted(destination, "executions"), "a row is there twice"
            for key in before.keys() & shown_or_hidden(world).keys():
                versions = [rows[key] for rows in seen if key in rows]
                assert found.get(key) in versions, f"after {moment}"
    assert sum(each.was_killed for each in crashes) >= 0.8 * len(crashes)


@pytest.mark.parametrize("killed_at", [7, 30])
def test_a_crash_costs_one_leg_at_most(
    killed_at: int, gate: Gate, tmp_path: Path, warehouse: Warehouse
) -> None:
    world = World(rows=2_000, pace=Pace.still())
    pages = 2_000 // PAGE
    with Simulator(world=world) as simulator:
        gate.leads_to(simulator.base_url)
        machine = executions_machine(gate, tmp_path, warehouse)
        assert machine.run(gate, Moment("request", killed_at)).was_killed
        # All but the one that it was killed at, and that for hidden rows.
        answered = len({str(request) for request in simulator.requests}) - 2
        simulator.requests.clear()
        again = machine.run(gate)

        assert again.code == 0, again.told
        # What was committed is not asked for again, but for a look at hidden rows and at the top.
        assert len(simulator.requests) <= pages - answered + LEG_PAGES + 2
    assert counted(warehouse, "executions") == 2_000


def executions_machine(
    gate: Gate, folder: Path, destination: Warehouse | PostgresDatabase
) -> Machine:
    """Runs the connector, in legs of a few pages."""
    return Machine(
        folder,
        [
            *("run", "executions", "--destination", destination.url, "--dataset", "test_data"),
            *("--set", f"resources.executions.endpoint.paginator.limit={PAGE}"),
            *("--set", f"pipeline.leg_bytes={(LEG_PAGES - 1) * PAGE * ROW_BYTES}"),
        ],
        {"API_KEY": "simulator", "EXECUTIONS_BASE_URL": gate.base_url},
    )


def shown_or_hidden(world: World) -> dict[int, dict[str, Any]]:
    """The rows up to the newest that is listed, typed, by their key."""
    with world.lock:
        newest = next(int(row["id"]) for row in world.listed())
        return {int(row["id"]): typed(row) for row in world.truth() if int(row["id"]) <= newest}


@pytest.mark.parametrize("kind", ["duckdb", "postgres"])
@pytest.mark.parametrize("number", [1, 3])
def test_what_is_appended_is_there_once(
    kind: str, number: int, gate: Gate, server: JsonServer, tmp_path: Path, request: Any
) -> None:
    destination: Warehouse | PostgresDatabase = request.getfixturevalue(
        "warehouse" if kind == "duckdb" else "postgres"
    )
    machine = appending_machine(gate, server, tmp_path, destination)

    # The destination has committed the job, and dlt does not know yet.
    assert machine.run(gate, Moment("job committed", number)).was_killed
    check_that_rows_are_there_once(machine, gate, server, destination)


@pytest.mark.parametrize("stage", STAGES)
def test_a_crash_at_each_stage(
    stage: str, gate: Gate, server: JsonServer, tmp_path: Path, warehouse: Warehouse
) -> None:
    machine = appending_machine(gate, server, tmp_path, warehouse)

    assert machine.run(gate, Moment(stage)).was_killed
    if stage in BEFORE_ROWS_ARE_ON_DISK:
        assert machine.run(gate).code == 0
    check_that_rows_are_there_once(machine, gate, server, warehouse)


def test_what_is_left_of_a_file_that_was_being_copied_blocks_nothing(
    gate: Gate, server: JsonServer, tmp_path: Path, warehouse: Warehouse
) -> None:
    machine = appending_machine(gate, server, tmp_path, warehouse)
    assert machine.run(gate, Moment("job started")).was_killed
    (jobs,) = (tmp_path / "dlt" / "pipelines").glob("*/load/normalized/*/new_jobs")
    # As dlt names the copy of a file from another file system, until it is whole.
    (jobs / uuid4().hex).write_text("DELETE FROM")

    check_that_rows_are_there_once(machine, gate, server, warehouse)


def appending_machine(
    gate: Gate, server: JsonServer, folder: Path, destination: Warehouse | PostgresDatabase
) -> Machine:
    """Appends rows with lists in them, and one for the quarantine."""
    server.answers([{"id": 1, "tags": ["a", "b"]}, {"id": 2, "tags": []}, "no row"])
    gate.leads_to(server.base_url)
    config = folder / "events.json"
    resource = {"name": "events", "endpoint": {"paginator": "single_page"}}
    config.write_text(json.dumps({"client": {"base_url": gate.base_url}, "resources": [resource]}))
    arguments = ["run", str(config), "--destination", destination.url, "--dataset", "test_data"]
    return Machine(folder, arguments, {})


def check_that_rows_are_there_once(
    machine: Machine, gate: Gate, server: JsonServer, destination: Warehouse | PostgresDatabase
) -> None:
    server.answers([])
    again = machine.run(gate)

    assert again.code == 0, again.told
    assert counted(destination, "events") == 2
    assert counted(destination, "events__tags") == 2
    assert counted(destination, "_headrace_quarantine") == 1


def counted(destination: Warehouse | PostgresDatabase, table: str) -> int:
    ((count,),) = destination.query(f"SELECT count(*) FROM test_data.{table}")
    return int(count)


@pytest.mark.parametrize("stage", ["extracting", "extracted", "job committed"])
def test_no_crash_loses_a_request_that_failed(
    stage: str, gate: Gate, server: JsonServer, tmp_path: Path, warehouse: Warehouse
) -> None:
    """Neither one that has just failed, nor one that has just worked again."""
    failing = {2}

    def answer(asked: Asked) -> Answer:
        if asked.path == "/orders":
            above = int(asked.query["above"])
            return Answer([{"id": n} for n in (1, 2, 3) if n > above])
        number = int(asked.path.split("/")[2])
        return Answer({}, 403) if number in failing else Answer([{"of": number}])

    server.handler = answer
    gate.leads_to(server.base_url)
    above = {"cursor_path": "id", "initial_value": 0, "start_param": "above"}
    orders = {"name": "orders", "endpoint": {"incremental": above}}
    lines = {"name": "lines", "endpoint": "orders/{resources.orders.id}/lines"}
    config = tmp_path / "orders.json"
    client = {"base_url": gate.base_url, "paginator": "single_page"}
    config.write_text(json.dumps({"client": client, "resources": [orders, lines]}))
    arguments = ["run", str(config), "--destination", warehouse.url, "--dataset", "test_data"]
    machine = Machine(tmp_path, arguments, {})

    assert machine.run(gate, Moment(stage)).was_killed
    assert machine.run(gate).code == 4
    assert warehouse.query('SELECT "of" FROM test_data.lines ORDER BY 1') == [(1,), (3,)]
    assert counted(warehouse, "_headrace_failed_requests") == 1

    failing.clear()
    assert machine.run(gate, Moment(stage)).was_killed
    again = machine.run(gate)
    assert again.code == 0, again.told
    assert warehouse.query('SELECT "of" FROM test_data.lines ORDER BY 1') == [(1,), (2,), (3,)]
    assert counted(warehouse, "_headrace_failed_requests") == 0
