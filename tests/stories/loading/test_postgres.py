"""The same rows in PostgreSQL as in DuckDB."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from headrace import SyncReport, sync
from headrace.config import SourceConfig, load_config, parse_config
from headrace.dlt_source.source import build_source
from headrace.simulator import Simulator
from tests.support.postgres import PostgresDatabase
from tests.support.servers import JsonServer
from tests.support.tables import Warehouse

ROWS = 2_000
TABLE = "test_data.executions"


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with Simulator(rows=ROWS, seed=7) as running:
        yield running


def executions_config(simulator: Simulator, *overrides: str) -> SourceConfig:
    settings = {"API_KEY": simulator.api_key, "EXECUTIONS_BASE_URL": simulator.base_url}
    return load_config("executions", overrides, lookup=settings.get)


def load(simulator: Simulator, into: PostgresDatabase | Warehouse, *overrides: str) -> SyncReport:
    return sync(into.pipeline(), build_source(executions_config(simulator, *overrides)))


def test_rows_are_those_of_duckdb(
    simulator: Simulator, postgres: PostgresDatabase, warehouse: Warehouse
) -> None:
    report = load(simulator, postgres)
    load(simulator, warehouse)

    assert report.figures.of("executions").loaded_rows == ROWS
    assert postgres.rows(TABLE) == warehouse.rows(TABLE)


def test_columns_have_the_declared_types(simulator: Simulator, postgres: PostgresDatabase) -> None:
    load(simulator, postgres)

    assert postgres.columns(TABLE) == {
        "id": ("bigint", False),
        "finished": ("boolean", False),
        "mode": ("character varying", False),
        "retry_of": ("character varying", True),
        "retry_success_id": ("bigint", True),
        "started_at": ("timestamp with time zone", True),
        "stopped_at": ("timestamp with time zone", True),
        "workflow_id": ("character varying", True),
        "wait_till": ("timestamp with time zone", True),
        "status": ("character varying", True),
        "_dlt_load_id": ("character varying", False),
        "_dlt_id": ("character varying", False),
    }


def test_the_second_run_merges(simulator: Simulator, postgres: PostgresDatabase) -> None:
    whole_listing = "resources.executions.endpoint.incremental=null"
    load(simulator, postgres, whole_listing)
    first = postgres.rows(TABLE)
    (before,) = postgres.query(f"SELECT min(_dlt_load_id) FROM {TABLE}")
    load(simulator, postgres, whole_listing)

    assert postgres.rows(TABLE) == first
    found = postgres.query(
        f"SELECT count(*), count(DISTINCT _dlt_id), min(_dlt_load_id) > '{before[0]}' FROM {TABLE}"
    )
    assert found == [(ROWS, ROWS, True)]


def test_rows_of_all_kinds(
    server: JsonServer, postgres: PostgresDatabase, warehouse: Warehouse
) -> None:
    rows: list[dict[str, Any]] = [
        {"id": 1, "text": "žluťoučký 馬 😀 \u2028 \" ' \\ \n \t", "who": {"name": "a"}},
        {"id": 2, "text": "", "fraction": 0.1, "at": "2026-11-23T06:34:39.718Z", "flag": True},
        {"id": 3, "text": "NULL", "whole": 9223372036854775807, "tags": ["a", "b"]},
        {"id": 4, "text": "\\N", "late": "x"},
        {"id": 5, "text": None, "whole": -1, "fraction": 1e300, "flag": False},
    ]
    server.answers(rows)
    for destination in (postgres, warehouse):
        sync(destination.pipeline(), build_source(items_config(server)))

    assert postgres.rows("test_data.items") == warehouse.rows("test_data.items")
    assert postgres.rows("test_data.items__tags", order="value") == [
        {"value": "a"},
        {"value": "b"},
    ]


def test_a_bad_row_goes_to_quarantine(server: JsonServer, postgres: PostgresDatabase) -> None:
    server.answers([{"id": 1, "n": 1}, {"id": 2, "n": "x"}, {"n": 3}])
    report = sync(postgres.pipeline(), build_source(items_config(server)))

    assert postgres.query("SELECT id, n FROM test_data.items") == [(1, 1)]
    assert postgres.query(
        "SELECT resource, raw_row, reason FROM test_data._headrace_quarantine ORDER BY reason"
    ) == [
        ("items", '{"id": 2, "n": "x"}', '`n` should be bigint, but is "x"'),
        (
            "items",
            '{"n": 3}',
            "it has no value for `id`, which is a key of the table or declared `nullable: false`",
        ),
    ]
    assert report.figures.of("items").quarantined == 2


def items_config(server: JsonServer) -> SourceConfig:
    return parse_config(
        {
            "client": {"base_url": server.base_url},
            "resources": [
                {
                    "name": "items",
                    "primary_key": "id",
                    "write_disposition": "merge",
                    "columns": {"n": {"data_type": "bigint"}},
                    "endpoint": {"paginator": "single_page"},
                }
            ],
        }
    )
