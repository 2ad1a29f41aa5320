"""A pipeline that ran another source first, whose schema is its default one from then on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dlt
import pytest
from dlt.extract import DltSource
from typer.testing import CliRunner, Result

from headrace import create_views, report, rest_api_source, status, sync, verify
from headrace.cli.app import app
from tests.support.kept_databases import held_open
from tests.support.servers import JsonServer
from tests.support.tables import Warehouse

# The key that comes twice is counted from the tables of the load.
ROWS = [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}, {"id": 1, "name": "c"}]
CURSOR = {"type": "cursor", "cursor_path": "next", "cursor_param": "cursor"}


@dlt.source(name="another")
def another() -> Any:
    @dlt.resource
    def things() -> Iterator[dict[str, int]]:
        state = dlt.current.source_state()
        state["loads"] = state.get("loads", 0) + 1
        yield {"number": 1}

    return things


@pytest.fixture
def pipeline(warehouse: Warehouse) -> dlt.Pipeline:
    pipeline = warehouse.pipeline()
    pipeline.run(another())
    return pipeline


def config_of(server: JsonServer) -> dict[str, Any]:
    resource = {"name": "items", "primary_key": "id", "write_disposition": "merge"}
    return {
        "client": {"base_url": server.base_url, "paginator": "single_page"},
        "resources": [{**resource, "endpoint": {"path": "items", "data_selector": "data"}}],
    }


def kept_up(server: JsonServer) -> dict[str, Any]:
    config = config_of(server)
    incremental = {"cursor_path": "id", "row_order": "desc"}
    config["resources"][0]["endpoint"] |= {"incremental": incremental, "paginator": CURSOR}
    return config


def source_of(server: JsonServer) -> DltSource:
    return rest_api_source(config_of(server))


@pytest.fixture(params=["test_data", "test_data_rest_api"])
def dataset(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The dataset of the source: that of the pipeline, or one of its own beside the first one's."""
    name = str(request.param)
    monkeypatch.setenv("USE_SINGLE_DATASET", str(name == "test_data"))
    return name


def test_a_sync_loads_and_counts_beside_another_source(
    dataset: str, pipeline: dlt.Pipeline, server: JsonServer
) -> None:
    server.answers({"data": ROWS})
    for full_refresh in (False, False, True):
        report = sync(pipeline, source_of(server), full_refresh=full_refresh)
        counts = report.figures.of("items")
        assert (counts.loaded_rows, counts.replaced) == (2, 1)
        assert report.dataset_name == dataset
    assert pipeline.default_schema_name == "another"


def test_what_was_loaded_beside_another_source_is_verified_and_told_of(
    dataset: str, pipeline: dlt.Pipeline, server: JsonServer, warehouse: Warehouse
) -> None:
    server.answers({"data": ROWS})
    sync(pipeline, source_of(server))
    pipeline.run(another())
    server.answers({"data": [*ROWS, {"id": 3, "name": "d"}]})
    found = verify(pipeline, source_of(server), repair=True)
    assert list(found.tables[0].comparison.missing) == [3]
    assert found.dataset_name == dataset
    now = status(pipeline, config_of(server))
    (resource,) = now.resources
    assert resource.rows == {"items": 3}
    assert len(resource.runs) == 1
    assert now.dataset_name == dataset
    assert [row["id"] for row in warehouse.rows(f"{dataset}.items")] == [1, 2, 3]


def test_commands_look_where_it_was_loaded_beside_another_source(
    dataset: str, pipeline: dlt.Pipeline, server: JsonServer, warehouse: Warehouse
) -> None:
    config = kept_up(server)
    server.answers({"data": [{"id": 2}, {"id": 1}]})
    sync(pipeline, rest_api_source(config))
    Path("test.json").write_text(json.dumps(config))

    def headrace(command: str, *arguments: str) -> Result:
        place = ("--destination", warehouse.url, "--dataset", "test_data")
        return CliRunner().invoke(app, [command, "test.json", *place, *arguments])

    assert headrace("verify").exit_code == 0
    told = headrace("status", "--max-age", "1h")
    assert told.exit_code == 0, told.output
    assert f"{dataset}" in told.stdout
    # What is known of the listing is read as well.
    assert "newer than 2" in told.stdout


def test_status_looks_there_while_another_process_holds_the_file(
    dataset: str, pipeline: dlt.Pipeline, server: JsonServer, warehouse: Warehouse
) -> None:
    config = kept_up(server)
    server.answers({"data": [{"id": 2}, {"id": 1}]})
    sync(pipeline, rest_api_source(config))
    Path("test.json").write_text(json.dumps(config))
    place = ("--destination", warehouse.url, "--dataset", "test_data")
    with held_open(warehouse.file):
        told = CliRunner().invoke(app, ["status", "test.json", *place])
    assert told.exit_code == 0, told.output
    assert f"{dataset} in" in told.stdout
    assert "newer than 2" in told.stdout


@pytest.mark.parametrize("is_first", [True, False])
def test_what_is_known_is_believed_beside_another_source(
    is_first: bool, dataset: str, warehouse: Warehouse, server: JsonServer
) -> None:
    pipeline = warehouse.pipeline()
    config = kept_up(server)
    server.answers({"data": [{"id": 2}, {"id": 1}], "next": None})
    if is_first:
        sync(pipeline, rest_api_source(config))
    for _ in range(2):
        pipeline.run(another())
        report = sync(pipeline, rest_api_source(config))
        assert not report.figures.notes
    assert report.figures.total.loaded_rows == 0
    assert pipeline.state["sources"]["another"]["loads"] == 2


@pytest.mark.parametrize("place", ["warehouse", "postgres"])
def test_views_and_reports_are_made_beside_another_source(
    place: str, dataset: str, server: JsonServer, request: pytest.FixtureRequest
) -> None:
    pipeline = request.getfixturevalue(place).pipeline()
    pipeline.run(another())
    started = {"status": "success", "startedAt": "2026-01-01T00:00:00Z", "workflowId": "1"}
    server.answers({"data": [{"id": 1, **started}]})
    config = config_of(server)
    config["resources"][0]["name"] = "executions"
    for full_refresh in (False, True):
        sync(pipeline, rest_api_source(config), full_refresh=full_refresh)
        names = create_views(pipeline).names
        assert names == (f"{dataset}.executions_outcomes", f"{dataset}.executions_daily")
    assert report(pipeline, "report.html").executions == 1
