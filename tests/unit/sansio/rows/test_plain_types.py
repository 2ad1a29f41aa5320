"""Rows typed without a pipeline: one schema, and nothing of a row gets lost."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import dlt
import msgspec
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.dlt_source.plain_columns import PlainTableColumns
from headrace.sansio.rows.plain_types import REST, PlainRows, PlainTypes

EXAMPLES = int(os.environ.get("HEADRACE_EXAMPLES", "150"))
INSTANT = pa.timestamp("us", "UTC")
AT = "2026-11-23T06:34:39Z"


def new_types(**hints: Any) -> PlainTypes:
    resource = dlt.resource(lambda: [], name="items", **hints)()
    return PlainTypes(PlainTableColumns(resource))


def took(types: PlainTypes, *rows: Any) -> PlainRows:
    return types.take([msgspec.Raw(json.dumps(row).encode()) for row in rows])


def table_of(rows: PlainRows) -> pa.Table:
    assert rows.table is not None
    return rows.table


def listed(types: PlainTypes, *rows: Any) -> list[dict[str, Any]]:
    """The rows, without what is null."""
    found: list[dict[str, Any]] = table_of(took(types, *rows)).to_pylist()
    return [{name: value for name, value in row.items() if value is not None} for row in found]


def kinds(types: PlainTypes) -> dict[str, pa.DataType]:
    return {each.name: each.type for each in types.schema if each.name != REST}


def test_columns_are_named_and_typed_as_dlt_would() -> None:
    types = new_types()
    rows = listed(types, {"userId": 1, "at": AT, "size": {"Width": 1.5}, "ok": True, "name": "x"})

    assert kinds(types) == {
        "user_id": pa.int64(),
        "at": INSTANT,
        "ok": pa.bool_(),
        "name": pa.string(),
        "size__width": pa.float64(),
    }
    at = datetime(2026, 11, 23, 6, 34, 39, tzinfo=UTC)
    assert rows == [{"user_id": 1, "at": at, "size__width": 1.5, "ok": True, "name": "x"}]


def test_declared_columns_come_first_also_where_no_row_has_them() -> None:
    types = new_types(columns={"price": {"data_type": "decimal", "precision": 9, "scale": 2}})
    took(types, {"id": 1})

    assert kinds(types) == {"price": pa.decimal128(9, 2), "id": pa.int64()}


def test_declared_types_are_honoured() -> None:
    columns = {
        "price": {"data_type": "decimal", "precision": 9, "scale": 2},
        "day": {"data_type": "date"},
        "id": {"data_type": "bigint"},
        "extra": {"data_type": "json"},
    }
    types = new_types(columns=columns)
    rows = listed(
        types,
        {"id": "12", "price": 7.5, "day": "2026-11-23", "extra": {"a": [1]}},
        {"id": 13, "price": "0.10", "extra": "text"},
    )

    assert rows == [
        {
            "id": 12,
            "price": Decimal("7.50"),
            "day": datetime(2026, 11, 23).date(),
            "extra": '{"a":[1]}',
        },
        {"id": 13, "price": Decimal("0.10"), "extra": '"text"'},
    ]


def test_the_schema_stands_after_the_first_rows() -> None:
    types = new_types()
    took(types, {"id": 1, "name": "x"})
    before = types.schema
    rows = listed(types, {"id": 2, "new": {"a": 5}, "name": "y"}, {"id": 3})

    assert types.schema.equals(before)
    assert rows == [{"id": 2, "name": "y", REST: '{"new":{"a":5}}'}, {"id": 3}]


def test_a_value_that_does_not_fit_goes_to_the_rest() -> None:
    types = new_types()
    rows = listed(types, {"id": 1, "n": 1}, {"id": 2, "n": "many"}, {"id": 3, "n": 1.5})

    assert rows == [
        {"id": 1, "n": 1},
        {"id": 2, REST: '{"n":"many"}'},
        {"id": 3, REST: '{"n":1.5}'},
    ]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([[1, None, 2], []], pa.list_(pa.int64())),
        ([[1], [2.5]], pa.list_(pa.float64())),
        ([["a"], None], pa.list_(pa.string())),
        ([[AT]], pa.list_(INSTANT)),
        ([[AT], ["x"]], pa.list_(pa.string())),
        ([[[1], [2, 3]]], pa.list_(pa.list_(pa.int64()))),
        (
            [[{"sku": "a", "gone": None}, {"sku": "b", "count": 2}], [{}]],
            pa.list_(pa.struct([("sku", pa.string()), ("count", pa.int64())])),
        ),
        (
            [[{"parts": [{"n": 1}]}]],
            pa.list_(pa.struct([("parts", pa.list_(pa.struct([("n", pa.int64())])))])),
        ),
    ],
)
def test_lists_stay_lists(values: list[Any], kind: pa.DataType) -> None:
    types = new_types()
    rows = took(types, *({"id": place, "all": each} for place, each in enumerate(values)))

    assert kinds(types) == {"id": pa.int64(), "all": kind}
    assert rows.side_rows == 0
    for found, value in zip(table_of(rows).column("all").to_pylist(), values, strict=True):
        assert is_same(value, found), (value, found)
    assert table_of(rows).column(REST).null_count == len(values)


@pytest.mark.parametrize(
    "values", [[[1, "a"]], [[1], ["a"]], [[[1], 2]], [[]], [[{"a": 1}, {"a": "x"}]], [[None]]]
)
def test_what_is_no_uniform_list_stays_json(values: list[Any]) -> None:
    types = new_types()
    rows = took(types, *({"id": place, "all": each} for place, each in enumerate(values)))

    assert kinds(types) == {"id": pa.int64(), "all": pa.string()}
    assert [json.loads(each) for each in table_of(rows).column("all").to_pylist()] == values


def test_a_field_of_empty_lists_takes_any_later_as_json() -> None:
    types = new_types()
    first = took(types, *({"id": place, "all": []} for place in range(100)))
    values: list[Any] = [[1, 2], [], [None, 2], "x", {"a": 1}, None, []]
    rows = took(types, *({"id": place, "all": each} for place, each in enumerate(values)))

    assert first.side_rows == 0
    assert table_of(first).column("all").unique().to_pylist() == ["[]"]
    texts = table_of(rows).column("all").to_pylist()
    rest = table_of(rows).column(REST).to_pylist()
    assert [None if text is None else json.loads(text) for text in texts] == [
        *([1, 2], [], [None, 2], "x", {"a": 1}, None, [])
    ]
    assert rest == [None] * len(values)


def test_a_list_that_does_not_fit_later_goes_to_the_rest() -> None:
    types = new_types()
    took(types, {"id": 1, "all": [1]}, {"id": 2, "lines": [{"a": 1}]})
    rows = listed(
        types,
        {"id": 3, "all": ["a"]},
        {"id": 4, "all": [2], "lines": [{"a": 2, "b": None}]},
        {"id": 5, "lines": [{"a": 3, "b": 4}]},
        {"id": 6, "lines": "none", "fresh": []},
    )

    assert rows == [
        {"id": 3, REST: '{"all":["a"]}'},
        {"id": 4, "all": [2], "lines": [{"a": 2}]},
        {"id": 5, REST: '{"lines":[{"a":3,"b":4}]}'},
        {"id": 6, REST: '{"lines":"none","fresh":[]}'},
    ]


def test_rows_without_their_key_or_that_are_none_are_set_aside() -> None:
    types = new_types(primary_key="id")
    rows = took(types, {"id": 1}, {"name": "x"}, 5, {"id": 2})

    assert table_of(rows).column("id").to_pylist() == [1, 2]
    assert [bytes(each.row) for each in rows.rejected] == [b"5", b'{"name": "x"}']


def test_fields_that_go_to_one_column_are_both_kept() -> None:
    (row,) = listed(new_types(), {"aB": 1, "a_b": 2})

    assert row["a_b"] == 2
    assert json.loads(row[REST]) == {"aB": 1}


def test_a_field_with_the_name_of_the_rest_goes_there() -> None:
    types = new_types()
    assert listed(types, {"id": 1, REST: "mine"}) == [{"id": 1, REST: f'{{"{REST}":"mine"}}'}]


def test_dlts_own_columns_are_not_in_it() -> None:
    types = new_types()
    rows = listed(types, {"id": 1, "_dlt_id": "x"})

    assert rows == [{"id": 1, REST: '{"_dlt_id":"x"}'}]


# Texts that dlt takes for no boolean or number, so that a text is a text in any column.
SCALARS = st.sampled_from([None, True, False, 0, 1, -7, 2.5, 4.0, "x", "ab", "", AT])
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["p", "q"]), inner, max_size=2)
    ),
    max_leaves=6,
)
ROWS = st.lists(
    st.dictionaries(st.sampled_from(["a", "b", "c", "d"]), VALUES, max_size=4), max_size=8
)


def leaves(
    row: dict[str, Any], path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, value in row.items():
        if isinstance(value, dict):
            yield from leaves(value, (*path, name))
        elif value is not None:
            yield (*path, name), value


def is_same(value: Any, found: Any) -> bool:
    """Whether a value of the API is the one that was read."""
    if isinstance(value, dict):
        came = {name: inner for name, inner in value.items() if inner is not None}
        there = {name: inner for name, inner in (found or {}).items() if inner is not None}
        return came.keys() == there.keys() and all(
            is_same(came[each], there[each]) for each in came
        )
    if isinstance(value, list) and isinstance(found, list):
        return len(value) == len(found) and all(map(is_same, value, found))
    if isinstance(found, datetime) and isinstance(value, str):
        return found == datetime.fromisoformat(value)
    if isinstance(found, datetime):
        return bool(found.timestamp() == value)
    return bool(found == value) or str(found) == str(value)


def is_there(found: dict[str, Any], path: tuple[str, ...], value: Any) -> bool:
    """Whether a value is in its column, or in one that has JSON of what it is in."""
    stored = found.get("__".join(path))
    if stored is not None and is_same(value, stored):
        return True
    for length in range(1, len(path) + 1):
        text = found.get("__".join(path[:length]))
        try:
            inner = json.loads(text) if isinstance(text, str) else None
        except ValueError:
            continue
        for step in path[length:]:
            inner = inner.get(step) if isinstance(inner, dict) else None
        if inner is not None and inner == value:
            return True
    return False


def is_in(rest: dict[str, Any], path: tuple[str, ...], value: Any) -> bool:
    for step in path[:-1]:
        rest = rest.get(step) or {}
        if not isinstance(rest, dict):
            return False
    return path[-1] in rest and rest[path[-1]] == value


@settings(max_examples=EXAMPLES, deadline=None, derandomize="HEADRACE_EXAMPLES" not in os.environ)
@given(batches=st.lists(ROWS, min_size=1, max_size=3))
def test_nothing_of_a_row_gets_lost(batches: list[list[dict[str, Any]]]) -> None:
    types = new_types()
    schema = None
    for batch in batches:
        rows = took(types, *batch)
        assert not rows.rejected
        if not batch:
            continue
        schema = schema or types.schema
        assert table_of(rows).schema.equals(schema)
        for row, found in zip(batch, table_of(rows).to_pylist(), strict=True):
            rest = json.loads(found[REST] or "{}")
            for path, value in leaves(row):
                there = is_there(found, path, value)
                assert there or is_in(rest, path, value), (path, value, found)


def given_types(schema: pa.Schema, **hints: Any) -> PlainTypes:
    resource = dlt.resource(lambda: [], name="items", **hints)()
    return PlainTypes(PlainTableColumns(resource), schema)


WITH_REST = pa.schema(
    [
        ("id", pa.int64()),
        ("note", pa.string()),
        ("at", INSTANT),
        ("tags", pa.list_(pa.string())),
        ("parts", pa.list_(pa.struct([("n", pa.int64()), ("at", INSTANT)]))),
        (REST, pa.string()),
    ]
)


def test_a_given_schema_is_that_of_each_batch_whatever_comes_first() -> None:
    types = given_types(WITH_REST)
    assert types.stands
    batches = [
        # Nothing but what another batch would have typed otherwise.
        [{"id": "1", "note": 5, "at": None}],
        [{"id": 2, "tags": ["a"], "parts": [{"n": 1}]}],
        [{"id": 3, "parts": [{"n": 2, "at": AT}], "new": True, "tags": []}],
        [{"id": 4, "note": {"of": [1, "x"]}}, {"id": 5, "note": "plain"}],
    ]
    tables = [table_of(took(types, *rows)) for rows in batches]
    assert all(table.schema == WITH_REST for table in tables)
    at = datetime(2026, 11, 23, 6, 34, 39, tzinfo=UTC)
    assert [
        {name: value for name, value in row.items() if value is not None}
        for table in tables
        for row in table.to_pylist()
    ] == [
        {"id": 1, "note": "5"},
        {"id": 2, "tags": ["a"], "parts": [{"n": 1, "at": None}]},
        {"id": 3, "tags": [], "parts": [{"n": 2, "at": at}], REST: '{"new":true}'},
        {"id": 4, "note": '{"of":[1,"x"]}'},
        {"id": 5, "note": "plain"},
    ]


def test_a_list_in_a_given_column_of_text_is_its_json() -> None:
    types = given_types(pa.schema([("id", pa.int64()), ("mixed", pa.string())]))
    assert table_of(took(types, {"id": 1, "mixed": [1, {"a": "x"}]})).to_pylist() == [
        {"id": 1, "mixed": '[1,{"a":"x"}]'}
    ]


def test_fields_that_a_given_schema_does_not_name_are_not_wanted() -> None:
    schema = pa.schema([("name", pa.string()), ("id", pa.int32())])
    types = given_types(schema, primary_key="id", columns={"size": {"data_type": "double"}})
    first = took(types, {"id": 1, "name": "a", "size": 1.5, "extra": [1]})
    later = took(types, {"id": 2, "name": "b", "size": "large", "later": {"deep": 1}})
    assert not first.rejected
    assert not later.rejected
    rows = pa.concat_tables([table_of(first), table_of(later)])
    assert rows.schema == schema
    assert rows.to_pylist() == [{"name": "a", "id": 1}, {"name": "b", "id": 2}]


def test_a_value_without_a_place_is_no_silent_null() -> None:
    schema = pa.schema([("id", pa.int64()), ("size", pa.int32())])
    rows = took(given_types(schema), {"id": 1, "size": 7}, {"id": 2, "size": "large"}, {"id": 3})
    assert table_of(rows).to_pylist() == [{"id": 1, "size": 7}, {"id": 3, "size": None}]
    ((row, reason),) = [(json.loads(bytes(each.row)), each.reason) for each in rows.rejected]
    assert row == {"id": 2, "size": "large"}
    assert reason == "has a value in `size` that its type, int32, has no place for"
    large = took(given_types(schema), {"id": 1, "size": 2**40})
    assert len(large.rejected) == 1


def test_a_key_that_a_given_schema_does_not_name_is_still_required() -> None:
    types = given_types(pa.schema([("n", pa.int64()), (REST, pa.string())]), primary_key="id")
    rows = took(types, {"id": 1, "n": 5}, {"n": 6})
    assert table_of(rows).to_pylist() == [{"n": 5, REST: '{"id":1}'}]
    assert len(rows.rejected) == 1


@pytest.mark.parametrize(
    ("kind", "value", "read"),
    [
        (pa.bool_(), "true", True),
        (pa.int32(), 7, 7),
        (pa.int16(), 7, 7),
        (pa.float32(), 1.5, 1.5),
        (pa.float64(), 3, 3.0),
        (pa.date32(), "2026-11-23", datetime(2026, 11, 23).date()),
        (pa.decimal128(9, 2), "12.34", Decimal("12.34")),
        (pa.timestamp("us"), "2026-11-23T06:34:39", datetime(2026, 11, 23, 6, 34, 39)),
        (pa.string(), 12, "12"),
    ],
)
def test_each_given_type_is_read(kind: pa.DataType, value: Any, read: Any) -> None:
    schema = pa.schema([("v", kind), (REST, pa.string())])
    rows = table_of(took(given_types(schema), {"v": value}, {"v": None}, {"v": value}))
    assert rows.schema == schema
    assert rows.column("v").to_pylist() == [read, None, read]
