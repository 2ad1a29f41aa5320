"""A pipeline that ran another source first, whose schema is its default one from then on."""

from __future__ import annotations

from typing import Any

import dlt
import pytest
from dlt.extract import DltSource

from headrace import rest_api_source, status, sync, verify
from tests.support.servers import JsonServer
from tests.support.tables import Warehouse

# The key that comes twice is counted from the tables of the load.
ROWS = [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}, {"id": 1, "name": "c"}]


@dlt.source(name="another")
def another() -> Any:
    return dlt.resource([{"number": 1}], name="things")


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


def source_of(server: JsonServer) -> DltSource:
    return rest_api_source(config_of(server))


@pytest.mark.parametrize("dataset", ["of the pipeline", "of each schema"])
def test_a_sync_loads_and_counts_beside_another_source(
    dataset: str, pipeline: dlt.Pipeline, server: JsonServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("USE_SINGLE_DATASET", str(dataset == "of the pipeline"))
    server.answers({"data": ROWS})
    for full_refresh in (False, False, True):
        report = sync(pipeline, source_of(server), full_refresh=full_refresh)
        counts = report.figures.of("items")
        assert (counts.loaded_rows, counts.replaced) == (2, 1)
    assert pipeline.default_schema_name == "another"


def test_what_was_loaded_beside_another_source_is_verified_and_told_of(
    pipeline: dlt.Pipeline, server: JsonServer, warehouse: Warehouse
) -> None:
    server.answers({"data": ROWS})
    sync(pipeline, source_of(server))
    pipeline.run(another())
    server.answers({"data": [*ROWS, {"id": 3, "name": "d"}]})
    (table,) = verify(pipeline, source_of(server), repair=True).tables
    assert list(table.comparison.missing) == [3]
    (resource,) = status(pipeline, config_of(server)).resources
    assert resource.rows == {"items": 3}
    assert [row["id"] for row in warehouse.rows("test_data.items")] == [1, 2, 3]
