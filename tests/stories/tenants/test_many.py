"""Many tenants in one load."""

from __future__ import annotations

import pytest

from tests.stories.tenants.accounts import POSTS, Accounts, synced
from tests.support.servers import JsonServer


@pytest.mark.parametrize("kind", ["duckdb", "postgres"])
def test_fifty_tenants_come_in_one_load(
    kind: str, server: JsonServer, request: pytest.FixtureRequest
) -> None:
    destination = request.getfixturevalue("warehouse" if kind == "duckdb" else "postgres")
    accounts = Accounts(server, [f"shop{n:02}" for n in range(50)])
    accounts.fails["shop07"] = 500
    report = synced(accounts.config(accounts.document("users", POSTS)), destination)
    assert len(report.failed_requests) == 1
    rows = destination.rows("test_data.users", "id")
    assert len(rows) == 49 * 3
    assert {row["tenant"] for row in rows} == set(accounts.names) - {"shop07"}
    assert len(destination.rows("test_data.posts", "n")) == 49 * 6
    assert report.figures.of("users").requests == 49
