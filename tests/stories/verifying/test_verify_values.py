"""Whatever values look like, `headrace verify` tells the same from another."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.stories.verifying.compared import change, compare, found, load, report_of
from tests.support.servers import JsonServer
from tests.support.tables import Row, Warehouse

SAME: dict[str, tuple[list[Row], dict[str, Any]]] = {
    "objects": ([{"id": 1, "who": {"name": "a", "home": {"zip": 1}}}, {"id": 2, "who": None}], {}),
    "lists": ([{"id": 1, "tags": ["a", "b"], "n": 1}, {"id": 2, "tags": []}, {"id": 3}], {}),
    "text keys": ([{"id": "12", "v": 1}, {"id": "9", "v": 2}, {"id": "á/%'", "v": None}], {}),
    "text keys declared as numbers": (
        [{"id": "12"}, {"id": 9}],
        {"columns": {"id": {"data_type": "bigint"}}},
    ),
    "kinds that change": ([{"id": 1, "v": 1}, {"id": 2, "v": "two"}, {"id": 3, "v": 2.5}], {}),
    "nothing but nulls": ([{"id": 1, "v": None}, {"id": 2, "v": None}], {}),
    "decimals": (
        [{"id": 1, "d": 0.1}, {"id": 2, "d": "12345678901234567.89"}, {"id": 3, "d": None}],
        {"columns": {"d": {"data_type": "decimal", "precision": 38, "scale": 10}}},
    ),
    "floats": ([{"id": 1, "f": 0.1}, {"id": 2, "f": 1e300}, {"id": 3, "f": 1 / 3}], {}),
    "times with and without a zone": (
        [{"id": 1, "at": "2026-01-02T02:00:00+02:00", "then": "2026-01-02T02:00:00.123456"}],
        {"columns": {"then": {"data_type": "timestamp", "timezone": False}}},
    ),
    "JSON": (
        [{"id": 1, "j": {"a": [1, {"b": None}]}}, {"id": 2, "j": [1, 2]}, {"id": 3, "j": None}],
        {"columns": {"j": {"data_type": "json"}}},
    ),
    "dates and times of day": (
        [{"id": 1, "day": "2026-01-02", "hour": "12:30:00"}],
        {"columns": {"day": {"data_type": "date"}, "hour": {"data_type": "time"}}},
    ),
    "several keys": (
        [{"id": 1, "part": "a", "n": 1}, {"id": 1, "part": "b", "n": 2}],
        {"primary_key": ["id", "part"]},
    ),
    "a key twice in the listing": ([{"id": 1, "n": 1}, {"id": 1, "n": 2}, {"id": 2}], {}),
    "rows replaced as a whole": ([{"id": 1}, {"id": 2}], {"write_disposition": "replace"}),
    "names that are rewritten": ([{"id": 1, "someThing": 1, "Other Thing": 'x"y'}], {}),
    "no rows": ([], {}),
}


@pytest.mark.parametrize("case", SAME)
def test_whatever_the_rows_look_like_what_was_loaded_is_the_same(
    case: str, server: JsonServer, warehouse: Warehouse
) -> None:
    rows, hints = SAME[case]
    load(server, warehouse, rows, **hints)
    report = report_of(server, warehouse, **hints)

    assert report.ok
    assert found(report.tables[0].comparison) == ([], [], [])


DIFFERENT: dict[str, tuple[Row, Row, dict[str, Any], dict[str, tuple[Any, Any]]]] = {
    "a value": ({"v": 1}, {"v": 2}, {}, {"v": (1, 2)}),
    "a value that went": ({"v": 1}, {"v": None}, {}, {"v": (1, None)}),
    "a field that came": ({}, {"v": 1}, {}, {"v": (None, 1)}),
    "a field in an object": ({"o": {"v": 1}}, {"o": {"v": 2}}, {}, {"o__v": (1, 2)}),
    "another kind": ({"v": 1}, {"v": "x"}, {}, {"v": (1, None), "v__v_text": (None, "x")}),
    "the last digit of a float": (
        {"v": 0.1},
        {"v": 0.10000000000000002},
        {},
        {"v": (0.1, 0.10000000000000002)},
    ),
    "the last digit of a decimal": (
        {"v": "1.10"},
        {"v": "1.11"},
        {"columns": {"v": {"data_type": "decimal", "precision": 20, "scale": 2}}},
        {"v": (Decimal("1.10"), Decimal("1.11"))},
    ),
    "JSON": (
        {"v": {"a": 1, "b": 2}},
        {"v": {"b": 2, "a": True}},
        {"columns": {"v": {"data_type": "json"}}},
        {"v": ('{"a":1,"b":2}', '{"a":true,"b":2}')},
    ),
}


@pytest.mark.parametrize("case", DIFFERENT)
def test_what_differs_is_shown_field_by_field(
    case: str, server: JsonServer, warehouse: Warehouse
) -> None:
    before, now, hints, expected = DIFFERENT[case]
    load(server, warehouse, [{"id": 1, **before}, {"id": 2, "same": "x"}], **hints)
    comparison = compare(server, warehouse, [{"id": 1, **now}, {"id": 2, "same": "x"}], **hints)

    assert found(comparison) == ([], [1], [])
    assert comparison.examples == {1: expected}


def test_equal_json_may_be_written_otherwise(server: JsonServer, warehouse: Warehouse) -> None:
    hints: dict[str, Any] = {"columns": {"j": {"data_type": "json"}}}
    load(server, warehouse, [{"id": 1, "j": {"a": 1, "b": [1.0, 100]}}], **hints)
    change(warehouse, """UPDATE test_data.items SET j = '{"b": [1, 1e2], "a": 1}'""")

    assert found(compare(server, warehouse, **hints)) == ([], [], [])


def test_several_keys_come_as_a_tuple(server: JsonServer, warehouse: Warehouse) -> None:
    rows = [{"id": 1, "part": part, "n": 1} for part in "abc"]
    load(server, warehouse, rows[:2], primary_key=["id", "part"])
    rows[0]["n"] = 2
    comparison = compare(server, warehouse, rows, primary_key=["id", "part"])

    assert found(comparison) == ([(1, "c")], [(1, "a")], [])
    assert comparison.examples == {(1, "a"): {"n": (1, 2)}}
