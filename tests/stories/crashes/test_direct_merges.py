"""Killed while rows go from their file into the table itself, and gone on with by either road."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from signal import SIGKILL
from typing import Any

import pytest

from tests.support.crashing import Gate, Machine, Moment
from tests.support.kept_databases import release_databases
from tests.support.postgres import PostgresDatabase
from tests.support.servers import JsonServer
from tests.support.tables import Warehouse, differences

DIRECT = {"HEADRACE_ROWS_WORTH_A_CLAIM": "0"}
STAGED = {**DIRECT, "HEADRACE_WITHOUT": "direct_merges"}
MOMENTS = [
    Moment(stage, number)
    for stage in ("job started", "job committed", "job completed")
    for number in (1, 2)
]
ROADS = [
    ("duckdb", DIRECT, DIRECT),
    ("duckdb", DIRECT, STAGED),
    ("duckdb", STAGED, DIRECT),
    ("duckdb", STAGED, STAGED),
    ("postgres", DIRECT, DIRECT),
    ("postgres", DIRECT, STAGED),
]


def moments_of(road: int) -> list[Moment]:
    """Every other moment: two roads have all of them. All, where many crashes are wanted."""
    if "HEADRACE_CRASHES" in os.environ:
        return MOMENTS
    return [each for place, each in enumerate(MOMENTS) if (place + place // 2 + road) % 2]


@pytest.fixture
def gate() -> Iterator[Gate]:
    with Gate() as running:
        yield running


def rows(version: int, first: int = 0, count: int = 400) -> list[dict[str, Any]]:
    return [
        {"id": number, "version": version, "text": f"{number} in {version}" * 3}
        for number in range(first, first + count)
    ]


def machine(
    folder: Path,
    destination: Warehouse | PostgresDatabase,
    gate: Gate,
    settings: dict[str, str],
) -> Machine:
    """Merges a listing of one page."""
    config = folder / "items.json"
    resource = {
        "name": "items",
        "primary_key": "id",
        "write_disposition": "merge",
        "endpoint": {"paginator": "single_page"},
    }
    config.write_text(json.dumps({"client": {"base_url": gate.base_url}, "resources": [resource]}))
    arguments = ["run", str(config), "--destination", destination.url, "--dataset", "test_data"]
    return Machine(folder, arguments, settings)


@pytest.mark.parametrize("road", range(len(ROADS)))
def test_no_crash_within_a_merge_loses_or_doubles_a_row(
    road: int,
    gate: Gate,
    server: JsonServer,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    kind, before, behind = ROADS[road]
    destination: Warehouse | PostgresDatabase = request.getfixturevalue(
        "warehouse" if kind == "duckdb" else "postgres"
    )
    gate.leads_to(server.base_url)
    going_on = machine(tmp_path, destination, gate, behind)
    breaking = machine(tmp_path, destination, gate, before)
    draw = random.Random(kind)
    drawn = [Moment("job started", 2, draw.uniform(0, 0.03))]
    killed = 0
    for version, moment in enumerate([*moments_of(road), *drawn]):
        # What is in the table, and more below and above it.
        page = rows(version, first=1_000 - 100 * version, count=400 + 200 * version)
        server.answers(page)
        crash = breaking.run(gate, moment)
        assert crash.code in (-SIGKILL, 0), crash.told
        killed += crash.was_killed
        # With an empty listing, the load that was left behind is all that the next run has. What
        # was staged before, PostgreSQL does not take again: that load is given up, and listed anew.
        server.answers([] if kind == "duckdb" else page)
        again = going_on.run(gate)
        assert again.code == 0, f"after {moment}: {again.told}"
        found = destination.rows("test_data.items")
        assert not differences(found, page, key="id"), f"after {moment}: {again.told}"
    assert killed >= 2


@pytest.mark.parametrize(("road", "behind"), enumerate([DIRECT, STAGED]))
def test_no_crash_loses_or_doubles_rows_with_new_keys(
    road: int,
    behind: dict[str, str],
    gate: Gate,
    server: JsonServer,
    tmp_path: Path,
    postgres: PostgresDatabase,
) -> None:
    gate.leads_to(server.base_url)
    going_on = machine(tmp_path, postgres, gate, behind)
    breaking = machine(tmp_path, postgres, gate, DIRECT)
    listed: list[dict[str, Any]] = []
    killed = 0
    for version, moment in enumerate([Moment("job started", 1), *moments_of(road)]):
        # Each listing has the keys below those of the one before.
        page = rows(version, first=10_000 - 400 * version)
        listed += page
        server.answers(page)
        crash = breaking.run(gate, moment)
        assert crash.code in (-SIGKILL, 0), crash.told
        killed += crash.was_killed
        again = going_on.run(gate)
        assert again.code == 0, f"after {moment}: {again.told}"
        found = postgres.rows("test_data.items")
        assert not differences(found, listed, key="id"), f"after {moment}: {again.told}"
    assert killed >= 2


PLAIN_RUN = """
import sys
import dlt
pipeline = dlt.pipeline(
    "items", destination=dlt.destinations.duckdb(sys.argv[1]), dataset_name="test_data"
)
pipeline.run()
"""


@pytest.mark.parametrize(("road", "before"), enumerate([DIRECT, STAGED]))
def test_no_row_is_doubled_where_dlt_alone_finishes_a_load(
    road: int,
    before: dict[str, str],
    gate: Gate,
    server: JsonServer,
    tmp_path: Path,
    warehouse: Warehouse,
) -> None:
    """As where a program calls `pipeline.run`: dlt finishes that load before it runs a source."""
    gate.leads_to(server.base_url)
    breaking = machine(tmp_path, warehouse, gate, before)
    killed = 0
    for version, moment in enumerate(moments_of(road)):
        page = rows(version, first=1_000 - 100 * version, count=400 + 200 * version)
        server.answers(page)
        crash = breaking.run(gate, moment)
        killed += crash.was_killed
        release_databases()
        environment = {**os.environ, "DLT_DATA_DIR": str(tmp_path / "dlt")}
        command = [sys.executable, "-c", PLAIN_RUN, str(warehouse.file)]
        subprocess.run(command, env=environment, check=True, capture_output=True)
        found = warehouse.rows("test_data.items")
        assert not differences(found, page, key="id"), f"after {moment}: {crash.told}"
    assert killed >= 2


@pytest.mark.parametrize("settings", [DIRECT, {}])
def test_rows_with_lists_that_were_staged_are_not_staged_twice(
    settings: dict[str, str],
    gate: Gate,
    server: JsonServer,
    tmp_path: Path,
    warehouse: Warehouse,
) -> None:
    gate.leads_to(server.base_url)
    going_on = machine(tmp_path, warehouse, gate, settings)
    counts = "SELECT count(*), count(DISTINCT _dlt_id) FROM test_data."
    stages = ("job committed", "job completed")
    moments = [Moment(stage, number) for stage in stages for number in (1, 2, 3)]
    for version, moment in enumerate(moments):
        page = [{**row, "tags": [1, 2]} for row in rows(version, count=400 + 200 * version)]
        server.answers(page)
        assert going_on.run(gate, moment).was_killed
        server.answers([])
        assert going_on.run(gate).code == 0
        assert warehouse.query(f"{counts}items") == [(len(page), len(page))]
        assert warehouse.query(f"{counts}items__tags") == [(2 * len(page), 2 * len(page))]
