"""An API that shows its deletions: `hard_delete` takes their rows out of the tables."""

from __future__ import annotations

from typing import Any

import pytest

from headrace import rest_api_source, sync, verify
from tests.support.servers import Answer, Asked, JsonServer
from tests.support.tables import Warehouse

Item = dict[str, Any]


def config(server: JsonServer, columns: dict[str, Any]) -> dict[str, Any]:
    """As the docs have it."""
    return {
        "client": {"base_url": server.base_url},
        "resources": [
            {
                "name": "items",
                "primary_key": "id",
                "write_disposition": "merge",
                "columns": columns,
                "endpoint": {
                    "path": "items",
                    "paginator": "single_page",
                    "incremental": {
                        "cursor_path": "updated_at",
                        "start_param": "since",
                        "initial_value": "2026-01-01T00:00:00Z",
                    },
                },
            }
        ],
    }


def at(day: int) -> str:
    return f"2026-01-{day:02}T00:00:00Z"


MARKS: dict[str, tuple[dict[str, Any], Item, Item]] = {
    "a flag": ({"deleted": {"data_type": "bool", "hard_delete": True}}, {}, {"deleted": True}),
    "a flag that is there before": (
        {"deleted": {"data_type": "bool", "hard_delete": True}},
        {"deleted": False},
        {"deleted": True},
    ),
    "a time": (
        {"deleted_at": {"data_type": "timestamp", "hard_delete": True}},
        {"deleted_at": None},
        {"deleted_at": at(9)},
    ),
}


@pytest.mark.parametrize("mark", MARKS)
def test_what_the_api_shows_as_deleted_leaves_the_tables(
    mark: str, server: JsonServer, warehouse: Warehouse
) -> None:
    columns, alive, gone = MARKS[mark]
    items = {
        number: {"id": number, "updated_at": at(number), "tags": [number, -number], **alive}
        for number in (1, 2, 3)
    }

    def answer(asked: Asked) -> Answer:
        since = asked.query["since"]
        return Answer([item for item in items.values() if item["updated_at"] >= since])

    server.handler = answer
    document = config(server, columns)
    sync(warehouse.pipeline(), rest_api_source(document))
    assert ids(warehouse) == [1, 2, 3]

    # Of one that is deleted the API may show no more than its key, of another all it had.
    items[2] = {"id": 2, "updated_at": at(9), **gone}
    items[3] = {**items[3], "updated_at": at(9), **gone}
    items[4] = {"id": 4, "updated_at": at(9), "tags": [4, -4], **alive}
    sync(warehouse.pipeline(), rest_api_source(document))
    assert ids(warehouse) == [1, 4]
    tags = warehouse.query("SELECT value FROM test_data.items__tags ORDER BY value")
    assert tags == [(-4,), (-1,), (1,), (4,)]

    # The marks are listed again, of rows that are not there any more.
    sync(warehouse.pipeline(), rest_api_source(document))
    assert ids(warehouse) == [1, 4]
    report = verify(warehouse.pipeline(), rest_api_source(document))
    assert report.tables[0].ok
    assert report.tables[0].comparison.listed == 2


def test_deletions_may_have_a_listing_of_their_own(
    server: JsonServer, warehouse: Warehouse
) -> None:
    document = config(server, {"deleted_at": {"data_type": "timestamp", "hard_delete": True}})
    document["resources"].append(
        {
            "name": "deleted_items",
            "table_name": "items",
            "primary_key": "id",
            "write_disposition": "merge",
            "columns": {"deleted_at": {"data_type": "timestamp", "hard_delete": True}},
            "endpoint": {"path": "items/deleted", "paginator": "single_page"},
        }
    )
    items: list[Item] = [{"id": number, "updated_at": at(number)} for number in (1, 2, 3)]
    deleted: list[Item] = []

    def answer(asked: Asked) -> Answer:
        if asked.path == "/items/deleted":
            return Answer(deleted)
        return Answer([item for item in items if item["updated_at"] >= asked.query["since"]])

    server.handler = answer
    sync(warehouse.pipeline(), rest_api_source(document))
    deleted.append({"id": 2, "deleted_at": at(9)})
    del items[1]
    sync(warehouse.pipeline(), rest_api_source(document))
    assert ids(warehouse) == [1, 3]


def ids(warehouse: Warehouse) -> list[int]:
    return [number for (number,) in warehouse.query("SELECT id FROM test_data.items ORDER BY id")]
