"""What each earlier version has left in a destination is taken up, and nothing of it is lost."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dlt
import duckdb
import pytest
from typer.testing import CliRunner, Result

from headrace.cli.app import app
from headrace.destination.stored_states import stored_state
from tests.stories.earlier_versions.making import STORED
from tests.stories.earlier_versions.world import (
    ALL,
    DATASET,
    GONE,
    HIDDEN,
    QUARANTINED,
    RETRIED,
    World,
)
from tests.stories.earlier_versions.world import execution as row
from tests.support.tables import Row, Warehouse

VERSIONS = sorted(each.name for each in STORED.iterdir())
NEWEST = max(each for each in VERSIONS if each.startswith("ledger"))
PRUNED = range(1, 6)


@pytest.fixture
def world() -> Iterator[World]:
    with World() as running:
        yield running


def headrace(command: str, config: dict[str, Any], warehouse: Warehouse) -> Result:
    Path("config.json").write_text(json.dumps(config))
    place = ("--destination", warehouse.url, "--dataset", DATASET)
    return CliRunner().invoke(app, [command, "config.json", *place])


def executions(warehouse: Warehouse, world: World) -> list[Row]:
    """The rows of the table that can be loaded, with the fields of the API."""
    found = warehouse.rows(f"{DATASET}.executions")
    fields = row(1).keys()
    return [{name: each[name] for name in fields} for each in found if each["id"] != QUARANTINED]


def time_passes(world: World) -> None:
    """Old rows are pruned, new ones come, and what was running is done."""
    for number in (*PRUNED, GONE):
        del world.rows[number]
    world.put(*(row(number) for number in range(31, 36)))
    world.hidden.clear()
    for number in (HIDDEN, 30):
        world.change(number, status="success", size=1_000 + number)
    world.change(RETRIED, size=2_000)
    world.show_changes(range(1, 6))


@pytest.mark.parametrize("version", VERSIONS)
def test_what_a_version_has_stored_is_taken_up(
    version: str, world: World, warehouse: Warehouse
) -> None:
    with duckdb.connect(str(warehouse.file)) as connection:
        connection.execute(f"IMPORT DATABASE '{STORED / version}'")
    resources = json.loads((STORED / version / "resources.json").read_text())
    seen = [row(number) for number in PRUNED] + [world.rows[GONE]]
    time_passes(world)
    config = world.config_of(tuple(resources))

    ran = headrace("run", config, warehouse)

    assert ran.exit_code == 0, ran.output
    assert "cannot be read" not in ran.output
    expected = [*seen, *(each for each in world.rows.values() if each["id"] != QUARANTINED)]
    fields = row(1).keys()
    assert executions(warehouse, world) == sorted(
        ({name: each[name] for name in fields} for each in expected), key=lambda each: each["id"]
    )
    if version.startswith("ledger"):
        assert world.pages_asked == [None]
    if "changes" in resources:
        assert len(warehouse.rows(f"{DATASET}.changes")) == 5
        assert len(warehouse.rows(f"{DATASET}.parts", "_groups_id")) == 10
    for name in {"windows", "tokens"}.intersection(resources):
        assert len(warehouse.rows(f"{DATASET}.{name}")) == 5
    for command in ("verify", "status"):
        looked = headrace(command, config, warehouse)
        assert looked.exit_code == (command == "verify"), looked.output


def test_what_is_stored_has_the_form_of_the_newest_stored_dataset(
    world: World, warehouse: Warehouse, tmp_path: Path
) -> None:
    """CONTRIBUTING.md says what to do where this fails."""
    earlier = Warehouse(tmp_path / "earlier")
    earlier.file.parent.mkdir()
    with duckdb.connect(str(earlier.file)) as connection:
        connection.execute(f"IMPORT DATABASE '{STORED / NEWEST}'")
    config = world.config_of(ALL)
    for _ in range(3):
        assert headrace("run", config, warehouse).exit_code == 0
        world.rows.pop(GONE, None)

    assert definitions(warehouse) == definitions(earlier)
    assert form_of_state(warehouse) == form_of_state(earlier)


def definitions(warehouse: Warehouse) -> set[str]:
    """The statements that make the tables, however their columns are ordered."""
    found = warehouse.query(
        "SELECT schema_name, table_name, column_name, data_type, is_nullable "
        f"FROM duckdb_columns() WHERE schema_name = '{DATASET}'"
    )
    return {" ".join(map(str, each)) for each in found}


def form_of_state(warehouse: Warehouse) -> Any:
    """What a pipeline has saved of its sources, each value but the version by its type."""
    pipeline = dlt.pipeline(
        "mirror", destination=warehouse.pipeline().destination, dataset_name=DATASET
    )
    pipeline.sync_destination()
    return form((stored_state(pipeline, pipeline.default_schema) or {})["sources"])


def form(value: Any, name: str = "") -> Any:
    """The keys of a value, and its types below them; keys of rows may be any."""
    if isinstance(value, dict):
        return {key: form(each, key) for key, each in value.items()}
    if isinstance(value, list):
        return [form(each) for each in value]
    return value if name == "version" else type(value).__name__
