"""A first run that is killed, where dlt's data folder knows of another table, loses nothing.

What is known of a listing lies in that folder by the name of the pipeline, whatever table it is of.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from signal import SIGKILL

import pytest

from headrace.simulator import Pace, Simulator, World
from tests.stories.crashes.test_crashes import CRASHES, SEED, shown_or_hidden
from tests.support.crashing import Gate, Machine, Moment, moments
from tests.support.postgres import PostgresDatabase
from tests.support.tables import Warehouse, differences

ROWS = 400
PAGE = 50
# In the pipeline's folder, by one sync.
CHANGES = 80
# Runs after the one that was killed.
MOST_RUNS = 2


@pytest.fixture
def gate() -> Iterator[Gate]:
    with Gate() as running:
        yield running


@pytest.fixture
def world(gate: Gate) -> Iterator[World]:
    alive = World(rows=ROWS, seed=SEED, pace=Pace(executions_per_hour=60))
    with Simulator(world=alive) as simulator:
        gate.leads_to(simulator.base_url)
        yield alive


def drawn() -> list[Moment]:
    planned = moments(max(1, CRASHES - 1), requests=ROWS // PAGE, changes=CHANGES, seed=SEED)
    return [Moment(each.event, each.number, each.delay) for each in planned]


def machine(gate: Gate, folder: Path, destination: str, dataset: str, data: Path) -> Machine:
    folder.mkdir(exist_ok=True)
    return Machine(
        folder,
        [
            *("run", "executions", "--destination", destination, "--dataset", dataset),
            *("--set", f"resources.executions.endpoint.paginator.limit={PAGE}"),
            *("--set", "pipeline.leg_bytes=40000"),
        ],
        {"API_KEY": "simulator", "EXECUTIONS_BASE_URL": gate.base_url},
        data,
    )


def check_after_crash(
    gate: Gate,
    here: Machine,
    moment: Moment,
    world: World,
    database: Warehouse | PostgresDatabase,
    dataset: str,
) -> None:
    """Kills a run; the table then is as the API after at most so many more."""
    crash = here.run(gate, moment)
    assert crash.code in (-SIGKILL, 0), f"{moment}: {crash.told}"
    found: list[str] = []
    for _ in range(MOST_RUNS):
        again = here.run(gate)
        assert again.code == 0, f"after {moment}: {again.told}"
        expected = shown_or_hidden(world)
        # What the API has deleted stays as it was last seen.
        rows = [row for row in database.rows(f"{dataset}.executions") if row["id"] in expected]
        found = differences(rows, list(expected.values()), key="id")
        if not found:
            return
    pytest.fail(f"after {moment}: {found[:3]}")


@pytest.mark.parametrize("kind", ["duckdb", "postgres"])
def test_into_another_database(
    kind: str, gate: Gate, world: World, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    data = tmp_path / "dlt"
    first: Warehouse | PostgresDatabase = request.getfixturevalue(
        "warehouse" if kind == "duckdb" else "postgres"
    )
    known = machine(gate, tmp_path / "first", first.url, "first_data", data).run(gate)
    assert known.code == 0, known.told

    for number, moment in enumerate(drawn()):
        folder, dataset = tmp_path / str(number), f"data_{number}"
        database = Warehouse(folder) if kind == "duckdb" else first
        here = machine(gate, folder, database.url, dataset, data)
        check_after_crash(gate, here, moment, world, database, dataset)


def test_in_another_folder_by_the_same_relative_path(
    gate: Gate, world: World, tmp_path: Path
) -> None:
    data, file = tmp_path / "dlt", "duckdb:///warehouse.duckdb"
    known = machine(gate, tmp_path / "first", file, "test_data", data).run(gate)
    assert known.code == 0, known.told
    # dlt counts the path from the folder that the pipeline first ran in.
    database = Warehouse(tmp_path / "first")

    for number, moment in enumerate(drawn()):
        world.advance(4 * 3_600)
        here = machine(gate, tmp_path / str(number), file, "test_data", data)
        check_after_crash(gate, here, moment, world, database, "test_data")


@pytest.mark.parametrize("kind", ["duckdb", "postgres"])
def test_where_nothing_ran_before(
    kind: str, gate: Gate, world: World, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    for number, moment in enumerate(drawn()):
        folder, dataset = tmp_path / str(number), f"data_{number}"
        database: Warehouse | PostgresDatabase = (
            Warehouse(folder) if kind == "duckdb" else request.getfixturevalue("postgres")
        )
        here = machine(gate, folder, database.url, dataset, folder / "dlt")
        check_after_crash(gate, here, moment, world, database, dataset)
