"""Credentials go to the API's origin, and to the hosts that the config lists; nowhere else."""

from __future__ import annotations

import pytest

from headrace.core.exceptions import RedirectRefused
from headrace.core.exchange import Request, ShownRequest
from headrace.core.secrets.redaction import Redactor
from headrace.http.auth.credentials import Credentials
from headrace.http.origins import AllowedOrigins
from tests.support.servers import Answer, JsonServer
from tests.unit.http.asking import send

ASKED = ShownRequest.of("GET", "https://api.example.com/v1/items")
KEYS = [
    Credentials.api_key("X-API-KEY", "very-secret-key"),
    Credentials.api_key("k", "very-secret-key", "query"),
    Credentials.api_key("k", "very-secret-key", "cookie"),
    Credentials.bearer("very-secret-key"),
]


def host_of(server: JsonServer) -> str:
    return server.base_url.removeprefix("http://")


def heard(server: JsonServer) -> str:
    return repr([(asked.query, asked.headers, asked.body) for asked in server.asked])


@pytest.mark.parametrize("key", KEYS)
def test_a_listed_host_is_followed_to_with_the_credentials(
    server: JsonServer, key: Credentials
) -> None:
    with JsonServer() as other:
        other.answers([1])
        server.answers(Answer(status=307, headers={"Location": f"{other.base_url}/files?a=1"}))
        request = Request("POST", "/old", json={"q": 1})
        response = send(server.base_url, request, key, allowed_hosts=(host_of(other),))
        assert response.body == b"[1]"
        assert other.asked[0].body == b'{"q": 1}'
        assert other.asked[0].path == "/files"
        assert other.asked[0].query["a"] == "1"
        assert "very-secret-key" in heard(other)
        assert str(response.request).startswith(f"POST {other.base_url}/files?a=1")


@pytest.mark.parametrize("key", KEYS)
def test_a_host_that_is_not_listed_hears_nothing(server: JsonServer, key: Credentials) -> None:
    with JsonServer() as other:
        server.answers(Answer(status=307, headers={"Location": f"{other.base_url}/files"}))
        with pytest.raises(RedirectRefused) as caught:
            send(server.base_url, "/old", key, allowed_hosts=("files.example.com",))
        assert f"list `{host_of(other)}` in `client.allowed_hosts`" in str(caught.value)
        assert other.asked == []


def test_a_next_link_may_lead_to_a_listed_host(server: JsonServer) -> None:
    with JsonServer() as other:
        other.answers([1])
        link = f"{other.base_url}/items?page=2"
        assert send(server.base_url, link, KEYS[0], allowed_hosts=(host_of(other),)).body == b"[1]"
        with pytest.raises(RedirectRefused, match=r"allowed_hosts"):
            send(server.base_url, link, KEYS[0])
        assert len(other.asked) == 1


def test_a_listed_host_may_lead_back_but_not_on_to_a_third(server: JsonServer) -> None:
    with JsonServer() as other, JsonServer() as third:
        server.answers(Answer(status=302, headers={"Location": f"{other.base_url}/"}), [1])
        other.answers(Answer(status=302, headers={"Location": f"{server.base_url}/new"}))
        assert send(server.base_url, "/", KEYS[0], allowed_hosts=(host_of(other),)).body == b"[1]"
        other.answers(Answer(status=302, headers={"Location": f"{third.base_url}/"}))
        server.answers(Answer(status=302, headers={"Location": f"{other.base_url}/"}))
        with pytest.raises(RedirectRefused, match=host_of(third)):
            send(server.base_url, "/", KEYS[0], allowed_hosts=(host_of(other),))
        assert third.asked == []


def where(base_url: str, target: str, *allowed: str) -> str:
    return AllowedOrigins(base_url, allowed).of_path(target, Redactor).url


@pytest.mark.parametrize(
    ("base_url", "target", "allowed"),
    [
        ("https://api.example.com/v1", "https://api.example.com/v2", ""),
        ("https://api.example.com/v1", "https://API.example.com:443/v2", ""),
        ("https://api.example.com", "https://files.example.com/x", "files.example.com"),
        ("https://api.example.com", "https://files.example.com/x", "FILES.example.com:443"),
        ("https://api.example.com", "https://api.example.com:8443/x", "api.example.com:8443"),
        ("http://api.example.com", "https://api.example.com/x", "api.example.com"),
        ("http://api.example.com", "http://[::1]:8080/x", "[::1]:8080"),
    ],
)
def test_where_requests_may_go(base_url: str, target: str, allowed: str) -> None:
    assert where(base_url, target, *filter(None, [allowed])) == target


@pytest.mark.parametrize(
    ("base_url", "target", "allowed", "why"),
    [
        ("https://api.example.com", "https://api.example.com:8443/", "", "list `api.example.com:8"),
        ("https://api.example.com", "https://files.example.com/", "", "list `files.example.com`"),
        ("https://api.example.com", "https://a.b.example.com/", "b.example.com", "list `a.b.exam"),
        ("https://api.example.com", "https://h.example.com:444/", "h.example.com", "list `h.exam"),
        ("https://api.example.com", "https://h.example.com/", "h.example.com:444", "list `h.exam"),
        ("https://api.example.com", "http://api.example.com/", "", "is without TLS"),
        ("https://api.example.com", "http://api.example.com:443/", "", "is without TLS"),
        ("https://api.example.com", "http://api.example.com/", "api.example.com", "without TLS"),
        ("https://api.example.com", "http://api.example.com/", "api.example.com:80", "without TLS"),
    ],
)
def test_where_requests_may_not_go(base_url: str, target: str, allowed: str, why: str) -> None:
    with pytest.raises(RedirectRefused, match=why):
        where(base_url, target, *filter(None, [allowed]))


@pytest.mark.parametrize(
    "target",
    [
        *("file:///etc/passwd", "file://files.example.com/etc/passwd", "ftp://files.example.com/"),
        *("gopher://files.example.com:443/", "javascript:alert(1)", "data:text/plain,x"),
    ],
)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_no_other_scheme_is_followed_whether_its_host_is_listed_or_not(
    target: str, scheme: str
) -> None:
    allowed = ("files.example.com", "files.example.com:443", "files.example.com:0")
    places = AllowedOrigins(f"{scheme}://api.example.com/v1/", allowed)
    with pytest.raises(RedirectRefused, match=r"neither http nor https|no URL"):
        places.of_redirect(f"{scheme}://api.example.com/v1/items", target, 302, ASKED, Redactor)


def test_a_secret_in_a_refused_host_is_not_shown() -> None:
    places = AllowedOrigins("https://api.example.com")
    location = "https://very-secret-key.evil.example:1/very-secret-key"
    redactor = Redactor(["very-secret-key"])
    with pytest.raises(RedirectRefused, match=r"\*\*\*\.evil\.example:1") as caught:
        places.of_redirect("https://api.example.com/", location, 302, ASKED, lambda: redactor)
    assert "secret" not in str(caught.value)
