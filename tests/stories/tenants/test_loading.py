"""One config loads many accounts of an API into one set of tables."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from headrace import ConfigError, ResponseStatusError, rest_api_source, sync, verify
from headrace.dlt_source.source import build_source
from tests.stories.tenants.accounts import POSTS, SINCE, Accounts, synced
from tests.support.command_line import headrace
from tests.support.servers import JsonServer
from tests.support.tables import Warehouse


@pytest.fixture
def accounts(server: JsonServer) -> Accounts:
    return Accounts(server, ["acme", "beta", "gamma"])


def names(warehouse: Warehouse, table: str = "users") -> list[tuple[Any, ...]]:
    return warehouse.query(f"SELECT tenant, id FROM test_data.{table} ORDER BY ALL")


def of(*tenants: str) -> list[tuple[Any, ...]]:
    return [(name, number) for name in tenants for number in (1, 2, 3)]


def test_each_row_names_its_tenant_and_one_package_has_them_all(
    accounts: Accounts, warehouse: Warehouse
) -> None:
    config = accounts.config(accounts.document("users", POSTS))
    for _ in range(2):
        report = synced(config, warehouse)
        assert not report.failed_requests

    assert names(warehouse) == of("acme", "beta", "gamma")
    posts = warehouse.query("SELECT tenant, text FROM test_data.posts ORDER BY ALL")
    expected = [(t, f"{t} {u} {n}") for t in accounts.names for u in (1, 2, 3) for n in (1, 2)]
    assert posts == expected
    assert warehouse.tables("test_data") == {"users", "posts"}
    assert warehouse.query("SELECT count(*) FROM test_data._dlt_loads") == [(2,)]
    assert warehouse.columns("test_data.users")["tenant"] == ("VARCHAR", False)
    schema = warehouse.pipeline().default_schema
    keys = [
        name for name, each in schema.tables["users"]["columns"].items() if each.get("primary_key")
    ]
    assert sorted(keys) == ["id", "tenant"]


def test_a_tenant_that_fails_leaves_the_others_loaded_and_is_asked_again(
    accounts: Accounts, warehouse: Warehouse
) -> None:
    accounts.fails["beta"] = 403
    config = accounts.config(accounts.document("users", POSTS))
    report = synced(config, warehouse)

    assert names(warehouse) == of("acme", "gamma")
    (failed,) = report.failed_requests
    assert (failed.resource, json.loads(failed.key), failed.status) == (
        "users",
        {"tenant": "beta"},
        403,
    )
    assert failed.request == f"GET {accounts.server.base_url}/beta/users"
    assert "tenant `beta`" in failed.reason
    assert "this account is closed" in failed.reason
    shown = warehouse.query("SELECT key, status FROM test_data._headrace_failed_requests")
    assert shown == [('{"tenant":"beta"}', 403)]

    accounts.fails.clear()
    assert not synced(config, warehouse).failed_requests
    assert names(warehouse) == of("acme", "beta", "gamma")
    assert warehouse.query("SELECT * FROM test_data._headrace_failed_requests") == []


def test_a_failing_tenant_keeps_its_rows_and_the_place_of_its_incremental(
    accounts: Accounts, warehouse: Warehouse
) -> None:
    config = accounts.config(accounts.document(SINCE))
    synced(config, warehouse)
    for name in accounts.names:
        accounts.users[name].append({"id": 4, "name": "new", "at": f"2026-02-0{len(name)}"})
    accounts.fails["beta"] = 500
    accounts.asked()
    synced(config, warehouse)
    assert names(warehouse) == sorted([*of("acme", "beta", "gamma"), ("acme", 4), ("gamma", 4)])
    assert set(accounts.asked()) == {f"/{name}/users?since=2026-01-03" for name in accounts.names}

    accounts.fails.clear()
    synced(config, warehouse)
    assert sorted(accounts.asked()) == [
        "/acme/users?since=2026-02-04",
        "/beta/users?since=2026-01-03",
        "/gamma/users?since=2026-02-05",
    ]
    assert ("beta", 4) in names(warehouse)


def test_rows_that_are_added_come_whole_or_not_at_all(
    accounts: Accounts, warehouse: Warehouse
) -> None:
    """The second page of a tenant fails: of the first one nothing is loaded."""
    paged = {
        "name": "users",
        "write_disposition": "append",
        "endpoint": {
            "path": "users",
            "data_selector": "rows",
            "paginator": {"type": "cursor", "cursor_path": "next"},
        },
    }
    large = "x" * 3_000_000
    broken = {"beta"}

    def answer(asked: Any) -> Any:
        from tests.support.servers import Answer

        name = asked.path.split("/")[1]
        if "cursor" not in asked.query:
            return Answer({"rows": [{"id": 1, "text": large}], "next": "2"})
        return Answer({"m": "down"}, 500) if name in broken else Answer({"rows": [{"id": 2}]})

    accounts.server.handler = answer
    config = accounts.config(accounts.document(paged))
    report = synced(config, warehouse)
    assert names(warehouse) == [("acme", 1), ("acme", 2), ("gamma", 1), ("gamma", 2)]
    assert report.figures.of("users").rows == 4

    broken.clear()
    synced(config, warehouse)
    assert [each for each in names(warehouse) if each[0] == "beta"] == [("beta", 1), ("beta", 2)]


def test_where_all_tenants_fail_the_sync_fails(accounts: Accounts, warehouse: Warehouse) -> None:
    config = accounts.config(accounts.document())
    synced(config, warehouse)
    accounts.fails.update(dict.fromkeys(accounts.names, 500))
    with pytest.raises(ResponseStatusError, match="tenant `acme`"):
        synced(config, warehouse)
    assert names(warehouse) == of("acme", "beta", "gamma")


def test_with_strict_one_tenant_ends_the_sync(accounts: Accounts, warehouse: Warehouse) -> None:
    accounts.fails["gamma"] = 403
    config = accounts.config(accounts.document(pipeline={"strict": True}))
    with pytest.raises(ResponseStatusError, match="tenant `gamma`"):
        synced(config, warehouse)


def test_a_secret_that_is_not_there_is_the_failure_of_its_tenant(
    accounts: Accounts, warehouse: Warehouse
) -> None:
    report = synced(accounts.config(accounts.document(), without=["BETA_KEY"]), warehouse)

    assert names(warehouse) == of("acme", "gamma")
    (failed,) = report.failed_requests
    assert "tenant `beta`" in failed.reason
    assert "no value for ${BETA_KEY}" in failed.reason
    assert {each.split("/")[1] for each in accounts.asked()} == {"acme", "gamma"}


def test_only_one_tenant_is_asked_where_one_is_chosen(
    accounts: Accounts, warehouse: Warehouse
) -> None:
    accounts.fails["beta"] = 500
    config = accounts.config(accounts.document("users", POSTS))
    synced(config, warehouse)
    accounts.asked()
    report = synced(config, warehouse, tenants=["gamma"])

    assert {each.split("/")[1] for each in accounts.asked()} == {"gamma"}
    # What is on record of the others stays there.
    assert [json.loads(each.key) for each in report.failed_requests] == [{"tenant": "beta"}]
    assert names(warehouse) == of("acme", "gamma")


def test_a_tenant_that_is_gone_from_the_config_leaves_the_record_and_not_the_table(
    accounts: Accounts, warehouse: Warehouse
) -> None:
    accounts.fails["beta"] = 500
    synced(accounts.config(accounts.document()), warehouse)
    left = [accounts.tenant("gamma")]
    report = synced(accounts.config(accounts.document(tenants=left)), warehouse)
    assert not report.failed_requests
    assert names(warehouse) == of("acme", "gamma")


def test_a_field_of_the_name_of_the_column_is_an_error_that_names_the_way_out(
    accounts: Accounts, warehouse: Warehouse
) -> None:
    for row in accounts.users["beta"]:
        row["Tenant"] = "someone"
    with pytest.raises(ConfigError, match=r"field `Tenant` of its own.*column: tenant_name"):
        synced(accounts.config(accounts.document()), warehouse)

    tenants = {"column": "account", "list": accounts.document()["tenants"]}
    synced(accounts.config(accounts.document(tenants=tenants)), warehouse)
    found = warehouse.query("SELECT account, tenant FROM test_data.users ORDER BY account, id")
    assert found[0] == ("acme", None)
    assert found[3] == ("beta", "someone")


def test_a_name_may_be_deeper_in_a_row_or_a_value(accounts: Accounts, warehouse: Warehouse) -> None:
    accounts.users["acme"][0] |= {"name": "tenant", "more": {"tenant": "x"}, "list": ["tenant"]}
    synced(accounts.config(accounts.document()), warehouse)
    assert names(warehouse) == of("acme", "beta", "gamma")
    assert warehouse.query(
        "SELECT more__tenant FROM test_data.users WHERE id = 1 AND tenant = 'acme'"
    )[0] == ("x",)


def test_a_tenant_of_another_api_than_its_rows_is_refused(
    accounts: Accounts, warehouse: Warehouse
) -> None:
    config = accounts.config(accounts.document())
    synced(config, warehouse)
    document = accounts.document()
    document["tenants"][1]["set"]["client.base_url"] = "http://other.example.com/api"
    report = synced(accounts.config(document), warehouse)
    (failed,) = report.failed_requests
    assert "two accounts would be mixed under one name" in failed.reason
    assert names(warehouse) == of("acme", "beta", "gamma")


def test_what_a_sync_tells_on_the_command_line(
    accounts: Accounts, warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in accounts.names:
        monkeypatch.setenv(f"{name.upper()}_KEY", f"{name}-key")
    rows = ["name,set.client.base_url,secrets.ACCOUNT_KEY"]
    rows += [f"{n},{accounts.server.base_url}/{n},{n.upper()}_KEY" for n in accounts.names]
    (tmp_path / "tenants.csv").write_text("\n".join(rows))
    path = tmp_path / "shop.json"
    path.write_text(json.dumps(accounts.document(tenants={"file": "tenants.csv"})))
    accounts.fails["beta"] = 403
    to = ("--destination", warehouse.url, "--dataset", "test_data")

    ran = headrace("run", str(path), *to)
    assert ran.returncode == 4, ran.stderr
    assert 'users {"tenant":"beta"}: tenant `beta`: ' in ran.stdout
    assert names(warehouse) == of("acme", "gamma")

    told = headrace("status", str(path), *to)
    assert told.returncode == 0, told.stderr
    assert '{"tenant":"beta"}' in told.stdout
    accounts.fails.clear()
    assert headrace("run", str(path), *to, "--tenant", "beta").returncode == 0
    assert names(warehouse) == of("acme", "beta", "gamma")
    assert "did you mean `beta`?" in headrace("run", str(path), *to, "--tenant", "bta").stderr

    checked = headrace("check", str(path))
    assert checked.returncode == 0
    assert checked.stdout.count("answers with 3 rows") == 3
    assert f"It sends BETA_KEY to {accounts.server.base_url}" in checked.stdout
    assert written(path, "--tenant", "gamma") == ["gamma"] * 3
    assert written(path) == [name for name in accounts.names for _ in range(3)]


def written(config: Path, *options: str) -> list[str]:
    """The tenants of the rows that `headrace cat` writes."""
    file = config.with_name("rows.jsonl")
    ran = headrace("cat", str(config), *options, "--output", str(file))
    assert ran.returncode == 0, ran.stderr
    return [json.loads(each)["tenant"] for each in file.read_text().splitlines()]


def test_tables_of_tenants_are_verified(accounts: Accounts, warehouse: Warehouse) -> None:
    config = accounts.config(accounts.document("users", POSTS))
    synced(config, warehouse)
    pipeline = warehouse.pipeline()
    assert verify(pipeline, build_source(config)).ok

    with pipeline.sql_client() as client:
        client.execute_sql("DELETE FROM users WHERE tenant = 'beta' AND id = 2")
    found = verify(pipeline, build_source(config), repair=True)
    assert [len(each.comparison.missing) for each in found.tables] == [1, 0]
    assert names(warehouse) == of("acme", "beta", "gamma")


def test_a_config_of_a_call_has_tenants_too(
    accounts: Accounts, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in accounts.names:
        monkeypatch.setenv(f"{name.upper()}_KEY", f"{name}-key")
    document = accounts.document()
    sync(warehouse.pipeline(), rest_api_source(document))
    assert names(warehouse) == of("acme", "beta", "gamma")
    warehouse.pipeline("plain").run(rest_api_source(document))
    assert warehouse.query("SELECT count(*) FROM plain_data.users") == [(9,)]


@pytest.mark.parametrize(("kind", "by"), [("duckdb", "table"), ("postgres", "query")])
def test_the_tenants_may_stand_in_a_table_of_the_destination(
    kind: str,
    by: str,
    accounts: Accounts,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    destination = request.getfixturevalue("warehouse" if kind == "duckdb" else "postgres")
    for name in accounts.names:
        monkeypatch.setenv(f"{name.upper()}_KEY", f"{name}-key")
    with destination.pipeline("setup").sql_client() as client:
        client.execute_sql("CREATE SCHEMA ops")
        client.execute_sql(
            "CREATE TABLE ops.shops (name TEXT, set JSON, secrets JSON, paid BOOLEAN)"
        )
        for name in accounts.names:
            each = accounts.tenant(name)
            values = (name, json.dumps(each["set"]), json.dumps(each["secrets"]), name != "beta")
            client.execute_sql("INSERT INTO ops.shops VALUES (%s, %s, %s, %s)", *values)
    where = {"table": "ops.shops", "query": "SELECT * FROM ops.shops WHERE paid ORDER BY name"}
    path = tmp_path / "shop.json"
    path.write_text(json.dumps(accounts.document(tenants={by: where[by]})))
    to = ("--destination", destination.url, "--dataset", "test_data")
    ran = headrace("run", str(path), *to)
    assert ran.returncode == 0, ran.stderr
    found = {row["tenant"] for row in destination.rows("test_data.users")}
    assert found == set(accounts.names) - ({"beta"} if by == "query" else set())
    assert headrace("status", str(path), *to).returncode == 0
    assert headrace("verify", str(path), *to).returncode == 0

    broken = headrace(
        "run", str(path), *to, "--set", "tenants.table=ops.none", "--set", "tenants.query=null"
    )
    assert broken.returncode == 2
    assert "tenants.table: cannot be read from the destination" in broken.stderr
    with pytest.raises(ConfigError, match="have to stand under `list`"):
        rest_api_source(accounts.document(tenants={by: where[by]}))


def test_a_key_that_stands_among_the_columns_is_one_of_each_tenant(
    accounts: Accounts, warehouse: Warehouse
) -> None:
    users = {"name": "users", "columns": {"id": {"primary_key": True}}}
    document = accounts.document(users)
    del document["resource_defaults"]["primary_key"]
    config = accounts.config(document)
    for _ in range(2):
        synced(config, warehouse)
    assert names(warehouse) == of("acme", "beta", "gamma")
