"""A resource is planned, its lanes are read one by one, and loaded together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from headrace import backfill
from headrace.backfill import lanes
from headrace.reading.travelling import travelling_text
from tests.support.servers import Answer, Asked, JsonServer
from tests.support.tables import Warehouse


class Shop:
    """Serves customers, and the orders of a customer, in pages of two by cursor.

    Args:
        server: The server to answer for.
    """

    def __init__(self, server: JsonServer) -> None:
        self.customers: list[dict[str, Any]] = [
            {"id": number, "name": f"c{number}"} for number in range(1, 8)
        ]
        self.orders = {
            each["id"]: [{"id": 10 * each["id"] + n, "of": each["id"]} for n in range(5)]
            for each in self.customers
        }
        self.failing: set[int] = set()
        server.handler = self._answer

    def _answer(self, asked: Asked) -> Answer:
        first = int(asked.query.get("cursor", 0))
        if asked.path == "/customers":
            rows = self.customers
        else:
            number = int(asked.path.split("/")[2])
            if number in self.failing:
                return Answer({"message": "gone fishing"}, 403)
            rows = self.orders[number]
        following = first + 2 if first + 2 < len(rows) else None
        return Answer({"data": rows[first : first + 2], "next": following})


@pytest.fixture
def shop(server: JsonServer) -> Shop:
    return Shop(server)


def orders_config(server: JsonServer) -> dict[str, Any]:
    return {
        "client": {
            "base_url": server.base_url,
            "paginator": {"type": "cursor", "cursor_path": "next", "cursor_param": "cursor"},
        },
        "resource_defaults": {
            "primary_key": "id",
            "write_disposition": "merge",
            "endpoint": {"data_selector": "data"},
        },
        "resources": [
            "customers",
            {
                "name": "orders",
                "endpoint": {"path": "customers/{resources.customers.id}/orders"},
                "include_from_parent": ["name"],
            },
        ],
        "pipeline": {"name": "shop"},
    }


def test_the_listings_of_many_parents_are_read_in_lanes_and_loaded_as_one(
    shop: Shop, server: JsonServer, warehouse: Warehouse, tmp_path: Path
) -> None:
    out = str(tmp_path / "plan")
    plan = backfill.plan(orders_config(server), "orders", out=out, lanes=3)
    assert plan.lanes == 3
    for number in (2, 0, 1):
        backfill.lane(out, number)
    report = backfill.commit(out, pipeline=warehouse.pipeline())
    assert report.loaded.figures.of("orders").loaded_rows == 35
    assert warehouse.query(
        "SELECT count(*), count(DISTINCT id), count(_customers_name) FROM test_data.orders"
    ) == [(35, 35, 35)]


def test_an_engine_reads_the_same_lanes_as_arrow_in_one_schema(
    shop: Shop, server: JsonServer
) -> None:
    text = travelling_text(orders_config(server))
    shop.orders[7].append({"id": 99, "of": 7, "tags": ["a"], "later": True})
    planned, notes = lanes.plan_lanes(text, "orders", lanes=3)
    schema = lanes.schema_of(text, "orders", rows=3)
    found = []
    for lane in planned:
        # As it is shipped to another machine.
        shipped = msgspec.json.decode(msgspec.json.encode(lane), type=lanes.Lane)
        with lanes.read_lane(text, "orders", shipped, schema=schema) as reader:
            for batch in reader:
                assert batch.schema == schema
                found += batch.to_pylist()
    assert not notes
    assert len(found) == 36
    assert {row["_headrace_rest"] for row in found} == {None, '{"tags":["a"],"later":true}'}
