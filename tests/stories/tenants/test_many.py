"""Many tenants in one load."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from tests.stories.tenants.accounts import POSTS, Accounts, synced
from tests.support.servers import Answer, Asked, JsonServer
from tests.support.tables import Warehouse


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


def test_tenants_share_a_thread_and_the_limit_on_concurrency(
    server: JsonServer, warehouse: Warehouse
) -> None:
    accounts = Accounts(server, [f"shop{n:02}" for n in range(20)])
    under_way: set[int] = set()
    most: list[int] = []
    threads: list[int] = []

    async def busy(asked: Asked) -> None:
        under_way.add(id(asked))
        most.append(len(under_way))
        threads.append(fetching())
        for _ in range(20):
            # Others come meanwhile.
            await asyncio.sleep(0)
        under_way.discard(id(asked))

    server.before_answer = busy
    document = accounts.document("users", POSTS)
    document["client"]["concurrency"] = 3
    synced(accounts.config(document), warehouse)
    assert max(most) <= 3
    assert max(threads) == 1
    assert fetching() == 0


def fetching() -> int:
    """How many threads fetch."""
    return sum(each.name == "headrace" for each in threading.enumerate())


def test_each_tenant_has_a_rate_of_its_own(server: JsonServer, warehouse: Warehouse) -> None:
    accounts = Accounts(server, ["acme", "beta", "gamma"])
    arrived: dict[str, list[float]] = {name: [] for name in accounts.names}

    def answer(asked: Asked) -> Answer:
        arrived[asked.path.split("/")[1]].append(time.monotonic())
        return accounts.answer(asked)

    server.handler = answer
    document = accounts.document("users", POSTS)
    document["client"]["rate_limit"] = {"requests": 10, "seconds": 1}
    synced(accounts.config(document), warehouse)
    for times in arrived.values():
        # The listing, and one for each of its three rows.
        assert len(times) == 4
        assert times[-1] - times[0] > 0.25
    every = sorted(moment for times in arrived.values() for moment in times)
    assert every[-1] - every[0] < 11 * 0.1, "one after the other they would take longer"


def test_what_many_tenants_have_in_common_is_told_once(
    server: JsonServer, warehouse: Warehouse
) -> None:
    accounts = Accounts(server, [f"shop{n:02}" for n in range(40)])
    for name in accounts.names[1:]:
        accounts.fails[name] = 403
    actions = [{"status_code": 403, "action": "skip"}]
    users = {"name": "users", "endpoint": {"path": "users", "response_actions": actions}}
    report = synced(accounts.config(accounts.document(users)), warehouse)
    assert not report.failed_requests
    (note,) = report.figures.total.notes
    assert "`users`, of a tenant," in note
    assert len(warehouse.rows("test_data.users")) == 3
