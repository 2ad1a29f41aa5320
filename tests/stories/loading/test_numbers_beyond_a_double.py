"""Numbers that no double can hold: by whatever road a row comes, it is set aside alone."""

from __future__ import annotations

from typing import Any

import pytest

from headrace import RowError, SyncReport, rest_api_source, sync
from headrace.config import parse_config
from headrace.dlt_source.source import build_source
from tests.support.servers import Answer, Asked, JsonServer
from tests.support.tables import Warehouse

QUARANTINE = "test_data._headrace_quarantine"
DIGITS = "9" * 5_000
NUMBERS = {
    "exponent": "1e999",
    "digits": DIGITS,
    "object": '{"w": -1e999}',
    "list": "[1.5, 1e400000]",
    "objects": f'[{{"w": [{DIGITS}]}}]',
}
# The first row teaches the types of the columns.
TAUGHT = '{"id": 9, "exponent": 1.5, "digits": 1.5, "object": {"w": 1.5}}'
ROWS = [f'{{"id": {key}, "{name}": {NUMBERS[name]}}}' for key, name in enumerate(NUMBERS)]
LISTED = ", ".join([TAUGHT, *ROWS, '{"id": 8, "exponent": 2.5}'])

ROADS: dict[str, dict[str, Any]] = {
    "no selector": {},
    "a path": {"endpoint": {"data_selector": "rows", "paginator": "single_page"}},
    "a filter": {"endpoint": {"data_selector": "$.rows[?(@.id >= 0)]", "paginator": "single_page"}},
    "steps": {"processing_steps": [{"filter": lambda row: "id" in row}]},
    "decimals": {"columns": {"price": {"data_type": "decimal"}}},
    "cursor": {
        "endpoint": {
            "paginator": "single_page",
            "incremental": {"cursor_path": "id", "initial_value": 0},
        }
    },
}


def answer(asked: Asked) -> Answer:
    if asked.path == "/parents":
        return Answer(raw=b'{"rows": [{"id": 1}, {"id": 2, "v": 1e999}]}')
    return Answer(raw=f'{{"total": {DIGITS}, "rows": [{LISTED}]}}'.encode())


def config_of(server: JsonServer, *resources: dict[str, Any]) -> Any:
    return {
        "client": {"base_url": server.base_url},
        "resource_defaults": {
            "primary_key": "id",
            "write_disposition": "merge",
            "endpoint": {"paginator": "single_page"},
        },
        "resources": [*resources],
    }


def load(server: JsonServer, warehouse: Warehouse, *resources: dict[str, Any]) -> SyncReport:
    server.handler = answer
    source = build_source(parse_config(config_of(server, *resources)))
    return sync(warehouse.pipeline(), source)


@pytest.mark.parametrize("road", ROADS)
def test_such_a_row_is_set_aside_alone(road: str, server: JsonServer, warehouse: Warehouse) -> None:
    for _ in range(2):
        report = load(server, warehouse, {"name": "items", **ROADS[road]})
        assert not report.figures.notes, "no trial was needed"

    assert warehouse.query("SELECT id, exponent FROM test_data.items ORDER BY id") == [
        (8, 2.5),
        (9, 1.5),
    ]
    reasons = warehouse.query(f"SELECT DISTINCT reason FROM {QUARANTINE} ORDER BY reason")
    # Where fractions are read digit by digit, the field itself is known.
    assert [reason.replace("object.w", "object") for (reason,) in reasons] == [
        f"`{name}` is or holds a number beyond any double; send it as text"
        for name in sorted(NUMBERS)
    ]


def test_nothing_is_asked_for_by_such_a_row(server: JsonServer, warehouse: Warehouse) -> None:
    parents = {"name": "parents"}
    children = {
        "name": "children",
        "endpoint": {"path": "of/{resources.parents.id}", "data_selector": "rows"},
    }
    report = load(server, warehouse, parents, children)
    assert report.figures.of("parents").quarantined == 1
    assert report.figures.of("children").loaded_rows == 2

    source = build_source(parse_config(config_of(server, parents, children)))
    report = sync(warehouse.pipeline("alone"), source.with_resources("children"))
    assert report.figures.notes == [
        "of `parents`, one row is no object or cannot be read, so nothing was asked for by it: "
        "`children`"
    ]


def test_a_function_that_knows_nothing_of_quarantine_gets_no_such_row(
    server: JsonServer, warehouse: Warehouse
) -> None:
    server.handler = answer
    source = rest_api_source(config_of(server, {"name": "items"}))
    source.resources["items"].add_map(lambda row: {**row, "id": row["id"] + 1})
    with pytest.raises(RowError, match=r"beyond any double.*\n.*`processing_steps`") as caught:
        sync(warehouse.pipeline(), source)
    assert caught.value.url == f"{server.base_url}/items"


@pytest.mark.parametrize("number", ["1e-10", '"0.0000000004"', "-5e-324"])
def test_what_a_column_of_decimals_has_no_digits_for_is_zero_there(
    number: str, server: JsonServer, warehouse: Warehouse
) -> None:
    server.handler = lambda asked: Answer(raw=f'[{{"id": 1, "price": {number}}}]'.encode())
    prices = {"name": "prices", "columns": {"price": {"data_type": "decimal"}}}
    sync(warehouse.pipeline(), build_source(parse_config(config_of(server, prices))))

    assert warehouse.query("SELECT id, price FROM test_data.prices") == [(1, 0)]
