"""Lists and a resource whose rows would go to one table: refused before anything is loaded."""

from __future__ import annotations

from typing import Any

import pytest

from headrace import ConfigError, SyncReport, sync
from headrace.config import parse_config
from headrace.dlt_source.source import build_source
from tests.support.servers import Answer, JsonServer
from tests.support.tables import Warehouse

ROWS: dict[str, list[dict[str, Any]]] = {
    "a": [{"id": 1, "p": {"b": [{"x": 1, "l": [2]}]}}],
    "a__p__b": [{"id": 5, "y": 2}],
    "a__p__b__l": [{"id": 6}],
    "orders": [{"id": 1, "lines": [{"x": 1}, {"x": 2}]}],
}
LISTS = r"resources\.a: .*list in `p\.{}`.* `{}`.*table of {}.*another `table_name`.*json"


def load(
    server: JsonServer, warehouse: Warehouse, *names: str, **hints: dict[str, Any]
) -> SyncReport:
    server.handler = lambda asked: Answer(ROWS[asked.path.strip("/")])
    resources = [
        {
            "name": name,
            "primary_key": "id",
            "write_disposition": "merge",
            "endpoint": {"path": name, "paginator": "single_page"},
            **hints.get(name, {}),
        }
        for name in names
    ]
    config = {"client": {"base_url": server.base_url}, "resources": resources}
    return sync(warehouse.pipeline(), build_source(parse_config(config)))


@pytest.mark.parametrize("names", [("a", "a__p__b"), ("a__p__b", "a")])
def test_both_in_one_run(names: tuple[str, ...], server: JsonServer, warehouse: Warehouse) -> None:
    told = LISTS.format("b", "a__p__b", "the resource `a__p__b`")
    with pytest.raises(ConfigError, match=told):
        load(server, warehouse, *names)
    assert warehouse.tables("test_data") == set()

    load(server, warehouse, *names, a={"columns": {"p__b": {"data_type": "json"}}})
    load(server, warehouse, *names, a__p__b={"table_name": "bs"})
    assert warehouse.query("SELECT y FROM test_data.bs") == [(2,)]


def test_a_list_within_the_items_of_another(server: JsonServer, warehouse: Warehouse) -> None:
    told = LISTS.format(r"b\.l", "a__p__b__l", "the resource `a__p__b__l`")
    with pytest.raises(ConfigError, match=told):
        load(server, warehouse, "a", "a__p__b__l")


def test_the_lists_first(server: JsonServer, warehouse: Warehouse) -> None:
    load(server, warehouse, "a")
    with pytest.raises(ConfigError, match=r"its table `a__p__b` is there .* lists .* in `a`"):
        load(server, warehouse, "a__p__b")
    assert warehouse.query("SELECT x FROM test_data.a__p__b") == [(1,)]


def test_the_lists_later(server: JsonServer, warehouse: Warehouse) -> None:
    load(server, warehouse, "a__p__b")
    with pytest.raises(ConfigError, match=LISTS.format("b", "a__p__b", "rows of an earlier run")):
        load(server, warehouse, "a")
    assert warehouse.query("SELECT y FROM test_data.a__p__b") == [(2,)]


def test_a_list_with_a_key_of_its_own(server: JsonServer, warehouse: Warehouse) -> None:
    keyed = {"nested_hints": {"lines": {"primary_key": "x", "write_disposition": "merge"}}}
    for _ in range(2):
        load(server, warehouse, "orders", orders=keyed)
    assert warehouse.query("SELECT x FROM test_data.orders__lines ORDER BY x") == [(1,), (2,)]
