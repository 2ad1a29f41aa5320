"""Keys of rows that are listed and not loaded have the form that they have in the table."""

from __future__ import annotations

from typing import Any

import pytest

from headrace import SyncReport, sync
from headrace.config import parse_config
from headrace.dlt_source.source import build_source
from tests.support.postgres import PostgresDatabase
from tests.support.servers import Answer, Asked, JsonServer
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
    "numbers without an end": ({"data_type": "double"}, ['"inf"', "1.5"]),
}
ENDLESS = "numbers without an end"
SOUND = [kind for kind in KEYS if kind != ENDLESS]


@pytest.fixture(params=["duckdb", "adbc", "psycopg2"])
def into(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Into:
    if request.param == "psycopg2":
        monkeypatch.setenv("DISABLE_ADBC_DETECTION", "true")
    name = "warehouse" if request.param == "duckdb" else "postgres"
    found: Into = request.getfixturevalue(name)
    return found


def load(server: JsonServer, into: Into, rows: dict[str, dict[str, str]]) -> SyncReport:
    """Syncs a table for each kind of key: its rows are the field `n` by the key, as JSON."""

    def listed(asked: Asked) -> Answer:
        kind = kinds[asked.path]
        written = (f'{{"id": {each}, "n": {n}}}' for each, n in rows[kind].items())
        return Answer(raw=f"[{', '.join(written)}]".encode())

    kinds = {f"/{table(kind)}": kind for kind in rows}
    server.handler = listed
    resources = [
        {
            "name": table(kind),
            "primary_key": "id",
            "write_disposition": "merge",
            "columns": {"id": KEYS[kind][0], "n": {"data_type": "bigint"}},
            "missing_rows": {"action": "delete", "most": 1},
            "endpoint": {"paginator": "single_page"},
        }
        for kind in rows
    ]
    config = {"client": {"base_url": server.base_url}, "resources": resources}
    return sync(into.pipeline(), build_source(parse_config(config)))


def table(kind: str) -> str:
    return f"items_{list(KEYS).index(kind)}"


def stored(into: Into) -> dict[str, list[Any]]:
    return {kind: into.query(f"SELECT n FROM test_data.{table(kind)}") for kind in SOUND}


def test_a_row_in_quarantine_stays_whatever_its_key_looks_like(
    server: JsonServer, into: Into
) -> None:
    written = {kind: KEYS[kind][1] for kind in SOUND}
    load(server, into, {kind: dict.fromkeys(keys, "1") for kind, keys in written.items()})
    report = load(server, into, {k: dict.fromkeys(keys, '"many"') for k, keys in written.items()})
    assert {kind: report.figures.of(table(kind)).quarantined for kind in SOUND} == dict.fromkeys(
        SOUND, 2
    )
    assert stored(into) == {kind: [(1,), (1,)] for kind in SOUND}
    # A key that the table beside has, or none could be taken for gone.
    load(server, into, {kind: {keys[1]: '"many"'} for kind, keys in written.items()})
    assert stored(into) == {kind: [(1,)] for kind in SOUND}


def test_a_number_without_an_end_as_a_key_stops_no_load(
    server: JsonServer, warehouse: Warehouse
) -> None:
    load(server, warehouse, {ENDLESS: {'"inf"': "1", "1.5": "1"}})
    report = load(server, warehouse, {ENDLESS: {'"inf"': '"many"'}})
    found = warehouse.query(f"SELECT count(*) FROM test_data.{table(ENDLESS)}")
    assert found == [(2,)]
    assert "whose key cannot be read" in report.figures.total.notes[0]
