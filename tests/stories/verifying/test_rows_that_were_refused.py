"""Rows that the destination refuses are none that a table could hold: `headrace verify` says so."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from headrace import VerificationReport, rest_api_source, sync, verify
from tests.stories.verifying.compared import change, config_of, found
from tests.support.postgres import PostgresDatabase
from tests.support.servers import JsonServer
from tests.support.tables import Row, Warehouse

TABLE = "test_data.items"
# PostgreSQL holds texts to their length, and the scratch database does not.
SHORT = {"code": {"data_type": "text", "precision": 5}}
ROWS: list[Row] = [{"id": 1, "code": "a"}, {"id": 2, "code": "b"}]
LONG = "far too long"


def _as_it_is(row: Row) -> Row:
    return row


Load = Callable[[list[Row]], None]
Verify = Callable[..., VerificationReport]


@pytest.fixture(autouse=True)
def tried_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The job of a refused file: dlt tries it five times, a second apart."""
    monkeypatch.setenv("LOAD__RAISE_ON_MAX_RETRIES", "1")


@pytest.fixture
def load(server: JsonServer, postgres: PostgresDatabase) -> Load:
    def loaded(rows: list[Row]) -> None:
        server.answers({"data": rows})
        sync(postgres.pipeline(), rest_api_source(config_of(server, columns=SHORT)))

    loaded(ROWS)
    return loaded


@pytest.fixture
def verified(server: JsonServer, postgres: PostgresDatabase) -> Verify:
    def report(*, repair: bool = False) -> VerificationReport:
        return verify(
            postgres.pipeline(), rest_api_source(config_of(server, columns=SHORT)), repair=repair
        )

    return report


def test_rows_that_a_sync_has_set_aside(load: Load, verified: Verify) -> None:
    load([ROWS[0], {"id": 2, "code": LONG}, {"id": 3, "code": LONG}])
    report = verified(repair=True)
    (table,) = report.tables

    assert found(table.comparison)[:2] == ([], [])
    assert (table.quarantined, table.has_all_loadable, report.ok) == (2, True, False)
    assert report.repaired is None


def test_a_row_that_was_taken_later(
    load: Load, verified: Verify, postgres: PostgresDatabase
) -> None:
    rows = [*ROWS, {"id": 3, "code": LONG}]
    load(rows)
    for dataset in ("test_data", "test_data_staging"):
        postgres.change(f"ALTER TABLE {dataset}.items ALTER COLUMN code TYPE text")
    load(rows)
    assert verified().ok

    postgres.change(f"UPDATE {TABLE} SET code = 'x' WHERE id = 3")
    assert found(verified().tables[0].comparison) == ([], [3], [])


def test_a_repair_loads_the_others(
    load: Load, verified: Verify, server: JsonServer, postgres: PostgresDatabase
) -> None:
    server.answers({"data": [*ROWS, {"id": 3, "code": LONG}, {"id": 4, "code": "d"}]})
    report = verified(repair=True)

    assert found(report.tables[0].comparison) == ([3, 4], [], [])
    assert not report.ok
    assert [row["id"] for row in postgres.rows(TABLE, "id")] == [1, 2, 4]
    after = verified(repair=True)
    assert after.tables[0].has_all_loadable
    assert after.tables[0].quarantined == 1


def test_what_fails_only_behind_a_function(server: JsonServer, warehouse: Warehouse) -> None:
    config = config_of(server, processing_steps=[{"map": _as_it_is}])
    server.answers({"data": [*ROWS, {"id": 3, "n": 2**63, "tags": []}]})
    sync(warehouse.pipeline(), rest_api_source(config))
    change(warehouse, "DELETE FROM test_data._headrace_quarantine")
    report = verify(warehouse.pipeline(), rest_api_source(config))
    (table,) = report.tables

    assert found(table.comparison) == ([], [], [])
    assert (table.quarantined, table.has_all_loadable, report.ok) == (1, True, False)
