"""Rows that were bad and are so no more: the quarantine has only what is not in its table."""

from __future__ import annotations

from typing import Any

import pytest

from headrace import SyncReport, rest_api_source, sync
from tests.support.postgres import PostgresDatabase
from tests.support.servers import JsonServer
from tests.support.tables import Warehouse

Into = Warehouse | PostgresDatabase
QUARANTINE = "SELECT raw_row FROM test_data._headrace_quarantine ORDER BY raw_row"


def load(server: JsonServer, into: Into, **hints: Any) -> SyncReport:
    resource = {
        "name": "runs",
        "columns": {"n": {"data_type": "bigint"}},
        "endpoint": {"path": "runs", "paginator": "single_page"},
        **hints,
    }
    config = {"client": {"base_url": server.base_url}, "resources": [resource]}
    return sync(into.pipeline(), rest_api_source(config))


MERGE = {"write_disposition": "merge"}
KEYS: dict[str, tuple[Any, list[dict[str, Any]]]] = {
    "integers": ("id", [{"id": 1}, {"id": 2}, {"id": 3}]),
    "integers as texts": ("id", [{"id": "1"}, {"id": "2"}, {"id": "3"}]),
    "texts": ("runId", [{"runId": "a"}, {"runId": "b"}, {"runId": "c"}]),
    "two": (["id", "part"], [{"id": 1, "part": "x"}, {"id": 1, "part": "y"}, {"id": 2, "part": 1}]),
}


@pytest.mark.parametrize("case", KEYS)
def test_a_row_that_is_loaded_since_leaves_the_quarantine(
    case: str, server: JsonServer, into: Into
) -> None:
    primary_key, (first, second, third) = KEYS[case]
    hints = {"primary_key": primary_key, **MERGE}
    if case == "integers as texts":
        hints["columns"] = {"id": {"data_type": "bigint"}, "n": {"data_type": "bigint"}}
    server.answers([{**first, "n": 1}, {**second, "n": "odd"}, {**third, "n": "odd"}])
    assert load(server, into, **hints).figures.total.quarantined == 2
    server.answers([{**first, "n": 1}, {**second, "n": 2}, {**third, "n": "odd"}])
    load(server, into, **hints)

    assert len(into.query(QUARANTINE)) == 1
    assert into.query("SELECT count(*) FROM test_data.runs") == [(2,)]


def test_a_row_whose_earlier_version_is_loaded_stays_there(server: JsonServer, into: Into) -> None:
    hints = {"primary_key": "id", **MERGE}
    server.answers([{"id": 1, "n": 1}, {"id": 2, "n": 2}])
    load(server, into, **hints)
    server.answers([{"id": 1, "n": "odd"}, {"id": 2, "n": 3}])
    for _ in range(2):
        load(server, into, **hints)
        assert len(into.query(QUARANTINE)) == 1


def test_without_a_key_a_row_stays_there(server: JsonServer, into: Into) -> None:
    server.answers([{"id": 1, "n": "odd"}])
    load(server, into)
    server.answers([{"id": 1, "n": 1}])
    load(server, into)
    assert len(into.query(QUARANTINE)) == 1
