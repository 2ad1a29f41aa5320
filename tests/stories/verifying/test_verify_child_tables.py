"""`headrace verify` compares the lists within rows, which become child tables."""

from __future__ import annotations

import pytest

from headrace import rest_api_source, sync, verify
from tests.stories.verifying.compared import change, config_of, found, load, report_of
from tests.support.postgres import PostgresDatabase
from tests.support.servers import JsonServer
from tests.support.tables import Row, Warehouse

NESTED: list[Row] = [
    {"id": 1, "tags": ["a", "b"], "parts": [{"n": 1, "sub": [1, 2]}]},
    {"id": 2, "tags": ["c"], "parts": []},
    {"id": 3, "n": 1},
]


def test_lists_that_became_empty(server: JsonServer, warehouse: Warehouse) -> None:
    load(server, warehouse, NESTED)
    emptied: list[Row] = [{"id": 1}, {"id": 2, "tags": [], "parts": []}, {"id": 3, "n": 1}]
    load(server, warehouse, emptied)

    assert report_of(server, warehouse).ok


def test_lists_that_became_empty_in_postgres(
    server: JsonServer, postgres: PostgresDatabase
) -> None:
    server.answers({"data": NESTED})
    sync(postgres.pipeline(), rest_api_source(config_of(server)))
    server.answers({"data": [{"id": 1}, {"id": 2, "tags": []}, {"id": 3, "n": 1}]})
    sync(postgres.pipeline(), rest_api_source(config_of(server)))

    assert verify(postgres.pipeline(), rest_api_source(config_of(server))).ok


DROPPED = {"items__parts__sub": ([], [1]), "items__parts": ([], [1]), "items": ([1, 2, 3], [])}


@pytest.mark.parametrize("table", DROPPED)
def test_a_table_that_was_dropped_is_made_anew(
    server: JsonServer, warehouse: Warehouse, table: str
) -> None:
    load(server, warehouse, NESTED)
    rows = warehouse.rows(f"test_data.{table}", "_dlt_id")
    change(warehouse, f"DROP TABLE test_data.{table}")
    server.asked.clear()
    source = rest_api_source(config_of(server))
    report = verify(warehouse.pipeline(), source, repair=True)

    assert found(report.tables[0].comparison)[:2] == DROPPED[table]
    assert report.ok
    assert len(server.asked) == 1
    assert len(warehouse.rows(f"test_data.{table}", "_dlt_id")) == len(rows)
    assert verify(warehouse.pipeline(), source).ok


def test_child_rows_in_postgres(server: JsonServer, postgres: PostgresDatabase) -> None:
    source = rest_api_source(config_of(server))
    server.answers({"data": NESTED})
    sync(postgres.pipeline(), source)
    postgres.change("UPDATE test_data.items__tags SET value = 'C' WHERE value = 'c'")
    postgres.change("DELETE FROM test_data.items__parts__sub WHERE value = 2")
    report = verify(postgres.pipeline(), source, repair=True)
    assert found(report.tables[0].comparison) == ([], [1, 2], [])
    assert report.tables[0].comparison.fields == {"items__tags": 1, "items__parts": 1}
    assert report.ok

    postgres.change("DROP TABLE test_data.items__parts__sub")
    report = verify(postgres.pipeline(), source, repair=True)
    assert found(report.tables[0].comparison) == ([], [1], [])
    assert report.tables[0].comparison.fields == {"items__parts": 1}
    assert verify(postgres.pipeline(), source).ok
    assert postgres.rows("test_data.items__parts__sub", "value") == [{"value": 1}, {"value": 2}]
