"""What the APIs of tenants are asked with: what is the same for all of them is made once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from headrace.config import load_config
from headrace.core.exceptions import ConfigError
from headrace.reading.tenant_apis import TenantApis
from tests.unit.http.certificates import AUTHORITY

BASE: dict[str, Any] = {
    "client": {"base_url": "https://api.example.com", "headers": {"X-Key": "${KEY}"}},
    "resource_defaults": {"primary_key": "id", "write_disposition": "merge"},
    "resources": ["users"],
}


def apis_of(document: dict[str, Any], **known: str) -> TenantApis:
    tenants = load_config(document, lookup=known.get).tenants
    assert tenants is not None
    return TenantApis(tenants, at_once=4)


def test_certificates_that_all_tenants_have_are_read_once(tmp_path: Path) -> None:
    authority = tmp_path / "authority.pem"
    AUTHORITY.cert_pem.write_to_path(str(authority))
    names = [f"shop{number}" for number in range(200)]
    tenants = [{"name": name, "set": {"client.timeout": 9}} for name in names]
    client = {**BASE["client"], "tls": {"ca": str(authority)}}
    apis = apis_of({**BASE, "client": client, "tenants": tenants}, KEY="some key")
    contexts = {id(apis.settings(name).tls) for name in names}
    assert len(contexts) == 1


def test_each_tenant_has_settings_and_credentials_of_its_own() -> None:
    tenants = [
        {"name": "acme", "set": {"client.base_url": "https://acme.example.com"}},
        {"name": "beta", "set": {"client.rate_limit": {"requests": 3}}},
        {"name": "gamma", "secrets": {"KEY": "NOWHERE"}},
    ]
    apis = apis_of({**BASE, "tenants": tenants}, KEY="some key")
    assert apis.names == ["acme", "beta", "gamma"]
    assert apis.settings("acme").base_url == "https://acme.example.com"
    assert apis.settings("acme").rate_limit is None
    assert apis.settings("beta").rate_limit is not None
    assert apis.authentications("acme") is apis.authentications("acme")
    assert apis.authentications("acme") is not apis.authentications("beta")
    with pytest.raises(ConfigError, match="no value for"):
        apis.settings("gamma")
