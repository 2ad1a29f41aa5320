"""The destinations that rows are marked and deleted in."""

from __future__ import annotations

import pytest

from tests.support.postgres import PostgresDatabase
from tests.support.tables import Warehouse


@pytest.fixture(params=["duckdb", "postgres"])
def into(request: pytest.FixtureRequest, warehouse: Warehouse) -> Warehouse | PostgresDatabase:
    if request.param == "duckdb":
        return warehouse
    database: PostgresDatabase = request.getfixturevalue("postgres")
    return database
