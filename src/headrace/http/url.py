"""Where a request goes, whether that is still the API's origin, and how its URL is shown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import quote, quote_plus, unquote, unquote_plus, urlsplit, urlunsplit

from yarl import URL

from headrace.core.secrets.names import is_sensitive
from headrace.core.secrets.redaction import MASK

DEFAULT_PORTS = {"http": 80, "https": 443}
_WHOLE_URL = re.compile(r"https?://", re.IGNORECASE)

# What may stand in a path or query as it is; `%` because what was encoded stays encoded.
_URL_CHARACTERS = "!$%&'()*+,/:;=?@[]~"
_LONE_PERCENT = re.compile("%(?![0-9A-Fa-f]{2})")

# The same few names and values are in each URL of a listing.
_quoted = lru_cache(maxsize=256)(quote_plus)

_NOTHING_TO_ENCODE = re.compile(r"[A-Za-z0-9_.!$&'()*+,/:;=?@~-]*")


def join_url(base_url: str, path: str) -> str:
    """The URL of a path.

    Not as RFC 3986, 5 resolves a reference: a path with a leading slash stays below the path of
    the base, as with dlt.

    Args:
        base_url: The base URL.
        path: A path below the base; a whole http(s) URL stays as it is.
    """
    if _WHOLE_URL.match(path):
        return path
    return f"{base_url.rstrip('/')}/{path.lstrip('/')}" if path else base_url


def pairs(fields: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The fields of a query or a form one by one, as `requests` sends them.

    Args:
        fields: The values by their names. A list gives the field once for each item; None leaves
            it out.
    """
    for name, value in fields.items():
        single = isinstance(value, str | bytes) or not isinstance(value, Iterable)
        yield from ((name, item) for item in ([value] if single else value) if item is not None)


def with_query(url: str, params: Mapping[str, Any]) -> str:
    """The URL with more query parameters.

    Args:
        url: The URL, which may have a query of its own; its parameters stay, in front.
        params: The values by their names. A list gives the parameter once for each item; None
            leaves it out.
    """
    added = "&".join(
        f"{_quoted(name)}={_quoted(value if isinstance(value, bytes) else str(value))}"
        for name, value in pairs(params)
    )
    if not added:
        return url
    before, mark, fragment = url.partition("#")
    joint = "" if before.endswith("?") else "&" if "?" in before else "?"
    return f"{before}{joint}{added}{mark}{fragment}"


def with_missing_query(url: str, params: Mapping[str, Any]) -> str:
    """The URL with those of the parameters that it does not have already.

    Args:
        url: The URL, which may have a query of its own.
        params: The values by their names.
    """
    given = {unquote_plus(part.partition("=")[0]) for part in urlsplit(url).query.split("&")}
    return with_query(url, {name: value for name, value in params.items() if name not in given})


def origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port (RFC 6454, 4): what two URLs must share to share credentials.

    Args:
        url: The URL.

    Raises:
        ValueError: The text is no URL with a host.
    """
    parts = urlsplit(url)
    if not parts.hostname:
        raise ValueError("there is no host in it")
    port = parts.port if parts.port is not None else DEFAULT_PORTS.get(parts.scheme, 0)
    return parts.scheme, parts.hostname.lower(), port


def host_and_port(text: str) -> tuple[str, int | None]:
    """The parts of `host` or `host:port`.

    Args:
        text: The host, perhaps with a port.

    Returns:
        The host in lower case, and the port; None where there is no port.

    Raises:
        ValueError: The text is something else.
    """
    parts = urlsplit(f"//{text}")
    if not parts.hostname or parts.netloc != text or parts.username is not None:
        raise ValueError("it is no host")
    return parts.hostname.lower(), parts.port


def sendable(url: str, base_url: str) -> URL:
    """The URL as it goes over the wire: all that is not allowed in one is encoded.

    Args:
        url: A URL of the same origin as the base.
        base_url: The URL that scheme, host and port are taken from. Where parsers disagree about a
            URL, as with `http://a@b#@c`, it cannot lead the request to another host that way.
    """
    return URL(f"{sent_origin(base_url)}{request_target(url)}", encoded=True)


def request_target(url: str) -> str:
    """The path and query of a URL as they go over the wire (RFC 9112, 3.2.1).

    Args:
        url: The whole URL.
    """
    place, _, query = url.partition("#")[0].partition("?")
    # All pages of a listing share the place.
    return f"{_sent_path(place)}?{_encoded(query)}" if query else _sent_path(place)


def user_and_password(url: str) -> tuple[str, str] | None:
    """The user name and password before the host (RFC 3986, 3.2.1).

    Args:
        url: The URL.

    Returns:
        Both decoded; None where there is no user name.
    """
    parts = urlsplit(url)
    if parts.username is None:
        return None
    return unquote(parts.username), unquote(parts.password or "")


def without_login(url: str) -> str:
    """The URL without the user name and password before its host.

    Args:
        url: The URL.
    """
    if "@" not in url:
        return url
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def shown_origin(url: str) -> str:
    """The origin as text, such as `https://api.example.com:8443`, without user name and password.

    Args:
        url: A URL of the origin.
    """
    parts = urlsplit(url)
    host = parts.hostname or "?"
    host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port else "")


def shown_url(url: str, hidden_params: Iterable[str]) -> str:
    """The URL fit to be shown: no user name, no password, secret parameters masked.

    Args:
        url: The URL as it is asked for.
        hidden_params: The names of query parameters to mask, besides those whose names tell of a
            secret.
    """
    parts = urlsplit(url)
    hidden = frozenset(hidden_params)
    query = "&".join(_masked(part, hidden) for part in _encoded(parts.query).split("&"))
    return f"{shown_origin(url)}{_encoded(parts.path)}" + (f"?{query}" if query else "")


def _masked(parameter: str, hidden: frozenset[str]) -> str:
    name = unquote_plus(parameter.partition("=")[0])
    if name not in hidden and not is_sensitive(name):
        return parameter
    return f"{parameter.partition('=')[0]}={MASK}"


@lru_cache(maxsize=64)
def _sent_path(place: str) -> str:
    return _encoded(urlsplit(place).path) or "/"


@lru_cache(maxsize=64)
def sent_origin(base_url: str) -> str:
    """Scheme, host and port as they go over the wire: the host in ASCII, no usual port.

    Args:
        base_url: A URL of the origin.

    Raises:
        ValueError: The host cannot be written so.
    """
    parts = urlsplit(base_url)
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    port = f":{parts.port}" if parts.port is not None else ""
    return str(URL(f"{parts.scheme}://{host}{port}").origin())


def _encoded(text: str) -> str:
    """The text with each character that a URL does not allow percent-encoded."""
    if _NOTHING_TO_ENCODE.fullmatch(text):
        return text
    # Bytes of a header that are no UTF-8 arrive as lone surrogates, and go out as they came.
    raw = _LONE_PERCENT.sub("%25", text).encode("utf-8", "surrogateescape")
    return quote(raw, safe=_URL_CHARACTERS)
