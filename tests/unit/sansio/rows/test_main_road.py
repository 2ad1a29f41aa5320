"""Rows come out typed or set apart; none is lost, none is changed."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import msgspec
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.sansio.rows import Column, Fields, MainRoad, SideRow, TypedBatch

TYPES = {bool: pa.bool_(), int: pa.int64(), float: pa.float64(), str: pa.string()}
INSTANT = pa.timestamp("us", "UTC")


def infer(name: str, value: Any) -> Column:
    return Column(name, TYPES.get(type(value)))


def new_road(
    columns: dict[str, pa.DataType] | None = None, required: tuple[str, ...] = ()
) -> MainRoad:
    known = {
        name: Column(name, kind, nullable=name not in required)
        for name, kind in (columns or {}).items()
    }
    fields = Fields(known, lambda path: "__".join(path).lower(), infer, lambda path: len(path) < 3)
    return MainRoad(fields, required)


def part(road: MainRoad, *rows: Any) -> TypedBatch:
    return road.type_rows([msgspec.Raw(msgspec.json.encode(row)) for row in rows])


def part_text(road: MainRoad, *rows: str) -> TypedBatch:
    return road.type_rows([msgspec.Raw(row.encode()) for row in rows])


def test_columns_are_typed_by_their_first_value() -> None:
    typed_batch = part(new_road(), {"a": None, "b": 1}, {"a": "x", "b": 2, "c": 1.5}, {"d": True})

    assert typed_batch.table.to_pydict() == {
        "b": [1, 2, None],
        "a": [None, "x", None],
        "c": [None, 1.5, None],
        "d": [None, None, True],
    }
    assert typed_batch.new_columns == ["b", "a", "c", "d"]
    assert typed_batch.side_rows == []


def test_texts_of_numbers_and_switches_are_read_as_those() -> None:
    road = new_road({"n": pa.float64(), "b": pa.bool_()})
    rows = [{"n": "1.5", "b": "true"}, {"n": None, "b": None}, {"n": "-7e-2", "b": "N"}]
    odd = [{"n": "NaN"}, {"n": " 7"}, {"n": "9" * 101}, {"b": "on"}, {"n": "x", "b": "t"}]
    typed_batch = part(road, *rows, *odd)

    assert typed_batch.table.to_pydict() == {"n": [1.5, None, -0.07], "b": [True, None, False]}
    assert [row.values for row in typed_batch.side_rows] == odd


def test_objects_and_lists_that_stay_whole_are_for_the_side_road() -> None:
    known = {"a": Column("a", None)}
    fields = Fields(known, "__".join, infer, lambda path: path[0] != "a")
    road = MainRoad(fields)

    for value in ({"b": 1}, {}, [], [1]):
        typed_batch = part(road, {"id": 1}, {"id": 2, "a": value}, {"id": 3, "a": None})
        assert typed_batch.table.to_pydict() == {"id": [1, 3]}
        assert typed_batch.side_rows == [SideRow(1, {"id": 2, "a": value})]

    # Elsewhere they leave no trace, or come apart.
    typed_batch = part(road, {"id": 1, "l": []}, {"id": 2, "o": {}}, {"id": 3, "o": {"p": 1}})
    assert typed_batch.table.to_pydict() == {"id": [1, 2, 3], "o__p": [None, None, 1]}


def test_columns_go_on_over_batches() -> None:
    road = new_road()
    part(road, {"a": 1})
    second = part(road, {"b": "x"})

    assert second.table.to_pydict() == {"a": [None], "b": ["x"]}
    assert second.new_columns == ["b"]


def test_a_field_that_is_always_null_is_no_column() -> None:
    assert part(new_road(), {"a": None}, {"a": None, "b": 1}).table.column_names == ["b"]


def test_declared_columns_exist_without_a_value() -> None:
    table = part(new_road({"at": INSTANT}), {"b": 1}).table
    assert table.schema.field("at").type == INSTANT
    assert table.to_pydict() == {"at": [None], "b": [1]}


def test_no_rows_give_an_empty_table_of_the_declared_columns() -> None:
    table = part(new_road({"a": pa.int64()})).table
    assert (table.num_rows, table.column_names) == (0, ["a"])


@pytest.mark.parametrize(
    ("kind", "values", "expected"),
    [
        (pa.int64(), ["12", "-7", "0", None], [12, -7, 0, None]),
        (pa.int64(), ["9223372036854775807"], [9223372036854775807]),
        (pa.int32(), [2147483647, None], [2147483647, None]),
        (pa.string(), [12, -9223372036854775808], ["12", "-9223372036854775808"]),
        (pa.float64(), [1, 2.5], [1.0, 2.5]),
        (
            INSTANT,
            ["2026-11-23T06:34:39.718Z", "2026-11-23T06:34:39+02:00"],
            [
                datetime(2026, 11, 23, 6, 34, 39, 718000, UTC),
                datetime(2026, 11, 23, 4, 34, 39, tzinfo=UTC),
            ],
        ),
        (
            INSTANT,
            [1795415679, 1795415679718, 0, -1, None],
            [
                datetime(2026, 11, 23, 6, 34, 39, tzinfo=UTC),
                datetime(2026, 11, 23, 6, 34, 39, 718000, UTC),
                datetime(1970, 1, 1, tzinfo=UTC),
                datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC),
                None,
            ],
        ),
    ],
)
def test_values_of_another_kind_become_the_columns(
    kind: pa.DataType, values: list[Any], expected: list[Any]
) -> None:
    typed_batch = part(new_road({"v": kind}), *({"v": value} for value in values))

    assert typed_batch.table["v"].to_pylist() == expected
    assert typed_batch.side_rows == []


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (pa.int64(), 1.5),
        (pa.int64(), 2.0),
        (pa.int64(), "twelve"),
        (pa.int64(), "1e3"),
        (pa.int64(), 2**63),
        (pa.int64(), str(2**63)),
        (pa.int64(), True),
        (pa.int32(), 2**31),
        (pa.string(), 1.5),
        (pa.string(), True),
        (pa.string(), ["x"]),
        (pa.string(), {"x": 1}),
        (pa.bool_(), 1),
        (pa.bool_(), "true"),
        (pa.float64(), "1.5"),
        (INSTANT, 1795415679.5),
        (INSTANT, 10**18),
        (INSTANT, "soon"),
        (INSTANT, "2026-11-23T06:34:39.123456789Z"),
    ],
)
def test_a_value_that_does_not_fit_takes_the_side_road_alone(kind: pa.DataType, value: Any) -> None:
    fitting = {
        "v": {pa.bool_(): True, pa.string(): "x", INSTANT: "2026-01-01T00:00:00Z"}.get(kind, 1)
    }
    rows = [{**fitting, "n": number} for number in range(1_000)]
    rows[500]["v"] = value
    typed_batch = part(new_road({"v": kind}), *rows)

    assert len(typed_batch.side_rows) <= 64
    assert rows[500] in side_values(typed_batch)
    assert typed_batch.table.num_rows + len(typed_batch.side_rows) == 1_000


def test_objects_become_columns() -> None:
    typed_batch = part(
        new_road(),
        {"who": None},
        {"who": {"name": "a", "home": {"zip": 1}}},
        {"who": {"name": None, "age": 3}},
        {"who": {}},
    )

    assert typed_batch.table.to_pydict() == {
        "who__name": [None, "a", None, None],
        "who__home__zip": [None, 1, None, None],
        "who__age": [None, None, 3, None],
    }
    assert typed_batch.side_rows == []


def test_objects_too_deep_for_columns_take_the_side_road() -> None:
    rows = [{"a": {"b": {"c": {"d": 1}}}}, {"a": {"b": {"c": None}}, "n": 1}]
    typed_batch = part(new_road(), *rows)

    assert side_values(typed_batch) == rows[:1]
    assert typed_batch.table.to_pydict() == {"n": [1]}


def test_no_level_is_named_beyond_those_that_can_be_loaded() -> None:
    named: set[int] = set()

    def name_of(path: tuple[str, ...]) -> str:
        named.add(len(path))
        return "__".join(path)

    road = MainRoad(Fields({}, name_of, infer, lambda path: bool(name_of(path))))
    typed_batch = part_text(road, '{"b": 1}', '{"a": ' * 400 + "1" + "}" * 400)

    assert rejected(typed_batch)[0][1] == "it nests deeper than 200 levels"
    assert max(named) <= 201


def test_lists_take_the_side_road_unless_they_are_empty() -> None:
    rows = [{"n": 1, "l": []}, {"n": 2, "l": [1]}, {"n": 3, "l": None}]
    typed_batch = part(new_road(), *rows)

    assert side_values(typed_batch) == [rows[1]]
    assert typed_batch.table.to_pydict() == {"n": [1, 3]}


def test_a_field_that_is_an_object_here_and_a_value_there() -> None:
    rows: list[dict[str, Any]] = [{"a": 1}, {"a": {"b": 2}}, {"a": {"b": 3}}, {"a": 4}]
    typed_batch = part(new_road(), *rows)

    assert typed_batch.table.num_rows + len(typed_batch.side_rows) == 4
    assert set(typed_batch.table.column_names) <= {"a", "a__b"}


def test_fields_that_meet_in_one_column_take_the_side_road() -> None:
    """Even a null counts: of two fields in a row the last one fills the column."""
    rows = [{"Name": "a"}, {"name": "b"}, {"Name": "c", "name": None}]
    typed_batch = part(new_road(), *rows)

    assert typed_batch.table.num_rows == 0
    assert side_values(typed_batch) == rows


def test_the_same_field_twice_in_a_row_takes_the_side_road() -> None:
    assert part_text(new_road(), '{"a": 1, "a": 2}').side_rows == [SideRow(0, {"a": 2})]


def test_rows_may_be_written_over_several_lines() -> None:
    typed_batch = part_text(new_road(), '{\n  "a": 1\n}', '{"a":\r\n2}')
    assert typed_batch.table.to_pydict() == {"a": [1, 2]}


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        ("null", "null"),
        ("[1]", "a list"),
        ("1", "a number"),
        ("-1.5", "a number"),
        ('"text"', "a text"),
        ("true", "a boolean"),
    ],
)
def test_a_row_that_is_no_object_is_rejected_alone(row: str, kind: str) -> None:
    typed_batch = part_text(new_road(), '{"a": 1}', row, '{"a": 2}')

    assert typed_batch.table.to_pydict() == {"a": [1, 2]}
    where = "see that `data_selector` leads to a list of objects"
    assert rejected(typed_batch) == [(row, f"it is no object, but {kind}: {where}")]
    assert typed_batch.places == [0, 2]


@pytest.mark.parametrize("row", ['{"a": null}', "{}", '{"b": [1]}'])
def test_a_row_without_a_required_value_is_rejected_alone(row: str) -> None:
    road = new_road({"a": pa.int64()}, required=("a",))
    typed_batch = part_text(road, '{"a": 1}', row, '{"a": 3, "b": [2]}')

    assert typed_batch.table["a"].to_pylist() == [1]
    assert [side_row.place for side_row in typed_batch.side_rows] == [2]
    ((text, reason),) = rejected(typed_batch)
    assert text == row
    assert reason.startswith("it has no value for `a`")


def test_a_required_column_that_no_row_has_rejects_them_all() -> None:
    typed_batch = part(new_road(required=("key",)), {"a": 1}, {"a": [1]})
    assert (typed_batch.table.num_rows, typed_batch.side_rows, len(typed_batch.rejected)) == (
        0,
        [],
        2,
    )


def test_a_value_that_its_column_refuses_rejects_the_row_alone() -> None:
    fields = Fields(
        {"a": Column("a", pa.int64())}, lambda path: path[-1], infer, lambda path: False
    )
    road = MainRoad(
        fields, refuses=lambda name, value: "is odd" if (name, value) == ("a", "x") else None
    )
    typed_batch = part(road, {"a": 1}, {"a": "x"}, {"a": 1.5})

    assert rejected(typed_batch) == [('{"a":"x"}', "`a` is odd")]
    assert [side_row.values for side_row in typed_batch.side_rows] in (
        [{"a": 1.5}],
        [{"a": 1}, {"a": 1.5}],
    )


ODD_VALUES: dict[str, dict[str, Any]] = {
    "text for a number": {"n": "x"},
    "a fraction for a whole number": {"n": 1.5},
    "more than 64 bits": {"n": 2**70},
    "an object for a number": {"n": {"a": 1}},
    "a number for a text": {"t": 7},
    "a value for an object": {"o": 7},
    "another kind in an object": {"o": {"a": "x"}},
    "no time": {"at": "soon"},
    "a list": {"new": [1]},
}


@pytest.mark.parametrize("case", ODD_VALUES)
def test_each_tenth_row_that_does_not_fit_takes_no_other_along(case: str) -> None:
    """Not the neighbours of an odd row either: the side road is many times as slow."""
    fine = {"n": 1, "t": "a", "o": {"a": 1}, "at": "2026-11-23T06:34:39.5Z"}
    road = new_road({"n": pa.int64(), "t": pa.string(), "at": INSTANT})
    part(road, fine)
    rows = [{**fine, "k": at, **(ODD_VALUES[case] if at % 10 == 3 else {})} for at in range(1_000)]
    typed_batch = part(road, *rows)

    assert [row.place for row in typed_batch.side_rows] == list(range(3, 1_000, 10))
    assert typed_batch.table.num_rows == 900
    assert set(typed_batch.table.column("at").to_pylist()) == {
        datetime(2026, 11, 23, 6, 34, 39, 500_000, UTC)
    }


def rejected(typed_batch: TypedBatch) -> list[tuple[str, str]]:
    return [(bytes(each.row).decode(), each.reason) for each in typed_batch.rejected]


def side_values(typed_batch: TypedBatch) -> list[dict[str, Any]]:
    return [side_row.values for side_row in typed_batch.side_rows]


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
    | st.integers(-1000, 1000).map(str)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text("ab"), inner, max_size=2),
)
ROWS = st.lists(st.dictionaries(st.sampled_from(["a", "b", "A", "c", "d"]), VALUES), max_size=8)


@given(st.lists(ROWS, max_size=4))
def test_nothing_is_lost_and_nothing_changes(batches: list[list[dict[str, Any]]]) -> None:
    road = new_road()
    for batch in batches:
        rows = [msgspec.json.decode(msgspec.json.encode(row)) for row in batch]
        typed_batch = part(road, *rows)

        assert typed_batch.table.num_rows + len(typed_batch.side_rows) == len(rows)
        kept = Counter(repr(row.values) for row in typed_batch.side_rows)
        assert not kept - Counter(map(repr, rows))
        main = [row for row in rows if repr(row) not in kept]
        twins = [row for row in rows if repr(row) in kept]
        assert len(main) + len(twins) == len(rows)
        for row, typed in zip(main, typed_batch.table.to_pylist(), strict=False):
            assert without_nulls(typed) == expected(row, typed_batch.table.schema)


def expected(row: dict[str, Any], schema: pa.Schema, *parents: str) -> dict[str, Any]:
    """What the main road makes of a row that it takes."""
    found: dict[str, Any] = {}
    for name, value in row.items():
        column = "__".join((*parents, name)).lower()
        if isinstance(value, dict):
            found |= expected(value, schema, *parents, name)
        elif value is not None and value != []:
            as_type = {pa.int64(): int, pa.float64(): float, pa.string(): str}
            found[column] = as_type.get(schema.field(column).type, bool)(value)
    return found


def without_nulls(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if value is not None}
