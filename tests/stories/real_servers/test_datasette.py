"""Datasette serves the tables of a SQLite file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.stories.real_servers.mirrored import Mirror, documented, found_out, guessed
from tests.stories.real_servers.running import free_port, program, serving
from tests.support.tables import Row, Warehouse

pytestmark = pytest.mark.real_servers

ROWS = 4_500


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A SQLite file with the table that is served."""
    file = tmp_path / "shop.db"
    change(
        file,
        "CREATE TABLE events (id INTEGER PRIMARY KEY, kind TEXT, at TEXT, amount REAL, n INTEGER)",
    )
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.executemany(
            "INSERT INTO events VALUES (?, ?, ?, ?, ?)",
            [
                (
                    number,
                    f"kind {number % 7}",
                    f"2026-01-01T00:{number % 60:02}:00Z" if number % 3 else None,
                    number / 4,
                    2**53 + number,
                )
                for number in range(1, ROWS + 1)
            ],
        )
    return file


@pytest.fixture
def datasette(file: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Datasette over this file; its URL."""
    url = f"http://127.0.0.1:{(port := free_port())}"
    monkeypatch.setenv("DATASETTE_URL", url)
    command = [program("datasette", "datasette"), "serve", str(file), "--port", str(port)]
    with serving(command, f"{url}/-/versions.json", file.parent):
        yield url


def change(file: Path, *statements: str) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def listed(url: str, table: str = "events") -> list[Row]:
    """All rows, and as many as Datasette counts."""
    rows: list[Row] = []
    following = f"{url}/shop/{table}.json?_shape=objects"
    while following:
        page = requests.get(following, timeout=30).json()
        rows += page["rows"]
        following = page["next_url"]
    assert len(rows) == page["filtered_table_rows_count"]
    return rows


def config_of(table: str = "events", **endpoint: Any) -> dict[str, Any]:
    config = documented("Datasette")
    config["resources"][0]["endpoint"] |= {"path": f"/shop/{table}.json", **endpoint}
    return config


def test_a_table_and_what_becomes_of_it(datasette: str, file: Path, warehouse: Warehouse) -> None:
    mirror = Mirror(documented("Datasette"), warehouse)
    checked = mirror.check()
    assert checked.returncode == 0, checked.stderr
    ran = mirror.run()
    assert ran.returncode == 0, ran.stderr
    before = listed(datasette)
    assert len(before) == ROWS
    assert mirror.differences("events", before, "id") == []
    assert mirror.verify().returncode == 0

    change(
        file,
        "INSERT INTO events SELECT id + 10000, kind, at, amount, n FROM events WHERE id <= 600",
        "UPDATE events SET kind = 'other', at = NULL WHERE id % 5 = 0",
        "DELETE FROM events WHERE id % 100 = 1",
    )
    assert mirror.run().returncode == 0
    now = listed(datasette)
    still = {row["id"] for row in now}
    gone = [row for row in before if row["id"] not in still]
    assert (len(now), len(gone)) == (ROWS + 600 - 45 - 6, 45)
    assert mirror.differences("events", [*now, *gone], "id") == []
    verified = mirror.verify()
    assert verified.returncode == 0, verified.stdout
    assert "45 rows only in the table" in verified.stdout


@pytest.mark.parametrize("shape", ["objects", "array"])
def test_its_paging_is_found_out(shape: str, datasette: str, warehouse: Warehouse) -> None:
    config = guessed(config_of(params={"_shape": shape}))
    if shape == "array":
        config["resources"][0]["endpoint"]["data_selector"] = "$"
    mirror = Mirror(config, warehouse)
    assert mirror.check().returncode == 0
    ran = mirror.run()

    assert ran.returncode == 0, ran.stderr
    assert mirror.differences("events", listed(datasette), "id") == []
    assert mirror.verify().returncode == 0


def test_a_view_goes_on_by_offset(datasette: str, file: Path, warehouse: Warehouse) -> None:
    change(file, "CREATE VIEW odd AS SELECT id, kind FROM events WHERE id % 2 = 1")
    mirror = Mirror(config_of("odd"), warehouse)
    assert mirror.run().returncode == 0
    rows = listed(datasette, "odd")

    assert len(rows) == ROWS / 2
    assert mirror.differences("events", rows, "id") == []
    assert mirror.verify().returncode == 0


def test_a_key_of_two_columns(datasette: str, file: Path, warehouse: Warehouse) -> None:
    change(
        file,
        "CREATE TABLE parts (a INTEGER, b TEXT, n INTEGER, PRIMARY KEY (a, b))",
        "INSERT INTO parts SELECT id / 40, 'x,' || (id % 40) || '/é', id FROM events",
    )
    config = config_of("parts")
    config["resources"][0]["primary_key"] = ["a", "b"]
    mirror = Mirror(config, warehouse)
    assert mirror.run().returncode == 0
    rows = listed(datasette, "parts")

    assert len(rows) == ROWS
    # `n` tells them apart as well.
    assert mirror.differences("events", rows, "n") == []
    assert mirror.verify().returncode == 0


def test_a_listing_that_ends_below_its_own_count(
    datasette: str, file: Path, warehouse: Warehouse
) -> None:
    """SQLite compares integers in a column of no type with the text `100`: none is greater."""
    change(
        file,
        "CREATE TABLE loose (id PRIMARY KEY, kind TEXT)",
        "INSERT INTO loose SELECT id, kind FROM events WHERE id <= 1200",
    )
    config = config_of("loose", params={"_shape": "objects"})
    mirror = Mirror(config, warehouse)
    ran = mirror.run()

    assert (ran.returncode, mirror.count("events")) == (1, 0), ran.stdout
    told = "the listing ended with 100 rows, but the API tells 1,200 (`filtered_table_rows_count`)"
    assert told in ran.stderr


@pytest.mark.parametrize("query", ["", "?_shape=objects"])
def test_all_of_it_is_found_out(query: str, datasette: str, warehouse: Warehouse) -> None:
    found = found_out(f"{datasette}/shop/events.json{query}", kept_as=f"datasette{len(query)}")
    mirror = Mirror(found, warehouse)
    ran = mirror.run()

    assert ran.returncode == 0, ran.stderr
    assert mirror.differences("events", listed(datasette), "id") == []
    assert mirror.verify().returncode == 0
