"""Rows at the newest cursor value come again with each load: a merge makes them one."""

from __future__ import annotations

from typing import Any

import dlt
import pytest

from headrace import rest_api_source, sync
from tests.stories.against_dlt.test_same_as_dlt import MAKERS
from tests.support.servers import Answer, JsonServer
from tests.support.tables import Warehouse

DAY = "2026-03-02"


def rows(count: int, **fields: Any) -> list[dict[str, Any]]:
    return [{"id": number, "day": DAY, "n": number, **fields} for number in range(count)]


def config(server: JsonServer, incremental: Any = None, **hints: Any) -> dict[str, Any]:
    endpoint = {
        "path": "items",
        "incremental": {
            "cursor_path": "day",
            "start_param": "since",
            "initial_value": "2026-01-01",
            **(incremental or {}),
        },
    }
    return {
        "client": {"base_url": server.base_url, "paginator": "single_page"},
        "resources": [
            {
                "name": "items",
                "primary_key": "id",
                "write_disposition": "merge",
                "endpoint": endpoint,
                **hints,
            }
        ],
    }


def hashes(pipeline: dlt.Pipeline) -> list[str]:
    ((cursor),) = pipeline.state["sources"]["rest_api"]["resources"]["items"][
        "incremental"
    ].values()
    found: list[str] = cursor["unique_hashes"]
    return found


def table(warehouse: Warehouse) -> list[tuple[Any, ...]]:
    return warehouse.query("SELECT id, n FROM test_data.items ORDER BY 1")


@pytest.mark.parametrize("way", ["to tables", "to dicts"])
@pytest.mark.parametrize("strategy", ["delete-insert", "upsert"])
def test_where_rows_are_merged_no_hash_of_them_is_kept(
    strategy: str, way: str, server: JsonServer, warehouse: Warehouse
) -> None:
    pipeline = warehouse.pipeline()
    disposition = {"disposition": "merge", "strategy": strategy}
    for n in (1, 2):
        server.answers(rows(500, n=n))
        source = rest_api_source(config(server, write_disposition=disposition))
        if way == "to dicts":
            source.resources["items"].add_map(lambda row: row)
        sync(pipeline, source)
        assert hashes(pipeline) == []
    assert server.asked[-1].query == {"since": DAY}
    # Those that have changed on the day that was seen as well.
    assert table(warehouse) == [(number, 2) for number in range(500)]


@pytest.mark.parametrize("write_disposition", ["append", "merge by another key", "scd2"])
def test_where_they_are_not_hashes_are_kept(
    write_disposition: str, server: JsonServer, warehouse: Warehouse
) -> None:
    kinds: dict[str, Any] = {
        "append": {"write_disposition": "append"},
        "merge by another key": {"merge_key": "n"},
        "scd2": {"write_disposition": {"disposition": "merge", "strategy": "scd2"}},
    }
    pipeline = warehouse.pipeline()
    for _ in range(2):
        server.answers(rows(3))
        sync(pipeline, rest_api_source(config(server, **kinds[write_disposition])))
        assert len(hashes(pipeline)) == 3
    assert table(warehouse) == [(0, 0), (1, 1), (2, 2)]


@pytest.mark.parametrize("is_depended_on", [False, True])
@pytest.mark.parametrize("primary_key", [None, "id"])
def test_a_merge_that_deletes_a_whole_day_gets_all_of_it(
    primary_key: str | None, is_depended_on: bool, server: JsonServer, warehouse: Warehouse
) -> None:
    for count in (3, 4):
        server.answers(rows(count))
        merged = config(server, primary_key=primary_key, merge_key="day")
        if is_depended_on:
            child = {"name": "notes", "endpoint": "items/{resources.items.id}/notes"}
            merged["resources"].append(child)
        sync(warehouse.pipeline(), rest_api_source(merged))
    assert table(warehouse) == [(number, number) for number in range(4)]


def test_a_key_of_the_incremental_alone_is_heeded(server: JsonServer, warehouse: Warehouse) -> None:
    server.answers(rows(3))
    sync(warehouse.pipeline(), rest_api_source(config(server, {"primary_key": "n"})))
    assert len(hashes(warehouse.pipeline())) == 3


KEYS: dict[str, dict[str, Any]] = {
    "as a hint": {},
    "of a column": {"primary_key": None, "columns": {"id": {"primary_key": True}}},
}


def test_where_others_depend_on_them_they_are_not_asked_about_again(
    server: JsonServer, warehouse: Warehouse
) -> None:
    server.answers(rows(3))
    parent = config(server)
    child = {"name": "notes", "endpoint": "items/{resources.items.id}/notes", "primary_key": "id"}
    parent["resources"].append(child)
    pipeline = warehouse.pipeline()
    for _ in range(2):
        sync(pipeline, rest_api_source(parent))
    assert [each.path for each in server.asked].count("/items/1/notes") == 1
    assert len(hashes(pipeline)) == 3


@pytest.mark.parametrize("key", KEYS)
def test_a_source_that_appends_later_on(key: str, server: JsonServer, warehouse: Warehouse) -> None:
    pipeline, source = warehouse.pipeline(), rest_api_source(config(server, **KEYS[key]))
    server.answers(rows(3))
    pipeline.run(source)
    assert hashes(pipeline) == []
    for _ in range(2):
        pipeline.run(source, write_disposition="append")
        assert len(hashes(pipeline)) == 3
    assert len(table(warehouse)) == 6


def test_a_state_of_dlts_with_hashes_is_gone_on_from(
    server: JsonServer, warehouse: Warehouse
) -> None:
    pipeline = warehouse.pipeline()
    server.answers(rows(3))
    pipeline.run(MAKERS["theirs"](config(server)))
    assert len(hashes(pipeline)) == 3
    server.answers(rows(4, n=5))
    for maker in ("ours", "theirs"):
        pipeline.run(MAKERS[maker](config(server)))
        assert table(warehouse) == [(number, 5) for number in range(4)]


def test_each_parent_has_a_cursor_without_hashes(server: JsonServer, warehouse: Warehouse) -> None:
    parents = [{"id": 1}, {"id": 2}]
    server.handler = lambda asked: Answer(parents if asked.path == "/parents" else rows(3))
    child = config(server, {"per_parent": True})
    (items,) = child["resources"]
    items["endpoint"]["path"] = "parents/{resources.parents.id}/items"
    child["resources"].insert(0, "parents")
    pipeline = warehouse.pipeline()
    for _ in range(2):
        sync(pipeline, rest_api_source(child))
    cursors = pipeline.state["sources"]["rest_api"]["resources"]["items"]["incremental_per_parent"]
    assert [each["unique_hashes"] for each in cursors["day"].values()] == [[], []]
    assert table(warehouse) == [(0, 0), (1, 1), (2, 2)]
