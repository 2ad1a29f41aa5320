"""The client over real connections: what is sent, what is taken, where requests may go."""

from __future__ import annotations

import asyncio
import gzip
import json
import tracemalloc
import zlib
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from headrace.core.exceptions import PageError, RedirectRefused, ResponseStatusError
from headrace.core.exchange import Request
from headrace.http.auth.credentials import Credentials
from headrace.http.client import HttpClient
from headrace.http.settings import ClientSettings
from tests.support.servers import Answer, JsonServer
from tests.unit.http.asking import send

pytestmark = pytest.mark.usefixtures("each_transport")

KEY = Credentials.api_key("X-API-KEY", "very-secret-key")


@pytest.mark.parametrize("base_path", ["/api", "/api/"])
@pytest.mark.parametrize("path", ["items", "/items"])
def test_a_path_is_asked_for_below_the_base_url(
    server: JsonServer, base_path: str, path: str
) -> None:
    server.answers({"data": [1]})
    response = send(server.base_url + base_path, path)
    assert json.loads(response.body) == {"data": [1]}
    assert str(response.request).split(" ")[1] == f"{server.base_url}/api/items"
    assert server.asked[0].path == "/api/items"


def test_parameters_join_those_of_the_path(server: JsonServer) -> None:
    server.answers([])
    params = {"on": True, "none": None, "n": 3, "sp ace": "a&b=ü+c", "empty": ""}
    send(server.base_url, Request("GET", "/items?own=1", params=params))
    assert server.asked[0].query == {
        "own": "1",
        "on": "True",
        "n": "3",
        "sp ace": "a&b=ü+c",
        "empty": "",
    }


def test_a_list_is_sent_as_a_repeated_parameter(server: JsonServer) -> None:
    server.answers([])
    response = send(server.base_url, Request("GET", "/", params={"id": [1, None, "b"], "x": []}))
    assert str(response.request).split(" ")[1] == f"{server.base_url}/?id=1&id=b"


def test_the_requests_headers_go_before_the_clients_however_they_are_spelled(
    server: JsonServer,
) -> None:
    server.answers([])
    request = Request("GET", "/", headers={"x-both": "request", "X-NUMBER": 3})  # type: ignore[dict-item]
    headers = {"X-Both": "client", "X-Client": "yes", "user-agent": "mine"}
    send(server.base_url, request, Credentials.api_key("X-BOTH", "credentials"), headers=headers)
    (asked,) = server.asked
    sent = [(name.lower(), value) for name, value in asked.headers.items()]
    assert ("x-both", "credentials") in sent
    assert ("x-client", "yes") in sent
    assert ("x-number", "3") in sent
    assert ("user-agent", "mine") in sent
    assert len({name for name, _ in sent}) == len(sent)


@pytest.mark.parametrize("body", [{"a": [1, None, "ü"]}, {}, [], [1], 0, False, "text"])
def test_a_json_body_is_sent_as_json(server: JsonServer, body: Any) -> None:
    server.answers([])
    send(server.base_url, Request("POST", "/search", json=body))
    assert json.loads(server.asked[0].body) == body
    assert server.asked[0].headers["Content-Type"] == "application/json"


def test_a_form_is_sent_as_a_form(server: JsonServer) -> None:
    server.answers([])
    form = {"a": "x y&z", "many": [1, 2], "none": None, "on": True}
    send(server.base_url, Request("POST", "/", data=form, json={"not": "sent"}))
    assert parse_qsl(server.asked[0].body.decode()) == [
        ("a", "x y&z"),
        ("many", "1"),
        ("many", "2"),
        ("on", "True"),
    ]
    assert server.asked[0].headers["Content-Type"] == "application/x-www-form-urlencoded"


@pytest.mark.parametrize("data", ["<q>ü</q>", "<q>ü</q>".encode()])
def test_text_and_bytes_are_sent_as_they_are(server: JsonServer, data: Any) -> None:
    server.answers([])
    send(server.base_url, Request("POST", "/", data=data, headers={"content-type": "text/xml"}))
    assert server.asked[0].body == "<q>ü</q>".encode()
    assert server.asked[0].headers["Content-Type"] == "text/xml"


def test_an_empty_form_is_no_body_and_leaves_the_json_in_its_place(server: JsonServer) -> None:
    server.answers([])
    send(server.base_url, Request("POST", "/", data={}, json={"a": 1}))
    send(server.base_url, Request("POST", "/", data={}))
    assert [asked.body for asked in server.asked] == [b'{"a": 1}', b""]


def test_a_key_goes_in_the_cookie_header_beside_other_cookies(server: JsonServer) -> None:
    server.answers([])
    key = Credentials.api_key("session", "very-secret-key", "cookie")
    send(server.base_url, Request("GET", "/", headers={"cookie": "a=1"}), key)
    send(server.base_url, "/", key, headers={"COOKIE": "b=2"})
    assert [asked.headers["Cookie"] for asked in server.asked] == [
        "a=1; session=very-secret-key",
        "b=2; session=very-secret-key",
    ]


def test_a_key_in_the_query_is_sent_and_not_shown(server: JsonServer) -> None:
    server.answers([])
    response = send(server.base_url, "/items?a=1", Credentials.api_key("k", "p&s/w d*ü+", "query"))
    assert server.asked[0].query == {"a": "1", "k": "p&s/w d*ü+"}
    assert str(response.request).split(" ")[1] == f"{server.base_url}/items?a=1&k=***"


def test_a_user_and_password_in_the_base_url_are_sent_as_basic_and_not_shown(
    server: JsonServer,
) -> None:
    server.answers([])
    base_url = server.base_url.replace("//", "//Aladdin:open%20sesame@")
    response = send(base_url, "/items")
    assert server.asked[0].headers["Authorization"] == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
    assert str(response.request).split(" ")[1] == f"{server.base_url}/items"


def test_credentials_go_before_a_user_and_password_in_the_base_url(server: JsonServer) -> None:
    server.answers([])
    send(server.base_url.replace("//", "//me:pass@"), "/", Credentials.bearer("token"))
    assert server.asked[0].headers["Authorization"] == "Bearer token"


def test_a_netrc_file_does_not_come_between(
    server: JsonServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password other")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    server.answers([])
    send(server.base_url, "/", Credentials.bearer("token"))
    assert server.asked[0].headers["Authorization"] == "Bearer token"


def test_a_whole_url_on_the_same_origin_is_a_path_too(server: JsonServer) -> None:
    server.answers([])
    send(f"{server.base_url}/api", f"{server.base_url}/other?a=1", KEY)
    assert (server.asked[0].path, server.asked[0].query) == ("/other", {"a": "1"})


@pytest.mark.parametrize(
    "path",
    [
        "{other}/x",
        "{other}",
        "HTTP{other_rest}/x",
        "https{same_rest}/x",
        "http://[::1",
        "http://h:x",
    ],
)
def test_a_whole_url_on_another_origin_is_refused_before_anything_is_sent(
    server: JsonServer, path: str
) -> None:
    with JsonServer() as other:
        url = path.format(
            other=other.base_url,
            other_rest=other.base_url.removeprefix("http"),
            same_rest=server.base_url.removeprefix("http"),
        )
        with pytest.raises(RedirectRefused, match=r"client\.base_url|no URL"):
            send(server.base_url, url, KEY)
        assert other.asked == server.asked == []


@pytest.mark.parametrize("spelled", ["http://{}\\@{}/", "http://{}@{}/", "http://{}.{}/"])
def test_a_host_in_disguise_gets_no_request(server: JsonServer, spelled: str) -> None:
    with JsonServer() as other:
        hosts = [each.base_url.removeprefix("http://") for each in (server, other)]
        with pytest.raises(RedirectRefused):
            send(server.base_url, spelled.format(*hosts), KEY)
        assert other.asked == []


# Bodies


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("gzip", gzip.compress(b"[1]", mtime=0)),
        ("deflate", zlib.compress(b"[1]")),
        ("identity", b"[1]"),
    ],
)
def test_a_compressed_body_is_unpacked(server: JsonServer, encoding: str, packed: bytes) -> None:
    server.answers(Answer(raw=packed, headers={"Content-Encoding": encoding}))
    assert send(server.base_url).body == b"[1]"
    assert "gzip" in server.asked[0].headers["Accept-Encoding"]


def test_a_body_of_exactly_the_limit_is_taken(server: JsonServer) -> None:
    server.answers(Answer(raw=b"x" * 1000))
    assert len(send(server.base_url, max_response_bytes=1000).body) == 1000
    with pytest.raises(PageError, match=r"larger than 999 bytes.*max_response_bytes"):
        send(server.base_url, max_response_bytes=999)


@pytest.mark.parametrize("status", [200, 500])
def test_a_gzip_bomb_stops_early_in_little_memory(server: JsonServer, status: int) -> None:
    # Members of a gzip file may follow each other: 400 MB in 0.4 MB, made from one of them.
    bomb = gzip.compress(b"\0" * 10_000_000) * 40
    headers = {"Content-Encoding": "gzip"}
    server.answers(Answer(raw=bomb, status=status, headers=headers))
    tracemalloc.start()
    try:
        with pytest.raises((PageError, ResponseStatusError), match=r"larger than 5,000,000|500"):
            send(server.base_url, max_response_bytes=5_000_000)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 40_000_000


def test_long_headers_are_taken(server: JsonServer) -> None:
    server.answers(Answer([], headers={"X-Policy": "p" * 40_000}))
    assert send(server.base_url).headers["x-POLICY"] == "p" * 40_000


# Limits and proxies


def test_no_more_requests_than_allowed_are_under_way_at_once() -> None:
    asyncio.run(_ask_at_once(requests=10, concurrency=3))


async def _ask_at_once(requests: int, concurrency: int) -> None:
    under_way, most = 0, 0
    all_slots_taken, let_go = asyncio.Event(), asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal under_way, most
        while await reader.read(65536):
            under_way += 1
            most = max(most, under_way)
            if under_way >= concurrency:
                all_slots_taken.set()
            await let_go.wait()
            under_way -= 1
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]")
        writer.close()

    listener = await asyncio.start_server(serve, "127.0.0.1", 0)
    base_url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    settings = ClientSettings(base_url, concurrency=concurrency)
    async with listener, HttpClient(settings) as client:
        asked = [
            asyncio.create_task(client.send(Request("GET", "/"), Credentials()))
            for _ in range(requests)
        ]
        await all_slots_taken.wait()
        let_go.set()
        await asyncio.gather(*asked)
    assert most == concurrency


def test_a_proxy_of_the_environment_is_asked(
    server: JsonServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", server.base_url.replace("//", "//me:pass@"))
    monkeypatch.setenv("http_proxy", server.base_url.replace("//", "//me:pass@"))
    server.answers({"by": "proxy"})
    response = send("http://api.example.com/v1", "/items", KEY)
    assert json.loads(response.body) == {"by": "proxy"}
    assert server.asked[0].headers["Host"] == "api.example.com"
    assert server.asked[0].headers["Proxy-Authorization"] == "Basic bWU6cGFzcw=="


@pytest.mark.parametrize("names", ["127.0.0.1", "*", "example.com,127.0.0.1"])
def test_no_proxy_leads_past_the_proxy(
    server: JsonServer, monkeypatch: pytest.MonkeyPatch, names: str
) -> None:
    with JsonServer() as proxy:
        monkeypatch.setenv("http_proxy", proxy.base_url)
        monkeypatch.setenv("no_proxy", names)
        server.answers([])
        send(server.base_url)
        assert (len(server.asked), len(proxy.asked)) == (1, 0)
