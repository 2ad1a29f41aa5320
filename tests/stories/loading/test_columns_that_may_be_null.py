"""A column that may be null from now on, in tables that were made when it might not."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from headrace import SyncReport, rest_api_source, sync
from tests.support.postgres import PostgresDatabase
from tests.support.servers import JsonServer
from tests.support.tables import Warehouse

Into = Warehouse | PostgresDatabase


def load(server: JsonServer, into: Into, *, nullable: bool, **hints: Any) -> SyncReport:
    columns = {"startedAt": {"data_type": "timestamp", "nullable": nullable}}
    endpoint = {"path": "runs", "paginator": "single_page"}
    resource = {"name": "runs", "columns": columns, "endpoint": endpoint, **hints}
    config = {"client": {"base_url": server.base_url}, "resources": [resource]}
    return sync(into.pipeline(), rest_api_source(config))


HINTS: dict[str, dict[str, Any]] = {
    "append": {"write_disposition": "append"},
    "merge": {"write_disposition": "merge", "primary_key": "id"},
    "upsert": {
        "write_disposition": {"disposition": "merge", "strategy": "upsert"},
        "primary_key": "id",
    },
    "replace": {"write_disposition": "replace"},
}


@pytest.mark.parametrize("how", HINTS)
@pytest.mark.parametrize("is_new_machine", [False, True])
def test_a_row_without_a_value_is_loaded(
    how: str, is_new_machine: bool, server: JsonServer, into: Into, tmp_path: Path
) -> None:
    server.answers([{"id": 1, "startedAt": "2026-01-01T00:00:00Z"}])
    load(server, into, nullable=False, **HINTS[how])
    if is_new_machine:
        shutil.rmtree(tmp_path / "pipelines")
    server.answers([{"id": 2, "startedAt": None}])
    for _ in range(2):
        report = load(server, into, nullable=True, **HINTS[how])
        assert report.figures.total.quarantined == 0
        assert not report.figures.notes
    found = into.query("SELECT DISTINCT started_at FROM test_data.runs WHERE id = 2")
    assert found == [(None,)]


def test_a_row_without_a_value_goes_to_quarantine_where_it_needs_one(
    server: JsonServer, into: Into
) -> None:
    server.answers([{"id": 1, "startedAt": "2026-01-01T00:00:00Z"}])
    load(server, into, nullable=False)
    server.answers([{"id": 2, "startedAt": None}])
    assert load(server, into, nullable=False).figures.total.quarantined == 1


def test_a_database_that_leaves_the_column_as_it_is_says_why(
    server: JsonServer, warehouse: Warehouse
) -> None:
    server.answers([{"id": 1, "startedAt": "2026-01-01T00:00:00Z"}])
    load(server, warehouse, nullable=False)
    warehouse.query("CREATE INDEX by_start ON test_data.runs (started_at)")
    report = load(server, warehouse, nullable=True)
    assert "`started_at` may be null now" in report.figures.notes[0]
    assert "depend" in report.figures.notes[0]
    assert warehouse.query("SELECT count(*) FROM test_data.runs") == [(2,)]
