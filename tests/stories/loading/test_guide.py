"""The guide's config, as a dict and as the connector, against the sample API."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import dlt
import pytest
from dlt.sources.rest_api import rest_api_source as dlt_rest_api_source

import headrace
from headrace import rest_api_resources, rest_api_source
from headrace.config import load_config
from headrace.dlt_source.source import build_source
from headrace.simulator import Simulator
from tests.support.tables import Warehouse

ROWS = 2_100


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with Simulator(rows=ROWS, seed=7) as running:
        yield running


@pytest.fixture(autouse=True)
def settings(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_KEY", simulator.api_key)
    monkeypatch.setenv("EXECUTIONS_BASE_URL", simulator.base_url)
    simulator.requests.clear()


def guide_config(base_url: str) -> Any:
    """The guide's example word for word, but for the address."""
    return {
        "client": {
            "base_url": base_url,
            "auth": {
                "type": "api_key",
                "name": "X-API-KEY",
                "api_key": dlt.secrets["api_key"],
                "location": "header",
            },
        },
        "resource_defaults": {"primary_key": "id", "write_disposition": "merge"},
        "resources": [
            {
                "name": "executions",
                "endpoint": {
                    "path": "/executions",
                    "data_selector": "data",
                    "paginator": {
                        "type": "cursor",
                        "limit": 250,
                        "cursor_param": "cursor",
                        "cursor_path": "nextCursor",
                        "stop_condition": "not response.get('nextCursor', {})",
                    },
                },
            }
        ],
    }


def without_our_keys(config: Any) -> Any:
    endpoint = config["resources"][0]["endpoint"]
    del endpoint["paginator"]["limit"], endpoint["paginator"]["stop_condition"]
    return config


def test_the_guide_loads_every_row(simulator: Simulator, warehouse: Warehouse) -> None:
    warehouse.pipeline().run(rest_api_source(guide_config(simulator.base_url)))

    loaded = warehouse.rows("test_data.executions")
    truth = {row["id"]: row for row in simulator.truth()}
    assert [row["id"] for row in loaded] == list(range(1, ROWS + 1))
    for row in loaded:
        expected = truth[row["id"]]
        assert row["workflow_id"] == expected["workflowId"]
        assert row["retry_of"] == expected["retryOf"]
        assert row["retry_success_id"] == expected["retrySuccessId"]
        assert row["status"] == expected["status"]
        started = row["started_at"].astimezone(dlt.common.pendulum.UTC)
        assert started.isoformat(timespec="milliseconds") == expected["startedAt"].replace(
            "Z", "+00:00"
        )


def test_the_guide_asks_as_the_guide_says(simulator: Simulator, warehouse: Warehouse) -> None:
    warehouse.pipeline().run(rest_api_source(guide_config(simulator.base_url)))

    first, *later = list(simulator.requests)
    assert (first.method, first.path, dict(first.query)) == ("GET", "/executions", {"limit": "250"})
    assert len(later) == ROWS // 250
    assert all(set(request.query) == {"limit", "cursor"} for request in later)


def test_a_second_run_merges(simulator: Simulator, warehouse: Warehouse) -> None:
    for _ in range(2):
        warehouse.pipeline().run(rest_api_source(guide_config(simulator.base_url)))

    assert warehouse.query("SELECT count(*), count(DISTINCT id) FROM test_data.executions") == [
        (ROWS, ROWS)
    ]


def test_connector_dict_and_dlt_load_the_same_rows(
    simulator: Simulator, warehouse: Warehouse
) -> None:
    guide = guide_config(simulator.base_url)
    warehouse.pipeline("guide").run(rest_api_source(guide))
    warehouse.pipeline("connector").run(build_source(load_config("executions")))
    warehouse.pipeline("dlt").run(dlt_rest_api_source(without_our_keys(guide)))

    by_guide = warehouse.rows("guide_data.executions")
    assert by_guide == warehouse.rows("dlt_data.executions")
    # The connector declares a column that the others do not get: no row has a value for it.
    by_connector = warehouse.rows("connector_data.executions")
    assert {row.pop("wait_till") for row in by_connector} == {None}
    assert by_connector == by_guide


def test_columns_are_those_of_dlt(simulator: Simulator, warehouse: Warehouse) -> None:
    guide = guide_config(simulator.base_url)
    warehouse.pipeline("guide").run(rest_api_source(guide))
    warehouse.pipeline("dlt").run(dlt_rest_api_source(without_our_keys(guide)))

    assert warehouse.columns("guide_data.executions") == warehouse.columns("dlt_data.executions")


def test_connector_declares_the_guides_schema(simulator: Simulator, warehouse: Warehouse) -> None:
    warehouse.pipeline().run(build_source(load_config("executions")))

    required, nullable = False, True
    assert warehouse.columns("test_data.executions") == {
        "id": ("BIGINT", required),
        "finished": ("BOOLEAN", required),
        "mode": ("VARCHAR", required),
        "retry_of": ("VARCHAR", nullable),
        "retry_success_id": ("BIGINT", nullable),
        "started_at": ("TIMESTAMP WITH TIME ZONE", nullable),
        "stopped_at": ("TIMESTAMP WITH TIME ZONE", nullable),
        "workflow_id": ("VARCHAR", nullable),
        "wait_till": ("TIMESTAMP WITH TIME ZONE", nullable),
        "status": ("VARCHAR", nullable),
        "_dlt_load_id": ("VARCHAR", required),
        "_dlt_id": ("VARCHAR", required),
    }


def test_text_ids_end_as_integers(warehouse: Warehouse) -> None:
    with Simulator(rows=600, seed=7, string_ids=True) as simulator:
        config = load_config("executions", [f"client.base_url={simulator.base_url}"])
        warehouse.pipeline().run(build_source(config))

    columns = warehouse.columns("test_data.executions")
    assert columns["id"] == ("BIGINT", False)
    assert columns["retry_success_id"] == ("BIGINT", True)
    assert warehouse.query("SELECT min(id), max(id), count(*) FROM test_data.executions") == [
        (1, 600, 600)
    ]


def test_an_empty_api_still_has_the_declared_columns(warehouse: Warehouse) -> None:
    with Simulator(rows=0) as simulator:
        config = load_config("executions", [f"client.base_url={simulator.base_url}"])
        warehouse.pipeline().run(build_source(config))

    assert warehouse.query("SELECT count(*) FROM test_data.executions") == [(0,)]
    assert "wait_till" in warehouse.columns("test_data.executions")


def test_a_table_that_dlt_made_goes_on(simulator: Simulator, warehouse: Warehouse) -> None:
    guide = guide_config(simulator.base_url)
    warehouse.pipeline().run(
        dlt_rest_api_source(without_our_keys(guide_config(simulator.base_url)))
    )
    before = warehouse.columns("test_data.executions")
    first_load = warehouse.query("SELECT DISTINCT _dlt_load_id FROM test_data.executions")

    warehouse.pipeline().run(rest_api_source(guide))

    assert warehouse.columns("test_data.executions") == before
    counts = "count(*), count(DISTINCT _dlt_id), count(DISTINCT _dlt_load_id)"
    assert warehouse.query(f"SELECT {counts} FROM test_data.executions") == [(ROWS, ROWS, 1)]
    assert warehouse.query("SELECT DISTINCT _dlt_load_id FROM test_data.executions") != first_load


def test_resources_can_go_into_a_source_of_ones_own(
    simulator: Simulator, warehouse: Warehouse
) -> None:
    @dlt.source(name="mine")
    def mine() -> Any:
        resources = rest_api_resources(guide_config(simulator.base_url))
        assert [resource.name for resource in resources] == ["executions"]
        return resources

    warehouse.pipeline().run(mine())

    assert warehouse.query("SELECT count(*) FROM test_data.executions") == [(ROWS,)]


def test_the_source_goes_by_the_name_of_dlts_own(simulator: Simulator) -> None:
    guide = guide_config(simulator.base_url)

    assert rest_api_source(guide).name == dlt_rest_api_source(without_our_keys(guide)).name
    assert rest_api_source(guide, name="mine").name == "mine"
    assert rest_api_source(guide, schema=dlt.Schema("mine")).name == "mine"
    assert rest_api_source(guide).section == "rest_api"


def test_iterating_a_resource_gives_the_rows_as_dlt_does(simulator: Simulator) -> None:
    guide = guide_config(simulator.base_url)
    ours = list(rest_api_source(guide).resources["executions"])
    theirs = list(dlt_rest_api_source(without_our_keys(guide)).resources["executions"])

    assert ours == theirs == list(simulator.truth())


def test_functions_of_the_user_get_rows_as_dicts(
    simulator: Simulator, warehouse: Warehouse
) -> None:
    source = rest_api_source(guide_config(simulator.base_url))
    source.executions.add_filter(lambda row: row["status"] == "error")
    source.executions.add_map(lambda row: {**row, "day": row["startedAt"][:10]})
    warehouse.pipeline().run(source)

    failed = [row["id"] for row in simulator.truth(status="error")]
    loaded = warehouse.query("SELECT id FROM test_data.executions WHERE day IS NOT NULL")
    assert sorted(key for (key,) in loaded) == sorted(failed)


def test_a_transformer_gets_rows_as_dicts(simulator: Simulator, warehouse: Warehouse) -> None:
    source = rest_api_source(guide_config(simulator.base_url))

    @dlt.transformer(data_from=source.executions)
    def modes(rows: list[dict[str, Any]]) -> Any:
        yield [{"mode": row["mode"]} for row in rows]

    warehouse.pipeline().run([source.executions, modes])

    assert warehouse.query("SELECT count(*) FROM test_data.modes") == [(ROWS,)]


def test_add_limit_counts_pages(simulator: Simulator, warehouse: Warehouse) -> None:
    warehouse.pipeline().run(rest_api_source(guide_config(simulator.base_url)).add_limit(2))

    assert warehouse.query("SELECT count(*) FROM test_data.executions") == [(500,)]


def test_row_ids_can_be_left_out(simulator: Simulator, warehouse: Warehouse) -> None:
    config = load_config("executions", ["pipeline.row_ids=false"])
    warehouse.pipeline().run(build_source(config))

    assert not {"_dlt_id", "_dlt_load_id"} & set(warehouse.columns("test_data.executions"))


def test_ids_that_dlt_adds_itself_are_not_added_twice(
    simulator: Simulator, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NORMALIZE__PARQUET_NORMALIZER__ADD_DLT_ID", "true")
    monkeypatch.setenv("NORMALIZE__PARQUET_NORMALIZER__ADD_DLT_LOAD_ID", "true")
    warehouse.pipeline().run(rest_api_source(guide_config(simulator.base_url)))

    counts = "count(*), count(DISTINCT _dlt_id), count(DISTINCT _dlt_load_id)"
    assert warehouse.query(f"SELECT {counts} FROM test_data.executions") == [(ROWS, ROWS, 1)]


def test_workflows_with_lists_inside_load_beside_executions(
    simulator: Simulator, warehouse: Warehouse
) -> None:
    config = guide_config(simulator.base_url)
    config["resources"].append(
        {
            "name": "workflows",
            "endpoint": {
                "path": "/workflows",
                "data_selector": "data",
                "paginator": {
                    "type": "cursor",
                    "limit": 5,
                    "cursor_param": "cursor",
                    "cursor_path": "nextCursor",
                },
            },
        }
    )
    report = headrace.sync(warehouse.pipeline(), rest_api_source(config))

    assert warehouse.query(
        "SELECT count(DISTINCT e.workflow_id), count(DISTINCT w.id) "
        "FROM test_data.workflows w LEFT JOIN test_data.executions e ON e.workflow_id = w.id"
    ) == [(12, 12)]
    assert report.figures.of("workflows").rows == 12
    assert report.figures.of("workflows").side_rows == 12
    assert report.figures.total.loaded_rows == ROWS + 12
