"""Where a request goes, and whether that is still the API's origin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from headrace.redaction import MASK

_DEFAULT_PORTS = {"http": 80, "https": 443}


def join_url(base_url: str, path: str) -> str:
    """The URL of a path below the base; a path that is a whole http(s) URL stays as it is."""
    if urlsplit(path).scheme in _DEFAULT_PORTS:
        return path
    return f"{base_url.rstrip('/')}/{path.lstrip('/')}" if path else base_url


def with_query(url: str, params: Mapping[str, Any]) -> str:
    """The URL with the parameters behind those that it has.

    Args:
        url: may have a query of its own.
        params: a list gives the parameter once an item, None leaves it out.
    """
    given = {name: value for name, value in params.items() if value is not None}
    if not given:
        return url
    parts = urlsplit(url)
    query = "&".join(part for part in (parts.query, urlencode(given, doseq=True)) if part)
    return urlunsplit(parts._replace(query=query))


def origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port (RFC 6454, 4): what two URLs must share to share credentials."""
    parts = urlsplit(url)
    port = parts.port or _DEFAULT_PORTS.get(parts.scheme, 0)
    return parts.scheme.lower(), (parts.hostname or "").lower(), port


def shown_origin(url: str) -> str:
    """The origin as text, without user name and password."""
    parts = urlsplit(url)
    host = parts.hostname or "?"
    host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port else "")


def shown_url(url: str, hidden_params: Mapping[str, str]) -> str:
    """The URL fit to be shown: no user name, no password, credential parameters masked."""
    parts = urlsplit(url)
    pairs = [
        (name, MASK if name in hidden_params else value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
    ]
    return f"{shown_origin(url)}{parts.path}" + (f"?{urlencode(pairs, safe='*')}" if pairs else "")
