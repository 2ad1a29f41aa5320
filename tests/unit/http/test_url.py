"""URLs as they are sent, compared and shown."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from headrace.http.url import (
    join_url,
    origin,
    sendable,
    shown_url,
    user_and_password,
    with_missing_query,
    with_query,
)

BASE = "https://api.example.com/v1"


@pytest.mark.parametrize(
    ("base_url", "path", "expected"),
    [
        ("https://h/v1", "items", "https://h/v1/items"),
        ("https://h/v1/", "items", "https://h/v1/items"),
        ("https://h/v1", "/items", "https://h/v1/items"),
        ("https://h/v1/", "/items/", "https://h/v1/items/"),
        ("https://h/v1", "", "https://h/v1"),
        ("https://h/v1", "https://other/items", "https://other/items"),
        ("https://h/v1", "HTTPS://other/items", "HTTPS://other/items"),
        ("https://h/v1", "//other/items", "https://h/v1/other/items"),
        ("https://h/v1", "items:search", "https://h/v1/items:search"),
        ("https://h/v1", "http-logs", "https://h/v1/http-logs"),
    ],
)
def test_a_path_stands_below_the_base_url(base_url: str, path: str, expected: str) -> None:
    assert join_url(base_url, path) == expected


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=10),
)
PARAMS = st.dictionaries(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8),
    st.one_of(VALUES, st.lists(VALUES, max_size=3)),
    max_size=4,
)


@given(PARAMS)
def test_parameters_are_sent_as_requests_sends_them(params: dict[str, Any]) -> None:
    url = f"{BASE}/items?own=1"
    theirs = requests.Request("GET", url, params=params).prepare().url
    assert theirs is not None
    ours = str(sendable(with_query(url, params), BASE))
    assert _read(ours) == _read(theirs)


@given(
    st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="%#?"), max_size=15)
)
def test_a_path_is_encoded_as_requests_encodes_it(path: str) -> None:
    url = f"{BASE}/x{path}"
    theirs = requests.Request("GET", url).prepare().url
    assert theirs is not None
    ours = str(sendable(url, BASE))
    assert ours.isascii()
    assert unquote(urlsplit(ours).path) == unquote(urlsplit(theirs).path)


def _read(url: str) -> tuple[str, list[tuple[str, str]]]:
    parts = urlsplit(url)
    return unquote(parts.path), parse_qsl(parts.query, keep_blank_values=True)


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("/a%2Fb", "/a%2Fb"),
        ("/100%", "/100%25"),
        ("/a b?c=d e", "/a%20b?c=d%20e"),
        ("/ü?q=ü", "/%C3%BC?q=%C3%BC"),
        ("/a#fragment", "/a"),
        ("?a=1", "/?a=1"),
        ('/"<>\\^`{|}', "/%22%3C%3E%5C%5E%60%7B%7C%7D"),
        ("/\udcff", "/%FF"),
    ],
)
def test_what_a_url_does_not_allow_is_encoded_once(path: str, sent: str) -> None:
    assert str(sendable(f"https://h{path}", "https://h")) == f"https://h{sent}"


@pytest.mark.parametrize(
    ("url", "base_url"),
    [
        ("https://user:pass@h/x", "https://h"),
        ("https://h/x", "https://user:pass@h"),
        ("HTTPS://H:443/x", "https://h"),
    ],
)
def test_a_request_goes_to_the_host_of_the_base_url_without_user_and_password(
    url: str, base_url: str
) -> None:
    assert str(sendable(url, base_url)) == "https://h/x"


def test_a_host_with_letters_outside_ascii_is_sent_in_punycode() -> None:
    assert str(sendable("https://bücher.example/x", "https://bücher.example")) == (
        "https://xn--bcher-kva.example/x"
    )


def test_an_ipv6_host_keeps_its_brackets() -> None:
    assert str(sendable("http://[::1]:8080/x", "http://[::1]:8080")) == "http://[::1]:8080/x"
    assert shown_url("http://[::1]:8080/x", ()) == "http://[::1]:8080/x"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://h", "https://h:443/x?y"),
        ("http://h:80", "http://h"),
        ("https://API.example.com", "https://api.example.com"),
        ("https://user@h", "https://h"),
        ("HTTPS://h", "https://h"),
    ],
)
def test_one_origin_in_several_spellings(one: str, other: str) -> None:
    assert origin(one) == origin(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://h", "http://h"),
        ("https://h", "https://h:8443"),
        ("http://h", "http://h:0"),
        ("https://h", "https://h.evil.example"),
        ("https://h", "https://h@evil.example"),
        ("https://h", "https://h\\@evil.example"),
        ("https://h", "https://evil.example/https://h"),
    ],
)
def test_other_scheme_host_or_port_is_another_origin(one: str, other: str) -> None:
    assert origin(one) != origin(other)


@pytest.mark.parametrize(
    "url", ["", "h", "http://", "http:///x", "http://[::1", "http://h:99999", "http://h:port"]
)
def test_what_has_no_host_or_no_port_number_has_no_origin(url: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        origin(url)


def test_only_missing_parameters_are_added() -> None:
    url = with_missing_query("https://h/x?key=1&b%20c=2", {"key": "3", "b c": "4", "d": "5"})
    assert url == "https://h/x?key=1&b%20c=2&d=5"


def test_a_shown_url_masks_secret_parameters_and_keeps_the_rest_as_it_is_sent() -> None:
    url = "https://me:pass@h:8443/a?q=a+b&access_token=t1&X-Amz-Signature=s&own=hid&k%65y=z&x&e=#f"
    assert shown_url(url, {"own": "hid"}) == (
        "https://h:8443/a?q=a+b&access_token=***&X-Amz-Signature=***&own=***&k%65y=***&x&e="
    )


def test_user_and_password_are_decoded() -> None:
    assert user_and_password("https://me%40x:p%2Fw@h/") == ("me@x", "p/w")
    assert user_and_password("https://me@h/") == ("me", "")
    assert user_and_password("https://h/@") is None
