"""A config travels as text with its placeholders, and with no secret."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from dlt.common.configuration.container import Container
from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext

from headrace.config import ResourceConfig
from headrace.core.exceptions import ConfigError
from headrace.reading.travelling import load_travelled, tenants_in_text, travelling_text

SECRET = "c4n4ry-of-travels"


def config(auth: Any = None, **client: Any) -> dict[str, Any]:
    return {
        "client": {"base_url": "https://api.example.com", "auth": auth, **client},
        "resources": ["items"],
    }


API_KEY = {"type": "api_key", "name": "X-Key", "api_key": "${SHOP_KEY}"}


def test_a_dictionary_travels_as_it_is_written() -> None:
    text = travelling_text(config(API_KEY))

    assert yaml.safe_load(text) == config(API_KEY)


def test_a_file_travels_without_its_comments(tmp_path: Path, monkeypatch: Any) -> None:
    file = tmp_path / "shop.yml"
    file.write_text(
        f"# the old key: {SECRET}\n"
        "client: {base_url: https://api.example.com, auth: {type: bearer, token: '${SHOP_KEY}'}}\n"
        "resources:\n"
        "- {name: i, endpoint: {path: i, params: {v: 1.50, at: 12:30, on: 'no', e: '1e5'}}}\n"
    )
    monkeypatch.setenv("SHOP_KEY", SECRET)

    text = travelling_text(file)

    assert SECRET not in text
    (resource,) = load_travelled(text).resources
    assert isinstance(resource, ResourceConfig)
    assert {name: str(value) for name, value in resource.endpoint.params.items()} == {
        "v": "1.50",
        "at": "12:30",
        "on": "no",
        "e": "1e5",
    }


def test_a_connector_travels_by_its_name() -> None:
    assert travelling_text("executions") == "executions"


def test_each_machine_looks_its_secrets_up(monkeypatch: pytest.MonkeyPatch) -> None:
    text = travelling_text(config(API_KEY))
    monkeypatch.setenv("SHOP_KEY", SECRET)

    assert SECRET in load_travelled(text).secrets
    assert SECRET in load_travelled(json.dumps(config(API_KEY))).secrets


def test_a_function_of_the_user_is_asked_first(tmp_path: Path, monkeypatch: Any) -> None:
    (tmp_path / "our_vault.py").write_text(
        f"def find(name): return {SECRET!r} if name == 'SHOP_KEY' else None\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SHOP_URL", "https://shop.example.com")
    text = travelling_text(config(API_KEY, base_url="${SHOP_URL}"))

    loaded = load_travelled(text, "our_vault:find")

    assert SECRET in loaded.secrets
    assert loaded.client.base_url == "https://shop.example.com"
    with pytest.raises(ConfigError, match="`our_vault` has no function `fnd`"):
        load_travelled(text, "our_vault:fnd")


@pytest.mark.parametrize(
    ("written", "place"),
    [
        (config({**API_KEY, "api_key": SECRET}), r"client\.auth\.api_key"),
        (config({**API_KEY, "api_key": "k1"}), r"client\.auth\.api_key"),
        (config({**API_KEY, "api_key": 12345}), r"client\.auth\.api_key"),
        (config({"type": "http_basic", "username": SECRET, "password": ""}), "auth.username"),
        (config(base_url=f"https://me:{SECRET}@api.example.com"), r"client\.base_url"),
        (config(headers={"X-Api-Key": SECRET}), r"client\.headers\.X-Api-Key"),
        (
            {**config(), "resources": [{"name": "i", "endpoint": {"params": {"token": SECRET}}}]},
            r"resources\[0\]\.endpoint\.params\.token",
        ),
        (
            {**config(), "pipeline": {"destination": f"postgresql://me:{SECRET}@host/db"}},
            r"pipeline\.destination",
        ),
    ],
)
def test_a_secret_in_clear_does_not_travel(written: dict[str, Any], place: str) -> None:
    with pytest.raises(ConfigError, match=rf"{place}.*`\$\{{NAME\}}`") as caught:
        travelling_text(written)
    assert SECRET not in str(caught.value)
    with pytest.raises(ConfigError, match=place):
        load_travelled(json.dumps(written))


def test_what_dlt_knows_as_a_secret_does_not_travel(tmp_path: Path) -> None:
    (tmp_path / ".dlt").mkdir()
    (tmp_path / ".dlt" / "secrets.toml").write_text(f'shop = "{SECRET}"\n')
    context = Container()[PluggableRunContext]
    context.reload(str(tmp_path))
    try:
        with pytest.raises(ConfigError, match=r"client\.headers\.X-Shop"):
            travelling_text(config(headers={"X-Shop": SECRET}))
    finally:
        context.reload(".")


def test_who_asks_may_stand_there_where_the_proof_is_looked_up() -> None:
    auth = {"type": "http_basic", "username": "reporting-service", "password": "${SHOP_PASSWORD}"}

    assert "reporting-service" in travelling_text(config(auth))


def test_what_only_python_holds_does_not_travel() -> None:
    with pytest.raises(ConfigError, match=r"client\.auth.*Python object.*cannot travel"):
        travelling_text(config(object()))


def test_each_tenant_has_a_text_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tenants.csv").write_text(
        "name,set.client.base_url,secrets.SHOP_KEY\n"
        "acme,https://acme.example.com,ACME_KEY\n"
        "beta,https://beta.example.com,BETA_KEY\n"
    )
    written = {**config(API_KEY), "tenants": {"file": "tenants.csv", "column": "account"}}
    (tmp_path / "shop.json").write_text(json.dumps(written))
    text = travelling_text(tmp_path / "shop.json")
    monkeypatch.setenv("ACME_KEY", SECRET)

    wanted, column, alone = tenants_in_text(text, ["acme"])

    assert (list(alone), column, "beta" in wanted) == (["acme"], "account", False)
    loaded = load_travelled(alone["acme"])
    assert (loaded.client.base_url, loaded.tenants) == ("https://acme.example.com", None)
    assert SECRET in loaded.secrets
    assert list(tenants_in_text(text)[2]) == ["acme", "beta"]
    with pytest.raises(ConfigError, match="there is no tenant `acmee`"):
        tenants_in_text(text, ["acmee"])
    with pytest.raises(ConfigError, match="none to choose from"):
        tenants_in_text(travelling_text(config(API_KEY)), ["acme"])


def test_no_secret_of_a_tenant_travels_in_clear() -> None:
    tenant = {"name": "acme", "set": {"client.headers": {"X-Api-Key": SECRET}}}
    written = {**config(API_KEY), "tenants": [tenant]}

    with pytest.raises(ConfigError) as caught:
        travelling_text(written)
    assert SECRET not in str(caught.value)
