"""What counts as a secret inside of an object that a user brought."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, field

import pytest
import requests
from dlt.common.configuration.specs import configspec
from dlt.common.typing import TSecretStrValue
from dlt.sources.helpers.rest_client.auth import APIKeyAuth, AuthConfigBase
from requests.auth import AuthBase, HTTPBasicAuth

from headrace.http.auth.object_secrets import secrets_within


class Plain(AuthBase):
    at_home = "canary-in-the-class"

    def __init__(self, **attributes: object) -> None:
        self.__dict__.update(attributes)


class Slotted:
    __slots__ = ("_token",)

    def __init__(self) -> None:
        self._token = "canary"


@dataclass
class Data:
    token: str = "canary"
    more: list[str] = field(default_factory=lambda: ["canary-2"])


@configspec
class Spec(AuthConfigBase):
    key: TSecretStrValue = None  # type: ignore[assignment]


def session() -> requests.Session:
    made = requests.Session()
    made.headers["Authorization"] = "Bearer canary-0123"
    made.cookies.set("sid", "canary-cookie")
    made.auth = ("me-myself", "canary-password")
    made.proxies = {"http": "http://me:canary-proxy@proxy.example.com"}
    return made


@pytest.mark.parametrize(
    ("held", "secrets"),
    [
        (APIKeyAuth(name="X-Key", api_key="canary"), {"canary"}),
        (HTTPBasicAuth("me-myself", "canary"), {"me-myself", "canary"}),
        (Spec(key="canary"), {"canary"}),
        (Slotted(), {"canary"}),
        (Data(), {"canary", "canary-2"}),
        (Plain(), {"canary-in-the-class"}),
        (Plain(_private="canary"), {"canary", "canary-in-the-class"}),
        (Plain(a={"b": ["canary", b"bytes-canary"]}), {"canary", "bytes-canary"}),
        (Plain(inner=Slotted()), {"canary"}),
        (Plain(url="https://me:canary@h/token?key=canary-2&x=y"), {"canary", "canary-2"}),
        (
            session(),
            {
                *("canary-0123", "canary-cookie", "me-myself", "canary-password", "canary-proxy"),
                b64encode(b"me-myself:canary-password").decode(),
            },
        ),
    ],
)
def test_texts_wherever_they_are(held: object, secrets: set[str]) -> None:
    assert secrets_within(held) - {Plain.at_home} == secrets - {Plain.at_home}
    assert (Plain.at_home in secrets_within(held)) == isinstance(held, Plain)


def test_words_that_are_no_secrets_stay_legible() -> None:
    held = Plain(
        token_url="https://login.example.com/token",
        header_name="X-Shop-Key",
        prefix="Bearer",
        word="Authorization",
        number=12345678,
        tiny="abc",
        call=len,
    )
    assert secrets_within(held) == {"canary-in-the-class"}


def test_objects_that_hold_each_other_come_to_an_end() -> None:
    first, second = Plain(), Plain(token="canary")
    first.__dict__["other"], second.__dict__["other"] = second, first
    assert "canary" in secrets_within(first)
