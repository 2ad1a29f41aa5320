"""`processing_steps` work on the rows one after the other, as in dlt."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import dlt
import pytest

from headrace import rest_api_source
from headrace.dlt_source.items import RowBeside
from headrace.dlt_source.steps import add_steps
from tests.stories.against_dlt.test_same_as_dlt import MAKERS, contents
from tests.support.servers import Answer, Asked, JsonServer
from tests.support.tables import Warehouse

pytestmark = pytest.mark.comparison

Row = dict[str, Any]

ROWS: list[Row] = [
    {"id": n, "name": f"n{n}", "tags": [{"t": m} for m in range(n % 3)]} for n in range(7)
]


def is_even(row: Row) -> bool:
    return bool(row["id"] % 2 == 0)


def with_length(row: Row) -> Row:
    return {**row, "length": len(row)}


def without_name(row: Row) -> Row:
    row.pop("name")
    return row


def twice(row: Row) -> Iterator[Row]:
    yield row
    yield {**row, "id": 100 + row["id"]}


def tags_of(row: Row) -> Iterator[Row]:
    for tag in row["tags"]:
        yield {"id": row["id"], **tag}


STEPS: dict[str, list[dict[str, Any]]] = {
    "filter": [{"filter": is_even}],
    "map": [{"map": with_length}],
    "yield_map": [{"yield_map": twice}],
    "rows_of_rows": [{"yield_map": tags_of}],
    "in_order": [{"map": with_length}, {"map": without_name}, {"map": with_length}],
    "in_another_order": [{"map": without_name}, {"map": with_length}, {"yield_map": twice}],
    "in_one_step": [{"yield_map": twice, "map": with_length, "filter": is_even}],
    "nothing_left": [{"filter": lambda row: False}],
    "no_steps": [],
    "an_empty_step": [{}],
}


def answer(asked: Asked) -> Answer:
    """All rows, in two pages; below a row's number one row that names it."""
    if asked.path.startswith("/of/"):
        return Answer({"data": [{"of": int(asked.path.split("/")[2]), "x": 1}]})
    first = int(asked.query.get("at", 0))
    return Answer({"data": ROWS[first : first + 4], "next": 4 if first == 0 else None})


def config(server: JsonServer, resources: list[Any], **defaults: Any) -> Any:
    paginator = {"type": "cursor", "cursor_path": "next", "cursor_param": "at"}
    return {
        "client": {"base_url": server.base_url, "paginator": paginator},
        "resource_defaults": {"endpoint": {"data_selector": "data"}, **defaults},
        "resources": resources,
    }


def test_rows_are_those_of_dlt(server: JsonServer, warehouse: Warehouse) -> None:
    server.handler = answer
    resources = [{"name": name, "processing_steps": steps} for name, steps in STEPS.items()]
    for name, make_source in MAKERS.items():
        warehouse.pipeline(name).run(make_source(config(server, resources)))

    ours, theirs = contents(warehouse, "ours_data"), contents(warehouse, "theirs_data")
    assert ours.keys() == theirs.keys()
    for table in theirs:
        assert ours[table] == theirs[table], table


CHILDREN = {
    "name": "children",
    "endpoint": "of/{resources.parents.id}",
    "include_from_parent": ["length"],
}


def test_dependent_resources_see_the_processed_rows(
    server: JsonServer, warehouse: Warehouse
) -> None:
    server.handler = answer
    resources = [
        {"name": "parents", "processing_steps": [{"filter": is_even, "map": with_length}]},
        {**CHILDREN, "processing_steps": [{"map": with_length}]},
        {"name": "grandchildren", "endpoint": "of/{resources.children.length}"},
    ]
    for name, make_source in MAKERS.items():
        warehouse.pipeline(name).run(make_source(config(server, resources)))

    assert contents(warehouse, "ours_data") == contents(warehouse, "theirs_data")
    assert warehouse.query(
        "SELECT of, length, _parents_length FROM ours_data.children ORDER BY of LIMIT 1"
    ) == [(0, 3, 3)]


def test_rows_made_of_rows_have_dependent_resources(
    server: JsonServer, warehouse: Warehouse
) -> None:
    server.handler = answer
    parents = {"name": "parents", "processing_steps": [{"map": with_length, "yield_map": twice}]}
    warehouse.pipeline().run(rest_api_source(config(server, [parents, CHILDREN])))
    assert len(warehouse.rows("test_data.children", order="of")) == 2 * len(ROWS)


def test_defaults_stand_where_a_resource_has_no_steps_of_its_own(server: JsonServer) -> None:
    server.handler = answer
    document = config(
        server,
        ["a", {"name": "b", "processing_steps": [{"map": without_name}]}, {"name": "c"}],
        processing_steps=STEPS["filter"],
    )
    for make_source in MAKERS.values():
        source = make_source(document)
        found = {name: list(resource) for name, resource in source.resources.items()}
        assert [row["id"] for row in found["a"]] == [0, 2, 4, 6]
        assert found["c"] == found["a"]
        assert len(found["b"]) == 7
        assert "name" not in found["b"][0]


def test_pages_are_passed_over_when_they_are_not_wanted(server: JsonServer) -> None:
    server.handler = answer
    for make_source in MAKERS.values():
        server.asked.clear()
        source = make_source(config(server, [{"name": "a", "processing_steps": STEPS["filter"]}]))
        assert len(list(source.a.add_limit(1))) == 2
        assert len(server.asked) == 1


def test_steps_are_for_the_rows_of_the_listing_alone() -> None:
    def rows() -> Iterator[Any]:
        yield ROWS[:2]
        yield [RowBeside(resource="items", key="7")]

    def with_meta(row: Row, meta: Any = None) -> Row:
        return {**row, "meta": meta}

    resource = dlt.resource(rows, name="items")()
    add_steps(resource, [("map", with_meta), ("filter", is_even), ("yield_map", twice)])
    assert {row.get("id", row.get("key")) for row in resource} == {0, 100, "7"}


def test_the_last_value_is_that_of_the_processed_rows(
    server: JsonServer, warehouse: Warehouse
) -> None:
    def changed(asked: Asked) -> Answer:
        since = int(asked.query["since"])
        return Answer({"data": [row for row in ROWS if row["id"] >= since]})

    server.handler = changed
    endpoint = {"incremental": {"cursor_path": "at", "start_param": "since", "initial_value": 0}}
    with_time = {"map": lambda row: {**row, "at": row["id"] - 3}}
    resources = [
        {"name": "items", "processing_steps": [with_time, {"filter": is_even}]},
        {"name": "named", "processing_steps": [with_time], "table_name": lambda row: row["name"]},
    ]
    document = config(server, resources, endpoint={"data_selector": "data", **endpoint})
    asked = []
    for name, make_source in MAKERS.items():
        for _ in range(2):
            warehouse.pipeline(name).run(make_source(document))
        asked.append([each.target for each in server.asked])
        server.asked.clear()
    assert asked[0] == asked[1]
    assert contents(warehouse, "ours_data") == contents(warehouse, "theirs_data")
