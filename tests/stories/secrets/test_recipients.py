"""`headrace check` says which variables a config sends to which host, before it sends anything."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from headrace.config import load_config
from headrace.reading.recipients import Recipient, recipients
from tests.support.command_line import headrace
from tests.support.servers import Answer, Asked, JsonServer

API = "https://api.example.com"


def found(client: dict[str, Any], *resources: Any, **document: Any) -> dict[str, str]:
    """The names that each place gets."""
    config = load_config(
        {
            "client": {"base_url": f"{API}/v1", "paginator": "single_page", **client},
            "resources": list(resources) or ["items"],
            **document,
        },
        lookup=lambda name: API if name == "URL" else f"value-of-{name}",
    )
    return {each.place: " ".join(each.names) for each in recipients(config)}


def test_each_place_of_a_config() -> None:
    assert found({}) == {API: ""}
    assert found({"base_url": "${URL}/v1", "auth": {"type": "bearer", "token": "${A}"}}) == {
        API: "A"
    }
    assert found({"base_url": f"{API}/${{A}}", "headers": {"X": "b ${B}${B}"}}) == {API: "A B"}
    assert found({"timeout": 60}, {"name": "${A}", "primary_key": "${B}"}) == {API: "A"}
    assert found({}, "${A}") == {API: "A"}
    assert found(
        {},
        {"name": "x", "endpoint": {"params": {"q": ["${A}"]}, "data_selector": "${B}"}},
        resource_defaults={"primary_key": "${C}", "endpoint": {"headers": {"X": "${D}"}}},
    ) == {API: "A D"}
    assert found({}, pipeline={"destination": "postgresql://u:${A}@h/db"}) == {
        API: "",
        "the destination, when it loads": "A",
    }


def test_other_hosts_get_what_goes_there() -> None:
    elsewhere = "https://other.example.com/x"
    assert found(
        {
            "auth": {"type": "api_key", "name": "X", "api_key": "${KEY}"},
            "allowed_hosts": ["other.example.com", "more.example.com:8443"],
        },
        {"name": "x", "endpoint": {"path": elsewhere, "params": {"q": "${A}"}}},
        {"name": "y", "endpoint": {"params": {"q": "${B}"}}},
    ) == {
        API: "KEY B",
        "https://other.example.com": "KEY A",
        "https://more.example.com:8443": "KEY",
    }


def test_the_secret_of_a_client_goes_to_the_token_server() -> None:
    auth = {
        "type": "oauth2_client_credentials",
        "access_token_url": "https://login.example.com/token",
        "client_id": "${ID}",
        "client_secret": "${SECRET}",
    }
    expected = {API: "", "https://login.example.com": "ID SECRET"}
    assert found({"auth": auth}) == expected
    assert found({}, {"name": "x", "endpoint": {"auth": auth}}) == expected


def test_what_a_token_is_fetched_with_goes_to_where_it_comes_from() -> None:
    login = {"type": "login", "json": {"pin": "${PIN}"}}
    refresh = {"type": "oauth2_refresh_token", "refresh_token": "${TOKEN}"}
    url = "https://login.example.com/token"
    assert found({"auth": {**login, "path": "login"}}) == {API: "PIN"}
    assert found({"auth": {**login, "url": url}}) == {API: "", "https://login.example.com": "PIN"}
    assert found({"auth": {**refresh, "access_token_url": url}}) == {
        API: "",
        "https://login.example.com": "TOKEN",
    }


def test_a_password_of_a_private_key_goes_nowhere() -> None:
    tls = {"cert": "me.pem", "key": "me.key", "key_password": "${PASSWORD}"}
    assert found({"tls": tls}) == {API: ""}


def test_what_dlt_finds_is_named_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCES__REST_API__CREDENTIALS__TOKEN", "found-by-dlt")
    config = load_config({"client": {"base_url": API, "auth": "bearer"}, "resources": ["items"]})
    names, paths = ("token of dlt's settings",), ("client.auth.token",)
    assert recipients(config) == [Recipient(API, names, paths)]


def test_check_says_it_first_and_also_where_it_fails(
    server: JsonServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_KEY", "c4nary-key")
    client = {
        "base_url": server.base_url,
        "auth": {"type": "bearer", "token": "${SHOP_KEY}"},
        "paginator": "single_page",
    }
    Path("shop.json").write_text(json.dumps({"client": client, "resources": ["items"]}))

    def handler(asked: Asked) -> Answer:
        return Answer({}, 403)

    server.handler = handler
    ran = headrace("check", "shop.json")
    assert ran.returncode == 1
    assert ran.stdout.splitlines() == [
        "The config is sound.",
        f"It sends SHOP_KEY to {server.base_url} (client.auth.token).",
    ]
