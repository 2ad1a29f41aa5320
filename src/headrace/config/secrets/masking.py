"""Which values of a config must be masked in all that is told while it runs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from headrace.config.format.places import texts_in
from headrace.config.secrets.disclosure import SHORTEST_SECRET, sensitive_values
from headrace.config.secrets.dlt_secrets import secrets_of_dlt
from headrace.config.secrets.substitution import SubstitutedValues
from headrace.core.secrets.names import is_sensitive

_PARTS_WITH_SECRETS = ("auth", "headers", "params", "json", "data")
_URLS = ("base_url", "path")
_SCHEME = re.compile(r"^[\w+.-]*:/*")


def secrets_in(document: Mapping[str, Any], substituted: SubstitutedValues) -> frozenset[str]:
    """The secrets of a config, wherever they stand.

    Args:
        document: the config as written, with the substituted values in it.
        substituted: what came into it from outside.

    Returns:
        What is secret by its place, what came from a `${NAME}` with a name that tells of a
        secret, and what dlt has as a secret.
    """
    found = set(substituted.sensitive)
    sent = "\n".join(text for _, text in texts_in(list(_requests_of(document))))
    found.update(secret for secret in secrets_of_dlt() if secret in sent)
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
    """The secrets in a URL: its password, parameters by their names, and a key that is the user.

    Args:
        url: may be no good one; then all before its `@` is taken for a secret.
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
    # Some APIs take a key in place of a user's name. What is no secret elsewhere is none here.
    is_key = is_http and not password
    secret = username if is_key else password if password != username else None
    if secret:
        yield from (secret, unquote(secret))
    for name, value in parse_qsl(query):
        if is_sensitive(name) and len(value) >= SHORTEST_SECRET:
            yield value


def _of_urls(part: dict[str, Any]) -> Iterator[str]:
    auth = part.get("auth")
    token_url = auth.get("access_token_url") if isinstance(auth, dict) else None
    for url in (*(part.get(key) for key in _URLS), token_url):
        if isinstance(url, str):
            yield from secrets_of_url(url)


def _requests_of(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """What is sent with requests; a column by the name of `token` holds no secret here."""
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
