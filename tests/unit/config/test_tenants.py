"""The key `tenants`: what is read of it, what it makes of a config, and what it is refused for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from headrace.config import (
    BearerAuthConfig,
    ResourceConfig,
    Tenant,
    TenantConfig,
    config_of_tenant,
    document_of_tenant,
    load_config,
    tenants_of,
)
from headrace.config.loading import ConfigPart
from headrace.config.selection import select_tenants
from headrace.core.exceptions import ConfigError

BASE: dict[str, Any] = {
    "client": {
        "base_url": "https://api.example.com",
        "auth": {"type": "bearer", "token": "${API_TOKEN}"},
    },
    "resource_defaults": {"primary_key": "id", "write_disposition": "merge"},
    "resources": ["users", {"name": "orders", "endpoint": {"path": "orders"}}],
}
ACME: dict[str, Any] = {
    "name": "acme",
    "set": {"client.base_url": "https://acme.example.com"},
    "secrets": {"API_TOKEN": "ACME_TOKEN"},
}
BETA = {"name": "beta", "set": {"resources.orders.endpoint.params.site": 7}}


def loaded(tenants: Any, **keys: Any) -> Any:
    return load_config({**BASE, **keys, "tenants": tenants}, lookup=lambda name: f"value of {name}")


def token_of(tenant: TenantConfig) -> str:
    assert tenant.config is not None
    auth = tenant.config.client.auth
    assert isinstance(auth, BearerAuthConfig)
    return auth.token.get_secret_value()


def refused(tenants: Any, **keys: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        loaded(tenants, **keys)
    return str(caught.value)


def test_a_tenant_has_a_config_of_its_own() -> None:
    acme, beta = loaded([ACME, BETA]).tenants.tenants
    assert acme.config.client.base_url == "https://acme.example.com"
    assert token_of(acme) == "value of ACME_TOKEN"
    assert beta.config.client.base_url == "https://api.example.com"
    assert token_of(beta) == "value of API_TOKEN"
    assert beta.config.resources[1].endpoint.params == {"site": 7}
    assert acme.config.resources[1].endpoint.params == {}


def test_each_key_of_a_table_has_the_tenant_in_it() -> None:
    users, orders = loaded(
        [ACME],
        resources=[
            "users",
            {
                "name": "orders",
                "primary_key": None,
                "merge_key": "day",
                "columns": {"number": {"primary_key": True}},
            },
        ],
    ).resources
    assert isinstance(users, ResourceConfig)
    assert users.primary_key == ("id", "tenant")
    assert users.hints["primary_key"] == ["id", "tenant"]
    assert users.hints["columns"]["tenant"] == {
        "name": "tenant",
        "data_type": "text",
        "nullable": False,
    }
    assert orders.hints["merge_key"] == ["day", "tenant"]
    assert orders.hints["columns"]["tenant"]["primary_key"] is True


def test_all_secrets_of_all_tenants_are_known() -> None:
    config = loaded([ACME, {**BETA, "secrets": {"API_TOKEN": "BETA_TOKEN"}}])
    assert {"value of ACME_TOKEN", "value of BETA_TOKEN"} <= config.secrets


def test_what_is_written_for_one_tenant_alone() -> None:
    document = {**BASE, "tenants": [ACME]}
    (acme,) = tenants_of(document)
    assert acme == Tenant("acme", ACME["set"], ACME["secrets"])
    alone = document_of_tenant(document, acme)
    assert alone["client"]["auth"]["token"] == "${ACME_TOKEN}"
    assert "tenants" not in alone
    config = config_of_tenant(document, acme, lookup=lambda name: name)
    assert config.resources[0].primary_key == ("id",)  # type: ignore[union-attr]


ROWS = [
    {"name": "acme", "set": {"client.base_url": "https://a.example.com", "client.timeout": 5}},
    {"name": "beta", "set": {}, "secrets": {"API_TOKEN": "BETA_TOKEN"}},
]
FILES = {
    "tenants.json": json.dumps(ROWS),
    "tenants.jsonl": "\n".join(map(json.dumps, ROWS)) + "\n\n",
    "tenants.yaml": "- name: acme\n  set: {client.base_url: https://a.example.com, "
    "client.timeout: 5}\n- {name: beta, secrets: {API_TOKEN: BETA_TOKEN}}\n",
    "tenants.csv": "name,set.client.base_url,set.client.timeout,secrets.API_TOKEN\n"
    "acme,https://a.example.com,5,\nbeta,,,BETA_TOKEN\n",
}


@pytest.mark.parametrize("name", FILES)
def test_the_tenants_may_stand_in_a_file_beside_the_config(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "deep"
    folder.mkdir()
    (folder / name).write_text(FILES[name])
    (folder / "api.json").write_text(json.dumps({**BASE, "tenants": {"file": name}}))
    config = load_config(folder / "api.json", lookup=lambda name: name)
    assert config.tenants is not None
    acme, beta = config.tenants.tenants
    assert acme.config is not None
    assert acme.config.client.timeout == 5
    assert token_of(beta) == "BETA_TOKEN"


@pytest.mark.parametrize("needed", ["tables", "destination"])
def test_no_secret_is_needed_for_the_tables(needed: ConfigPart) -> None:
    load_config({**BASE, "tenants": [ACME]}, lookup=lambda name: None, needed=needed)
    load_config(
        {**BASE, "tenants": {"table": "ops.shops"}}, lookup=lambda name: None, needed=needed
    )


def test_a_missing_secret_is_the_fault_of_one_tenant_where_others_have_theirs() -> None:
    document = {**BASE, "tenants": [ACME, BETA]}
    config = load_config(document, lookup={"API_TOKEN": "t"}.get)
    assert config.tenants is not None
    acme, beta = config.tenants.tenants
    assert "no value for ${ACME_TOKEN}" in str(acme.error)
    assert beta.error is None
    with pytest.raises(ConfigError, match="no value for"):
        load_config(document, lookup=lambda name: None)


@pytest.mark.parametrize(
    ("tenants", "told"),
    [
        ([], "the list has no tenant"),
        (7, "expected a list of tenants, or a mapping"),
        ({}, "needs one of `list`, `file`, `table`, `query`"),
        ({"list": [ACME], "file": "x.csv"}, "needs one of"),
        ({"fiel": "x.csv"}, "unknown key `fiel`; did you mean `file`?"),
        ({"column": "a-b", "list": [ACME]}, "tenants.column: must be a name of letters"),
        ({"file": "none.csv"}, "none.csv cannot be read: No such file"),
        ({"file": "tenants.xls"}, "is neither CSV, JSON, JSON Lines (.jsonl) nor YAML"),
        ({"table": "ops.shops"}, "tenants.table: is read from the destination"),
        ([ACME, ACME], "the name `acme` stands 2 times"),
        (["acme"], "tenants[0]: expected a tenant, got text"),
        ([{"set": {}}], "tenants[0].name: must be a text"),
        ([{**ACME, "url": 1}], "tenants[0]: unknown key `url`"),
        ([{"name": "a", "set": {"pipeline.name": "x"}}], "no tenant can have this of its own"),
        ([{"name": "a", "set": {"client": {}}}], "no tenant can have this of its own"),
        ([{"name": "a", "set": {"client.concurrency": 2}}], "is shared by all tenants"),
        (
            [{"name": "a", "set": {"resources.orders.endpoint.incremental": {}}}],
            "is shared by all tenants",
        ),
        ([{"name": "a", "set": {"client.auth.token": "s3cr3t"}}], "is a secret, which may not"),
        (
            [{"name": "a", "set": {"client.auth": {"type": "bearer", "token": "s3cr3t"}}}],
            "is a secret, which may not",
        ),
        ([{"name": "a", "secrets": {"API_TOKEN": "s3/cr+3t="}}], "not its value"),
        ([ACME, {"name": "b", "set": {"client.base_ulr": "x"}}], "base_ulr: is not a key here"),
        ([ACME, {"name": "b", "set": {"client.base_ulr": "x"}}], "(tenant `b`)"),
        ([ACME, {"name": "b", "set": {"resources.odrers.endpoint.path": "x"}}], "no item `odrers`"),
        (
            [
                ACME,
                {"name": "b", "set": {"resources.orders.endpoint.path": "{resources.users.id}"}},
            ],
            "makes its resource another one",
        ),
    ],
)
def test_what_is_wrong_is_said(tenants: Any, told: str) -> None:
    message = refused(tenants)
    assert told in message
    assert "s3cr3t" not in message
    assert "s3/cr+3t=" not in message


@pytest.mark.parametrize(
    ("resource", "told"),
    [
        ({"write_disposition": "replace"}, "would drop the rows of a tenant"),
        ({"write_disposition": {"disposition": "merge", "strategy": "scd2"}}, "`scd2` would end"),
        ({"primary_key": ["id", "tenant"]}, "has `tenant`, the column that is added to it"),
        ({"nested_hints": {"lines": {"primary_key": "n"}}}, "a nested table has no column"),
        (
            {"endpoint": {"lanes": {"by": "values", "param": "p", "values": ["a", "b"]}}},
            "values of a parameter cannot be listed beside several tenants",
        ),
        (
            {
                "endpoint": {
                    "path": "{resources.users.id}/orders",
                    "incremental": {"cursor_path": "at", "start_param": "since"},
                }
            },
            "needs `per_parent: true`",
        ),
        (
            {
                "missing_rows": "delete",
                "endpoint": {
                    "path": "orders",
                    "paginator": {"type": "cursor", "cursor_path": "next"},
                    "incremental": {
                        "cursor_path": "id",
                        "row_order": "desc",
                        "settled_when": "done",
                        "refresh_path": "orders/{id}",
                    },
                },
            },
            "rows that are gone stay in a table that is kept up with",
        ),
    ],
)
def test_resources_that_no_tenants_can_have(resource: dict[str, Any], told: str) -> None:
    message = refused([ACME], resources=["users", {"name": "orders", **resource}])
    assert told in message
    assert "(tenant" not in message


def test_views_are_refused() -> None:
    views = {"views": {"executions": "users", "workflows": "orders"}}
    assert "pipeline.views: joins rows" in refused([ACME], pipeline=views)


def test_tenants_are_chosen_by_name() -> None:
    config = select_tenants(loaded([ACME, BETA]), ["beta"])
    assert config.tenants is not None
    assert [each.name for each in config.tenants.tenants] == ["beta"]
    assert not config.tenants.are_all
    with pytest.raises(ConfigError, match="did you mean `beta`"):
        select_tenants(config, ["betta"])
    with pytest.raises(ConfigError, match="this config has none"):
        select_tenants(load_config(BASE, lookup=lambda name: "x"), ["beta"])
