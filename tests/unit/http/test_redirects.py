"""Redirects are followed within the API's origin, and never out of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from headrace.core.exceptions import RedirectRefused
from headrace.core.exchange import Request
from headrace.http.auth.credentials import Credentials
from tests.support.servers import Answer, Asked, JsonServer
from tests.unit.http.asking import send

pytestmark = pytest.mark.usefixtures("each_transport")

KEY = Credentials.api_key("X-API-KEY", "very-secret-key")


def redirecting(status: int, location: str) -> Any:
    def answer(asked: Asked) -> Answer:
        if asked.path == "/old":
            return Answer(status=status, headers={"Location": location})
        return Answer({"at": asked.path})

    return answer


@pytest.mark.parametrize("location", ["/new", "new", "{base}/new", "./new#top", "//{host}/new"])
def test_a_redirect_within_the_origin_is_followed_with_the_credentials(
    server: JsonServer, location: str
) -> None:
    host = server.base_url.removeprefix("http://")
    server.handler = redirecting(302, location.format(base=server.base_url, host=host))
    response = send(server.base_url, "/old", KEY)
    assert json.loads(response.body) == {"at": "/new"}
    assert str(response.request).split(" ")[1] == f"{server.base_url}/new"
    assert [asked.headers["X-API-KEY"] for asked in server.asked] == ["very-secret-key"] * 2


@pytest.mark.parametrize(
    ("status", "method", "then"),
    [
        (301, "POST", "GET"),
        (302, "POST", "GET"),
        (303, "POST", "GET"),
        (307, "POST", "POST"),
        (308, "POST", "POST"),
        (301, "PUT", "PUT"),
        (302, "PUT", "PUT"),
        (303, "PUT", "GET"),
        (301, "GET", "GET"),
        (307, "GET", "GET"),
    ],
)
def test_method_and_body_are_kept_or_changed_as_browsers_do(
    server: JsonServer, status: int, method: str, then: str
) -> None:
    server.handler = redirecting(status, "/new")
    request = Request(method, "/old", json={"q": 1}, headers={"Content-Type": "application/json"})
    send(server.base_url, request)
    asked = server.asked[1]
    assert asked.method == then
    assert asked.body == (b'{"q": 1}' if then == method else b"")
    assert ("Content-Type" in asked.headers) == (then == method)


def test_a_key_in_the_query_goes_along_within_the_origin_once(server: JsonServer) -> None:
    key = Credentials.api_key("k", "very-secret-key", "query")
    for location in ("/new?a=1", "/new?a=1&k=very-secret-key"):
        server.asked.clear()
        server.handler = redirecting(302, location)
        response = send(server.base_url, "/old", key)
        assert server.asked[1].query == {"a": "1", "k": "very-secret-key"}
        assert str(response.request).split(" ")[1] == f"{server.base_url}/new?a=1&k=***"


def test_the_url_that_was_asked_and_the_one_that_answered_are_known(server: JsonServer) -> None:
    server.handler = redirecting(302, "/new?a=1")
    base_url = server.base_url.replace("http://", "http://me:password@")
    key = Credentials.api_key("k", "very-secret-key", "query")
    response = send(base_url, Request("GET", "/old", params={"b": 2}), key)
    assert response.asked_url == f"{server.base_url}/old"
    assert response.url == f"{server.base_url}/new?a=1&k=very-secret-key"
    assert "very-secret-key" not in repr(response)


def test_five_redirects_are_followed_and_no_more(server: JsonServer) -> None:
    def chain(asked: Asked) -> Answer:
        left = int(asked.path[1:])
        return Answer(status=302, headers={"Location": f"/{left - 1}"}) if left else Answer([])

    server.handler = chain
    assert send(server.base_url, "/5").status == 200
    server.asked.clear()
    with pytest.raises(RedirectRefused, match="more than 5 times"):
        send(server.base_url, "/6")
    assert len(server.asked) == 6


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("form", ["{url}/steal", "//{host}/steal", "http:/\\/{host}"])
def test_a_redirect_to_another_server_is_refused_and_that_server_hears_nothing(
    server: JsonServer, status: int, form: str
) -> None:
    with JsonServer() as other:
        host = other.base_url.removeprefix("http://")
        location = form.format(url=other.base_url, host=host)
        server.handler = redirecting(status, location)
        if "\\" in form:
            # To this client that is a path of the same host, wherever others would go.
            assert send(server.base_url, "/old", KEY).status == 200
        else:
            with pytest.raises(RedirectRefused, match=r"client\.base_url"):
                send(server.base_url, "/old", KEY)
        assert other.asked == []


@pytest.mark.parametrize(
    "location",
    [
        "https://127.0.0.1/new",
        "http://localhost/new",
        "http://evil.example/",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "http://[::1",
        "http://h:99999/",
        "mailto:a@b",
    ],
)
def test_a_redirect_to_another_scheme_host_or_nowhere_is_refused(
    server: JsonServer, location: str
) -> None:
    server.handler = redirecting(302, location)
    with pytest.raises(RedirectRefused, match=r"/old: the server redirects to") as caught:
        send(server.base_url, "/old", KEY)
    assert "\n" not in str(caught.value)


def test_a_secret_in_a_redirect_is_not_shown(server: JsonServer) -> None:
    server.handler = redirecting(302, "http://very-secret-key.evil.example/very-secret-key")
    with pytest.raises(RedirectRefused, match=r"\*\*\*\.evil\.example") as caught:
        send(server.base_url, "/old", KEY)
    assert "very" not in str(caught.value)
