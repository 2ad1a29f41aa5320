"""A call of an API as its user makes it, taken apart: where it goes, and which secrets it holds."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from headrace.core.exceptions import ConfigError, Fault
from headrace.core.secrets.names import is_secret
from headrace.core.secrets.redaction import keep_secret
from headrace.core.secrets.shipping import stays_here
from headrace.http.url import origin, user_and_password, without_login

_PLACEHOLDER = re.compile(r"\$\{[A-Za-z_][A-Za-z0-9_.\-]*\}")
_NOT_FOR_NAMES = re.compile(r"[^A-Za-z0-9]+")
_USUAL_NAMES = {
    "token": "API_TOKEN",
    "api_key": "API_KEY",
    "username": "API_USER",
    "password": "API_PASSWORD",
}


@stays_here
@dataclass(frozen=True, kw_only=True)
class Call:
    """One request for a listing; its secrets are named, as in a config file.

    Args:
        base_url: The URL without the last part of its path.
        path: The last part of its path.
        method: The HTTP method.
        params: The query parameters.
        headers: The headers that it is sent with.
        auth: What `client.auth` says; None where nobody has to say who they are.
        json: The JSON body; None for none.
        secrets: The values of the secrets that were given, by the names that they have now.
    """

    base_url: str
    path: str
    method: str = "GET"
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    auth: Mapping[str, Any] | None = None
    json: Any = None
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def name(self) -> str:
        """A name for the listing: the last part of the path that is one."""
        parts = [*urlsplit(self.base_url).path.split("/"), *self.path.split("/")]
        words = [part for part in parts if re.match(r"[A-Za-z]", part)]
        plain = _NOT_FOR_NAMES.sub("_", words[-1].removesuffix(".json")) if words else ""
        return plain.strip("_").lower() or "rows"

    @property
    def client(self) -> dict[str, Any]:
        """What `client` of a config says."""
        client: dict[str, Any] = {"base_url": self.base_url}
        if self.headers:
            client["headers"] = dict(self.headers)
        if self.auth is not None:
            client["auth"] = dict(self.auth)
        return client

    @property
    def endpoint(self) -> dict[str, Any]:
        """What `endpoint` of a config says, as far as the call does."""
        endpoint: dict[str, Any] = {"path": self.path}
        if self.method != "GET":
            endpoint["method"] = self.method
        if self.params:
            endpoint["params"] = dict(self.params)
        if self.json is not None:
            endpoint["json"] = self.json
        return endpoint


def call_of(
    url: str,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    auth: Mapping[str, Any] | None = None,
    params: Mapping[str, str] | None = None,
    json: Any = None,
) -> Call:
    """Takes a call apart, and names its secrets.

    Args:
        url: The URL of a listing, with or without query parameters, user and password.
        method: The HTTP method.
        headers: The headers that it is sent with. One that proves who asks becomes an `auth`.
        auth: What `client.auth` of a config says. A secret in it may stand there as `${NAME}`.
        params: Query parameters besides those of the URL.
        json: The JSON body; None for none.

    Raises:
        ConfigError: The URL is none that can be asked.
    """
    naming = _Naming()
    try:
        origin(url)
    except ValueError as error:
        told = f"`{without_login(url)}` is no URL that can be asked: {error}. Say https://host/path"
        raise ConfigError([Fault("url", told)]) from None
    parts = urlsplit(url)
    login = user_and_password(url)
    found = dict(auth) if auth is not None else None
    if login is not None and found is None:
        found = {"type": "http_basic", "username": login[0], "password": login[1]}
    kept, of_headers = _auth_of_headers(headers or {})
    asked = {**dict(parse_qsl(parts.query, keep_blank_values=True)), **(params or {})}
    if found is None:
        found = of_headers
        if found is None:
            asked, found = _auth_of_params(asked)
    base_path, _, last = parts.path.rstrip("/").rpartition("/")
    end = "/" if parts.path.endswith("/") and last else ""
    host = parts.netloc.rpartition("@")[2]
    return Call(
        base_url=urlunsplit((parts.scheme, host, base_path, "", "")),
        path=f"{last}{end}",
        method=method.upper(),
        params={name: naming.of(name, value) for name, value in asked.items()},
        headers={name: naming.of(name, value) for name, value in kept.items()},
        auth=None if found is None else naming.of_auth(found),
        json=json,
        secrets=naming.values,
    )


@stays_here
class _Naming:
    """Names secrets, and remembers their values."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}

    def of(self, name: str, value: str) -> str:
        """The value, or what stands for it where its name says that it is a secret."""
        if not is_secret(name) or _PLACEHOLDER.search(value):
            return value
        return self._named(_NOT_FOR_NAMES.sub("_", name).strip("_").upper(), value)

    def of_auth(self, auth: Mapping[str, Any]) -> dict[str, Any]:
        """The `auth` without its secrets."""
        return {
            key: self._named(_USUAL_NAMES.get(key, f"API_{key.upper()}"), value)
            if isinstance(value, str) and _is_proof(key) and not _PLACEHOLDER.search(value)
            else value
            for key, value in auth.items()
        }

    def _named(self, name: str, value: str) -> str:
        while self.values.get(name, value) != value:
            name = f"{name}_2"
        self.values[name] = value
        keep_secret([value])
        return f"${{{name}}}"


def _is_proof(key: str) -> bool:
    return key in ("username", "client_id", *_USUAL_NAMES) or is_secret(key)


def _auth_of_headers(
    headers: Mapping[str, str],
) -> tuple[dict[str, str], dict[str, Any] | None]:
    """The headers without the one that proves who asks, and the `auth` that it is."""
    kept = dict(headers)
    for name, value in headers.items():
        if name.lower() == "authorization":
            auth = _auth_of_authorization(value)
        elif is_secret(name) and name.lower() != "cookie":
            auth = {"type": "api_key", "name": name, "api_key": value, "location": "header"}
        else:
            continue
        del kept[name]
        return kept, auth
    return kept, None


def _auth_of_authorization(value: str) -> dict[str, Any]:
    scheme, _, rest = value.strip().partition(" ")
    if scheme.lower() == "bearer" and rest:
        return {"type": "bearer", "token": rest.strip()}
    if scheme.lower() == "basic" and rest:
        try:
            user, colon, password = base64.b64decode(rest, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            colon = ""
        if colon:
            return {"type": "http_basic", "username": user, "password": password}
    return {"type": "api_key", "name": "Authorization", "api_key": value, "location": "header"}


def _auth_of_params(
    params: Mapping[str, str],
) -> tuple[dict[str, str], dict[str, Any] | None]:
    for name, value in params.items():
        if is_secret(name):
            others = {key: each for key, each in params.items() if key != name}
            auth = {"type": "api_key", "name": name, "api_key": value, "location": "query"}
            return others, auth
    return dict(params), None
