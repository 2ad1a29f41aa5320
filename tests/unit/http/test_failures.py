"""Each way in which a request can fail is told in one line, with the next step and no secret."""

from __future__ import annotations

import gzip
import html
import json
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest
from aiohttp.client_reqrep import ConnectionKey

from headrace.core.exceptions import ConnectionFailed, RequestError, ResponseStatusError
from headrace.core.exchange import Request, ShownRequest
from headrace.core.secrets.redaction import Redactor
from headrace.http.auth.credentials import Credentials
from headrace.http.failures.aiohttp_failures import aiohttp_failure
from headrace.http.failures.messages import connection_failed
from tests.support.servers import Answer, JsonServer
from tests.unit.http.asking import send
from tests.unit.http.brokenness import (
    Breaking,
    answering,
    free_port,
    resetting,
    silent,
    socket_server,
)

pytestmark = pytest.mark.usefixtures("each_transport")

SECRET = "p&s/w d*ü+"
KEY = Credentials.api_key("k", SECRET, "query")
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def failure(base_url: str, **settings: Any) -> str:
    """The message of a failed connection, checked for what must hold for all of them."""
    with pytest.raises(ConnectionFailed) as caught:
        send(base_url.replace("//", "//me:hush-hush@"), "/items", KEY, **settings)
    message = str(caught.value)
    assert message.startswith(f"GET {base_url}/items?k=***: ")
    assert "\n" not in message
    assert "Errno" not in message
    assert "_ssl.c" not in message
    assert "hush" not in message
    assert "p%26s" not in message
    assert message.endswith((".", "?"))
    return message


@contextmanager
def broken(serve: Breaking, scheme: str = "http") -> Iterator[str]:
    with socket_server(serve) as address:
        yield f"{scheme}://{address}"


def test_nobody_listens() -> None:
    base_url = f"http://127.0.0.1:{free_port()}"
    assert f"{base_url} does not take the connection (connection refused)" in failure(base_url)


def test_the_host_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*args: object, **options: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert "the host of http://nowhere.invalid is unknown" in failure("http://nowhere.invalid")


def test_the_host_is_no_name_at_all() -> None:
    failure("http://" + "a" * 300 + ".example")


@pytest.mark.parametrize("answer", [b"", OK, OK + b"Content-Le"])
def test_the_connection_closes_before_the_answer(answer: bytes) -> None:
    with broken(answering(answer)) as base_url:
        assert "Run again" in failure(base_url)


def test_the_connection_is_reset_before_the_answer() -> None:
    with broken(resetting()) as base_url:
        assert "Run again" in failure(base_url)


@pytest.mark.parametrize("serve", [answering, resetting])
@pytest.mark.parametrize(
    "beginning",
    [
        OK + b'Content-Length: 100\r\n\r\n{"data": [',
        OK + b'Transfer-Encoding: chunked\r\n\r\na\r\n{"data": [\r\n',
        OK
        + b"Content-Encoding: gzip\r\nContent-Length: 100\r\n\r\n"
        + gzip.compress(b"[]" * 99, mtime=0)[:9],
        b"HTTP/1.1 500 Oh\r\nContent-Length: 100\r\n\r\nhalf of it",
    ],
)
def test_the_answer_breaks_off(serve: object, beginning: bytes) -> None:
    with broken(serve(beginning)) as base_url:  # type: ignore[operator]
        assert "Run again" in failure(base_url)


@pytest.mark.parametrize(
    "packed",
    [
        b"Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello",
        b"Content-Encoding: deflate\r\nContent-Length: 5\r\n\r\nhello",
        b"Content-Encoding: gzip\r\nContent-Length: 20\r\n\r\n"
        + gzip.compress(b"[1]" * 9, mtime=0)[:12]
        + b"x" * 8,
    ],
)
def test_the_compression_is_broken(packed: bytes) -> None:
    with broken(answering(OK + packed)) as base_url:
        assert "cannot be decompressed" in failure(base_url)


def test_a_chunk_has_no_length() -> None:
    with broken(answering(OK + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n[1]\r\n")) as base_url:
        failure(base_url)


def test_the_server_never_answers() -> None:
    with broken(silent) as base_url:
        assert "no whole answer within 0.2 s. Raise `client.timeout`" in failure(
            base_url, timeout=0.2
        )


def test_the_server_stops_in_the_middle_of_its_answer() -> None:
    def stall(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(OK + b"Content-Length: 100\r\n\r\n[")
        silent(connection)

    with broken(stall) as base_url:
        assert "no whole answer within 0.2 s" in failure(base_url, timeout=0.2)


@pytest.mark.parametrize("answer", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"220 mail ready\r\n"])
def test_tls_is_spoken_to_a_port_without(answer: bytes) -> None:
    with broken(answering(answer), "https") as base_url:
        assert f"TLS with {base_url} failed (" in failure(base_url)


def test_tls_is_answered_by_a_closed_connection() -> None:
    with broken(resetting(), "https") as base_url:
        failure(base_url)


def test_a_certificate_that_cannot_be_trusted_is_named_as_such() -> None:
    untrusted = ssl.SSLCertVerificationError(1, "certificate verify failed (_ssl.c:1006)")
    untrusted.verify_message = "self-signed certificate"
    key = ConnectionKey("h", 443, True, True, None, None, None)
    error = aiohttp.ClientConnectorCertificateError(key, untrusted)
    asked = ShownRequest.of("GET", "https://h/")
    failure = aiohttp_failure(error, Redactor())
    told = str(connection_failed(failure, asked, "https://h", 60.0))
    assert "TLS with https://h failed (self-signed certificate)" in told


@pytest.mark.parametrize(
    "garbage",
    [
        b"220 mail.example.com ESMTP\r\n",
        b"\x00\x01\x02\xff" * 50 + b"\r\n\r\n",
        b"HTTP/9.9 banana\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: lots\r\n\r\n",
    ],
)
def test_something_else_than_http_answers(garbage: bytes) -> None:
    with broken(answering(garbage)) as base_url:
        message = failure(base_url)
        assert len(message) < 450


def test_a_proxy_that_is_not_there_is_named_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.setenv("http_proxy", f"http://me:hush-hush@127.0.0.1:{free_port()}")
    assert "the proxy could not be reached" in failure("http://api.example.com")


def test_a_secret_that_equals_the_port_does_not_hinder_the_message() -> None:
    port = free_port()
    with pytest.raises(ConnectionFailed, match="refused"):
        send(f"http://127.0.0.1:{port}", "/", Credentials.bearer(str(port)))


def test_a_key_that_cannot_stand_in_a_header_is_not_shown() -> None:
    with broken(silent) as base_url, pytest.raises(RequestError) as caught:
        send(base_url, "/", Credentials.bearer("hush-hush\n"))
    assert "hush" not in str(caught.value)


# Error statuses


def refusal(server: JsonServer, answer: Answer, credentials: Credentials = KEY) -> str:
    server.answers(answer)
    with pytest.raises(ResponseStatusError) as caught:
        send(server.base_url, "/items", credentials)
    assert caught.value.status == answer.status
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (
            Answer({"message": "no such workflow"}, 404),
            '404 Not Found and says: "no such workflow"',
        ),
        (Answer({"error": {"message": "quota"}}, 429), '429 Too Many Requests and says: "quota"'),
        (Answer({"error": "bad key"}, 401), '401 Unauthorized and says: "bad key"'),
        (Answer({"detail": "d"}, 422), 'says: "d"'),
        (Answer({"code": 7}, 400), 'says: "{"code": 7}"'),
        (Answer(["a"], 400), 'says: "["a"]"'),
        (Answer(raw=b"plain\n words", status=503), 'says: "plain words"'),
        (Answer(raw=b"", status=500), "500 Internal Server Error without a word."),
        (Answer(raw=b"\xff\xfe", status=500), 'says: "��"'),
        (Answer(raw=b"odd", status=599), "the server answers 599 and"),
        (Answer(raw=b"[" * 50_000, status=500), "says: "),
    ],
)
def test_the_servers_words_are_told(server: JsonServer, answer: Answer, told: str) -> None:
    message = refusal(server, answer)
    assert message.startswith(f"GET {server.base_url}/items?k=***: the server answers ")
    assert told in message


def test_a_long_page_is_shortened(server: JsonServer) -> None:
    page = b"<html><body>" + b"<p>Down for maintenance</p>" * 10_000
    message = refusal(server, Answer(raw=page, status=503))
    assert "<p>Down for maintenance</p>" in message
    assert len(message) < 800


def test_an_error_may_be_compressed(server: JsonServer) -> None:
    packed = gzip.compress(b'{"message": "packed"}')
    answer = Answer(raw=packed, status=400, headers={"Content-Encoding": "gzip"})
    assert 'says: "packed"' in refusal(server, answer)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("headers", [{}, {"Location": ""}])
def test_a_redirect_to_nowhere_is_an_error(
    server: JsonServer, status: int, headers: dict[str, str]
) -> None:
    assert "no Location" in refusal(server, Answer(status=status, headers=headers))


@pytest.mark.parametrize(
    "echo",
    [
        SECRET,
        quote(SECRET),
        quote(SECRET, safe="").lower(),
        html.escape(SECRET),
        json.dumps(SECRET)[1:-1],
    ],
)
@pytest.mark.parametrize("is_json", [True, False])
def test_a_secret_that_the_server_echoes_is_masked(
    server: JsonServer, echo: str, is_json: bool
) -> None:
    words = f"wrong key '{echo}'"
    answer = Answer({"message": words}, 401) if is_json else Answer(raw=words.encode(), status=401)
    assert "wrong key '***'" in refusal(server, answer)


def test_a_secret_is_masked_also_where_the_words_are_cut(server: JsonServer) -> None:
    for start in range(480, 505, 3):
        words = "x" * start + "very-secret-key" + "y" * 100
        key = Credentials.bearer("very-secret-key")
        assert "very" not in refusal(server, Answer({"message": words}, 401), key)


def test_secrets_that_the_user_put_in_headers_and_parameters_are_masked(
    server: JsonServer,
) -> None:
    server.answers(Answer({"message": "hush-hush-1 hush-hush-2 hush-hush-3 limit-9"}, 401))
    request = Request(
        "GET",
        "/items",
        params={"access_token": "hush-hush-1", "limit": "limit-9"},
        headers={"Authorization": "Bearer hush-hush-2"},
    )
    with pytest.raises(ResponseStatusError) as caught:
        send(server.base_url, request, headers={"X-Api-Key": "hush-hush-3"})
    assert 'says: "*** *** *** limit-9"' in str(caught.value)
    assert "/items?access_token=***&limit=limit-9:" in str(caught.value)


def test_a_password_in_the_base_url_is_masked_in_the_servers_words(server: JsonServer) -> None:
    server.answers(Answer({"message": "no hush-hush bWU6aHVzaC1odXNo"}, 401))
    with pytest.raises(ResponseStatusError, match=r"no \*\*\* \*\*\*") as caught:
        send(server.base_url.replace("//", "//me:hush-hush@"), "/")
    assert "hush" not in str(caught.value)
