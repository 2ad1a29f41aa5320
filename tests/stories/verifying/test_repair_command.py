"""`headrace verify --repair` on the command line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from headrace.simulator import Simulator
from tests.stories.verifying.compared import config_of
from tests.support.command_line import headrace
from tests.support.servers import JsonServer

TABLE = "executions_dataset.executions"


def query(sql: str, file: str = "executions.duckdb") -> list[tuple[Any, ...]]:
    with duckdb.connect(file) as connection:
        return connection.execute(sql).fetchall()


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with Simulator(rows=20_000, seed=7) as running:
        yield running


def test_repair_a_table_of_20_000_rows(
    simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("API_KEY", simulator.api_key)
    monkeypatch.setenv("EXECUTIONS_BASE_URL", simulator.base_url)
    assert headrace("run", "executions").returncode == 0
    columns = "* EXCLUDE (_dlt_id, _dlt_load_id)"
    rows = f"SELECT {columns} FROM {TABLE} ORDER BY id"
    expected = query(rows)
    query(f"DELETE FROM {TABLE} WHERE id % 400 = 0")
    query(f"UPDATE {TABLE} SET mode = 'x' WHERE id = 7")
    ran = headrace("verify", "executions", "--repair", "--examples", "2")

    assert (ran.returncode, ran.stderr) == (0, "")
    assert "Listed 20,000 rows (81 pages) with 81 requests in " in ran.stdout
    assert " s; 51 rows were loaded into duckdb: " in ran.stdout
    assert "executions: 50 rows missing in the table:\n  400, 800\n  and 48 more\n" in ran.stdout
    assert "executions: repaired" in ran.stdout
    assert "The tables hold what the API lists." in ran.stdout
    assert query(rows) == expected

    ran = headrace("verify", "executions", "--repair")
    assert ran.returncode == 0
    assert " s; nothing was loaded into duckdb: " in ran.stdout


def test_what_cannot_be_repaired_ends_with_1(server: JsonServer) -> None:
    config = config_of(server, write_disposition="replace")
    Path("shop.json").write_text(json.dumps(config))
    server.answers({"data": [{"id": 1}]})
    assert headrace("run", "shop.json").returncode == 0
    server.answers({"data": [{"id": 1}, {"id": 2}]})
    plain = headrace("verify", "shop.json")
    ran = headrace("verify", "shop.json", "--repair")

    assert plain.returncode == 1
    assert "`--repair` loads what they lack" in plain.stdout
    assert ran.returncode == 1
    assert "items: not repaired: `write_disposition: replace` does not add rows" in ran.stdout
    assert "The tables still do not hold all that the API lists." in ran.stdout


def test_what_is_left_after_a_repair_is_named(server: JsonServer) -> None:
    insert_only = {"disposition": "merge", "strategy": "insert-only"}
    Path("shop.json").write_text(json.dumps(config_of(server, write_disposition=insert_only)))
    server.answers({"data": [{"id": 1, "n": 1}]})
    assert headrace("run", "shop.json").returncode == 0
    server.answers({"data": [{"id": 1, "n": 2}, {"id": 2, "n": 2}]})
    ran = headrace("verify", "shop.json", "--repair")

    assert ran.returncode == 1
    assert "items: 1 row still differing after the repair:\n  1\n" in ran.stdout
    assert query("SELECT id, n FROM shop_dataset.items ORDER BY id", "shop.duckdb") == [
        (1, 1),
        (2, 2),
    ]


def test_a_failure_shows_no_secret(server: JsonServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_KEY", "c4nary/k3y+value")
    config = config_of(server)
    config["resources"][0]["endpoint"]["params"] = {"access_token": "${SHOP_KEY}"}
    Path("shop.json").write_text(json.dumps(config))
    link = "https://x/?key=c4nary/k3y+value"
    server.answers({"data": [{"id": "1", "link": "old"}]})
    assert headrace("run", "shop.json").returncode == 0
    server.answers({"data": [{"id": "1", "link": link}, {"id": link}]})
    ran = headrace("verify", "shop.json", "--repair")

    assert ran.returncode == 0
    assert "c4nary" not in ran.stdout + ran.stderr
    assert query("SELECT count(*) FROM shop_dataset.items", "shop.duckdb") == [(2,)]
