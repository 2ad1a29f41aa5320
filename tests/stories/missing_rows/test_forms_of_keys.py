"""Keys of rows that are listed and not loaded have the form that they have in the table."""

from __future__ import annotations

from typing import Any

import pytest

from headrace import SyncReport, sync
from headrace.config import parse_config
from headrace.dlt_source.source import build_source
from tests.support.postgres import PostgresDatabase
from tests.support.servers import Answer, JsonServer
from tests.support.tables import Warehouse

Into = Warehouse | PostgresDatabase
KEYS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "epochs in milliseconds": ({"data_type": "timestamp"}, ["1767225600000", "1767225601500"]),
    "times of few digits": (
        {"data_type": "timestamp", "precision": 3},
        ['"2026-01-01T00:00:00.123956Z"', '"2026-01-02T00:00:00.5+02:00"'],
    ),
    "times without a fraction": (
        {"data_type": "timestamp", "precision": 0},
        ['"2026-01-01T00:00:00.923956Z"', '"2026-01-02T00:00:00Z"'],
    ),
    "times of day": ({"data_type": "time", "precision": 3}, ['"10:00:00.123956"', '"11:00:00"']),
    "decimals": ({"data_type": "decimal"}, ["12345678901234567.89", "12345678901234567.88"]),
    "integers of many digits": (
        {"data_type": "decimal"},
        ["123456789012345678901", "123456789012345678902"],
    ),
    "texts with U+0000": ({"data_type": "text"}, ['"a\\u0000b"', '"b"']),
}


@pytest.fixture(params=["duckdb", "adbc", "psycopg2"])
def into(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Into:
    if request.param == "psycopg2":
        monkeypatch.setenv("DISABLE_ADBC_DETECTION", "true")
    name = "warehouse" if request.param == "duckdb" else "postgres"
    found: Into = request.getfixturevalue(name)
    return found


def load(server: JsonServer, into: Into, key: dict[str, Any], rows: dict[str, str]) -> SyncReport:
    listed = ", ".join(f'{{"id": {each}, "n": {n}}}' for each, n in rows.items())
    server.answers(Answer(raw=f"[{listed}]".encode()))
    resource = {
        "name": "items",
        "primary_key": "id",
        "write_disposition": "merge",
        "columns": {"id": key, "n": {"data_type": "bigint"}},
        "missing_rows": {"action": "delete", "most": 1},
        "endpoint": {"paginator": "single_page"},
    }
    config = {"client": {"base_url": server.base_url}, "resources": [resource]}
    return sync(into.pipeline(), build_source(parse_config(config)))


@pytest.mark.parametrize("case", KEYS)
def test_a_row_in_quarantine_stays_whatever_its_key_looks_like(
    case: str, server: JsonServer, into: Into
) -> None:
    key, written = KEYS[case]
    load(server, into, key, dict.fromkeys(written, "1"))
    report = load(server, into, key, dict.fromkeys(written, '"many"'))
    assert report.figures.total.quarantined == 2
    assert into.query("SELECT n FROM test_data.items") == [(1,), (1,)]
    # A key that the table beside has, or none could be taken for gone.
    load(server, into, key, {written[1]: '"many"'})
    assert into.query("SELECT n FROM test_data.items") == [(1,)]


def test_a_number_without_an_end_as_a_key_stops_no_load(
    server: JsonServer, warehouse: Warehouse
) -> None:
    key = {"data_type": "double"}
    load(server, warehouse, key, {'"inf"': "1", "1.5": "1"})
    report = load(server, warehouse, key, {'"inf"': '"many"'})
    assert warehouse.query("SELECT count(*) FROM test_data.items") == [(2,)]
    assert "whose key cannot be read" in report.figures.total.notes[0]
