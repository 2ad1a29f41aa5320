"""Whatever a config says of its tables, they come out as from dlt's own source."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import dlt
import pytest
from pydantic import BaseModel

from headrace import rest_api_source
from headrace.destination.direct_merges import CLAIM, UNIQUE_KEYS
from tests.stories.against_dlt.test_same_as_dlt import MAKERS, contents
from tests.support.servers import Answer, Asked, JsonServer
from tests.support.tables import Warehouse

pytestmark = pytest.mark.comparison

Row = dict[str, Any]
Hints = dict[str, Any]


class Tag(BaseModel):
    t: int


class Item(BaseModel):
    id: int
    name: str
    tags: list[Tag] = []


LOADS: list[list[Row]] = [
    [
        {"id": 1, "kind": "a", "name": "x", "at": "2026-01-01T00:00:00Z", "amount": 1.5},
        {"id": 2, "kind": "b", "name": "y", "at": "2026-01-02T00:00:00Z", "o": {"p": {"q": 2}}},
        {"id": 3, "kind": "a", "name": "z", "at": None, "amount": None, "o": None},
    ],
    [
        {"id": 2, "kind": "b", "name": "Y", "amount": 2.25, "o": {"p": {"q": 3}}},
        {"id": 3, "kind": "a", "name": "z", "at": None, "amount": None, "o": None},
        {"id": 4, "kind": "c", "name": "n", "at": "2026-01-04T00:00:00Z", "new": True, "o": {}},
    ],
]
TAGS = {1: [{"t": 1}, {"t": 2}], 2: [{"t": 9}], 3: [], 4: []}
BOUNDARY = "2026-05-05T00:00:00Z"


def merge(strategy: str | None = None, **options: Any) -> Hints:
    given = {"strategy": strategy} if strategy else {}
    return {
        "primary_key": "id",
        "write_disposition": {"disposition": "merge", **given, **options},
    }


def scd2(**options: Any) -> Hints:
    # When the change took place is told, or each load would have a time of its own.
    return {**merge("scd2", boundary_timestamp=BOUNDARY, **options), "primary_key": None}


MERGE = {"write_disposition": "merge"}

# Those whose names begin with `tagged` have lists in their rows.
STATIC: dict[str, Hints] = {
    "key_alone": {"primary_key": "id"},
    "two_keys": {"primary_key": ["id", "kind"], **MERGE},
    "tagged_merge_key": {"merge_key": "kind", **MERGE},
    "merge_keys": {"merge_key": ["kind", "name"], **MERGE},
    "both_keys": {"merge_key": "kind", "primary_key": "id", **MERGE},
    "tagged_replace": {"write_disposition": "replace"},
    "append": {"write_disposition": {"disposition": "append"}},
    "upsert": merge("upsert"),
    "tagged_upsert": merge("upsert", skip_unchanged_rows=True),
    "upsert_by_version": merge("upsert", skip_unchanged_rows=True, row_version_column_name="name"),
    "insert_only": merge("insert-only"),
    "cdc": merge("cdc"),
    "tagged_delete_insert": merge("delete-insert"),
    "deduplicated": merge("delete-insert", deduplicated=True),
    "filtered": merge("delete-insert", source_filter="kind = 'a'"),
    "scoped": merge("delete-insert", destination_scope="kind = 'b'"),
    "tagged_scd2": scd2(),
    "scd2_names": scd2(validity_column_names=["f", "u"], active_record_timestamp="9999-12-31"),
    "scd2_by_version": scd2(row_version_column_name="name"),
    "scd2_by_key": {**scd2(), "merge_key": "id"},
    "columns": {"columns": {"amount": {"data_type": "text"}, "at": {"data_type": "date"}}},
    "listed_columns": {
        "columns": [
            {"name": "amount", "data_type": "decimal", "precision": 10, "scale": 3},
            {"name": "id", "data_type": "bigint", "primary_key": True},
        ],
        **MERGE,
    },
    "sorted": {"primary_key": "kind", "columns": {"id": {"dedup_sort": "desc"}}, **MERGE},
    "deleted": {"primary_key": "id", "columns": {"new": {"hard_delete": True}}, **MERGE},
    "json_columns": {"columns": {"o": {"data_type": "json"}}},
    "tagged_json_columns": {"columns": {"tags": {"data_type": "json"}}},
    "described": {
        "columns": {"id": {"x-of": "mine", "unique": True, "sort": True, "description": "d"}}
    },
    "tagged_model": {"columns": Item},
    "named": {"table_name": "other_name"},
    "parquet": {"file_format": "parquet"},
    "tagged_jsonl": {"file_format": "jsonl"},
    "insert_values": {"file_format": "insert_values"},
    "preferred": {"file_format": "preferred"},
    "csv": {"file_format": "csv"},
    "native": {"table_format": "native"},
    "referring": {
        "references": [
            {"columns": ["kind"], "referenced_table": "named", "referenced_columns": ["kind"]}
        ]
    },
    "tagged_nested": {
        "nested_hints": {"tags": {"columns": {"t": {"name": "t", "data_type": "text"}}}}
    },
    "tagged_nested_key": {
        "primary_key": "id",
        "nested_hints": {"tags": {"primary_key": "t", "write_disposition": "merge"}},
        **MERGE,
    },
    "tagged_nested_parent": {
        "nested_hints": {"tags": {"parent_table_name": "tagged_nested_parent"}}
    },
    "no_new_values": {"schema_contract": {"columns": "discard_value"}},
    "tagged_no_new_rows": {"schema_contract": {"columns": "discard_row"}},
    "evolving": {"schema_contract": "evolve"},
    "tagged_flat": {"max_table_nesting": 0},
    "one_deep": {"max_table_nesting": 1},
    "in_parallel": {"parallelized": True},
    "not_selected": {"selected": False},
}


def amount_as_text(row: Row) -> dict[str, Any]:
    return {"amount": {"data_type": "text"}} if row["kind"] == "b" else {}


# Of these, what dlt is told is all that matters.
TOLD = {
    *("key_alone", "append", "merge_keys", "tagged_merge_key", "upsert", "cdc", "filtered"),
    *("listed_columns", "described", "named", "tagged_jsonl", "preferred", "insert_values"),
    *(
        "csv",
        "insert_only",
        "native",
        "referring",
        "evolving",
        "in_parallel",
        "scd2_by_key",
        "tagged_nested_parent",
    ),
}

OF_ROWS: dict[str, Hints] = {
    "tables_by_kind": {
        "table_name": lambda row: f"kind_{row['kind']}",
        "primary_key": "id",
        **MERGE,
    },
    "tagged_all_by_row": {
        "table_name": lambda row: f"row_{row['kind']}",
        "primary_key": lambda row: "id" if row["kind"] == "a" else ["id", "name"],
        "merge_key": lambda row: "kind" if row["kind"] == "a" else "",
        "write_disposition": lambda row: "merge" if row["kind"] != "c" else "append",
        "columns": amount_as_text,
        "schema_contract": lambda row: "evolve",
        "file_format": lambda row: "jsonl",
        "table_format": lambda row: "native",
        "references": lambda row: [],
        "nested_hints": lambda row: {},
    },
}


def rows_of(name: str, load: list[Row]) -> list[Row]:
    return [{**row, "tags": TAGS[row["id"]]} if "tagged" in name else row for row in load]


def config(server: JsonServer, resources: list[Any], **defaults: Any) -> Any:
    return {
        "client": {"base_url": server.base_url, "paginator": "single_page"},
        "resource_defaults": {"endpoint": {"data_selector": "data"}, **defaults},
        "resources": resources,
    }


def table_hints(pipeline: dlt.Pipeline) -> dict[str, Any]:
    """What dlt knows of the tables, without what says how ours got there."""
    found: dict[str, Any] = {}
    for name, table in copy.deepcopy(pipeline.default_schema.tables).items():
        if name.startswith(("_dlt", "_headrace")):
            continue
        known: dict[str, Any] = dict(table)
        for key in ("file_format", "x-normalizer", CLAIM, UNIQUE_KEYS):
            known.pop(key, None)
        for column in known["columns"].values():
            if column["name"].startswith("_dlt"):
                for key in ("precision", "description", "dedup_sort"):
                    column.pop(key, None)
            if column.get("nullable"):
                del column["nullable"]
        found[name] = known
    return found


def test_tables_are_those_of_dlt(server: JsonServer, warehouse: Warehouse) -> None:
    hints = {**STATIC, **OF_ROWS}
    resources = [{"name": name, **hints[name]} for name in hints if name not in TOLD]
    for load in LOADS:

        def answer(asked: Asked, load: list[Row] = load) -> Answer:
            return Answer({"data": rows_of(asked.path, load)})

        server.handler = answer
        for name, make_source in MAKERS.items():
            pipeline = warehouse.pipeline(name)
            pipeline.run(make_source(config(server, resources)))

    ours, theirs = contents(warehouse, "ours_data"), contents(warehouse, "theirs_data")
    assert ours.keys() == theirs.keys()
    for table in theirs:
        assert ours[table] == theirs[table], table
    known, expected = (table_hints(warehouse.pipeline(name)) for name in ("ours", "theirs"))
    for table in expected:
        assert known[table] == expected[table], table


def test_hints_of_dependent_resources(server: JsonServer, warehouse: Warehouse) -> None:
    hints = {name: STATIC[name] for name in ("tagged_scd2", "tagged_nested", "in_parallel")}
    hints["tables_by_kind"] = OF_ROWS["tables_by_kind"]
    resources: list[Any] = ["parents"]
    for name, given in hints.items():
        endpoint = f"{name}/of/{{resources.parents.id}}"
        resources.append({"name": name, "endpoint": {"path": endpoint}, **given})

    for load in LOADS:

        def answer(asked: Asked, load: list[Row] = load) -> Answer:
            name, last = asked.path.split("/")[1], asked.path.split("/")[-1]
            wanted = [row for row in load if last in ("parents", str(row["id"]))]
            return Answer({"data": rows_of(name, wanted)})

        server.handler = answer
        for name, make_source in MAKERS.items():
            document = config(server, resources, endpoint={"data_selector": "data"})
            warehouse.pipeline(name).run(make_source(document))

    assert contents(warehouse, "ours_data") == contents(warehouse, "theirs_data")


def test_each_hint_may_stand_in_the_defaults(server: JsonServer) -> None:
    for name, given in {**STATIC, **OF_ROWS}.items():
        ours, theirs = (
            make_source(config(server, ["items", {"name": "other"}], **given)).resources
            for make_source in MAKERS.values()
        )
        for resource in ("items", "other"):
            assert facts(ours[resource]) == facts(theirs[resource]), name


def test_a_hint_of_a_resource_stands_before_that_of_the_defaults(server: JsonServer) -> None:
    defaults: Hints = {
        "primary_key": "id",
        "columns": {"id": {"data_type": "bigint"}, "a": {"description": "x"}},
        "write_disposition": "merge",
        "selected": False,
        "schema_contract": "freeze",
    }
    own = {
        "name": "items",
        "primary_key": ["a"],
        "columns": [{"name": "a", "data_type": "text"}],
        "write_disposition": "append",
        "selected": True,
        "schema_contract": {"tables": "evolve"},
    }
    ours, theirs = (
        make_source(config(server, [own], **defaults)).resources["items"]
        for make_source in MAKERS.values()
    )
    assert facts(ours) == facts(theirs)


def facts(resource: Any) -> Mapping[str, Any]:
    """What dlt was told of a resource, by its methods."""
    row = {"id": 1, "kind": "a", "name": "x"}
    return {
        "name": resource.name,
        "table": resource.compute_table_schema(row),
        "nested": resource.compute_nested_table_schemas("items", dlt.Schema("any").naming, row),
        "selected": resource.selected,
        "max_table_nesting": resource.max_table_nesting,
    }


@pytest.mark.parametrize(
    "columns", [{"t": {"data_type": "text"}}, [{"name": "t", "data_type": "text"}]]
)
def test_columns_of_nested_tables_may_be_written_as_others(
    columns: Any, server: JsonServer, warehouse: Warehouse
) -> None:
    server.answers({"data": rows_of("tagged", LOADS[0])})
    items = {"name": "items", "nested_hints": {"tags": {"columns": columns}}}
    warehouse.pipeline().run(rest_api_source(config(server, [items])))
    assert warehouse.query("SELECT t FROM test_data.items__tags ORDER BY t") == [
        ("1",),
        ("2",),
        ("9",),
    ]


def test_resources_of_each_form(server: JsonServer, warehouse: Warehouse) -> None:
    server.handler = lambda asked: Answer({"data": [{"path": asked.path}]})
    for name, make_source in MAKERS.items():
        mine = dlt.resource([[{"id": 7}, {"id": 8}]], name="mine")
        resources: list[Any] = [
            "items",
            {"name": "others"},
            {"name": "third", "endpoint": "a/third"},
            mine,
            {"name": "of_mine", "endpoint": "of/{resources.mine.id}"},
        ]
        document = config(server, resources, endpoint={"data_selector": "data"})
        source = make_source(document)
        assert list(source.resources) == ["items", "others", "third", "mine", "of_mine"]
        warehouse.pipeline(name).run(source)
    assert contents(warehouse, "ours_data") == contents(warehouse, "theirs_data")
