"""HTTP Digest: a server that checks each request after RFC 7616 finds nothing wrong in any."""

from __future__ import annotations

import asyncio
from itertools import count
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from headrace.core.exceptions import AuthenticationFailed, ResponseStatusError
from headrace.core.exchange import Request
from headrace.http.auth.digest import Challenge, Digest, challenge_in
from headrace.http.auth.digest_auth import DigestAuth
from headrace.http.client import HttpClient
from headrace.http.retrying import RetrySettings
from headrace.http.settings import ClientSettings
from tests.support.servers import Answer, Asked, JsonServer
from tests.unit.http.asking import PassingTime, send
from tests.unit.http.digest_server import PASSWORD, USER, DigestServer, hashed


def auth() -> DigestAuth:
    return DigestAuth(USER, PASSWORD)


# RFC 7616, 3.9.1.
EXAMPLE = (
    'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=SHA-256, '
    'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", '
    'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS", '
    'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=MD5, '
    'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", '
    'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
)


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_the_example_of_the_rfc(algorithm: str, response: str) -> None:
    text = EXAMPLE if algorithm == "SHA-256" else "Digest realm" + EXAMPLE.split("Digest realm")[2]
    challenge = challenge_in(text)
    assert challenge is not None
    assert (challenge.algorithm, challenge.qop) == (algorithm, "auth")
    cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
    digest = Digest(USER, PASSWORD, lambda: cnonce)
    sent = digest.authorization(challenge, "GET", "/dir/index.html", b"")
    assert sent == (
        'Digest username="Mufasa", realm="http-auth@example.org", uri="/dir/index.html", '
        f"algorithm={algorithm}, "
        'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", nc=00000001, '
        f'cnonce="{cnonce}", qop=auth, response="{response}", '
        'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
    )


@pytest.mark.parametrize(
    ("header", "algorithm"),
    [
        ('Basic realm="x", Digest nonce="n", algorithm=md5', "md5"),
        ('Digest nonce="n", algorithm=SHA-1024, Digest nonce="m", algorithm=MD5-sess', "MD5-sess"),
        ('NTLM, Negotiate dG9rZW4=, DIGEST NONCE = "n" , ALGORITHM="SHA-256"', "SHA-256"),
        ('Digest nonce="n", qop="other", Digest nonce="m", algorithm=MD5', "MD5"),
        ('Digest realm="no nonce", algorithm=MD5', None),
        ("", None),
        ('Basic realm="Digest nonce=x"', None),
    ],
)
def test_the_first_challenge_that_is_known_counts(header: str, algorithm: str | None) -> None:
    challenge = challenge_in(header)
    assert (challenge and challenge.algorithm) == algorithm


@given(
    texts=st.tuples(*[st.text(min_size=1).filter(lambda text: ":" not in text)] * 3),
    algorithm=st.sampled_from(["MD5", "MD5-sess", "SHA-256", "SHA-256-sess", "SHA-512-256"]),
    qop=st.sampled_from(["", "auth", "auth-int"]),
    body=st.binary(),
)
def test_what_is_hashed_is_what_the_rfc_says(
    texts: tuple[str, str, str], algorithm: str, qop: str, body: bytes
) -> None:
    user, password, realm = texts
    challenge = Challenge(realm, "nonce", algorithm, qop, takes_utf8=True)
    header = Digest(user, password, lambda: "cnonce").authorization(challenge, "GET", "/?a=b", body)

    def digest(*parts: str) -> str:
        return hashed(algorithm, ":".join(parts).encode("utf-8", "surrogatepass"))

    secret = digest(user, realm, password)
    if algorithm.endswith("-sess"):
        secret = digest(secret, "nonce", "cnonce")
    entity = [hashed(algorithm, body)] if qop == "auth-int" else []
    between = ["nonce", "00000001", "cnonce", qop] if qop else ["nonce"]
    response = digest(secret, *between, digest("GET", "/?a=b", *entity))
    assert f'response="{response}"' in header
    assert header.isascii() or not realm.isascii()


@pytest.mark.parametrize("session", [False, True])
@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"qop": None},
        {"qop": "auth-int"},
        {"algorithm": ""},
        {"opaque": 'o"p\\aque'},
        {"userhash": "true"},
        {"realm": ""},
    ],
)
def test_each_request_is_answered(fields: dict[str, Any], session: bool) -> None:
    with DigestServer(**fields) as server:
        proof = auth()
        for request in (
            Request("GET", "/a b", params={"q": "ä/?&=%41", "n": [1, 2]}),
            Request("POST", "/x?y=%7E~{z}", json={"a": "ö"}),
        ):
            send(server.base_url, request, proof, session=requests.Session() if session else None)
        assert server.wrong == []
        # Who asks is asked for once: the second request answers the first challenge again.
        assert len(server.asked) == 3


@pytest.mark.parametrize("algorithm", ["MD5-sess", "SHA-256", "SHA-256-sess", "SHA-512-256"])
def test_the_other_algorithms(algorithm: str) -> None:
    with DigestServer(algorithm) as server:
        send(server.base_url, "/", auth())
        assert server.wrong == []


@pytest.mark.parametrize("session", [False, True], ids=["aiohttp", "session"])
@pytest.mark.parametrize("charset", ["UTF-8", None])
@pytest.mark.parametrize("user", ["Jäsøn Doe", 'a"b\\c', "名前"])
def test_names_and_passwords_in_any_script(user: str, charset: str | None, session: bool) -> None:
    with DigestServer(user=user, password="pässword 🔑", charset=charset) as server:
        # A server that speaks of no charset is older than the way to write such names.
        server.knows_written_names = charset is not None
        by = requests.Session() if session else None
        send(server.base_url, "/", DigestAuth(user, "pässword 🔑"), session=by)
        assert server.wrong == []


@pytest.mark.parametrize("uses", [1, 3])
def test_many_lanes_and_nonces_that_end_soon(uses: int) -> None:
    with DigestServer(uses=uses) as server:

        async def ask() -> None:
            proof = auth()
            async with HttpClient(ClientSettings(server.base_url)) as client:
                for _ in range(3):
                    paths = (Request("GET", f"/{number}") for number in range(6))
                    await asyncio.gather(*(client.send(path, proof) for path in paths))

        asyncio.run(ask())
        assert server.wrong == []
        assert len(server.asked) <= 36, "twice for each request, at most"


def test_a_nonce_that_ends_while_a_request_is_tried_again() -> None:
    with DigestServer(uses=1) as server:
        failing = count()
        server.then = lambda asked: Answer([], 200 if next(failing) else 503)
        retry = RetrySettings(max_attempts=2)
        send(server.base_url, "/", auth(), retry=retry, timing=PassingTime().timing)
        assert server.wrong == []


def test_a_redirect_is_answered_for_where_it_leads() -> None:
    with DigestServer() as server:
        server.then = lambda asked: (
            Answer([]) if asked.path == "/b" else Answer(status=307, headers={"Location": "/b?c=d"})
        )
        send(server.base_url, "/a", auth())
        assert server.wrong == []
        assert [asked.target for asked in server.asked] == ["/a", "/a", "/b?c=d"]


def test_a_wrong_password_is_tried_once() -> None:
    with (
        DigestServer() as server,
        pytest.raises(ResponseStatusError, match=r"user name and password \(HTTP Digest\)") as told,
    ):
        send(server.base_url, "/", DigestAuth(USER, "wrong-canary"))
    assert len(server.asked) == 2
    assert "canary" not in str(told.value)


@pytest.mark.parametrize(
    ("challenge", "phrase"),
    [
        ('Basic realm="x"', "does not ask for HTTP Digest, but for basic"),
        ("", "does not ask for HTTP Digest, nor says what it wants"),
        ('Digest nonce="n", algorithm=SHA-1024', "in a way that is not known here"),
    ],
)
def test_a_server_that_wants_something_else(
    server: JsonServer, challenge: str, phrase: str
) -> None:
    headers = {"WWW-Authenticate": challenge} if challenge else {}
    server.answers(Answer({}, 401, headers))
    with pytest.raises(AuthenticationFailed, match=phrase) as told:
        send(server.base_url, "/x", auth())
    assert told.value.status == 401
    assert f"{server.base_url}/x: " in str(told.value)


def test_two_headers_of_which_one_is_known(server: JsonServer) -> None:
    def ask_for(asked: Asked) -> Answer:
        if "Authorization" in asked.headers:
            return Answer([])
        many = {"WWW-Authenticate": 'Negotiate, Digest nonce="n", algorithm=SHA-256'}
        return Answer({}, 401, many)

    server.handler = ask_for
    send(server.base_url, "/", auth())
    assert "algorithm=SHA-256" in server.asked[-1].headers["Authorization"]
