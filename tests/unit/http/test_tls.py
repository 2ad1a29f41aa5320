"""Certificates of one's own: whom a client trusts, and what it shows of itself."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from headrace.core.exceptions import AuthenticationFailed, ConfigError, ConnectionFailed
from headrace.http.auth.login import Login, LoginSettings
from headrace.http.auth.oauth2 import ClientCredentials, TokenSettings
from headrace.http.tls import TlsFiles, tls_context
from tests.support.servers import JsonServer
from tests.unit.http.asking import send
from tests.unit.http.brokenness import answering, socket_server

pytestmark = pytest.mark.usefixtures("each_transport")

OURS, OTHERS = trustme.CA(), trustme.CA()
YESTERDAY = datetime.now(UTC) - timedelta(days=1)
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n[]"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("certificates")
    OURS.cert_pem.write_to_path(str(folder / "ca.pem"))
    OTHERS.cert_pem.write_to_path(str(folder / "others.pem"))
    for name, cert in {
        "me": OURS.issue_cert("me@example.com"),
        "stranger": OTHERS.issue_cert("me@example.com"),
        "former": OURS.issue_cert("me@example.com", not_after=YESTERDAY),
    }.items():
        cert.private_key_and_cert_chain_pem.write_to_path(str(folder / f"{name}.pem"))
        cert.cert_chain_pems[0].write_to_path(str(folder / f"{name}.crt"))
        cert.private_key_pem.write_to_path(str(folder / f"{name}.key"))
    key = load_pem_private_key((folder / "me.key").read_bytes(), None)
    locked = key.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"s3same")
    )
    (folder / "locked.key").write_bytes(locked)
    (folder / "text.txt").write_text("no certificate")
    return folder


def context_of(folder: Path, **names: str) -> ssl.SSLContext:
    paths = {
        key: name if key in ("min_version", "key_password") else str(folder / name)
        for key, name in names.items()
    }
    return tls_context(TlsFiles(**paths))


def server_context(cert: trustme.LeafCert | None = None, **settings: Any) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    (cert or OURS.issue_cert("127.0.0.1")).configure_cert(context)
    OURS.configure_trust(context)
    for name, value in settings.items():
        setattr(context, name, value)
    return context


@contextmanager
def alerting(context: ssl.SSLContext, answer: bytes = OK) -> Iterator[str]:
    """A server that says why it refuses a client, as most do and asyncio's do not."""

    def over_tls(connection: Any) -> None:
        with connection.dup() as spare:
            try:
                with context.wrap_socket(connection, server_side=True) as wrapped:
                    answering(answer)(wrapped)
            except (ssl.SSLError, ConnectionError):
                # What is closed with a request unread in it takes the alert with it.
                with suppress(OSError):
                    spare.shutdown(socket.SHUT_WR)
                    while spare.recv(4096):
                        pass

    with socket_server(over_tls) as address:
        yield f"https://{address}"


WANTS_A_CERTIFICATE: dict[str, Any] = {"verify_mode": ssl.CERT_REQUIRED}
NO_CERTIFICATE: dict[str, Any] = {"verify_mode": ssl.CERT_NONE}


@pytest.mark.parametrize("by_session", [False, True])
@pytest.mark.parametrize(
    "names",
    [
        {"cert": "me.pem"},
        {"cert": "me.crt", "key": "me.key"},
        {"cert": "me.crt", "key": "locked.key", "key_password": "s3same"},
        {"cert": "me.pem", "min_version": "1.3"},
    ],
)
def test_a_certificate_of_the_client(files: Path, names: dict[str, str], by_session: bool) -> None:
    session = requests.Session() if by_session else None
    with alerting(server_context(**WANTS_A_CERTIFICATE)) as base_url:
        tls = context_of(files, ca="ca.pem", **names)
        assert send(base_url, "/", tls=tls, session=session).status == 200
        # The session of the user's stays as it is.
        assert (
            session is None or type(session.adapters["https://"]) is requests.adapters.HTTPAdapter
        )


@pytest.mark.parametrize("by_session", [False, True])
@pytest.mark.parametrize(
    ("of_server", "names", "phrases"),
    [
        (NO_CERTIFICATE, {}, ["self-signed", "the file of that in `client.tls.ca`"]),
        (NO_CERTIFICATE, {"ca": "others.pem"}, ["`client.tls.ca`; if one is named there"]),
        ({"cert": "expired"}, {"ca": "ca.pem"}, ["certificate has expired", "has to renew it"]),
        ({"cert": "elsewhere"}, {"ca": "ca.pem"}, ["mismatch", "`client.base_url`"]),
        (WANTS_A_CERTIFICATE, {"ca": "ca.pem"}, ["certificate required", "`client.tls.cert`"]),
        (
            WANTS_A_CERTIFICATE,
            {"ca": "ca.pem", "cert": "stranger.pem"},
            ["unknown ca", "`client.tls.cert`"],
        ),
        (
            WANTS_A_CERTIFICATE,
            {"ca": "ca.pem", "cert": "former.pem"},
            ["certificate expired", "`client.tls.cert`"],
        ),
        (
            {"maximum_version": ssl.TLSVersion.TLSv1_2},
            {"ca": "ca.pem", "min_version": "1.3"},
            ["protocol version", "`client.tls.min_version`"],
        ),
    ],
)
def test_what_is_refused_names_the_key(
    files: Path,
    of_server: dict[str, Any],
    names: dict[str, str],
    phrases: list[str],
    by_session: bool,
) -> None:
    certs = {
        "expired": OURS.issue_cert("127.0.0.1", not_after=YESTERDAY),
        "elsewhere": OURS.issue_cert("api.example.com"),
    }
    cert = certs.get(of_server.get("cert", ""))
    settings = {key: value for key, value in of_server.items() if key != "cert"}
    session = requests.Session() if by_session else None
    tls = context_of(files, **names)
    with (
        alerting(server_context(cert, **settings)) as base_url,
        pytest.raises(ConnectionFailed) as caught,
    ):
        send(base_url, "/", tls=tls, session=session)
    for phrase in phrases:
        assert phrase in str(caught.value)


def test_a_server_that_does_not_say_why(files: Path) -> None:
    def hang_up(connection: socket.socket) -> None:
        connection.recv(4096)

    with (
        socket_server(hang_up) as address,
        pytest.raises(ConnectionFailed, match=r"may want a certificate .*`client\.tls\.cert`"),
    ):
        send(f"https://{address}", "/", tls=context_of(files, ca="ca.pem"))


def test_tokens_are_asked_for_with_it_too(files: Path, server: JsonServer) -> None:
    server.answers([])
    tls = context_of(files, ca="ca.pem", cert="me.pem")
    body = b'{"access_token": "tok"}'
    token = OK.partition(b"Content-Length")[0] + b"Content-Length: %d\r\n\r\n" % len(body) + body
    with alerting(server_context(**WANTS_A_CERTIFICATE), token) as base_url:
        settings = TokenSettings(f"{base_url}/token", "me", "secret")
        send(server.base_url, "/", ClientCredentials(settings), tls=tls)
        login = LoginSettings(f"{base_url}/login", "auth.url", json={})
        send(server.base_url, "/", Login(login, []), tls=tls)
        assert [asked.headers["Authorization"] for asked in server.asked] == ["Bearer tok"] * 2
        with pytest.raises(AuthenticationFailed, match=r"`client\.tls\.ca`"):
            send(server.base_url, "/", ClientCredentials(settings))


@pytest.mark.parametrize(
    ("names", "key", "phrase"),
    [
        ({"ca": "nowhere.pem"}, "ca", "there is no file {folder}/nowhere.pem"),
        ({"cert": "nowhere.pem"}, "cert", "there is no file {folder}/nowhere.pem"),
        ({"cert": "me.crt", "key": "nowhere.key"}, "key", "there is no file"),
        ({"ca": "text.txt"}, "ca", "{folder}/text.txt holds no certificate in PEM form"),
        ({"cert": "text.txt"}, "cert", "must hold the certificate and its private key"),
        ({"cert": "me.crt"}, "cert", "name the file of the key in `client.tls.key`"),
        ({"cert": "me.crt", "key": "text.txt"}, "key", "is no pair with `cert`"),
        ({"cert": "me.crt", "key": "stranger.key"}, "key", "not that of the certificate"),
        ({"cert": "me.crt", "key": "locked.key"}, "key_password", "its password is missing"),
        (
            {"cert": "me.crt", "key": "locked.key", "key_password": "0pen"},
            "key_password",
            "its password is another",
        ),
    ],
)
def test_files_that_are_not_what_they_should_be(
    files: Path, names: dict[str, str], key: str, phrase: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        context_of(files, **names)
    (fault,) = caught.value.faults
    assert fault.path == f"client.tls.{key}"
    assert phrase.format(folder=files) in fault.message
    assert "0pen" not in str(caught.value)


def test_the_home_folder_and_the_working_directory(
    files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(files))
    monkeypatch.chdir(files)
    tls_context(TlsFiles(cert="~/me.crt", key="me.key", ca="ca.pem"))


def test_authorities_in_a_folder(files: Path, tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "README.txt").write_text("of whom we trust")
    with pytest.raises(ConfigError, match="holds no certificate in PEM form"):
        context_of(tmp_path, ca=".")
    for name in ("ca.pem", "others.pem"):
        (tmp_path / name).write_bytes((files / name).read_bytes())
    with alerting(server_context(**NO_CERTIFICATE)) as base_url:
        assert send(base_url, "/", tls=context_of(tmp_path, ca=".")).status == 200


def test_an_answer_with_an_odd_length_is_read_over_the_same_tls(files: Path) -> None:
    odd = OK.replace(b"Length: 2", b"Length: 2, 2")
    with alerting(server_context(**WANTS_A_CERTIFICATE), odd) as base_url:
        answer = send(base_url, "/", tls=context_of(files, ca="ca.pem", cert="me.pem"))
    assert answer.body == b"[]"
