"""`headrace verify` compares the lists within rows too, which stand in tables of their own."""

from __future__ import annotations

from typing import Any

import pytest

from headrace import rest_api_source, verify
from tests.stories.verifying.compared import change, config_of, found, load, report_of
from tests.support.servers import JsonServer
from tests.support.tables import Row, Warehouse

ROWS: list[Row] = [
    {"id": 1, "tags": [{"name": "a"}, {"name": "b", "marks": [1, 2, 3]}]},
    {"id": 2, "tags": [{"name": "c", "marks": [4]}]},
    {"id": 3, "tags": []},
]
UNLISTED = [{"id": row["id"], "tags": []} for row in ROWS]


def test_lists_that_are_as_loaded_are_no_fault(server: JsonServer, warehouse: Warehouse) -> None:
    load(server, warehouse, ROWS)

    assert report_of(server, warehouse).ok


def test_lists_that_became_empty_since(server: JsonServer, warehouse: Warehouse) -> None:
    load(server, warehouse, ROWS)
    report = report_of(server, warehouse, UNLISTED)

    assert not report.ok
    assert found(report.tables[0].comparison) == ([], [1, 2], [])


FAULTS = [
    "DELETE FROM test_data.items__tags WHERE name = 'b1'",
    "UPDATE test_data.items__tags SET name = 'B' WHERE name = 'b2'",
    "UPDATE test_data.items__tags__marks SET value = 9 WHERE value = 31",
    "DELETE FROM test_data.items__tags__marks WHERE value = 43",
    "UPDATE test_data.items__tags SET _dlt_list_idx = 1 - _dlt_list_idx WHERE name IN ('a5', 'b5')",
    "INSERT INTO test_data.items__tags BY NAME SELECT * REPLACE ('x' AS _dlt_id, "
    "2 AS _dlt_list_idx) FROM test_data.items__tags WHERE name = 'b6'",
]


@pytest.mark.parametrize("strategy", ["delete-insert", "upsert"])
def test_child_rows_at_fault_are_found_and_repaired(
    server: JsonServer, warehouse: Warehouse, strategy: str
) -> None:
    hints: Any = {"write_disposition": {"disposition": "merge", "strategy": strategy}}
    at_fault = range(1, len(FAULTS) + 1)
    rows: list[Row] = [
        {"id": n, "tags": [{"name": f"a{n}"}, {"name": f"b{n}", "marks": [10 * n + 1, 10 * n + 3]}]}
        for n in [*at_fault, 7]
    ]
    load(server, warehouse, rows, **hints)
    for fault in FAULTS:
        change(warehouse, fault)
    report = report_of(server, warehouse, **hints)

    assert not report.ok
    assert found(report.tables[0].comparison) == ([], [*at_fault], [])
    assert set(report.tables[0].comparison.fields) == {"items__tags"}

    source = rest_api_source(config_of(server, **hints))
    assert verify(warehouse.pipeline(), source, repair=True).ok
    assert report_of(server, warehouse, **hints).ok
