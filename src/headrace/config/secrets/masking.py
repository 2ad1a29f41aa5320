"""Which values of a config are masked in logs, errors, states and tables while it runs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from headrace.config.format.places import texts_in, value_at
from headrace.config.secrets.disclosure import SHORTEST_SECRET, sensitive_values
from headrace.config.secrets.dlt_secrets import secrets_of_dlt
from headrace.config.secrets.substitution import SubstitutedValues
from headrace.core.secrets.names import is_sensitive

_PARTS_WITH_SECRETS = ("auth", "headers", "params", "json", "data", "graphql")
_URLS = ("base_url", "path")
_TOKEN_URLS = ("access_token_url", "url", "path")
_SCHEME = re.compile(r"^[\w+.-]*:/*")


def secrets_in(document: Mapping[str, Any], substituted: SubstitutedValues) -> frozenset[str]:
    """Find the secrets of a config, wherever they stand.

    Args:
        document: The config as written, with the substituted values in it.
        substituted: The values that came into the config from outside.

    Returns:
        What is secret by the place where it stands, what came from a `${NAME}` whose name is one
        that secrets have, and what dlt knows as a secret.
    """
    found = set(substituted.sensitive)
    sent = "\n".join(text for _, text in texts_in(list(_requests_of(document))))
    found.update(secret for secret in secrets_of_dlt() if secret in sent)
    password = value_at(document, ("client", "tls", "key_password"))
    found.update(sensitive_values({"key_password": password}).values)
    for part in _requests_of(document):
        found.update(_of_urls(part))
        for text in sensitive_values(part).values:
            found.add(text)
            # `Bearer <token>`: a server that echoes it leaves the scheme out.
            rest = text.partition(" ")[2].strip()
            if len(rest) >= SHORTEST_SECRET:
                found.add(rest)
    return frozenset(found)


def secrets_of_url(url: str) -> Iterator[str]:
    """Find the secrets in a URL.

    Args:
        url: The URL. Where it cannot be read as one, all before its `@` counts as a secret.

    Yields:
        The password, a user name that stands alone, since some APIs take a key there, and the
        values of query parameters that have names of secrets.
    """
    try:
        parts = urlsplit(url)
        username, password, query = parts.username, parts.password, parts.query
    except ValueError:
        username, password, query = None, None, ""
    is_http = url.lower().startswith("http")
    if username is None and not is_http and _SCHEME.match(url):
        login = _SCHEME.sub("", url).rpartition("@")[0]
        yield from (part for part in (login, login.partition(":")[2]) if part)
    # Some APIs take a key as the user name, without a password. A password that equals the user
    # name is no secret, since the name is none.
    is_key = is_http and not password
    secret = username if is_key else password if password != username else None
    if secret:
        yield from (secret, unquote(secret))
    for name, value in parse_qsl(query):
        if is_sensitive(name) and len(value) >= SHORTEST_SECRET:
            yield value


def _of_urls(part: dict[str, Any]) -> Iterator[str]:
    auth = part.get("auth")
    token_urls = [auth.get(key) for key in _TOKEN_URLS] if isinstance(auth, dict) else []
    for url in (*(part.get(key) for key in _URLS), *token_urls):
        if isinstance(url, str):
            yield from secrets_of_url(url)


def _requests_of(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """What requests send; the hints of a column that is named `token` are no secrets."""
    resources = document.get("resources")
    listed = resources if isinstance(resources, (list, tuple)) else ()
    for place in (document.get("resource_defaults"), *listed):
        if isinstance(place, dict):
            endpoint = place.get("endpoint")
            yield from _sent({"path": endpoint} if isinstance(endpoint, str) else endpoint)
    yield from _sent(document.get("client"))


def _sent(place: Any) -> Iterator[dict[str, Any]]:
    if isinstance(place, dict):
        yield {key: place[key] for key in (*_PARTS_WITH_SECRETS, *_URLS) if key in place}
