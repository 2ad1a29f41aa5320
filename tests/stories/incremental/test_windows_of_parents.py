"""Each row of a parent is asked for what belongs to it in windows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from headrace import rest_api_source, sync
from tests.stories.incremental.calendar import (
    Calendar,
    too_many,
)
from tests.support.servers import Answer, Asked, JsonServer
from tests.support.tables import Warehouse


def test_each_row_of_a_parent_goes_through_the_windows(
    server: JsonServer, warehouse: Warehouse
) -> None:
    api = Calendar(server)
    listed = server.handler

    def answer(asked: Asked) -> Answer:
        if asked.path == "/shops":
            return Answer([{"id": number} for number in range(3)])
        return listed(asked)

    server.handler = answer
    api.refuses = too_many
    config = api.config()
    (days,) = config["resources"]
    days |= {"include_from_parent": ["id"], "primary_key": ["_shops_id", "id"]}
    days["endpoint"]["path"] = "shops/{resources.shops.id}/days"
    config["resources"].insert(0, {"name": "shops", "primary_key": "id"})
    sync(warehouse.pipeline(), rest_api_source(config))
    found = warehouse.query("SELECT _shops_id, count(*) FROM test_data.days GROUP BY 1 ORDER BY 1")
    assert found == [(0, 100), (1, 100), (2, 100)]


@pytest.mark.parametrize("per_parent", [False, True])
def test_empty_windows_of_a_parents_rows_are_asked_for_once(
    per_parent: bool, server: JsonServer, warehouse: Warehouse
) -> None:
    first = (datetime.now(UTC).date() - timedelta(days=50)).isoformat()
    counts: list[list[int]] = []

    def answer(asked: Asked) -> Answer:
        if asked.path == "/shops":
            return Answer([{"id": number} for number in range(2)])
        if asked.path == "/shops/1/days" and not counts:
            return Answer({"message": "no"}, 500)
        return Answer([])

    api = Calendar(server)
    server.handler = answer
    config = api.config(end_value=None, initial_value=first, step="10d", per_parent=per_parent)
    config["client"]["retry"] = {"max_attempts": 1}
    (days,) = config["resources"]
    days["endpoint"]["path"] = "shops/{resources.shops.id}/days"
    config["resources"].insert(0, {"name": "shops", "primary_key": "id"})
    for _ in range(3):
        server.asked.clear()
        sync(warehouse.pipeline(), rest_api_source(config))
        paths = [each.path for each in server.asked]
        counts.append([paths.count(f"/shops/{number}/days") for number in range(2)])
    # The listing that failed begins again where it began.
    assert counts == [[6, 1], [2, 6], [2, 2]]


@pytest.mark.parametrize("way", ["to tables", "to dicts"])
@pytest.mark.parametrize("per_parent", [False, True])
def test_the_windows_of_all_pages_of_a_parent_begin_at_the_same_value(
    per_parent: bool, way: str, server: JsonServer, warehouse: Warehouse
) -> None:
    first = datetime.now(UTC).date() - timedelta(days=40)
    api = Calendar(server, is_closed=True)
    api.rows = [{"id": n, "day": (first + timedelta(days=n)).isoformat()} for n in range(10)]
    listed = server.handler

    def answer(asked: Asked) -> Answer:
        if asked.path != "/shops":
            return listed(asked)
        page = int(asked.query.get("page", 1))
        return Answer({"items": [{"id": page}], "next": page + 1 if page < 4 else None})

    server.handler = answer
    config = api.config(
        "append",
        initial_value=first.isoformat(),
        end_value=None,
        step="5d",
        per_parent=per_parent,
    )
    (days,) = config["resources"]
    days |= {"include_from_parent": ["id"], "primary_key": ["_shops_id", "id"]}
    days["endpoint"]["path"] = "shops/{resources.shops.id}/days"
    paginator = {"type": "cursor", "cursor_path": "next", "cursor_param": "page"}
    shops = {"data_selector": "items", "paginator": paginator}
    config["resources"].insert(0, {"name": "shops", "primary_key": "id", "endpoint": shops})
    counts = []
    for _ in range(2):
        server.asked.clear()
        source = rest_api_source(config)
        if way == "to dicts":
            source.resources["days"].add_map(lambda row: row)
        sync(warehouse.pipeline(), source)
        counts.append(len([each for each in server.asked if each.path != "/shops"]))
    # The empty windows are asked for once.
    assert counts == [4 * 9, 4 * 2]
    found = warehouse.query("SELECT _shops_id, count(*) FROM test_data.days GROUP BY 1 ORDER BY 1")
    assert found == [(number, 10) for number in range(1, 5)]
