"""Ways of authentication that are wrong between their keys, or in one of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from headrace.config import load_config
from headrace.config.secrets.masking import secrets_in
from headrace.config.secrets.substitution import SubstitutedValues
from headrace.core.exceptions import ConfigError, Fault
from tests.unit.config.documents import CANARY

TOKEN_URL = "https://login.example.com/token"
LOGIN = {"type": "login", "path": "/login", "json": {}}
REFRESH = {"type": "oauth2_refresh_token", "access_token_url": TOKEN_URL, "refresh_token": CANARY}


def faults(client: dict[str, Any]) -> dict[str, str]:
    document = {"client": {"base_url": "https://api.example.com", **client}, "resources": ["a"]}
    found: tuple[Fault, ...] = ()
    told = ""
    try:
        load_config(document)
    except ConfigError as error:
        found, told = tuple(error.faults), str(error)
    assert CANARY not in told
    return {fault.path.removeprefix("client."): fault.message for fault in found}


@pytest.mark.parametrize(
    "auth",
    [
        LOGIN,
        {"type": "login", "url": TOKEN_URL, "data": {"user": "me"}, "cookie": "sid"},
        {**LOGIN, "token_header": "X-Subject-Token", "header": "X-Auth-Token", "expires_in": 60},
        {**LOGIN, "token_path": "data.token", "prefix": "", "expires_in_path": "data.ttl"},
        REFRESH,
        {**REFRESH, "client_id": "me", "client_authentication": "body"},
        {"type": "http_digest", "username": "me", "password": CANARY},
        {"type": "signature", "function": "signing.hmac:sign", "arguments": {"key": CANARY}},
        {"type": "signature", "function": print},
    ],
)
def test_what_is_right(auth: dict[str, Any]) -> None:
    assert faults({"auth": auth}) == {}


@pytest.mark.parametrize(
    ("auth", "path", "phrase"),
    [
        ({"type": "login"}, "auth", "needs `path`, that of the login below `base_url`, or `url`"),
        ({**LOGIN, "path": TOKEN_URL}, "auth.path", "write a whole URL as `url`"),
        ({**LOGIN, "url": TOKEN_URL}, "auth.url", "give one of `path`, `url`"),
        ({**LOGIN, "url": "/login", "path": None}, "auth.url", "must be a whole URL"),
        ({**LOGIN, "data": {}}, "auth.data", "give one of `json`, `data`"),
        ({**LOGIN, "cookie": "sid", "token_path": "x"}, "auth.cookie", "give one of"),
        ({**LOGIN, "cookie": "sid", "prefix": "x"}, "auth.cookie", "give one of `prefix`"),
        ({**LOGIN, "cookie": "s;d"}, "auth.cookie", "is no name of a header"),
        ({**LOGIN, "expires_in": 0}, "auth.expires_in", "must be more than 0"),
        ({**LOGIN, "expires_in": 1, "expires_in_path": "x"}, "auth.expires_in", "give one of"),
        ({**LOGIN, "token": CANARY}, "auth.token", "is not a key here"),
        ({**LOGIN, "method": "TRACE"}, "auth.method", "is not known"),
        ({**REFRESH, "client_authentication": "basic"}, "auth.client_authentication", "needs"),
        ({**REFRESH, "client_authentication": "header"}, "auth.client_authentication", "basic"),
        ({"type": "signature"}, "auth.function", "is missing: the function, as `module:name`"),
        ({"type": "signature", "function": "sign"}, "auth.function", "for example `signing:sign`"),
        ({"type": "signature", "function": 1}, "auth.function", "expected a Python function"),
        ({"type": "http_digest", "username": "me"}, "auth.password", "is missing"),
        ({"type": "digest"}, "auth.type", "did you mean `http_digest`"),
        ({"refresh_token": CANARY}, "auth", "did you mean `type: oauth2_refresh_token`"),
        ({"token_path": "x", "json": {}}, "auth", "did you mean `type: login`"),
    ],
)
def test_what_is_wrong(auth: dict[str, Any], path: str, phrase: str) -> None:
    found = faults({"auth": auth})
    assert phrase in found[path], found


@pytest.mark.parametrize(
    ("tls", "path", "phrase"),
    [
        ({"key": "me.key"}, "tls.key", "needs `cert`"),
        ({"key_password": CANARY}, "tls.key_password", "needs `cert`"),
        ({"min_version": "1.1"}, "tls.min_version", "known: `1.2`, `1.3`"),
        ({"verify": False}, "tls.verify", "is not a key here"),
        ({"ca": ""}, "tls.ca", "must not be empty"),
    ],
)
def test_certificates(tls: dict[str, Any], path: str, phrase: str) -> None:
    assert phrase in faults({"tls": tls})[path]


def test_certificates_without_tls() -> None:
    plain = {"base_url": "http://api.example.com", "tls": {"ca": "ca.pem"}}
    assert "write https://" in faults(plain)["tls"]
    by_token = {"type": "login", "url": TOKEN_URL, "json": {}}
    assert faults({**plain, "auth": by_token}) == {}


def test_a_version_may_be_a_number() -> None:
    assert faults({"tls": {"min_version": 1.3}}) == {}


def test_what_only_says_where_and_how_is_no_secret() -> None:
    login = {
        **LOGIN,
        "path": "/auth/token",
        "token_path": "data.access_token",
        "header": "X-Auth-Token",
        "headers": {"Accept": "application/json", "X-Api-Key": "secret-by-name"},
        "json": {"path": "secret-by-place", "user": {"pin": "12345678"}},
    }
    client = {
        "base_url": "https://api.example.com",
        "auth": login,
        "tls": {
            "cert": "certificates/me.pem",
            "key": "certificates/me.key",
            "key_password": CANARY,
        },
    }
    found = secrets_in({"client": client, "resources": ["a"]}, SubstitutedValues())
    assert found == {"secret-by-place", "secret-by-name", "12345678", CANARY}


def test_what_is_left_out_is_looked_for_where_dlt_looks(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SOURCES__REST_API__CREDENTIALS__REFRESH_TOKEN", CANARY)
    monkeypatch.setenv("SOURCES__REST_API__CREDENTIALS__PASSWORD", CANARY)
    for auth in (
        {key: value for key, value in REFRESH.items() if key != "refresh_token"},
        {"type": "http_digest", "username": "me"},
    ):
        client = {"base_url": "https://api.example.com", "auth": auth}
        config = load_config({"client": client, "resources": ["a"]})
        assert CANARY in config.secrets
        assert [each.path for each in config.looked_up] in (
            ["client.auth.refresh_token"],
            ["client.auth.password"],
        )
