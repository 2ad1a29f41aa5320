"""Rows that are gone from what belongs to each row of a parent, and with a row of a parent."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from headrace import SyncReport, sync
from headrace.config import parse_config
from headrace.core.exceptions import ConfigError
from headrace.dlt_source.source import build_source
from tests.support.postgres import PostgresDatabase
from tests.support.servers import Answer, Asked, JsonServer
from tests.support.tables import Warehouse

EXAMPLES = int(os.environ.get("HEADRACE_EXAMPLES", "5"))
Into = Warehouse | PostgresDatabase
Change = Callable[["Shop"], None]
BY_OFFSET = {"type": "offset", "limit": 2, "total_path": None}


@dataclass
class Shop:
    """Orders by offset, and the items of each, in pages of two.

    Attributes:
        orders: The items of each order.
        fails: The paths that answer with an error.
        changes: What happens in front of each request.
    """

    orders: dict[int, list[int]]
    fails: set[str] = field(default_factory=set)
    changes: list[Change] = field(default_factory=list)

    def __call__(self, asked: Asked) -> Answer:
        if self.changes:
            self.changes.pop(0)(self)
        if asked.path in self.fails:
            return Answer({"error": "on purpose"}, 500)
        offset = int(asked.query["offset"])
        parts = asked.path.strip("/").split("/")
        if len(parts) == 1:
            rows = [{"id": key} for key in sorted(self.orders)]
        else:
            rows = [{"id": key} for key in sorted(self.orders.get(int(parts[1]), ()))]
        return Answer({"data": rows[offset : offset + 2]})

    @property
    def items(self) -> set[int]:
        return {key for items in self.orders.values() for key in items}


def config(server: JsonServer, **item_keys: Any) -> dict[str, Any]:
    merged = {"primary_key": "id", "write_disposition": "merge"}
    listed = {"data_selector": "data", "paginator": BY_OFFSET}
    return {
        "client": {"base_url": server.base_url, "retry": {"max_attempts": 1}},
        "resources": [
            {"name": "orders", **merged, "endpoint": {"path": "orders", **listed}},
            {
                "name": "items",
                **merged,
                "missing_rows": {"action": "delete", "most": 1},
                "include_from_parent": ["id"],
                "endpoint": {"path": "orders/{resources.orders.id}/items", **listed},
                **item_keys,
            },
        ],
    }


def load(server: JsonServer, warehouse: Warehouse, *names: str) -> SyncReport:
    source = build_source(parse_config(config(server)))
    return sync(warehouse.pipeline(), source.with_resources(*names) if names else source)


def items(warehouse: Warehouse) -> set[int]:
    if not warehouse.file.exists() or "items" not in warehouse.tables("test_data"):
        return set()
    return {key for (key,) in warehouse.query("SELECT id FROM test_data.items")}


@pytest.mark.parametrize("names", [(), ("items",)], ids=["with its parent", "alone"])
def test_what_is_gone_from_a_listing_or_with_the_row_of_the_parent(
    names: tuple[str, ...], server: JsonServer, warehouse: Warehouse
) -> None:
    shop = server.handler = Shop({1: [10, 11, 12], 2: [20, 21], 3: []})
    load(server, warehouse, *names)
    shop.orders = {1: [10, 12], 3: [30]}
    report = load(server, warehouse, *names)
    assert items(warehouse) == {10, 12, 30}
    assert report.figures.of("items").deleted == 3


def test_a_listing_that_fails_leaves_all_rows(server: JsonServer, warehouse: Warehouse) -> None:
    shop = server.handler = Shop({1: [10, 11], 2: [20]})
    load(server, warehouse)
    shop.orders, shop.fails = {1: [10], 2: []}, {"/orders/2/items"}
    report = load(server, warehouse)
    assert items(warehouse) == {10, 11, 20}
    assert len(report.failed_requests) == 1
    assert "could not be listed" in report.figures.of("items").notes[0]
    shop.fails.clear()
    load(server, warehouse)
    assert items(warehouse) == {10}


def test_a_row_of_the_parent_that_was_passed_over_keeps_what_belongs_to_it(
    server: JsonServer, warehouse: Warehouse
) -> None:
    """The order that goes has no items: only the orders show that one was passed over."""
    orders: dict[int, list[int]] = {key: [10 * key] for key in range(2, 7)}
    shop = server.handler = Shop({1: [], **orders})
    load(server, warehouse)

    def first_goes(shop: Shop) -> None:
        if 1 in shop.orders:
            del shop.orders[1]

    # Behind the first page of the orders.
    shop.changes = [lambda shop: None, first_goes]
    load(server, warehouse)
    assert items(warehouse) == shop.items


@dataclass
class EmptyingShop(Shop):
    """Orders without items go while the orders are listed: once in each of two listings.

    Attributes:
        times: How many times each page of the orders was asked for since all began.
    """

    times: list[int] = field(default_factory=list)

    def __call__(self, asked: Asked) -> Answer:
        if asked.path == "/orders":
            self.times.append(offset := int(asked.query["offset"]))
            count = self.times.count(offset)
            gone = {(4, 2): [1], (2, 3): [2, 3]}.get((offset, count), [])
            self.orders = {key: each for key, each in self.orders.items() if key not in gone}
        return super().__call__(asked)


def test_a_row_of_the_parent_that_is_passed_over_twice_keeps_what_belongs_to_it(
    server: JsonServer, warehouse: Warehouse
) -> None:
    """Both listings show the same items: only the orders tell that some have gone."""
    shop = server.handler = EmptyingShop({1: [], 2: [], 3: [], 4: [], 5: [50], 6: [60]})
    load(server, warehouse)
    load(server, warehouse)
    assert sorted(shop.orders) == [4, 5, 6]
    assert items(warehouse) == {50, 60}


PARENTS = {
    "incremental": {
        "endpoint": {
            "path": "orders",
            "paginator": BY_OFFSET,
            "incremental": {"cursor_path": "updated_at", "initial_value": "2026-01-01"},
        }
    },
    "processing_steps": {"processing_steps": [{"filter": lambda row: True}]},
    "paginator": {"endpoint": {"path": "orders"}},
}


@pytest.mark.parametrize("why", PARENTS)
def test_a_parent_that_does_not_bring_all_its_rows_is_refused(why: str, server: JsonServer) -> None:
    written = config(server)
    written["resources"][0] |= PARENTS[why]
    with pytest.raises(ConfigError, match=rf"(?s)all rows of its parent `orders`.*{why}"):
        parse_config(written)


GOES = st.integers(0, 30)
ONE_CHANGE = st.tuples(st.sampled_from(["order goes", "item goes", "order", "item"]), GOES)


def happens(change: tuple[str, int], shop: LivingShop) -> None:
    kind, pick = change
    key = sorted(shop.orders)[pick % len(shop.orders)] if shop.orders else None
    new = max([0, *shop.orders, *(each % 1_000 for each in shop.ever)]) + 1
    if kind == "order":
        shop.orders[new] = [1_000 + new] if pick % 2 else []
        shop.ever.update({new, 1_000 + new})
    elif key is None:
        return
    elif kind == "order goes":
        del shop.orders[key]
    elif kind == "item":
        shop.orders[key].append(1_000 + new)
        shop.ever.add(1_000 + new)
    elif shop.orders[key]:
        shop.orders[key].pop(pick % len(shop.orders[key]))


def all_happen(changes: list[tuple[str, int]], shop: Any) -> None:
    for each in changes:
        happens(each, shop)


@dataclass
class LivingShop(Shop):
    """A shop that remembers its keys, as none is given out again."""

    ever: set[int] = field(default_factory=set)


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
    derandomize="HEADRACE_EXAMPLES" not in os.environ,
)
@given(
    orders=st.lists(st.integers(0, 3), max_size=5),
    rounds=st.lists(
        st.lists(st.lists(ONE_CHANGE, max_size=2), max_size=14), min_size=1, max_size=3
    ),
)
def test_random_histories(
    orders: list[int], rounds: list[list[list[tuple[str, int]]]], tmp_path_factory: Any
) -> None:
    folder: Path = tmp_path_factory.mktemp("shop")
    warehouse, shop = Warehouse(folder), LivingShop({})
    for count in orders:
        happens(("order", 0), shop)
        for _ in range(count):
            happens(("item", len(shop.orders) - 1), shop)
    with JsonServer() as server:
        server.handler = shop
        for changes in [[], *rounds, [], []]:
            before = items(warehouse)
            shop.changes = [partial(all_happen, each) for each in changes]
            load(server, warehouse)
            assert (before & shop.items) <= items(warehouse)
    assert items(warehouse) == shop.items


class Changing(Shop):
    """Orders that are asked for by the time of their change, and the items of each on one page."""

    def __call__(self, asked: Asked) -> Answer:
        if asked.path in self.fails:
            return Answer({"error": "on purpose"}, 500)
        parts = asked.path.strip("/").split("/")
        if len(parts) == 1:
            since = asked.query.get("since", "")
            rows = [{"id": key, "changed": self.changed[key]} for key in sorted(self.orders)]
            return Answer([row for row in rows if str(row["changed"]) >= since])
        return Answer([{"id": key} for key in self.orders[int(parts[1])]])

    changed: dict[int, str]


BY_CHANGE = {"cursor_path": "changed", "start_param": "since", "initial_value": "2026-01-01"}


def by_change(server: JsonServer, action: str = "delete", **order_keys: Any) -> Any:
    return build_source(parse_config(by_change_config(server, action, **order_keys)))


def by_change_config(
    server: JsonServer, action: str = "delete", **order_keys: Any
) -> dict[str, Any]:
    written = config(
        server,
        primary_key=["_orders_id", "id"],
        missing_rows={"action": action, "most": 1},
        endpoint={"path": "orders/{resources.orders.id}/items", "paginator": "single_page"},
    )
    written["resources"][0]["endpoint"] = {
        "path": "orders",
        "paginator": "single_page",
        **order_keys,
    }
    return written


def pairs(warehouse: Into, where: str = "true") -> list[tuple[int, int]]:
    found = warehouse.query(
        f"SELECT _orders_id, id FROM test_data.items WHERE {where} ORDER BY 1, 2"
    )
    return [(order, item) for order, item in found]


@pytest.mark.parametrize("action", ["delete", "mark"])
def test_of_a_parent_that_brings_its_changed_rows_what_belongs_to_these(
    action: str, server: JsonServer, into: Into
) -> None:
    shop = server.handler = Changing({1: [10, 11], 2: [20, 21], 3: [30]})
    shop.changed = {key: f"2026-01-0{key}" for key in shop.orders}
    sync(into.pipeline(), by_change(server, action, incremental=BY_CHANGE))
    shop.orders = {1: [10], 2: [21], 3: []}
    shop.changed |= {2: "2026-01-08", 3: "2026-01-09"}
    report = sync(into.pipeline(), by_change(server, action, incremental=BY_CHANGE))

    # Order 1 has not changed, so that nothing is known of its items.
    gone = [(2, 20), (3, 30)]
    kept = [(1, 10), (1, 11), (2, 21)]
    if action == "mark":
        assert pairs(into, "_headrace_gone IS NOT NULL") == gone
        assert pairs(into, "_headrace_gone IS NULL") == kept
    else:
        assert pairs(into) == kept
    assert report.missing_rows[0].rows == 2
    assert report.figures.of("items").notes == []
    again = sync(into.pipeline(), by_change(server, action, incremental=BY_CHANGE))
    assert again.missing_rows == ()


def test_beside_a_listing_that_fails_what_has_gone_from_the_others(
    server: JsonServer, warehouse: Warehouse
) -> None:
    shop = server.handler = Changing({1: [10, 11], 2: [20, 21], 3: [30]})
    shop.changed = dict.fromkeys(shop.orders, "2026-01-01")
    sync(warehouse.pipeline(), by_change(server))
    shop.orders = {1: [10], 2: [20]}
    shop.fails = {"/orders/2/items"}
    sync(warehouse.pipeline(), by_change(server))
    # Of order 3 nothing is known before all that there is has come.
    assert pairs(warehouse) == [(1, 10), (2, 20), (2, 21), (3, 30)]
    shop.fails.clear()
    sync(warehouse.pipeline(), by_change(server))
    assert pairs(warehouse) == [(1, 10), (2, 20)]


def test_a_parent_without_changes_is_nothing_to_tell_of(
    server: JsonServer, warehouse: Warehouse
) -> None:
    shop = server.handler = Changing({1: [10, 11]})
    shop.changed = {1: "2026-01-01"}
    for _ in range(2):
        report = sync(warehouse.pipeline(), by_change(server, incremental=BY_CHANGE))
        assert report.figures.of("items").notes == []


def test_listings_of_several_pages_say_why_nothing_goes(
    server: JsonServer, warehouse: Warehouse
) -> None:
    class Pages(Changing):
        def __call__(self, asked: Asked) -> Answer:
            answer = super().__call__(asked)
            offset = int(asked.query.get("offset", 0))
            return answer if asked.path == "/orders" else Answer(answer.body[offset : offset + 2])

    shop = server.handler = Pages({1: [10, 11, 12]})
    for day in (1, 2):
        shop.changed = {1: f"2026-01-0{day}"}
        written = by_change_config(server, incremental=BY_CHANGE)
        written["resources"][1]["endpoint"]["paginator"] = BY_OFFSET
        report = sync(warehouse.pipeline(), build_source(parse_config(written)))
        shop.orders = {1: [10, 12]}
        assert "`confirm: false`" in report.figures.of("items").notes[0]
    assert pairs(warehouse) == [(1, 10), (1, 11), (1, 12)]


@pytest.mark.parametrize("name", ["add_filter", "add_map"])
def test_functions_that_the_parent_was_given_leave_all_rows(
    name: str, server: JsonServer, warehouse: Warehouse
) -> None:
    shop = server.handler = Shop({1: [10], 2: [20]})
    load(server, warehouse)
    shop.orders = {1: []}
    source = build_source(parse_config(config(server)))
    getattr(source.resources["orders"], name)(lambda row: row)
    report = sync(warehouse.pipeline(), source)
    assert items(warehouse) == {10, 20}
    assert "functions that its parent was given" in report.figures.of("items").notes[0]


def test_what_a_killed_sync_left_undone_for_a_parent_the_next_one_does(
    server: JsonServer, warehouse: Warehouse
) -> None:
    shop = server.handler = Changing({1: [10, 11]})
    shop.changed = {1: "2026-01-01"}
    warehouse.pipeline().run(by_change(server, incremental=BY_CHANGE))
    shop.orders, shop.changed = {1: [10]}, {1: "2026-01-02"}
    warehouse.pipeline().run(by_change(server, incremental=BY_CHANGE))
    assert pairs(warehouse) == [(1, 10), (1, 11)]
    shop.orders = {}
    sync(warehouse.pipeline(), by_change(server, incremental=BY_CHANGE))
    assert pairs(warehouse) == [(1, 10)]


def test_a_row_that_several_loads_have_missed_counts_once(
    server: JsonServer, warehouse: Warehouse
) -> None:
    """So many are not taken for more than may go, and what is told is right."""
    shop = server.handler = Changing({1: list(range(20))})
    for day in (1, 2, 3):
        shop.changed = {1: f"2026-01-0{day}"}
        warehouse.pipeline().run(by_change(server, incremental=BY_CHANGE))
        shop.orders = {1: list(range(2, 20))}
    report = sync(warehouse.pipeline(), by_change(server, incremental=BY_CHANGE))
    assert (report.missing_rows[0].rows, report.figures.of("items").deleted) == (2, 2)


def test_a_parent_without_rows_is_no_reason_for_a_word(
    server: JsonServer, warehouse: Warehouse
) -> None:
    server.handler = Shop({})
    document = config(server)
    document["resources"][0]["columns"] = {"id": {"data_type": "bigint"}}
    report = sync(warehouse.pipeline(), build_source(parse_config(document)))
    assert report.figures.total.notes == []
