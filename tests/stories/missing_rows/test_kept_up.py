"""Rows that are gone from a listing that is kept up with: their own path knows them no more."""

from __future__ import annotations

from typing import Any

import pytest

from headrace import SyncReport, rest_api_source, sync
from headrace.exceptions import RequestError
from tests.stories.keeping_up.kept_listing import KeptListing
from tests.support.postgres import PostgresDatabase
from tests.support.servers import Answer
from tests.support.tables import Warehouse

Into = Warehouse | PostgresDatabase


def row(key: Any, status: str = "success") -> dict[str, Any]:
    return {"id": key, "status": status, "tags": [{"name": key}]}


def source_of(listing: KeptListing, action: str) -> Any:
    config = listing.config(
        settled_when="status == 'success'", refresh_path="/executions/{id}", late_rows="none"
    )
    config["resources"][0]["missing_rows"] = {"action": action, "most": 1}
    return rest_api_source(config)


def load(listing: KeptListing, into: Into, action: str = "delete") -> SyncReport:
    return sync(into.pipeline(), source_of(listing, action))


@pytest.fixture(params=[int, "key-{}".format], ids=["numbers", "texts"])
def listing(request: pytest.FixtureRequest) -> Any:
    with KeptListing(page=3) as kept:
        for number in range(1, 9):
            kept.put(row(request.param(number), "running" if number % 2 else "success"))
        yield kept


@pytest.mark.parametrize("action", ["delete", "mark"])
def test_an_open_row_that_is_gone_for_two_syncs(
    action: str, listing: KeptListing, into: Into
) -> None:
    load(listing, into, action)
    first, second, *_ = listing.rows
    # A row that can change no more is not asked for again.
    del listing.rows[first], listing.rows[second]
    assert load(listing, into, action).missing_rows == ()
    (found,) = load(listing, into, action).missing_rows
    assert (found.action, found.rows, found.of_rows) == (action, 1, 8)

    columns = "id, _headrace_gone IS NOT NULL" if action == "mark" else "id, false"
    stored = dict(into.query(f"SELECT {columns} FROM test_data.executions"))
    assert stored.get(first) is (True if action == "mark" else None)
    others = dict.fromkeys((second, *listing.rows), False)
    assert {each: gone for each, gone in stored.items() if each != first} == others
    lists = into.query("SELECT count(*) FROM test_data.executions__tags")
    assert lists == [(8 if action == "mark" else 7,)]
    assert load(listing, into, action).missing_rows == ()


def test_what_a_killed_sync_left_undone_the_next_one_does(
    listing: KeptListing, warehouse: Warehouse
) -> None:
    load(listing, warehouse)
    first = next(iter(listing.rows))
    del listing.rows[first]
    load(listing, warehouse)
    # A run by dlt alone loads, and does no more: as a sync that is killed behind its load.
    warehouse.pipeline().run(source_of(listing, "delete"))
    assert warehouse.query("SELECT count(*) FROM test_data.executions") == [(8,)]
    listing.at_request(1, lambda: Answer({"error": "down"}, 404))
    with pytest.raises(RequestError):
        load(listing, warehouse)
    assert warehouse.query("SELECT count(*) FROM test_data.executions") == [(7,)]


def test_a_row_that_came_again_since_stays(listing: KeptListing, warehouse: Warehouse) -> None:
    load(listing, warehouse)
    first = next(iter(listing.rows))
    gone = listing.rows.pop(first)
    load(listing, warehouse)
    warehouse.pipeline().run(source_of(listing, "delete"))
    listing.put(gone)
    anew = source_of(listing, "keep")
    sync(warehouse.pipeline(), anew, list_anew=True)
    load(listing, warehouse)
    assert warehouse.query("SELECT count(*) FROM test_data.executions") == [(8,)]
