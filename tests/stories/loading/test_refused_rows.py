"""A load that the destination refuses: the rows it fails for are found, and the others loaded."""

from __future__ import annotations

from typing import Any

import pytest

from headrace import RowError, SyncError, SyncReport, sync
from headrace.config import parse_config
from headrace.dlt_source.source import build_source
from tests.support.postgres import PostgresDatabase
from tests.support.servers import Answer, JsonServer
from tests.support.tables import Warehouse

TABLE = "test_data.items"
QUARANTINE = "test_data._headrace_quarantine"
# PostgreSQL holds texts to their length, and dlt leaves it to do so.
SHORT = {"code": {"data_type": "text", "precision": 5}}


@pytest.fixture(autouse=True)
def tried_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The job of a refused file: dlt tries it five times, a second apart."""
    monkeypatch.setenv("LOAD__RAISE_ON_MAX_RETRIES", "1")


def load(
    server: JsonServer,
    database: PostgresDatabase | Warehouse,
    listings: dict[str, list[dict[str, Any]]],
    columns: Any = SHORT,
    *,
    strict: bool = False,
) -> SyncReport:
    server.handler = lambda asked: Answer(listings[asked.path.strip("/")])
    resources = [
        {
            "name": name,
            "primary_key": "id",
            "write_disposition": "merge",
            "columns": columns,
            "endpoint": {"path": name, "paginator": "single_page"},
        }
        for name in listings
    ]
    config = {
        "client": {"base_url": server.base_url},
        "resources": resources,
        "pipeline": {"strict": strict},
    }
    return sync(database.pipeline(), build_source(parse_config(config)))


def rows(count: int, **bad: str) -> list[dict[str, Any]]:
    listed = [{"id": number, "code": f"c{number % 1000}"} for number in range(count)]
    for place, code in bad.items():
        listed[int(place[1:])]["code"] = code
    return listed


def test_refused_rows_are_set_aside_alone(server: JsonServer, postgres: PostgresDatabase) -> None:
    listed = rows(4, r0="far too long", r3="too long as well")
    listed[1] |= {"tags": ["a"]}
    report = load(server, postgres, {"items": listed})

    assert report.figures.of("items").loaded_rows == 2
    assert report.figures.of("items").quarantined == 2
    assert report.figures.reasons == {"the destination refuses it": 2}
    assert [note.partition(",")[0] for note in report.figures.notes] == [
        "the destination refused a whole load for 2 rows"
    ]
    assert not postgres.pipeline().has_pending_data
    assert postgres.query(f"SELECT count(*), min(id), max(id) FROM {TABLE}") == [(2, 1, 2)]
    assert postgres.query(f"SELECT count(*) FROM {TABLE}__tags") == [(1,)]
    found = postgres.query(f"SELECT raw_row, reason FROM {QUARANTINE} ORDER BY raw_row LIMIT 1")
    assert found[0][0] == '{"id": 0, "code": "far too long"}'
    assert "value too long for type character varying(5)" in found[0][1]
    left = postgres.query("SELECT schema_name FROM information_schema.schemata")
    assert not [name for (name,) in left if "trial" in name]


def test_the_rows_of_one_resource_do_not_stop_another(
    server: JsonServer, postgres: PostgresDatabase
) -> None:
    listings = {"items": rows(1), "others": rows(2, r1="far too long")}
    report = load(server, postgres, listings)

    assert report.figures.of("others").quarantined == 1
    assert postgres.query(f"SELECT count(*) FROM {TABLE}") == [(1,)]
    assert postgres.query("SELECT count(*) FROM test_data.others") == [(1,)]
    assert postgres.query(f"SELECT resource FROM {QUARANTINE}") == [("others",)]


def test_strict_names_the_row_that_the_destination_refused(
    server: JsonServer, postgres: PostgresDatabase
) -> None:
    with pytest.raises(RowError, match=r'refuses it: .*too long.*: {"id": 1, '):
        load(server, postgres, {"items": rows(2, r1="far too long")}, strict=True)


@pytest.mark.parametrize("kind", ["postgres", "warehouse"])
def test_a_constraint_of_the_users_is_told_and_nothing_is_lost(
    kind: str, server: JsonServer, request: pytest.FixtureRequest
) -> None:
    database: PostgresDatabase | Warehouse = request.getfixturevalue(kind)
    load(server, database, {"items": [{"id": 1, "n": 1}]}, {})
    change(database, f"ALTER TABLE {TABLE} ALTER COLUMN n SET NOT NULL")
    for _ in range(2):
        with pytest.raises(SyncError, match=r"(?s)A constraint of the table.* refuses rows\. Drop"):
            load(server, database, {"items": [{"id": 1, "n": 7}, {"id": 2}]}, {})
        assert database.query(f"SELECT id, n FROM {TABLE}") == [(1, 1)]

    change(database, f"ALTER TABLE {TABLE} ALTER COLUMN n DROP NOT NULL")
    load(server, database, {"items": []}, {})
    assert database.query(f"SELECT id, n FROM {TABLE} ORDER BY id") == [(1, 7), (2, None)]


def change(database: PostgresDatabase | Warehouse, statement: str) -> None:
    if isinstance(database, Warehouse):
        database.query(statement)
    else:
        database.change(statement)


UNIQUE = {"code": {"data_type": "text", "unique": True}}


def test_of_rows_that_are_refused_together_the_later_one_is_set_aside(
    server: JsonServer, postgres: PostgresDatabase
) -> None:
    listed = [{"id": number, "code": "aba"[number]} for number in range(3)]
    load(server, postgres, {"items": listed}, UNIQUE)

    assert postgres.query(f"SELECT id FROM {TABLE} ORDER BY id") == [(0,), (1,)]


def test_a_load_that_its_rows_are_not_to_blame_for_is_kept(
    server: JsonServer, postgres: PostgresDatabase
) -> None:
    load(server, postgres, {"items": [{"id": 1, "code": "a"}]}, UNIQUE)
    with pytest.raises(
        SyncError, match=r"duplicate key.*\nA constraint of.*\n.*kept.*--drop-pending"
    ):
        load(server, postgres, {"items": [{"id": 2, "code": "a"}]}, UNIQUE)
    assert postgres.pipeline().has_pending_data

    report = load(server, postgres, {"items": [{"id": 2, "code": "b"}]}, UNIQUE)
    assert "could not be loaded, so it was given up" in report.figures.notes[0]
    assert postgres.query(f"SELECT id, code FROM {TABLE}") == [(1, "a"), (2, "b")]


def test_duckdb_loads_what_it_can(server: JsonServer, warehouse: Warehouse) -> None:
    small = {"n": {"data_type": "bigint", "precision": 16}}
    listed: list[dict[str, Any]] = [
        {"id": number, "n": 70_000 if number == 3 else number} for number in range(5)
    ]
    listed[4]["tags"] = ["a"]
    for _ in range(2):
        report = load(server, warehouse, {"items": listed}, small)

        assert report.figures.of("items").quarantined == 1
        assert not warehouse.pipeline().has_pending_data
    assert warehouse.query(f"SELECT id, n FROM {TABLE} ORDER BY id") == [
        (number, number) for number in (0, 1, 2, 4)
    ]


def test_a_merge_that_fails_deletes_nothing(server: JsonServer, warehouse: Warehouse) -> None:
    load(server, warehouse, {"items": rows(3)}, {})
    change(warehouse, f"ALTER TABLE {TABLE} ALTER COLUMN code SET NOT NULL")
    with pytest.raises(SyncError, match="NOT NULL constraint failed"):
        load(server, warehouse, {"items": [*rows(2), {"id": 3, "code": None}]}, {})

    assert warehouse.query(f"SELECT id FROM {TABLE} ORDER BY id") == [(0,), (1,), (2,)]
