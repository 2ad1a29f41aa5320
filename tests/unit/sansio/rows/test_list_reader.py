"""Lists that Arrow has read become rows of child tables, each with its place."""

from __future__ import annotations

from typing import Any

import msgspec
import pyarrow as pa
from dlt.common.normalizers.json.helpers import get_nested_row_hash

from headrace.sansio.rows import Column, Fields, ListFields, MainRoad, nested_row_ids

TYPES = {int: pa.int64(), str: pa.string(), float: pa.float64(), bool: pa.bool_()}


class Tables:
    """Child tables that take any column, of the type of its first value."""

    deepest = 1_000

    def __init__(self, types: dict[str, pa.DataType]) -> None:
        self._types = types

    def table_of(self, path: tuple[str, ...]) -> str:
        return "__".join(("items", *path))

    def name_of(self, path: tuple[str, ...]) -> str:
        return "__".join(path)

    def is_own(self, column_name: str) -> bool:
        return False

    def is_json(self, table: str, column_name: str) -> bool:
        return False

    def column(self, table: str, column_name: str) -> Column | None:
        return Column(column_name, self._types[column_name])

    def is_made(self, table: str) -> bool:
        return True

    def keep(self, table: str, column_name: str | None = None) -> None:
        """Nothing is forgotten."""


def typed(rows: list[Any], **types: pa.DataType) -> Any:
    fields = Fields(
        {},
        lambda path: "__".join(path),
        lambda name, value: Column(name, TYPES[type(value)]),
        lambda path: True,
    )
    fields.lists = ListFields(Tables(types))
    return MainRoad(fields).type_rows([msgspec.Raw(msgspec.json.encode(row)) for row in rows])


def test_each_item_has_its_place() -> None:
    batch = typed(
        [
            {"id": 1, "l": [{"a": 1, "m": [None, "x"]}, None]},
            {"id": 2, "l": []},
            {"id": 3, "l": [{"m": []}, {"a": 2, "m": ["y"]}]},
        ],
        a=pa.int64(),
        value=pa.string(),
    )
    outer, inner = batch.items
    assert (outer.table, outer.parent) == ("items__l", None)
    assert outer.columns.to_pylist() == [{"a": 1}, {"a": None}, {"a": None}, {"a": 2}]
    assert outer.parents.to_pylist() == [0, 0, 2, 2]
    assert outer.places.to_pylist() == [0, 1, 0, 1]
    assert (inner.table, inner.parent) == ("items__l__m", "items__l")
    assert inner.columns.to_pylist() == [{"value": None}, {"value": "x"}, {"value": "y"}]
    assert inner.parents.to_pylist() == [0, 0, 3]
    assert inner.roots.to_pylist() == [0, 0, 2]


def test_a_row_that_does_not_fit_takes_its_items_along() -> None:
    rows = [{"id": 1, "l": [1]}, {"id": 2, "l": ["x", 2]}, {"id": 3, "l": [3, 4]}]
    batch = typed(rows, value=pa.int64())
    assert [row.place for row in batch.side_rows] == [1]
    (items,) = batch.items
    assert items.columns.to_pylist() == [{"value": 1}, {"value": 3}, {"value": 4}]
    assert items.roots.to_pylist() == [0, 1, 1]


def test_what_arrow_would_misread_is_read_as_told() -> None:
    batch = typed([{"id": 1, "l": [None, 2]}, {"id": 2, "l": [None, None]}], value=pa.int64())
    (items,) = batch.items
    assert items.columns.to_pylist() == [{"value": None}, {"value": 2}, *[{"value": None}] * 2]


def test_row_ids_are_those_of_dlt() -> None:
    ids = nested_row_ids(["a-1", "a-1", "ü"], "items__l", pa.array([0, 1, 12]))
    assert ids.to_pylist() == [
        get_nested_row_hash(parent, "items__l", place)
        for parent, place in [("a-1", 0), ("a-1", 1), ("ü", 12)]
    ]
