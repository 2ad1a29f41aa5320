"""Which values of a config must be masked in all that is told while it runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from headrace.config.auth_lookups import places_of_auth
from headrace.config.showing import SHORTEST_SECRET, at, sensitive_values
from headrace.config.substitution import SubstitutedValues

_PARTS_WITH_SECRETS = ("auth", "headers", "params", "json", "data")


def secrets_in(document: Mapping[str, Any], substituted: SubstitutedValues) -> frozenset[str]:
    """The secrets of a config, wherever they stand.

    Args:
        document: the config as written, with the substituted values in it.
        substituted: what came into it from outside.

    Returns:
        What is secret by its place, and what came from a `${NAME}` with a name that tells of a
        secret.
    """
    found = set(substituted.sensitive)
    for part in _requests_of(document):
        for text in sensitive_values(part).values:
            found.add(text)
            # `Bearer <token>`: a server that echoes it leaves the scheme out.
            rest = text.partition(" ")[2].strip()
            if len(rest) >= SHORTEST_SECRET:
                found.add(rest)
    return frozenset(found | set(_passwords_of(document)))


def _requests_of(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """What is sent with requests; a column by the name of `token` holds no secret here."""
    resources = document.get("resources")
    listed = resources if isinstance(resources, (list, tuple)) else ()
    for place in (document.get("resource_defaults"), *listed):
        if isinstance(place, dict):
            yield from _sent(place.get("endpoint"))
    yield from _sent(document.get("client"))


def _sent(place: Any) -> Iterator[dict[str, Any]]:
    if isinstance(place, dict):
        yield {key: place[key] for key in _PARTS_WITH_SECRETS if key in place}


def _passwords_of(document: Mapping[str, Any]) -> Iterator[str]:
    urls = [at(document, ("client", "base_url"))]
    urls += [at(document, (*path, "access_token_url")) for path in places_of_auth(document)]
    for url in urls:
        parts = urlsplit(url) if isinstance(url, str) else None
        if parts is not None and parts.password:
            yield from (parts.password, unquote(parts.password))
