"""How often a sync opens the file of a DuckDB database: it takes 20 ms, and lets others in."""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing
from typing import Any

import duckdb
import pytest

from headrace import rest_api_source, sync
from headrace.destination.dlt_clients import KeptFile
from tests.support.kept_databases import connect_anew, release_databases
from tests.support.servers import JsonServer
from tests.support.tables import Warehouse


@pytest.fixture
def loaded(server: JsonServer, warehouse: Warehouse) -> dict[str, Any]:
    server.answers([{"id": 1, "tags": ["a"]}])
    client = {"base_url": server.base_url, "paginator": "single_page"}
    config = {"client": client, "resources": [{"name": "items", "primary_key": "id"}]}
    sync(warehouse.pipeline(), rest_api_source(config))
    release_databases()
    return config


def test_it_is_opened_once_for_a_whole_load(
    loaded: dict[str, Any], warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Any] = []

    def connect(*arguments: Any, **options: Any) -> duckdb.DuckDBPyConnection:
        connection = connect_anew(*arguments, **options)
        # An attached database is there for all connections until the last of them is closed.
        attached = connection.execute("SELECT database_name FROM duckdb_databases()").fetchall()
        if ("mark",) not in attached:
            connection.execute("ATTACH ':memory:' AS mark")
            opened.append(arguments)
        return connection

    monkeypatch.setattr(duckdb, "connect", connect)
    sync(warehouse.pipeline(), rest_api_source(loaded))

    # To look for a saved state; and to load, and add to the history of runs.
    assert len(opened) == 2


def test_a_load_beside_a_fetch_leaves_it_the_other_processors(
    loaded: dict[str, Any], warehouse: Warehouse
) -> None:
    settings = "SELECT current_setting('threads'), current_setting('write_buffer_row_group_count')"
    with connect_anew() as other:
        by_default = other.execute(settings).fetchone()
    found = []
    for beside_fetch in (False, True):
        release_databases()
        with closing(KeptFile(warehouse.pipeline())) as kept:
            kept.open(beside_fetch=beside_fetch)
            with connect_anew(str(warehouse.file)) as beside:
                found.append(beside.execute(settings).fetchone())

    assert found == [by_default, (1, 1)]


def test_no_other_process_comes_in_between(loaded: dict[str, Any], warehouse: Warehouse) -> None:
    program = "import duckdb, sys; duckdb.connect(sys.argv[1])"
    other = [sys.executable, "-c", program, str(warehouse.file)]
    with closing(KeptFile(warehouse.pipeline())) as kept:
        kept.open()
        refused = subprocess.run(other, capture_output=True, text=True, check=False)
    release_databases()
    subprocess.run(other, check=True)

    assert "Could not set lock on file" in refused.stderr
