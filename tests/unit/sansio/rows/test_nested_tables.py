"""Lists taken out of rows into tables: each list can be put together again."""

from __future__ import annotations

import json
import os
from typing import Any

import dlt
import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.dlt_source.plain_columns import PlainTableColumns
from headrace.sansio.rows.nested_tables import INDEX, PARENT, ROW, NestedTables
from headrace.sansio.rows.plain_types import PlainTypes

EXAMPLES = int(os.environ.get("HEADRACE_EXAMPLES", "100"))
Tables = dict[str, list[dict[str, Any]]]


def tables_of(*batches: list[Any]) -> tuple[Tables, NestedTables]:
    columns = PlainTableColumns(dlt.resource(lambda: [], name="items")())
    types, nested = PlainTypes(columns), None
    found: Tables = {}
    for batch in batches:
        rows = types.take([msgspec.Raw(json.dumps(row).encode()) for row in batch])
        assert rows.table is not None
        nested = nested or NestedTables("items", types.schema, types.list_paths, columns)
        found = found or {name: [] for name in nested.schemas}
        for name, part in nested.parts(rows.table):
            assert part.schema.equals(nested.schemas[name])
            found[name].extend(part.to_pylist())
    assert nested is not None
    return found, nested


def test_lists_in_objects_and_lists_have_tables_of_their_own() -> None:
    row = {
        "id": 7,
        "orderInfo": {"Lines": [{"skuCode": "a", "size": {"w": 1}, "tags": ["x", "y"]}]},
        "grid": [[1, 2], [3]],
    }
    found, _ = tables_of([row])

    assert {name: len(rows) for name, rows in found.items()} == {
        "items": 1,
        "items__grid": 2,
        "items__grid__list": 3,
        "items__order_info__lines": 1,
        "items__order_info__lines__tags": 2,
    }
    (line,) = found["items__order_info__lines"]
    assert line == {ROW: 0, PARENT: 0, INDEX: 0, "sku_code": "a", "size__w": 1}
    assert [row["value"] for row in found["items__order_info__lines__tags"]] == ["x", "y"]
    assert [row[PARENT] for row in found["items__grid__list"]] == [0, 0, 1]


def test_fields_of_items_that_dlt_names_alike_are_both_there() -> None:
    found, _ = tables_of([{"lines": [{"aB": 1, "a_b": 2}]}])
    (line,) = found["items__lines"]

    assert sorted(value for name, value in line.items() if name.startswith("a_b")) == [1, 2]


ITEMS = st.lists(
    st.fixed_dictionaries(
        {"n": st.integers(0, 9), "tags": st.lists(st.integers(0, 9), max_size=3)}
    ),
    max_size=3,
)
ROWS = st.lists(st.fixed_dictionaries({"lines": ITEMS | st.none()}), min_size=1, max_size=5)


@settings(max_examples=EXAMPLES, deadline=None, derandomize="HEADRACE_EXAMPLES" not in os.environ)
@given(batches=st.lists(ROWS, min_size=1, max_size=3))
def test_each_list_can_be_put_together_again(batches: list[list[dict[str, Any]]]) -> None:
    known = [{"lines": [{"n": 0, "tags": [0]}]}]
    found, _ = tables_of(known, *batches)
    rows = [*known, *(row for batch in batches for row in batch)]

    assert [row[ROW] for row in found["items"]] == list(range(len(rows)))
    for place, row in enumerate(rows):
        lines = [each for each in found["items__lines"] if each[PARENT] == place]
        assert [each[INDEX] for each in lines] == list(range(len(lines)))
        made = []
        for line in lines:
            tags = [each for each in found["items__lines__tags"] if each[PARENT] == line[ROW]]
            assert [each[INDEX] for each in tags] == list(range(len(tags)))
            made.append({"n": line["n"], "tags": [each["value"] for each in tags]})
        assert made == (row["lines"] or [])
