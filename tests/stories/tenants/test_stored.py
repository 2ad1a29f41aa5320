"""What an earlier version has stored of tenants is taken up, and each goes on from where it was."""

from __future__ import annotations

import duckdb
import pytest

from tests.stories.tenants.storing import STORED, StoredAccounts
from tests.support.servers import JsonServer
from tests.support.tables import Warehouse

VERSIONS = sorted(each.name for each in STORED.iterdir())


@pytest.mark.parametrize("version", VERSIONS)
def test_what_a_version_has_stored_is_taken_up(
    version: str, server: JsonServer, warehouse: Warehouse
) -> None:
    with duckdb.connect(str(warehouse.file)) as connection:
        connection.execute(f"IMPORT DATABASE '{STORED / version}'")
    accounts = StoredAccounts(server)
    for name in accounts.names:
        accounts.users[name].append({"id": 4, "name": "new", "at": "2026-02-01"})
        accounts.runs[name].insert(0, {"id": 6, "status": "done"})
        accounts.runs[name][3]["status"] = "done"
        # Those that an earlier sync has seen are pruned.
        del accounts.runs[name][-1]

    assert not accounts.sync(warehouse)

    asked = accounts.asked()
    assert {f"/{name}/users?since=2026-01-03" for name in accounts.names} <= set(asked)
    found = warehouse.query("SELECT tenant, id FROM test_data.users ORDER BY ALL")
    assert found == [(name, n) for name in accounts.names for n in range(1, 5)]
    runs = warehouse.query("SELECT tenant, id, status FROM test_data.runs ORDER BY ALL")
    assert runs == [(name, n, "done") for name in accounts.names for n in range(1, 7)]
    assert warehouse.query("SELECT * FROM test_data._headrace_failed_requests") == []
