"""What is added to a request to prove who asks."""

from __future__ import annotations

import pytest
from msgspec import Raw

from headrace.core.exchange import Headers, Request, Response, ShownRequest
from headrace.http.auth.credentials import Credentials
from headrace.http.origins import RequestTarget
from headrace.http.settings import ClientSettings
from headrace.reading.fetched_page import FetchedPage


def test_a_key_goes_in_the_header_query_or_cookie_of_its_name() -> None:
    assert Credentials.api_key("X-Key", "secret").headers == {"X-Key": "secret"}
    assert Credentials.api_key("k", "secret", "query").params == {"k": "secret"}
    assert Credentials.api_key("k", "secret", "param").params == {"k": "secret"}
    assert Credentials.api_key("k", "secret", "cookie").cookies == {"k": "secret"}


def test_bearer_and_basic_go_in_the_authorization_header() -> None:
    assert Credentials.bearer("abc").headers == {"Authorization": "Bearer abc"}
    assert Credentials.basic("Aladdin", "open sesame").headers == {
        "Authorization": "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
    }


@pytest.mark.parametrize(
    "credentials",
    [
        Credentials.api_key("X-Key", "hush-hush"),
        Credentials.api_key("k", "hush-hush", "query"),
        Credentials.api_key("k", "hush-hush", "cookie"),
        Credentials.bearer("hush-hush"),
        Credentials.basic("me", "hush-hush"),
    ],
)
def test_each_names_its_secret_and_none_shows_it(credentials: Credentials) -> None:
    assert "hush-hush" in credentials.secrets
    assert "hush-hush" not in repr(credentials)


def test_basic_names_the_encoded_pair_as_a_secret_too() -> None:
    assert "QWxhZGRpbjpvcGVuIHNlc2FtZQ==" in Credentials.basic("Aladdin", "open sesame").secrets


def test_requests_and_answers_do_not_show_what_is_sent() -> None:
    hush = {"key": "hush-hush"}
    request = Request("GET", "/hush-hush", params=hush, headers=hush, json=hush, data=hush)
    told = ShownRequest.of("GET", "hush-hush")
    response = Response(200, Headers(hush), b"hush-hush", told)
    page = FetchedPage([Raw(b"hush-hush")], 9, told)
    place = RequestTarget("https://me:hush-hush@h", "https://hush-hush@h", None)
    assert "hush-hush" not in f"{request} {response} {page} {place} {told!r}"


def test_client_settings_do_not_show_headers_or_the_password_in_the_base_url() -> None:
    settings = ClientSettings("https://me:hush-hush@h", headers={"X-Key": "hush-hush"})
    assert "hush-hush" not in repr(settings)
