"""`headrace verify` compares the lists within rows, which become child tables."""

from __future__ import annotations

from headrace import rest_api_source, sync, verify
from tests.stories.verifying.compared import config_of, load, report_of
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
