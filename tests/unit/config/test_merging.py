"""Resources and defaults come together as they do in dlt."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from dlt.sources.helpers.rest_client.paginators import SinglePagePaginator
from dlt.sources.rest_api import config_setup

from headrace.config import ResourceConfig, parse_config
from headrace.config.built.merging import merged_resource

from .documents import small

COLUMNS = {
    "id": {"data_type": "bigint"},
    "at": {"nullable": True, "precision": 3},
    "kept": {"unique": True},
}


def marker() -> None:
    """A Python object among the values."""


PAIRS: list[tuple[Any, dict[str, Any]]] = [
    ("posts", {}),
    ("posts", {"primary_key": "id", "write_disposition": "merge"}),
    ({"name": "posts"}, {"endpoint": {"params": {"limit": 1}, "method": "POST"}}),
    ({"name": "posts", "endpoint": "a/b"}, {"endpoint": {"path": "ignored", "auth": {"a": 1}}}),
    (
        {"name": "posts", "endpoint": {"params": {"a": {"x": 1}, "b": 2}}},
        {"endpoint": {"params": {"a": {"y": 1}, "c": 3}}},
    ),
    (
        {"name": "posts", "endpoint": {"json": {"a": {"x": 1}}}},
        {"endpoint": {"json": {"a": {"y": 1}, "b": 2}, "headers": {"X": "1"}}},
    ),
    (
        {"name": "posts", "endpoint": {"headers": {"Y": "1"}, "data": {"p": 1}}},
        {"endpoint": {"headers": {"X": "1"}, "data": {"q": 1}}},
    ),
    (
        {"name": "posts", "endpoint": {"paginator": {"type": "cursor", "cursor_path": "n"}}},
        {"endpoint": {"paginator": {"type": "cursor", "cursor_param": "c"}}},
    ),
    ({"name": "posts", "endpoint": {"path": "posts/{id}", "params": {"id": 1}}}, {}),
    (
        {"name": "posts", "endpoint": {"path": "posts/{id}", "data_selector": "x"}},
        {"endpoint": {"paginator": "cursor"}},
    ),
    ({"name": "posts", "endpoint": {"path": "{a}/posts"}}, {}),
    ({"name": "posts", "columns": {"at": {"data_type": "timestamp"}}}, {"columns": COLUMNS}),
    (
        {"name": "posts", "columns": [{"name": "id", "nullable": False}, {"name": "new"}]},
        {"columns": COLUMNS},
    ),
    (
        {"name": "posts", "columns": {"id": {"nullable": False}}},
        {"columns": [{"name": "id", "data_type": "text"}, {"name": "x"}]},
    ),
    ({"name": "posts", "columns": marker}, {"columns": COLUMNS}),
    ({"name": "posts", "columns": COLUMNS}, {"columns": marker}),
    ({"name": "posts"}, {"columns": COLUMNS, "nested_hints": {"a": {}}}),
    ({"name": "posts", "columns": {}}, {"columns": COLUMNS}),
    (
        {"name": "posts", "nested_hints": {"b": {}}, "selected": False, "primary_key": None},
        {"nested_hints": {"a": {}}, "selected": True, "primary_key": "id", "max_table_nesting": 1},
    ),
    (
        {"name": "posts", "write_disposition": {"disposition": "merge", "strategy": "scd2"}},
        {"write_disposition": {"disposition": "merge", "deduplicated": True}},
    ),
]


def as_dlt_merges(resource: Any, defaults: dict[str, Any]) -> dict[str, Any]:
    copies: Any = copy.deepcopy((resource, defaults))
    merged: dict[str, Any] = dict(config_setup._make_endpoint_resource(*copies))
    config_setup._setup_single_entity_endpoint(merged["endpoint"])
    if isinstance(merged["endpoint"].get("paginator"), SinglePagePaginator):
        merged["endpoint"]["paginator"] = "single_page"
    return merged


def in_order(value: Any) -> Any:
    """With the order of columns, which is the order in the table."""
    columns = value.get("columns")
    return (list(columns) if isinstance(columns, dict) else None, value)


@pytest.mark.parametrize(("resource", "defaults"), PAIRS)
def test_parity_with_dlt(resource: Any, defaults: dict[str, Any]) -> None:
    before = copy.deepcopy((resource, defaults))
    ours = merged_resource(resource, defaults)
    assert in_order(ours) == in_order(as_dlt_merges(resource, defaults))
    assert (resource, defaults) == before, "what the user gave is not changed"


def test_one_resources_columns_do_not_reach_the_next() -> None:
    document = small(None, columns={"id": {"nullable": False}})
    document["resource_defaults"] = {"columns": {"id": {"data_type": "bigint"}}}
    document["resources"].append({"name": "other", "columns": {"x": {"data_type": "text"}}})
    other = parse_config(document).resources[1]
    assert isinstance(other, ResourceConfig)
    assert other.hints["columns"]["id"] == {"name": "id", "data_type": "bigint"}


def test_nulls_in_the_defaults() -> None:
    document = small({"params": {"a": 1}, "json": None})
    document["resource_defaults"] = {"endpoint": {"params": None, "json": {"b": 1}}}
    first = parse_config(document).resources[0]
    assert isinstance(first, ResourceConfig)
    assert first.endpoint.params == {"a": 1}
    assert first.endpoint.json == {"b": 1}
