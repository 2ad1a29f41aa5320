"""Each way of merging gives the tables that it gives with dlt's own source."""

from __future__ import annotations

from typing import Any

import pytest
from dlt.sources.rest_api import rest_api_source as dlt_rest_api_source

from headrace import RowError, rest_api_source, sync
from tests.stories.against_dlt.test_same_as_dlt import Row, contents, items_config, serve
from tests.support.servers import JsonServer
from tests.support.tables import Warehouse

pytestmark = pytest.mark.comparison

DISPOSITIONS: dict[str, Any] = {
    "append": "append",
    "replace": "replace",
    "delete-insert": {"disposition": "merge", "strategy": "delete-insert"},
    "upsert": {"disposition": "merge", "strategy": "upsert"},
    "scd2": {"disposition": "merge", "strategy": "scd2"},
    "insert-only": {"disposition": "merge", "strategy": "insert-only"},
    "told to be deduplicated": {
        "disposition": "merge",
        "strategy": "delete-insert",
        "deduplicated": True,
    },
}

LOADS: list[list[Row]] = [
    [{"id": 1, "n": 1, "l": [1, 2]}, {"id": 2, "n": 1}, {"id": 3, "n": 1, "l": [3]}],
    [{"id": 1, "n": 1}, {"id": 2, "n": 2, "l": [4]}, {"id": 3, "n": 1, "l": [3]}, {"id": 4}],
]


@pytest.mark.parametrize("name", DISPOSITIONS)
def test_merging_is_that_of_dlt(name: str, server: JsonServer, warehouse: Warehouse) -> None:
    config = items_config(server)
    config["resources"][0]["write_disposition"] = DISPOSITIONS[name]
    for rows in LOADS:
        serve(server, [rows])
        warehouse.pipeline("theirs").run(dlt_rest_api_source(config))
        warehouse.pipeline("ours").run(rest_api_source(config))

        assert contents(warehouse, "ours_data") == contents(warehouse, "theirs_data")


def test_history_keeps_unchanged_rows_open(server: JsonServer, warehouse: Warehouse) -> None:
    config = items_config(server)
    config["resources"][0]["write_disposition"] = DISPOSITIONS["scd2"]
    for _ in range(2):
        serve(server, [[{"id": 1, "n": 1}]])
        warehouse.pipeline().run(rest_api_source(config))

    assert warehouse.query("SELECT id, _dlt_valid_to FROM test_data.items") == [(1, None)]


def test_two_resources_may_fill_one_table(server: JsonServer, warehouse: Warehouse) -> None:
    config = items_config(server)
    (items,) = config["resources"]
    config["resources"] = [
        {**items, "name": name, "table_name": "all", "write_disposition": "append"}
        for name in ("first", "second")
    ]
    serve(server, [[{"id": 1}, {"id": 2, "l": [1]}]])
    warehouse.pipeline().run(rest_api_source(config))

    assert warehouse.query('SELECT count(*), count(DISTINCT _dlt_id) FROM test_data."all"') == [
        (4, 4)
    ]


def test_without_ids_a_row_for_the_normalizer_is_an_error(
    server: JsonServer, warehouse: Warehouse
) -> None:
    config = {**items_config(server), "pipeline": {"row_ids": False}}
    serve(server, [[{"id": 1}, {"id": 2, "l": [1]}]])
    with pytest.raises(RowError, match="`row_ids: false` leaves `_dlt_id`"):
        sync(warehouse.pipeline(), rest_api_source(config))

    serve(server, [[{"id": 1}]])
    sync(warehouse.pipeline(), rest_api_source(config))
    assert list(warehouse.columns("test_data.items")) == ["id"]


def test_ids_cannot_be_left_out_of_a_table_that_has_them(
    server: JsonServer, warehouse: Warehouse
) -> None:
    serve(server, [[{"id": 1}]])
    sync(warehouse.pipeline(), rest_api_source(items_config(server)))

    config = {**items_config(server), "pipeline": {"row_ids": False}}
    with pytest.raises(RowError, match="the table has them already"):
        sync(warehouse.pipeline(), rest_api_source(config))
