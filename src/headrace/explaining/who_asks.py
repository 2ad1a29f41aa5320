"""Says who proves to the API who asks, and where the secret for it comes from."""

from __future__ import annotations

from typing import Any

from pydantic import SecretStr

from headrace.config import (
    ApiKeyAuthConfig,
    BearerAuthConfig,
    HttpBasicAuthConfig,
    HttpDigestAuthConfig,
    LoginAuthConfig,
    OAuth2ClientCredentialsConfig,
    OAuth2RefreshTokenConfig,
    SignatureAuthConfig,
)
from headrace.config.format.auth import AuthModel
from headrace.explaining.marks import names_in

_PLACES = {"header": "header", "query": "parameter", "param": "parameter", "cookie": "cookie"}


def who_asks(auth: Any) -> str:
    """Who proves who asks, in words.

    Args:
        auth: The `auth` of an endpoint: a model, a Python object, or None.
    """
    source = _source(auth)
    match auth:
        case None:
            return "nobody: no credentials are sent"
        case ApiKeyAuthConfig():
            return f"a key in the {_PLACES[auth.location]} `{auth.name}`, {source}"
        case BearerAuthConfig():
            return f"a token in the header `Authorization`, {source}"
        case HttpBasicAuthConfig():
            password = auth.password.get_secret_value()
            what = "a user and a password" if password else "a user without a password"
            return f"{what} by HTTP Basic, {source}"
        case HttpDigestAuthConfig():
            return f"a user and a password by HTTP Digest, which sends no password, {source}"
        case OAuth2ClientCredentialsConfig() | OAuth2RefreshTokenConfig():
            what = "the id and the secret of a client"
            what = what if isinstance(auth, OAuth2ClientCredentialsConfig) else "a refresh token"
            return (
                f"a token that is fetched before page 1 and when it expires, with {what}, {source}"
            )
        case LoginAuthConfig():
            brings = f"cookie `{auth.cookie}`" if auth.cookie else "token"
            return f"a {brings} that a login brings before page 1, {source}"
        case SignatureAuthConfig():
            return f"a signature that a function of yours makes of each request, {source}"
    return f"`{type(auth).__name__}`, an object of Python"


def _source(auth: Any) -> str:
    found: dict[str, None] = {}
    if isinstance(auth, AuthModel):
        for name in type(auth).model_fields:
            for text in _texts(getattr(auth, name)):
                found |= dict.fromkeys(names_in(text))
    return f"from {' and '.join(found)}" if found else "which stands in the config itself"


def _texts(value: Any) -> list[str]:
    if isinstance(value, SecretStr):
        return [value.get_secret_value()]
    if isinstance(value, dict):
        return [text for each in value.values() for text in _texts(each)]
    return [value] if isinstance(value, str) else []
