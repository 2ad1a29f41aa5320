"""A call as its user makes it becomes what a config says, and its secrets get names."""

from __future__ import annotations

from typing import Any

import pytest

from headrace.config import load_config
from headrace.config.selection import listed_resources
from headrace.core.exceptions import ConfigError
from headrace.core.exchange import Request
from headrace.discovery.calls import Call, call_of
from headrace.reading.build import build_listing

URL = "https://api.example.com/v1/items"


def test_a_url_is_taken_apart() -> None:
    call = call_of("https://api.example.com/v1/items.json?status=open&limit=5")
    assert call.client == {"base_url": "https://api.example.com/v1"}
    assert call.endpoint == {"path": "items.json", "params": {"status": "open", "limit": "5"}}
    assert call.name == "items"


@pytest.mark.parametrize("url", ["api.example.com/x?k=s3cret-value", "ftp://u:s3cret-value@h/x"])
def test_what_is_no_url_is_refused_without_its_secrets(url: str) -> None:
    with pytest.raises(ConfigError, match="is no URL that can be asked") as told:
        call_of(url)
    assert "s3cret-value" not in str(told.value)


def test_a_parameter_that_is_given_twice_is_sent_twice() -> None:
    call = call_of(f"{URL}?tag=a&tag=b&tag=c&page=1")
    assert call.params == {"tag": ["a", "b", "c"], "page": "1"}


@pytest.mark.parametrize(
    ("headers", "auth", "secrets"),
    [
        (
            {"Authorization": "Bearer s3cret-value"},
            {"type": "bearer", "token": "${API_TOKEN}"},
            {"API_TOKEN": "s3cret-value"},
        ),
        (
            {"Authorization": "Basic bWU6czNjcmV0LXZhbHVl"},
            {"type": "http_basic", "username": "${API_USER}", "password": "${API_PASSWORD}"},
            {"API_USER": "me", "API_PASSWORD": "s3cret-value"},
        ),
        (
            {"Authorization": "Basic c2tfczNjcmV0LXZhbHVlOg=="},
            {"type": "http_basic", "username": "${API_USER}", "password": ""},
            {"API_USER": "sk_s3cret-value"},
        ),
        (
            {"X-Api-Key": "s3cret-value"},
            {
                "type": "api_key",
                "name": "X-Api-Key",
                "api_key": "${API_KEY}",
                "location": "header",
            },
            {"API_KEY": "s3cret-value"},
        ),
        (
            {"Authorization": "Bearer ${MY_TOKEN}"},
            {"type": "bearer", "token": "${MY_TOKEN}"},
            {},
        ),
        ({"X-Api-Key": ""}, None, {}),
    ],
)
def test_a_header_that_proves_who_asks_is_an_auth(
    headers: dict[str, str], auth: Any, secrets: dict[str, str]
) -> None:
    call = call_of(URL, headers=headers)
    assert call.auth == auth
    assert call.secrets == secrets


def test_authorization_proves_who_asks_before_other_secrets_do() -> None:
    call = call_of(
        URL,
        headers={"X-Csrf-Token": "s3cret-value", "Authorization": "Bearer other-s3cret"},
        params={"api_key": "third-s3cret"},
    )
    assert call.auth == {"type": "bearer", "token": "${API_TOKEN}"}
    assert call.headers == {"X-Csrf-Token": "${X_CSRF_TOKEN}"}
    assert call.params == {"api_key": "${API_KEY}"}


def test_an_auth_that_is_given_loses_no_header() -> None:
    call = call_of(
        URL, headers={"X-Api-Key": "s3cret-value"}, auth={"type": "bearer", "token": "other-one"}
    )
    assert call.headers == {"X-Api-Key": "${X_API_KEY}"}
    assert call.auth == {"type": "bearer", "token": "${API_TOKEN}"}


def test_a_header_that_looks_like_a_secret_is_one() -> None:
    call = call_of(URL, headers={"X-Tenant": "eyJhbGciOiJIUzI1NiJ9.e30.s3cret", "X-Kind": "plain"})
    assert call.headers == {"X-Tenant": "${X_TENANT}", "X-Kind": "plain"}


@pytest.mark.parametrize("value", ["application/vnd.github+json", "application/json", "2022-11-28"])
def test_a_plain_header_stays(value: str) -> None:
    assert call_of(URL, headers={"Accept": value}).headers == {"Accept": value}


def test_a_code_that_looks_like_a_secret_is_one() -> None:
    call = call_of(f"{URL}?code=Zx8kQ2vT9LmW4pR7sN1bYc6HdJ3fGaUe&country=DE")
    assert call.params == {"code": "${CODE}", "country": "DE"}
    assert call_of(f"{URL}?code=DE&appid=440").params == {"code": "DE", "appid": "440"}
    weather = call_of(f"{URL}?appid=3f9c1d7e8b2a4605c7d8e9f0a1b2c3d4")
    assert weather.params == {"appid": "${APPID}"}


@pytest.mark.parametrize("name", ["pageToken", "next_token", "continuation-token", "page[token]"])
def test_the_place_of_a_page_is_no_secret(name: str) -> None:
    call = call_of(URL, params={name: "place"}, json={"next_token": "place"})
    assert (call.auth, call.params, call.json) == (None, {name: "place"}, {"next_token": "place"})


def test_secrets_in_a_body_get_names() -> None:
    call = call_of(
        URL,
        method="post",
        json={"login": {"password": "s3cret-value"}, "where": [{"key": "status", "value": 1}]},
    )
    assert call.endpoint == {
        "path": "items",
        "method": "POST",
        "json": {
            "login": {"password": "${PASSWORD}"},
            "where": [{"key": "status", "value": 1}],
        },
    }
    assert call_of(URL, data={"api_key": "s3cret-value"}).endpoint["data"] == {
        "api_key": "${API_KEY}"
    }


def test_certificates_are_of_the_client() -> None:
    call = call_of(URL, tls={"cert": "me.pem", "key": "k.pem", "key_password": "s3cret-value"})
    assert call.client["tls"] == {
        "cert": "me.pem",
        "key": "k.pem",
        "key_password": "${KEY_PASSWORD}",
    }


def test_two_secrets_of_one_name_stay_two() -> None:
    call = call_of(URL, headers={"Authorization": "Bearer a"}, params={"token": ["one", "two"]})
    assert call.params == {"token": ["${TOKEN}", "${TOKEN_2}"]}
    assert call.secrets == {"API_TOKEN": "a", "TOKEN": "one", "TOKEN_2": "two"}


def test_a_dollar_before_a_brace_is_looked_up_as_it_is() -> None:
    call = call_of(URL, headers={"X-Api-Key": "a$${b}"}, params={"q": "$${c}"})
    assert call.secrets == {"API_KEY": "a${b}"}
    assert call.params == {"q": "$${c}"}


@pytest.mark.parametrize(
    "value", ["{a}", "a}b{", "{x} and ${y}", '{"a": 1}', '{"a": "{b}"}', "{resources.a.b}", "${}"]
)
def test_braces_are_sent_as_they_are(value: str) -> None:
    written = value.replace("${", "$${")
    sent: dict[str, Any] = {"k{}": [written], "v": written}
    call = call_of(f"{URL}/" + "{x}", params={"q": written}, json=sent, method="POST")
    request = request_of(call)
    assert request.path == "{x}"
    assert request.params == {"q": value}
    assert request.json == {"k{}": [value], "v": value}


def test_a_named_secret_stays_beside_braces() -> None:
    call = call_of(URL, params={"q": "{${A_SETTING}}"}, data="x={}")
    assert call.endpoint["params"] == {"q": "{{${A_SETTING}}}"}
    assert call.endpoint["data"] == "x={{}}"


def request_of(call: Call) -> Request:
    """What a config with the call asks for."""
    resource = {"name": "x", "endpoint": {**call.endpoint, "paginator": "single_page"}}
    config = load_config({"client": call.client, "resources": [resource]})
    (listed,) = listed_resources(config)
    return build_listing(config, listed).request
