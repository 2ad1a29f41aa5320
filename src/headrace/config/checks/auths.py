"""What is wrong in an `auth`, or with the certificates of the client, though each key is right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from headrace.config.format.fields import NO_HEADER_NAME, is_header_name
from headrace.config.format.places import Path, value_at
from headrace.config.format.wording import listed

_EXCLUDING_EACH_OTHER = (
    ("path", "url"),
    ("json", "data"),
    ("token_path", "token_header", "cookie"),
    ("expires_in_path", "expires_in"),
    ("header", "cookie"),
    ("prefix", "cookie"),
)


def auth_faults(auth: Any) -> Iterator[tuple[Path, str]]:
    """Find what is wrong between the keys of an `auth`.

    Args:
        auth: The `auth` as written; it may be wrong in any other way.

    Yields:
        The path below it, and a message.
    """
    if not isinstance(auth, dict):
        return
    match auth.get("type"):
        case "api_key" if auth.get("location") not in ("query", "param"):
            name = auth.get("name")
            if isinstance(name, str) and name and not is_header_name(name):
                yield ("name",), NO_HEADER_NAME
        case "login":
            yield from _login_faults(auth)
        case "oauth2_refresh_token":
            if auth.get("client_authentication") == "basic":
                yield from _lacking(auth, ("client_id", "client_secret"))


def tls_faults(client: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    """Find what is wrong between the keys of `client.tls`.

    Args:
        client: The `client` as written; it may be wrong in any other way.

    Yields:
        The path below the client, and a message.
    """
    tls = client.get("tls")
    if not isinstance(tls, dict):
        return
    for key, needed in (("key", "cert"), ("key_password", "cert")):
        if tls.get(key) is not None and tls.get(needed) is None:
            yield ("tls", key), f"needs `{needed}`, the certificate that the key belongs to"
    urls = (client.get("base_url"), *(value_at(client, ("auth", key)) for key in _TOKEN_URLS))
    known = [url.strip().lower() for url in urls if isinstance(url, str)]
    if known and all(url.startswith("http://") for url in known):
        yield ("tls",), "there is no TLS where `base_url` begins with http://; write https://"


_TOKEN_URLS = ("access_token_url", "url")


def _login_faults(auth: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    if auth.get("path") is None and auth.get("url") is None:
        yield (), "needs `path`, that of the login below `base_url`, or `url` where it is elsewhere"
    path = auth.get("path")
    if isinstance(path, str) and path.strip().lower().startswith(("http://", "https://")):
        yield ("path",), "must be a path below `base_url`; write a whole URL as `url`"
    for keys in _EXCLUDING_EACH_OTHER:
        given = [key for key in keys if auth.get(key) is not None]
        if len(given) > 1:
            yield (given[-1],), f"give one of {listed(keys)}, not {listed(given)} together"


def _lacking(auth: Mapping[str, Any], keys: Sequence[str]) -> Iterator[tuple[Path, str]]:
    for key in keys:
        if auth.get(key) is None:
            yield ("client_authentication",), f"`basic` needs `{key}`"
