"""A call of an API as its user makes it, taken apart: where it goes, and which secrets it holds."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from headrace.config.secrets.substitution import has_placeholder
from headrace.core.exceptions import ConfigError, Fault
from headrace.core.secrets.likely import mask_likely
from headrace.core.secrets.names import is_secret
from headrace.core.secrets.redaction import keep_secret
from headrace.core.secrets.shipping import stays_here
from headrace.http.url import origin, user_and_password

# Where a listing goes on, and no proof of who asks.
_PLACE_OF_LISTING = re.compile(
    r"(?:page|next|continu\w*|skip|sync|delta|resum\w*|scroll|start|cursor)[-_ \[]?token\]?$",
    re.IGNORECASE,
)
_NOT_FOR_NAMES = re.compile(r"[^A-Za-z0-9]+")
# A `${NAME}` stays; of a `$${` the brace is left once the secrets are in their places.
_BRACE = re.compile(r"\$\$\{|\$\{[^{}]*\}|[{}]")
_BRACES = {"$${": "$${{", "{": "{{", "}": "}}"}
# The first field that a query asks for, with another name or without.
_FIELD = re.compile(r"\{\s*(?:\w+\s*:\s*)?([A-Za-z]\w*)")
_WEB = re.compile(r"https?://", re.IGNORECASE)
# Azure's functions take their key as `code`, OpenWeather as `appid`; others a country, or a game.
_MAY_BE_SECRET = frozenset(["code", "appid", "app_id"])
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
        params: The query parameters; a list where one is given more than once.
        headers: The headers that it is sent with.
        auth: What `client.auth` says; None where nobody has to say who they are.
        tls: What `client.tls` says; None for nothing.
        json: The JSON body; None for none.
        data: A body of another kind, form fields or text as it is sent; None for none.
        secrets: The values of the secrets that were given, by the names that they have now.
    """

    base_url: str
    path: str
    method: str = "GET"
    params: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    auth: Mapping[str, Any] | None = None
    tls: Mapping[str, str] | None = None
    json: Any = None
    data: Any = None
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def name(self) -> str:
        """A name for the listing: the last part of the path that is one."""
        if (graphql := _graphql_of(self.json)) and (field := _FIELD.search(graphql["query"])):
            return field[1].lower()
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
        if self.tls is not None:
            client["tls"] = dict(self.tls)
        return client

    @property
    def endpoint(self) -> dict[str, Any]:
        """What `endpoint` of a config says, as far as the call does."""
        endpoint: dict[str, Any] = {"path": _without_placeholders(self.path)}
        if (graphql := _graphql_of(self.json)) is not None:
            params = _without_placeholders(self.params)
            return {**endpoint, **({"params": params} if params else {}), "graphql": graphql}
        if self.method != "GET":
            endpoint["method"] = self.method
        if self.params:
            endpoint["params"] = _without_placeholders(self.params)
        if self.json is not None:
            endpoint["json"] = _without_placeholders(self.json)
        if self.data is not None:
            endpoint["data"] = _without_placeholders(self.data)
        return endpoint


def _graphql_of(body: Any) -> dict[str, Any] | None:
    """What `endpoint.graphql` says for a JSON body; None where that is no query in GraphQL."""
    if not isinstance(body, Mapping) or not set(body) <= {"query", "variables", "operationName"}:
        return None
    query, variables, operation = map(body.get, ("query", "variables", "operationName"))
    if not isinstance(query, str) or "{" not in query:
        return None
    graphql: dict[str, Any] = {"query": query}
    if variables:
        graphql["variables"] = _without_placeholders(variables)
    return {**graphql, "operation_name": operation} if operation else graphql


def _without_placeholders(value: Any) -> Any:
    """What an endpoint says for a value that has no placeholders: its braces are doubled."""
    if isinstance(value, str):
        return _BRACE.sub(lambda match: _BRACES.get(match[0], match[0]), value)
    if isinstance(value, Mapping):
        return {_without_placeholders(key): _without_placeholders(value[key]) for key in value}
    return [_without_placeholders(each) for each in value] if isinstance(value, list) else value


def call_of(
    url: str,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    auth: Mapping[str, Any] | None = None,
    tls: Mapping[str, str] | None = None,
    params: Mapping[str, Any] | None = None,
    json: Any = None,
    data: Any = None,
) -> Call:
    """Takes a call apart, and names its secrets.

    A value that is written as in a config file stays as it is: `${NAME}` names a secret already,
    and `$${` stands for `${`.

    Args:
        url: The URL of a listing, with or without query parameters, user and password.
        method: The HTTP method.
        headers: The headers that it is sent with. One that proves who asks becomes an `auth`.
        auth: What `client.auth` of a config says. A secret in it may stand there as `${NAME}`.
        tls: What `client.tls` of a config says.
        params: Query parameters besides those of the URL; a list gives one more than once.
        json: The JSON body; None for none.
        data: A body of another kind, form fields or text as it is sent; None for none.

    Raises:
        ConfigError: The URL is none that can be asked.
    """
    _refuse_unusable(url)
    naming = _Naming()
    parts = urlsplit(url)
    login = user_and_password(url)
    found = dict(auth) if auth is not None else None
    if login is not None and found is None:
        found = _basic(*login)
    kept = dict(headers or {})
    asked = {**fields_of(parse_qsl(parts.query, keep_blank_values=True)), **(params or {})}
    if found is None:
        kept, found = _auth_of_headers(kept)
    if found is None:
        asked, found = _auth_of_params(asked)
    # Named first, it gets the plainest name.
    proof = None if found is None else naming.of_auth(found)
    base_path, _, last = parts.path.rstrip("/").rpartition("/")
    end = "/" if parts.path.endswith("/") and last else ""
    host = parts.netloc.rpartition("@")[2]
    return Call(
        base_url=urlunsplit((parts.scheme, host, base_path, "", "")),
        path=f"{last}{end}",
        method=method.upper(),
        params={
            name: [naming.of_param(name, each) for each in value]
            if isinstance(value, list)
            else naming.of_param(name, value)
            for name, value in asked.items()
        },
        headers={name: naming.by_looks(name, value) for name, value in kept.items()},
        auth=proof,
        tls=None if tls is None else naming.of_tls(tls),
        json=naming.of_body(json),
        data=naming.of_body(data),
        secrets=naming.values,
    )


def fields_of(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """The fields of a query or a form by their names: a list where one is given more than once.

    Args:
        pairs: Names and values, in their order.
    """
    fields: dict[str, Any] = {}
    for name, value in pairs:
        if name not in fields:
            fields[name] = value
        elif isinstance(fields[name], list):
            fields[name].append(value)
        else:
            fields[name] = [fields[name], value]
    return fields


def _refuse_unusable(url: str) -> None:
    try:
        origin(url)
        wrong = "" if _WEB.match(url) else "it begins with neither https:// nor http://"
    except ValueError as error:
        wrong = str(error)
    if wrong:
        # What follows the path may hold a secret.
        shown = re.split(r"[?#]", url, maxsplit=1)[0].rpartition("@")[2]
        told = f"`{shown}` is no URL that can be asked: {wrong}. Say https://host/path"
        raise ConfigError([Fault("url", told)])


@stays_here
class _Naming:
    """Names secrets, and remembers their values."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}

    def of(self, name: str, value: str) -> str:
        """The value, or what stands for it where its name says that it is a secret."""
        return self._named(_setting_of(name), value) if _is_credential(name) else value

    def by_looks(self, name: str, value: str) -> str:
        """The value, of which what looks like a secret is one, whatever its name."""
        looks_secret = mask_likely(value) != value
        return self._named(_setting_of(name), value) if looks_secret else self.of(name, value)

    def of_param(self, name: str, value: str) -> str:
        """The value of a query parameter, which may be a secret by its looks under some names."""
        may_be_secret = name.lower() in _MAY_BE_SECRET
        return self.by_looks(name, value) if may_be_secret else self.of(name, value)

    def of_body(self, body: Any, name: str = "") -> Any:
        """A body without the secrets that are in its fields, at any depth."""
        if isinstance(body, Mapping):
            return {key: self.of_body(value, str(key)) for key, value in body.items()}
        if isinstance(body, list):
            return [self.of_body(each, name) for each in body]
        # A filter has a `key` and a `value`, and no secret.
        is_field = isinstance(body, str) and name.lower() != "key"
        return self.of(name, body) if is_field else body

    def of_tls(self, tls: Mapping[str, str]) -> dict[str, str]:
        """The files, and what stands for the password of one."""
        name = "key_password"
        password = {name: self.of(name, tls[name])} if name in tls else {}
        return {**tls, **password}

    def of_auth(self, auth: Mapping[str, Any]) -> dict[str, Any]:
        """The `auth` without its secrets."""
        return {
            key: self._named(_USUAL_NAMES.get(key, f"API_{key.upper()}"), value)
            if isinstance(value, str) and _is_proof(key)
            else value
            for key, value in auth.items()
        }

    def _named(self, name: str, value: str) -> str:
        if not value or has_placeholder(value):
            return value
        # What is looked up is taken as it is.
        value = value.replace("$${", "${")
        while self.values.get(name, value) != value:
            name = f"{name}_2"
        self.values[name] = value
        keep_secret([value])
        return f"${{{name}}}"


def _setting_of(name: str) -> str:
    setting = _NOT_FOR_NAMES.sub("_", name).strip("_").upper()
    return setting if setting[:1].isalpha() else f"API_{setting or 'SECRET'}"


def _is_credential(name: str) -> bool:
    return is_secret(name) and not _PLACE_OF_LISTING.search(name)


def _is_proof(key: str) -> bool:
    return key in ("username", "client_id", *_USUAL_NAMES) or is_secret(key)


def _auth_of_headers(
    headers: Mapping[str, str],
) -> tuple[dict[str, str], dict[str, Any] | None]:
    """The headers without the one that proves who asks, and the `auth` that it is."""
    kept = dict(headers)
    for name, value in sorted(headers.items(), key=lambda each: each[0].lower() != "authorization"):
        if not value:
            continue
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
            return _basic(user, password)
    return {"type": "api_key", "name": "Authorization", "api_key": value, "location": "header"}


def _basic(user: str, password: str) -> dict[str, Any]:
    """What says user and password; an API may take a key in place of a user, and no password."""
    return {"type": "http_basic", "username": user, "password": password}


def _auth_of_params(
    params: Mapping[str, Any],
) -> tuple[dict[str, Any], dict[str, Any] | None]:
    for name, value in params.items():
        if _is_credential(name) and isinstance(value, str) and value:
            others = {key: each for key, each in params.items() if key != name}
            auth = {"type": "api_key", "name": name, "api_key": value, "location": "query"}
            return others, auth
    return dict(params), None
