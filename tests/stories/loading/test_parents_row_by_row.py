"""A parent of the user's own that yields its rows one by one: they are asked for side by side."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable
from typing import Any

import dlt
import pytest

from headrace import rest_api_source, sync
from tests.support.servers import Answer, Asked, JsonServer
from tests.support.tables import Warehouse

AT_ONCE = 4
LONGEST = 10.0


def config_of(server: JsonServer, parents: Callable[[], Iterable[Any]], **hints: Any) -> Any:
    endpoint = {"path": "parents/{resources.parents.id}/items", "data_selector": "data"}
    return {
        "client": {
            "base_url": server.base_url,
            "paginator": "single_page",
            "concurrency": AT_ONCE,
        },
        "resources": [
            dlt.resource(parents, name="parents"),
            {
                "name": "items",
                "endpoint": {**endpoint, **hints.pop("endpoint", {})},
                "include_from_parent": ["id"],
                **hints,
            },
        ],
    }


def parent_in(asked: Asked) -> int:
    return int(asked.path.split("/")[2])


def items_of(asked: Asked) -> Answer:
    return Answer({"data": [{"number": 10 * parent_in(asked) + each} for each in range(2)]})


def loaded(warehouse: Warehouse) -> list[int]:
    """The rows in the order in which they were handed over."""
    found = warehouse.query("SELECT number FROM test_data.items ORDER BY rowid")
    return [number for (number,) in found]


class Together:
    """Answers requests once so many of them are there; notes the most that were there."""

    def __init__(self, server: JsonServer, wanted: int) -> None:
        self.here = self.most = 0
        self._wanted = wanted
        self._all_here: asyncio.Event | None = None
        server.handler, server.before_answer = items_of, self._wait

    async def _wait(self, asked: Asked) -> None:
        self._all_here = self._all_here or asyncio.Event()
        self.here += 1
        self.most = max(self.most, self.here)
        if self.here == self._wanted:
            self._all_here.set()
        try:
            await asyncio.wait_for(self._all_here.wait(), LONGEST)
        except TimeoutError:
            self._all_here.set()
        # The first parent's rows come last.
        await asyncio.sleep(0.02 * (AT_ONCE - parent_in(asked) % AT_ONCE))
        self.here -= 1


def test_rows_that_come_one_by_one_are_asked_for_side_by_side_and_come_out_in_order(
    server: JsonServer, warehouse: Warehouse
) -> None:
    def parents() -> Iterable[Any]:
        for number in range(12):
            yield {"id": number}

    together = Together(server, AT_ONCE)
    sync(warehouse.pipeline(), rest_api_source(config_of(server, parents)))
    assert together.most == AT_ONCE
    assert loaded(warehouse) == [10 * parent + each for parent in range(12) for each in range(2)]
    assert warehouse.query("SELECT count(*) FROM test_data.parents") == [(12,)]


def test_a_slow_parent_is_not_waited_for(server: JsonServer, warehouse: Warehouse) -> None:
    asked_for = {number: threading.Event() for number in range(3)}
    seen: list[bool] = []

    def parents() -> Iterable[Any]:
        yield {"id": 0}
        yield {"id": 1}
        # There may be no more rows for hours.
        seen.extend(asked_for[number].wait(LONGEST) for number in (0, 1))
        yield {"id": 2}

    def handler(asked: Asked) -> Answer:
        asked_for[parent_in(asked)].set()
        return items_of(asked)

    server.handler = handler
    sync(warehouse.pipeline(), rest_api_source(config_of(server, parents)))
    assert seen == [True, True]
    assert loaded(warehouse) == [0, 1, 10, 11, 20, 21]


def test_more_rows_than_are_gathered_at_once(server: JsonServer, warehouse: Warehouse) -> None:
    def parents() -> Iterable[Any]:
        for number in range(1_200):
            yield {"id": number}

    server.handler = items_of
    report = sync(warehouse.pipeline(), rest_api_source(config_of(server, parents)))
    assert report.figures.of("items").requests == 1_200
    assert loaded(warehouse) == [10 * parent + each for parent in range(1_200) for each in range(2)]


def test_each_row_has_its_own_place_in_an_incremental(
    server: JsonServer, warehouse: Warehouse
) -> None:
    def parents() -> Iterable[Any]:
        for number in (1, 2, 3):
            yield {"id": number}

    def config() -> Any:
        incremental = {"cursor_path": "number", "initial_value": 0, "per_parent": True}
        endpoint = {"incremental": incremental, "params": {"since": "{incremental.start_value}"}}
        return config_of(server, parents, endpoint=endpoint)

    server.handler = items_of
    for _ in range(2):
        sync(warehouse.pipeline(), rest_api_source(config()))
    assert loaded(warehouse) == [10, 11, 20, 21, 30, 31]
    asked = [each.query["since"] for each in server.asked]
    # The rows of the parent are asked for at once.
    assert [sorted(asked[:3]), sorted(asked[3:])] == [["0"] * 3, ["11", "21", "31"]]


@pytest.mark.parametrize("steps", [{}, {"processing_steps": [{"filter": lambda row: True}]}])
def test_the_listing_of_one_row_fails(
    steps: dict[str, Any], server: JsonServer, warehouse: Warehouse
) -> None:
    def parents() -> Iterable[Any]:
        for number in range(50):
            yield {"id": number}

    def handler(asked: Asked) -> Answer:
        return Answer({}, 404) if parent_in(asked) == 7 else items_of(asked)

    server.handler = handler
    report = sync(warehouse.pipeline(), rest_api_source(config_of(server, parents, **steps)))
    assert [each.key for each in report.failed_requests] == ['{"id":7}']
    assert loaded(warehouse) == [
        10 * parent + each for parent in range(50) if parent != 7 for each in range(2)
    ]
    server.handler = items_of
    sync(warehouse.pipeline(), rest_api_source(config_of(server, parents, **steps)))
    # What was on record comes first, and once.
    again = loaded(warehouse)[98:]
    assert again[:2] == [70, 71]
    assert sorted(again) == [10 * parent + each for parent in range(50) for each in range(2)]


def test_outside_of_a_pipeline(server: JsonServer) -> None:
    def parents() -> Iterable[Any]:
        for number in range(8):
            yield {"id": number}

    together = Together(server, AT_ONCE)
    source = rest_api_source(config_of(server, parents))
    rows = [row["number"] for row in source.with_resources("items")]
    assert together.most == AT_ONCE
    assert rows == [10 * parent + each for parent in range(8) for each in range(2)]
