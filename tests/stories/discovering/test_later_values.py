"""A config that was found by a few pages loads what comes behind them, of whatever type it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import headrace
from tests.support.servers import Answer, Asked, JsonServer
from tests.support.tables import Warehouse

PAGE = 20
ROWS: list[dict[str, Any]] = [
    {
        "id": number,
        "price": f"{number}.50",
        "stoppedAt": None,
        "day": "2024-01-01",
        "score": number if number % 2 else number + 0.5,
    }
    for number in range(500, 200, -1)
]
ROWS[-1] |= {"price": "on request", "stoppedAt": "soon", "day": "some day", "score": "none"}


def listing(asked: Asked) -> Answer:
    start = int(asked.query.get("cursor", "0"))
    rows, following = ROWS[start : start + PAGE], start + PAGE
    return Answer({"data": rows, "next_cursor": f"{following}" if following < len(ROWS) else None})


def test_values_of_another_type_keep_no_row_out(tmp_path: Path) -> None:
    with JsonServer() as server:
        server.handler = listing
        found = headrace.discover(f"{server.base_url}/orders")
        resource = found.config["resources"][0]
        assert set(resource["columns"]) == {"price", "stoppedAt", "day", "score"}
        warehouse = Warehouse(tmp_path)
        headrace.sync(warehouse.pipeline(), headrace.rest_api_source(found.config))

    table = "test_data.orders"
    assert warehouse.query(f"SELECT count(*) FROM {table}") == [(len(ROWS),)]
    beside = "price__v_text, stopped_at__v_text, day__v_text, score__v_text"
    last = warehouse.query(f"SELECT {beside} FROM {table} WHERE id = 201")
    assert last == [("on request", "soon", "some day", "none")]
