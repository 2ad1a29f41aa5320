"""Wherever a server leads, no credential reaches another one: that one is not even asked."""

from __future__ import annotations

import os
import ssl
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trustme

from headrace import RedirectRefused, rest_api_source
from tests.support.servers import Answer, Asked, JsonServer

SECRET = "c4nary-v3ry-s3cret"

CREDENTIALS: dict[str, dict[str, Any]] = {
    "a key in a header": {"auth": {"type": "api_key", "name": "X-API-KEY", "api_key": SECRET}},
    "a key in the query": {
        "auth": {"type": "api_key", "name": "key", "api_key": SECRET, "location": "query"}
    },
    "a key in a cookie": {
        "auth": {"type": "api_key", "name": "sid", "api_key": SECRET, "location": "cookie"}
    },
    "a bearer token": {"auth": {"type": "bearer", "token": SECRET}},
    "a password": {"auth": {"type": "http_basic", "username": "u", "password": SECRET}},
    "a header of the client": {"headers": {"X-Secret": SECRET}},
}

Leading = Callable[[str], Answer]
WAYS: dict[str, Leading] = {
    **{
        f"redirect {status}": lambda url, status=status: Answer(  # type: ignore[misc]
            status=status, headers={"Location": url}
        )
        for status in (301, 302, 303, 307, 308)
    },
    "a redirect without a scheme": lambda url: Answer(
        status=302, headers={"Location": url.removeprefix("http:")}
    ),
    "a next link": lambda url: Answer({"data": [{"id": 1}], "next": url}),
    "a next link in a header": lambda url: Answer(
        {"data": [{"id": 1}]}, headers={"Link": f'<{url}>; rel="next"'}
    ),
}


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("way", WAYS)
def test_no_other_server_is_asked(way: str, method: str, server: JsonServer) -> None:
    with JsonServer() as other:
        other.answers(Answer({"data": []}))

        def lead_away(asked: Asked) -> Answer:
            return WAYS[way](f"{other.base_url}/items?page=2")

        server.handler = lead_away
        paginator = "header_link" if way.endswith("header") else "json_link"
        for kind, client in CREDENTIALS.items():
            endpoint: dict[str, Any] = {"data_selector": "data", "method": method}
            if method == "POST":
                endpoint["json"] = {"token": SECRET}
            source = rest_api_source(
                {
                    "client": {"base_url": server.base_url, "paginator": paginator, **client},
                    "resources": [{"name": "items", "endpoint": endpoint}],
                }
            )
            with pytest.raises(Exception, match="allowed_hosts") as caught:
                list(source.items)
            refused = caught.value.__cause__
            assert isinstance(refused, RedirectRefused), kind
            assert SECRET not in str(caught.value)
            assert SECRET in repr(server.asked[-1]) or kind == "a password"
        assert other.asked == []


@pytest.mark.parametrize("way", ["redirect 307", "a next link"])
def test_nothing_goes_from_https_to_http(way: str, tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    with JsonServer(tls) as server, JsonServer() as other:
        server.handler = lambda asked: WAYS[way](f"{other.base_url}/items")
        program = f"""
from headrace import rest_api_source
client = {{"base_url": {server.base_url!r}, "paginator": "json_link",
    "allowed_hosts": [{other.base_url.removeprefix("http://")!r}],
    "auth": {CREDENTIALS["a bearer token"]["auth"]!r}}}
resource = {{"name": "items", "endpoint": {{"data_selector": "data"}}}}
list(rest_api_source({{"client": client, "resources": [resource]}}).items)
"""
        ran = subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "SSL_CERT_FILE": str(tmp_path / "authority.pem")},
            capture_output=True,
            text=True,
            check=False,
        )
        assert "which is without TLS, while `client.base_url`" in ran.stderr
        assert SECRET not in ran.stderr
        assert server.asked[0].headers["Authorization"] == f"Bearer {SECRET}"
        assert other.asked == []


def test_an_allowed_host_is_asked_with_them(server: JsonServer) -> None:
    with JsonServer() as other:
        other.answers(Answer({"data": [{"id": 2}]}))
        server.answers(Answer({"data": [{"id": 1}], "next": f"{other.base_url}/items"}))
        client = {
            "base_url": server.base_url,
            "paginator": "json_link",
            "allowed_hosts": [other.base_url.removeprefix("http://")],
            **CREDENTIALS["a key in a header"],
        }
        resource = {"name": "items", "endpoint": {"data_selector": "data"}}
        source = rest_api_source({"client": client, "resources": [resource]})
        assert [row["id"] for row in source.items] == [1, 2]
        assert other.asked[0].headers["X-API-KEY"] == SECRET
