"""Finds what must not be shown inside of objects that a user brought."""

from __future__ import annotations

import dataclasses
from base64 import b64encode
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import requests
from pydantic import SecretStr

from headrace.core.secrets.names import is_sensitive
from headrace.http.outgoing_request import secrets_of

_DEEPEST = 4
_MOST_VALUES = 1_000
_SHORTEST = 4
# Attributes that say where or how a secret is sent.
_HARMLESS = frozenset(
    [
        *("name", "location", "type", "kind", "format", "scheme", "prefix", "header", "param"),
        *("header_name", "param_name", "algorithm", "region", "service", "method", "scope"),
        *("scopes", "audience", "grant_type", "default_token_expiration"),
    ]
)
_WORDS = frozenset(
    ["authorization", "bearer", "basic", "digest", "token", "header", "query", "param", "cookie"]
)
_LIBRARIES = ("dlt.", "requests.", "pydantic.", "builtins")


def secrets_within(value: object) -> frozenset[str]:
    """The texts in the attributes of an object, but for those that are plainly no secrets.

    Args:
        value: Any object, such as an authentication. Of a session its login, headers, cookies and
            proxies count.
    """
    found: set[str] = set()
    todo: list[tuple[str, object, int]] = [("", value, 0)]
    seen: set[int] = set()
    while todo and len(seen) < _MOST_VALUES:
        name, each, depth = todo.pop()
        if isinstance(each, SecretStr):
            each = each.get_secret_value()
        if isinstance(each, bytes):
            each = each.decode("utf-8", "replace")
        if isinstance(each, str):
            found.update(_secrets_in_text(name, str.__str__(each)))
        elif depth < _DEEPEST and id(each) not in seen:
            seen.add(id(each))
            todo.extend((inner, held, depth + 1) for inner, held in _parts(name, each))
    return frozenset(found)


def _secrets_in_text(name: str, text: str) -> Iterator[str]:
    if len(text) < _SHORTEST or text.lower() in _WORDS or name.strip("_").lower() in _HARMLESS:
        return
    if text.lower().startswith(("http://", "https://")):
        yield from _secrets_in_url(text)
        return
    yield text


def _secrets_in_url(url: str) -> Iterator[str]:
    """A URL is told of in messages, but not with what is secret in it."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return
    if parts.password:
        yield from {parts.password, unquote(parts.password)}
    yield from (value for name, value in parse_qsl(parts.query) if is_sensitive(name))


def _parts(name: str, value: object) -> Iterator[tuple[str, object]]:
    """What an object holds, with the names it goes by."""
    if isinstance(value, requests.Session):
        yield from (("", secret) for secret in secrets_of(dict(value.headers)))
        if isinstance(value.auth, tuple):
            yield "", b64encode(":".join(map(str, value.auth)).encode())
        yield "", value.auth
        yield from ((cookie.name, cookie.value) for cookie in value.cookies)
        yield from (("", proxy) for proxy in dict(value.proxies).values())
    elif isinstance(value, Mapping) and type(value).__module__ in ("builtins", "collections"):
        yield from ((str(key), inner) for key, inner in value.items())
    elif isinstance(value, list | tuple | set | frozenset):
        yield from ((name, inner) for inner in value)
    elif not isinstance(value, type | int | float | complex) and not _is_machinery(value):
        yield from _attributes(value)


def _is_machinery(value: object) -> bool:
    """Whether it is a function, a lock or the like: nothing that holds a user's secrets."""
    return type(value).__module__ in ("builtins", "_thread", "threading", "logging")


def _attributes(value: Any) -> Iterator[tuple[str, object]]:
    own = dict(getattr(value, "__dict__", {}))
    # dlt keeps its own notes on a configuration in such.
    yield from ((name, held) for name, held in own.items() if not name.startswith("__"))
    for kind in type(value).__mro__:
        if f"{kind.__module__}.".startswith(_LIBRARIES):
            continue
        names = [
            *getattr(kind, "__slots__", ()),
            *(key for key, held in vars(kind).items() if isinstance(held, str | bytes)),
        ]
        for name in names:
            if isinstance(name, str) and not name.startswith("__"):
                yield name, getattr(value, name, None)
    if dataclasses.is_dataclass(value):
        yield from (
            (each.name, getattr(value, each.name, None)) for each in dataclasses.fields(value)
        )
