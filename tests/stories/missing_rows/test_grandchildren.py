"""Rows of resources that depend on one which depends on another one itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from headrace import SyncReport, sync
from headrace.config import parse_config
from headrace.dlt_source.source import build_source
from tests.support.servers import Answer, Asked, JsonServer
from tests.support.tables import Warehouse

BY_CHANGE = {"cursor_path": "changed", "start_param": "since", "initial_value": "2026-01-01"}


@dataclass
class Shop:
    """Orders, the items of each, and the notes of each item.

    Attributes:
        orders: The items of each order, with the time of their change.
        notes: The notes of each item.
    """

    orders: dict[int, dict[int, str]] = field(
        default_factory=lambda: {1: {10: "2026-01-01", 11: "2026-01-02"}, 2: {20: "2026-01-01"}}
    )
    notes: dict[int, list[int]] = field(
        default_factory=lambda: {10: [100, 101], 11: [110, 111], 20: [200]}
    )

    def __call__(self, asked: Asked) -> Answer:
        steps = asked.path.strip("/").split("/")
        if len(steps) == 1:
            return Answer([{"id": key} for key in self.orders])
        if steps[0] == "items":
            return Answer([{"id": key} for key in self.notes[int(steps[1])]])
        since = asked.query.get("since", "")
        items = self.orders[int(steps[1])].items()
        return Answer([{"id": key, "changed": time} for key, time in items if time >= since])


def load(server: JsonServer, warehouse: Warehouse, **item_keys: Any) -> SyncReport:
    config: dict[str, Any] = {
        "client": {"base_url": server.base_url, "retry": {"max_attempts": 1}},
        "resource_defaults": {
            "primary_key": "id",
            "write_disposition": "merge",
            "endpoint": {"paginator": "single_page"},
        },
        "resources": [
            {"name": "orders", "endpoint": "orders"},
            {
                "name": "items",
                "endpoint": {"path": "orders/{resources.orders.id}/items", **item_keys},
            },
            {
                "name": "notes",
                "primary_key": ["_items_id", "id"],
                "include_from_parent": ["id"],
                "missing_rows": {"action": "delete", "most": 1},
                "endpoint": "items/{resources.items.id}/notes",
            },
        ],
    }
    return sync(warehouse.pipeline(), build_source(parse_config(config)))


def notes(warehouse: Warehouse) -> list[int]:
    return [key for (key,) in warehouse.query("SELECT id FROM test_data.notes ORDER BY id")]


def test_of_a_resource_between_that_brings_its_changed_rows_what_belongs_to_these(
    server: JsonServer, warehouse: Warehouse
) -> None:
    """Though the orders above it all come."""
    shop = server.handler = Shop()
    load(server, warehouse, incremental=BY_CHANGE)
    for _ in range(2):
        assert load(server, warehouse, incremental=BY_CHANGE).missing_rows == ()
        assert notes(warehouse) == [100, 101, 110, 111, 200]
    shop.orders[1][11] = "2026-01-03"
    shop.notes = {10: [101], 11: [111], 20: []}
    load(server, warehouse, incremental=BY_CHANGE)
    assert notes(warehouse) == [100, 101, 111, 200]


def test_what_is_gone_with_a_row_two_levels_above(server: JsonServer, warehouse: Warehouse) -> None:
    shop = server.handler = Shop()
    load(server, warehouse)
    del shop.orders[1], shop.notes[11]
    shop.notes[20] = [201]
    load(server, warehouse)
    assert notes(warehouse) == [201]
