"""Whatever a listing is asked for by, each tenant has its own."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from headrace import ConfigError, rest_api_source, sync
from headrace.config import config_of_call
from headrace.dlt_source.source import build_source
from tests.stories.tenants.accounts import POSTS, SINCE, Accounts, synced
from tests.stories.tenants.storing import RUNS, StoredAccounts
from tests.support.servers import Answer, Asked, JsonServer
from tests.support.tables import Warehouse


@pytest.fixture
def accounts(server: JsonServer, monkeypatch: pytest.MonkeyPatch) -> Accounts:
    accounts = Accounts(server, ["acme", "beta", "gamma"])
    for name in accounts.names:
        monkeypatch.setenv(f"{name.upper()}_KEY", f"{name}-key")
    return accounts


def today() -> date:
    return datetime.now(UTC).date()


def users(warehouse: Warehouse) -> list[tuple[Any, ...]]:
    return warehouse.query("SELECT tenant, id FROM test_data.users ORDER BY ALL")


def all_of(accounts: Accounts) -> list[tuple[str, int]]:
    return sorted((name, row["id"]) for name, rows in accounts.users.items() for row in rows)


def test_an_incremental_that_asks_window_by_window(
    accounts: Accounts, warehouse: Warehouse
) -> None:
    windows = {
        "name": "users",
        "endpoint": {
            "path": "users",
            "incremental": {
                **SINCE["endpoint"]["incremental"],
                "initial_value": str(today() - timedelta(days=40)),
                "end_param": "until",
                "step": "1d",
                "range_end": "open",
                "value_format": "%Y-%m-%d",
            },
        },
    }

    def answer(asked: Asked) -> Answer:
        rows = accounts.answer(asked)
        until = asked.query.get("until", "9")
        return Answer([row for row in rows.body if row["at"] < until])

    for rows in accounts.users.values():
        for row in rows:
            row["at"] = str(today() - timedelta(days=row["id"]))
    accounts.server.handler = answer
    config = accounts.config(accounts.document(windows))
    synced(config, warehouse)
    assert users(warehouse) == all_of(accounts)
    asked = accounts.asked()
    accounts.users["beta"].append({"id": 4, "name": "late", "at": str(today())})
    synced(config, warehouse)
    assert users(warehouse) == all_of(accounts)
    assert len(accounts.asked()) < len(asked) / 10


def test_several_pages_of_each_at_once(accounts: Accounts, warehouse: Warehouse) -> None:
    for name in accounts.names:
        accounts.users[name] = [{"id": n, "at": "2026"} for n in range(1, 40 + len(name))]
    paged = {
        "name": "users",
        "endpoint": {
            "path": "users",
            "data_selector": "rows",
            "paginator": {"type": "offset", "limit": 5, "total_path": "total"},
            "lanes": {"by": "pages", "at_once": 4},
        },
    }

    def answer(asked: Asked) -> Answer:
        rows = accounts.answer(asked).body
        offset = int(asked.query["offset"])
        return Answer({"rows": rows[offset : offset + 5], "total": len(rows)})

    accounts.server.handler = answer
    synced(accounts.config(accounts.document(paged)), warehouse)
    assert users(warehouse) == all_of(accounts)


def test_many_rows_of_a_parent_in_one_request(accounts: Accounts, warehouse: Warehouse) -> None:
    posts = {
        "name": "posts",
        "primary_key": "n",
        "endpoint": {
            "path": "posts",
            "params": {"ids": "{resources.users.id}"},
            "batch": 2,
        },
    }

    def answer(asked: Asked) -> Answer:
        name = asked.path.split("/")[1]
        if not asked.path.endswith("posts"):
            return accounts.answer(asked)
        return Answer([{"n": int(key), "of": name} for key in asked.query["ids"].split(",")])

    accounts.server.handler = answer
    synced(accounts.config(accounts.document("users", posts)), warehouse)
    found = warehouse.query("SELECT tenant, of, n FROM test_data.posts ORDER BY ALL")
    assert found == [(name, name, n) for name in accounts.names for n in (1, 2, 3)]
    asked = [each for each in accounts.asked() if "posts" in each]
    assert len(asked) == 6


def test_a_dependent_incremental_has_a_value_for_each_row_of_each_tenant(
    accounts: Accounts, warehouse: Warehouse
) -> None:
    posts = {
        **POSTS,
        "endpoint": {
            **POSTS["endpoint"],
            "incremental": {
                "cursor_path": "n",
                "start_param": "after",
                "initial_value": 0,
                "per_parent": True,
            },
        },
    }
    newest = {"acme": 2, "beta": 7, "gamma": 2}

    def answer(asked: Asked) -> Answer:
        if not asked.path.endswith("posts"):
            return accounts.answer(asked)
        name = asked.path.split("/")[1]
        after = int(asked.query["after"])
        return Answer([{"n": n} for n in range(max(after, 1), newest[name] + 1)])

    accounts.server.handler = answer
    config = accounts.config(accounts.document("users", posts))
    synced(config, warehouse)
    newest["acme"] = 3
    accounts.asked()
    synced(config, warehouse)
    asked = {each for each in accounts.asked() if "posts" in each}
    assert asked == {
        f"/{name}/users/{user}/posts?after={after}"
        for name, after in (("acme", 2), ("beta", 7), ("gamma", 2))
        for user in (1, 2, 3)
    }
    (counts,) = warehouse.query("SELECT count(*) FROM test_data.posts")
    assert counts == (3 * (3 + 7 + 2),)


def test_functions_of_the_user_see_the_tenant(accounts: Accounts, warehouse: Warehouse) -> None:
    def marked(row: dict[str, Any]) -> dict[str, Any]:
        return {**row, "label": f"{row['tenant']}/{row['id']}"}

    steps = [{"filter": lambda row: row["tenant"] != "beta" or row["id"] != 2}, {"map": marked}]
    document = accounts.document({"name": "users", "processing_steps": steps})
    sync(warehouse.pipeline(), build_source(config_of_call(document)))
    found = warehouse.query("SELECT label FROM test_data.users ORDER BY ALL")
    expected = [f"{name}/{key}" for name, key in all_of(accounts) if (name, key) != ("beta", 2)]
    assert [label for (label,) in found] == expected


def test_lists_and_strange_rows_are_those_of_their_tenant(
    accounts: Accounts, warehouse: Warehouse
) -> None:
    accounts.users["acme"][0]["tags"] = ["a", "b"]
    accounts.users["beta"][0]["tags"] = [{"deep": [1, 2]}]
    accounts.users["gamma"][0] = {"id": None, "name": "no key", "at": "2026"}
    synced(accounts.config(accounts.document()), warehouse)
    tags = warehouse.query(
        "SELECT tenant, count(*) FROM test_data.users__tags t JOIN test_data.users u "
        "ON t._dlt_parent_id = u._dlt_id GROUP BY ALL ORDER BY ALL"
    )
    assert tags == [("acme", 2), ("beta", 1)]
    ((row,),) = warehouse.query("SELECT raw_row FROM test_data._headrace_quarantine")
    assert '"tenant":"gamma"' in row


def test_a_table_has_tenants_from_its_first_row_on_or_never(
    accounts: Accounts, warehouse: Warehouse
) -> None:
    """A config gets tenants, or loses them: rows with and without would be mixed."""
    with_tenants = accounts.document()
    one = {key: value for key, value in with_tenants.items() if key != "tenants"}
    one["client"] = {
        "base_url": f"{accounts.server.base_url}/acme",
        "auth": {"type": "api_key", "name": "X-Key", "api_key": "acme-key"},
    }
    sync(warehouse.pipeline("plain"), rest_api_source(one))
    with pytest.raises(ConfigError, match="rows of `users` name no tenant"):
        sync(warehouse.pipeline("plain"), rest_api_source(with_tenants))
    sync(warehouse.pipeline(), rest_api_source(with_tenants))
    with pytest.raises(ConfigError, match="rows of `users` are those of tenants"):
        sync(warehouse.pipeline(), rest_api_source(one))
    sync(warehouse.pipeline("plain"), rest_api_source(with_tenants), full_refresh=True)
    found = warehouse.query("SELECT tenant, id FROM plain_data.users ORDER BY ALL")
    assert found == all_of(accounts)


@pytest.mark.parametrize("leg_bytes", [None, 1])
def test_what_belongs_to_rows_of_a_listing_that_is_kept_up_with(
    leg_bytes: int | None, server: JsonServer, warehouse: Warehouse
) -> None:
    accounts = StoredAccounts(server)
    steps = {
        "name": "steps",
        "primary_key": ["n", "_runs_id"],
        "include_from_parent": ["id"],
        "endpoint": {"path": "steps/{resources.runs.id}"},
    }
    fails = {"/beta/steps/2"}

    def answer(asked: Asked) -> Answer:
        if "/steps/" not in asked.path:
            return accounts.answer(asked)
        status = 500 if asked.path in fails else 200
        return Answer([{"n": n, "of": asked.path} for n in (1, 2)], status)

    server.handler = answer
    pipeline = {} if leg_bytes is None else {"leg_bytes": leg_bytes}
    config = accounts.config(accounts.document(RUNS, steps, pipeline=pipeline))
    (failed,) = synced(config, warehouse).failed_requests
    assert json.loads(failed.key) == {"id": 2, "tenant": "beta"}

    fails.clear()
    for name in accounts.names:
        accounts.runs[name].insert(0, {"id": 6, "status": "done"})
    accounts.asked()
    assert not synced(config, warehouse).failed_requests
    found = warehouse.query("SELECT tenant, _runs_id, n, of FROM test_data.steps ORDER BY ALL")
    assert found == [
        (name, run, n, f"/{name}/steps/{run}")
        for name in accounts.names
        for run in range(1, 7)
        for n in (1, 2)
    ]
    asked = sorted(each for each in accounts.asked() if "/steps/" in each)
    assert {"/beta/steps/2", "/acme/steps/6"} <= set(asked)
    # The new one, and the one that is still open.
    assert len(asked) == 3 * 2 + 1
