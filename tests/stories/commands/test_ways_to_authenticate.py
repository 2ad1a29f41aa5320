"""Each way of authentication, in a file: every command asks with it, and a long listing goes on."""

from __future__ import annotations

import base64
import hashlib
import hmac
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trustme
import yaml

from tests.support.command_line import headrace
from tests.support.servers import Answer, Asked, JsonServer
from tests.unit.http.digest_server import PASSWORD, USER, DigestServer

ROWS = [{"id": number} for number in range(1, 8)]
KEY = "k3y-canary-of-the-shop"


def pages(asked: Asked) -> Answer:
    at = int(asked.query.get("offset", 0))
    return Answer({"items": ROWS[at : at + 2], "total": len(ROWS)})


class TokenApi(JsonServer):
    """Takes each token for three requests; gives one where `is_asked_well` says so."""

    def __init__(self, is_asked_well: Callable[[Asked, int], bool], sent: str) -> None:
        super().__init__()
        self.given = self.uses = 0
        self._is_asked_well = is_asked_well
        self._sent = sent
        self.handler = self._handle

    def _handle(self, asked: Asked) -> Answer:
        if asked.path == "/token":
            if not self._is_asked_well(asked, self.given):
                return Answer({"error": "invalid_client"}, 401)
            self.given, self.uses = self.given + 1, 0
            tokens = {"access_token": f"t0ken-{self.given}", "refresh_token": f"next-{self.given}"}
            return Answer(tokens, headers={"Set-Cookie": f"sid=t0ken-{self.given}; Path=/"})
        self.uses += 1
        sent = asked.headers.get("Cookie") or asked.headers.get("Authorization")
        is_good = sent == f"{self._sent}t0ken-{self.given}" and self.uses <= 3
        return pages(asked) if is_good else Answer({"message": "who?"}, 401)


def basic(asked: Asked, given: int) -> bool:
    pair = base64.b64encode(f"me:{KEY}".encode()).decode()
    return asked.headers.get("Authorization") == f"Basic {pair}"


def body_has(text: str) -> Callable[[Asked, int], bool]:
    return lambda asked, given: text.encode() in asked.body


def rotating(asked: Asked, given: int) -> bool:
    return f"refresh_token={f'next-{given}' if given else KEY}".encode() in asked.body


class SignedApi(JsonServer):
    """Takes what is signed with the key."""

    def __init__(self) -> None:
        super().__init__()
        self.handler = lambda asked: (
            pages(asked)
            if asked.headers.get("X-Signature") == signed(asked.target)
            else Answer({}, 401)
        )


def signed(target: str) -> str:
    return hmac.new(KEY.encode(), target.encode(), hashlib.sha256).hexdigest()


SIGNING = """\
import hashlib, hmac
from urllib.parse import urlsplit


def sign(method, url, headers, body, key):
    parts = urlsplit(url)
    target = f"{parts.path}?{parts.query}" if parts.query else parts.path
    return {"X-Signature": hmac.new(key.encode(), target.encode(), hashlib.sha256).hexdigest()}
"""
OAUTH = {"client_id": "me", "client_secret": "${SHOP_KEY}"}
WAYS: dict[str, tuple[Callable[[], JsonServer], dict[str, Any]]] = {
    "digest": (
        lambda: digesting(),
        {"type": "http_digest", "username": USER, "password": PASSWORD},
    ),
    "client, by basic": (
        lambda: TokenApi(basic, "Bearer "),
        {"type": "oauth2_client_credentials", **OAUTH, "client_authentication": "basic"},
    ),
    "client, not said": (
        lambda: TokenApi(basic, "Bearer "),
        {"type": "oauth2_client_credentials", **OAUTH},
    ),
    "refresh token": (
        lambda: TokenApi(rotating, "Bearer "),
        {"type": "oauth2_refresh_token", "client_id": "me", "refresh_token": "${SHOP_KEY}"},
    ),
    "login": (
        lambda: TokenApi(body_has(f'"pin": "{KEY}"'), "JWT "),
        {"type": "login", "path": "token", "json": {"pin": "${SHOP_KEY}"}, "prefix": "JWT"},
    ),
    "login, cookie": (
        lambda: TokenApi(body_has(f"pin={KEY}"), "sid="),
        {"type": "login", "path": "token", "data": {"pin": "${SHOP_KEY}"}, "cookie": "sid"},
    ),
    "signature": (
        SignedApi,
        {"type": "signature", "function": "signing:sign", "arguments": {"key": "${SHOP_KEY}"}},
    ),
}


def digesting() -> DigestServer:
    server = DigestServer(uses=3)
    server.then = pages
    return server


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SHOP_KEY", KEY)
    Path("signing.py").write_text(SIGNING)
    return tmp_path


def write(base_url: str, client: dict[str, Any]) -> None:
    document = {
        "client": {"base_url": base_url, "paginator": {"type": "offset", "limit": 2}, **client},
        "resources": [{"name": "items", "primary_key": "id", "write_disposition": "merge"}],
        "pipeline": {"name": "shop", "destination": "duckdb", "dataset": "shop_data"},
    }
    Path("shop.yml").write_text(yaml.safe_dump(document))


@pytest.mark.parametrize("way", WAYS)
def test_every_command_asks_with_it(way: str) -> None:
    make, auth = WAYS[way]
    with make() as server:
        if auth["type"].startswith("oauth2"):
            auth = {**auth, "access_token_url": f"{server.base_url}/token"}
        write(server.base_url, {"auth": auth})
        told = ""
        for command in ("check", "preview", "run", "verify"):
            ran = headrace(command, "shop.yml")
            assert ran.returncode == 0, ran.stderr
            told += ran.stdout + ran.stderr
    warnings = {"client, not said": "`auth.client_authentication: basic`", "refresh token": "kept"}
    assert ("Warning: the token server at " in told) is (way in warnings)
    assert warnings.get(way, "") in told
    assert KEY not in told
    assert "t0ken-" not in told
    assert not isinstance(server, DigestServer) or server.wrong == []


def test_certificates_of_ones_own(folder: Path) -> None:
    ours = trustme.CA()
    ours.cert_pem.write_to_path("ca.pem")
    mine = ours.issue_cert("me@example.com")
    mine.private_key_and_cert_chain_pem.write_to_path("me.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ours.issue_cert("127.0.0.1").configure_cert(context)
    ours.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    with JsonServer(context) as server:
        server.handler = pages
        write(server.base_url, {"tls": {"cert": "me.pem", "ca": "ca.pem"}})
        ran = headrace("run", "shop.yml")
        assert ran.returncode == 0, ran.stderr
    write(server.base_url, {"tls": {"cert": "you.pem"}})
    ran = headrace("check", "shop.yml")
    assert ran.returncode == 2
    assert f"client.tls.cert: there is no file {folder}/you.pem" in ran.stderr.replace("\n", "")


def test_a_function_that_is_not_there(folder: Path) -> None:
    write("http://127.0.0.1:1", {"auth": {"type": "signature", "function": "signs:sign"}})
    ran = headrace("check", "shop.yml")
    assert ran.returncode == 2
    assert f"there is no module `signs`, neither in {folder}" in ran.stderr.replace("\n", "")
