"""What looks like a credential in a text of others is masked, and what does not stays."""

from __future__ import annotations

import string
from random import Random

import pytest

from headrace.core.secrets.likely import mask_likely
from headrace.core.secrets.redaction import hold_secrets

SECRETS = (
    "Authorization: {Bearer hunter22}",
    "authorization={Basic dXNlcjpwYXNz and more}",
    "Cookie: {sid=abc; theme=dark}",
    "GET https://{user:pass}@host/x failed",
    "GET https://host/x?api_key={12345}&page=2 failed",
    "Bearer {12ab34cd} is wrong",
    "Basic {dXNlcjpwYXNz} refused",
    "Incorrect API key provided: {sk-abcd1234efgh}",
    "The token {eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-_} has expired",
    "password {hunter2} rejected",
    "Invalid token: {deadbeef}",
    "secret '{foo}' missing",
    '{{"password":"{abc}", "user":"x"}}',
    r"{{\"client_secret\":\"{abc}\"}}",
    "key {AKIAIOSFODNN7EXAMPLE} is not active",
    "signed with {wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY}",
    "hash {3f75d4a0c9e84b7f9e1d2c3b4a596877} differs",
    "token {AbCdEfGhIjKlMnOpQrStUvWx}",
    "{-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----} is no key",
    "{xoxb-123456789012-1234567890123-AbCdEfGhIjKlMnOpQrStUvWx}",
    "{ghp_16C7e42F292c6912E7710c838347Ae178B4a}",
)
PLAIN = (
    "Order 4711 not found",
    "Authorization failed - please check your credentials",
    "Basic authentication failed",
    "Bearer token is invalid",
    "Unexpected token } in JSON at position 5",
    "The token is expired, log in again",
    "No credentials found for node",
    "ManualExecutionCancelledError: stopped",
    "id 123e4567-e89b-12d3-a456-426614174000 gone",
    "order-2026-11-29-import-nightly failed",
    "/var/lib/app/2026/exports/customers_list.csv missing",
    "https://api.example.com/v1/customers/4711/invoices?page=2",
    'duplicate key value violates unique constraint "orders_pkey" Key (id)=(4711)',
    "connect ECONNREFUSED 10.0.0.5:5432",
    "Request failed with status code 401",
)


@pytest.mark.parametrize("text", SECRETS)
def test_credentials_are_masked(text: str) -> None:
    text = text.replace("{{", "\0").replace("}}", "\1")
    head, _, rest = text.partition("{")
    secret, _, tail = rest.partition("}")
    plain = [each.replace("\0", "{").replace("\1", "}") for each in (head, tail)]
    found = mask_likely(f"{plain[0]}{secret}{plain[1]}")

    assert found.replace(" ***", "***") == "***".join(plain).replace(" ***", "***")


@pytest.mark.parametrize("text", PLAIN)
def test_other_texts_stay(text: str) -> None:
    assert mask_likely(text) == text


def test_a_known_secret_is_masked_wherever_it_stands() -> None:
    owner = type("Owner", (), {})()
    hold_secrets(owner, ["plain words"])

    assert mask_likely("the plain words of somebody") == "the *** of somebody"


ALPHABETS = {
    "hex": string.hexdigits[:16],
    "base32": string.ascii_uppercase + "234567",
    "base36": string.ascii_lowercase + string.digits,
    "base62": string.ascii_letters + string.digits,
    "base64": string.ascii_letters + string.digits + "+/",
    "base64url": string.ascii_letters + string.digits + "-_",
}


@pytest.mark.parametrize("alphabet", ALPHABETS)
@pytest.mark.parametrize("length", [24, 32, 43, 64])
def test_random_tokens_are_masked(alphabet: str, length: int) -> None:
    chance = Random(f"{alphabet} {length}")
    tokens = ["".join(chance.choices(ALPHABETS[alphabet], k=length)) for _ in range(500)]
    shown = [each for each in tokens if each in mask_likely(f"Refused: {each}, which is odd")]

    assert len(shown) <= 2, shown
