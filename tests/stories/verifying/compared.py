"""What the stories of `headrace verify` share: a table, its listing, and what lies between them."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import duckdb

from headrace import VerificationReport, rest_api_source, sync, verify
from headrace.verification.comparison import TableComparison
from tests.support.servers import JsonServer
from tests.support.tables import Row, Warehouse

ROWS: list[Row] = [
    {"id": 1, "name": "a", "at": "2026-01-01T00:00:00Z", "price": 1.1, "on": True},
    {"id": 2, "name": "b", "at": "2026-01-02T02:00:00+02:00", "price": None, "on": None},
    {"id": 3, "name": "c", "at": None, "price": 3.5, "on": False},
]


def config_of(server: JsonServer, **hints: Any) -> dict[str, Any]:
    resource = {"name": "items", "primary_key": "id", "write_disposition": "merge", **hints}
    return {
        "client": {"base_url": server.base_url, "paginator": "single_page"},
        "resources": [{**resource, "endpoint": {"path": "items", "data_selector": "data"}}],
    }


def load(server: JsonServer, warehouse: Warehouse, rows: list[Row], **hints: Any) -> None:
    server.answers({"data": rows})
    sync(warehouse.pipeline(), rest_api_source(config_of(server, **hints)))


def compare(
    server: JsonServer, warehouse: Warehouse, rows: list[Row] | None = None, **hints: Any
) -> TableComparison:
    """How the table stands to these rows, or to those that were served before."""
    return report_of(server, warehouse, rows, **hints).tables[0].comparison


def report_of(
    server: JsonServer, warehouse: Warehouse, rows: list[Row] | None = None, **hints: Any
) -> VerificationReport:
    if rows is not None:
        server.answers({"data": rows})
    return verify(warehouse.pipeline(), rest_api_source(config_of(server, **hints)))


def change(warehouse: Warehouse, sql: str) -> None:
    with duckdb.connect(str(warehouse.file)) as connection:
        connection.execute(sql)


def contents(folder: Path) -> dict[str, str]:
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    return {str(file): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def found(comparison: TableComparison) -> tuple[list[Any], list[Any], list[Any]]:
    """Keys missing, keys differing, keys that only the table has."""
    return (
        list(comparison.missing),
        list(comparison.differing),
        list(comparison.only_stored),
    )
