"""What is secret of one tenant goes to its own server alone, and is shown nowhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from headrace import HeadraceError, sync
from headrace.config import SourceConfig, load_config
from headrace.dlt_source.source import build_source
from tests.support.canaries import canary, encoded, leaks, log_everything, told_by
from tests.support.servers import Answer, Asked, JsonServer
from tests.support.tables import Warehouse

NAMES = ["acme", "beta", "gamma"]


@pytest.fixture(autouse=True)
def logged(tmp_path: Path) -> Iterator[None]:
    yield from log_everything(tmp_path / "everything.log")


@pytest.fixture
def servers() -> Iterator[dict[str, JsonServer]]:
    with ExitStack() as opened:
        yield {name: opened.enter_context(JsonServer()) for name in NAMES}


def config_of(servers: dict[str, JsonServer], *resources: Any) -> SourceConfig:
    document = {
        "client": {
            "base_url": "http://never.example.com",
            "auth": {"type": "api_key", "name": "X-Shop", "api_key": "${KEY}"},
            "headers": {"X-Site": "${SITE_TOKEN}"},
        },
        "resource_defaults": {"primary_key": "id", "write_disposition": "merge"},
        "resources": resources or ["users"],
        "tenants": [
            {
                "name": name,
                "set": {"client.base_url": server.base_url},
                "secrets": {"KEY": f"{name}_KEY", "SITE_TOKEN": f"{name}_SITE_TOKEN"},
            }
            for name, server in servers.items()
        ],
    }
    return load_config(document, lookup=canary)


def secrets(name: str) -> list[str]:
    return [canary(f"{name}_KEY"), canary(f"{name}_SITE_TOKEN")]


def sent(asked: Asked) -> str:
    return f"{asked.headers} {asked.target} {asked.body.decode()}"


@pytest.mark.parametrize("way", ["redirect", "next link", "all is well"])
def test_no_server_gets_what_is_anothers(
    way: str, servers: dict[str, JsonServer], warehouse: Warehouse
) -> None:
    """Each server leads to the one of the next tenant."""
    for number, server in enumerate(servers.values()):
        other = servers[NAMES[(number + 1) % len(NAMES)]].base_url

        def answer(asked: Asked, other: str = other) -> Answer:
            if way == "redirect":
                return Answer(status=302, headers={"Location": f"{other}/users"})
            follows = f"{other}/users" if way == "next link" else None
            return Answer({"data": [{"id": 1}], "next": follows})

        server.handler = answer
    paginator = {"type": "json_link", "next_url_path": "next"}
    users = {"name": "users", "endpoint": {"path": "users", "paginator": paginator}}
    source = build_source(config_of(servers, users))
    if way == "all is well":
        sync(warehouse.pipeline(), source)
    else:
        with pytest.raises(
            HeadraceError, match="all 3 tenants failed, `acme` first: tenant `acme`"
        ):
            sync(warehouse.pipeline(), source)
    for name, server in servers.items():
        told = [sent(asked) for asked in server.asked]
        assert len(told) == 1, "nobody follows to another tenant's server"
        for secret in secrets(name):
            assert any(form in told[0] for form in encoded(secret))
        for other in set(NAMES) - {name}:
            for secret in secrets(other):
                assert not any(form in each for form in encoded(secret) for each in told)


@pytest.mark.parametrize("status", [401, 500, 200])
def test_what_a_server_echoes_of_any_tenant_is_masked(
    status: int,
    servers: dict[str, JsonServer],
    warehouse: Warehouse,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """One tenant's server echoes its secrets, and the others work."""
    echo = " ".join(form for secret in secrets("beta") for form in encoded(secret))
    for server in servers.values():
        server.handler = lambda asked: Answer([{"id": 1}])
    page = f"<html>{echo}</html>".encode()
    servers["beta"].handler = lambda asked: Answer(raw=page, status=status)
    report = sync(warehouse.pipeline(), build_source(config_of(servers)))
    (failed,) = report.failed_requests
    assert json.loads(failed.key) == {"tenant": "beta"}
    for server in servers.values():
        server.handler = lambda asked: Answer({"message": echo}, 500)
    with pytest.raises(HeadraceError) as caught:
        sync(warehouse.pipeline(), build_source(config_of(servers)))
    texts = (told_by(caught.value), repr(report), *capfd.readouterr())
    every = [secret for name in NAMES for secret in secrets(name)]
    assert not leaks(every, tmp_path, *texts)


def test_each_tenant_has_a_token_and_a_rate_of_its_own(
    servers: dict[str, JsonServer], warehouse: Warehouse
) -> None:
    """Tokens are fetched with the tenant's own secret, once for all of its resources."""
    for name, server in servers.items():

        def answer(asked: Asked, token: str = f"token-of-{name}") -> Answer:
            is_token = asked.path == "/token"
            return Answer({"access_token": token} if is_token else [{"id": 1}])

        server.handler = answer
    document = {
        "client": {
            "base_url": "http://never.example.com",
            "auth": {
                "type": "oauth2_client_credentials",
                "access_token_url": "${TOKEN_URL}",
                "client_id": "me",
                "client_secret": "${SECRET}",
            },
            "rate_limit": {"requests": 50, "seconds": 1},
        },
        "resource_defaults": {"primary_key": "id", "write_disposition": "merge"},
        "resources": ["users", "orders"],
        "tenants": [
            {
                "name": name,
                "set": {"client.base_url": server.base_url},
                "secrets": {"TOKEN_URL": f"{name}_URL", "SECRET": f"{name}_SECRET"},
            }
            for name, server in servers.items()
        ],
    }
    known = {f"{name}_URL": f"{server.base_url}/token" for name, server in servers.items()}
    lookup = {**known, **{f"{name}_SECRET": canary(name) for name in NAMES}}.get
    report = sync(warehouse.pipeline(), build_source(load_config(document, lookup=lookup)))
    assert not report.failed_requests
    for name, server in servers.items():
        paths = sorted(asked.path for asked in server.asked)
        assert paths == ["/orders", "/token", "/users"]
        tokens = {asked.headers.get("Authorization") for asked in server.asked}
        assert f"Bearer token-of-{name}" in tokens
