"""The headers of a curl command: those that an API heeds, and who asks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from headrace.discovery.curl.options import Options
from headrace.discovery.curl.words import refuse, variable

_SET_BY_PROGRAM = re.compile(
    r"sec-.*|accept-(?:encoding|language|charset)|origin|referer|host|connection|keep-alive"
    r"|content-length|transfer-encoding|te|upgrade(?:-insecure-requests)?|dnt|priority|pragma"
    r"|cache-control|if-(?:none-match|modified-since|range)|expect|postman-token|purpose|save-data"
    r"|proxy-.*|x-(?:client-data|browser-.*)|traceparent|tracestate|:.*",
    re.IGNORECASE,
)
_OF_PROGRAM = re.compile(r"Mozilla/|curl/|Postman|insomnia|Wget/|python-|Thunder Client", re.I)
_ANY_CONTENT = re.compile(r"(?:^|,)\s*\*/\*")
_VALID_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")


def headers_of(options: Options) -> tuple[dict[str, str], list[str]]:
    """The headers that are sent, and lines that tell which are not.

    Args:
        options: The options of the command.

    Raises:
        ConfigError: A header is none.
    """
    kept: dict[str, str] = {}
    names: dict[str, str] = {}
    dropped: dict[str, None] = {}
    for name, value in _given(options):
        if _is_of_program(name, value):
            dropped[name.lower()] = None
            continue
        first = names.setdefault(name.lower(), name)
        # Two lines of one header are one list (RFC 9110, 5.3); cookies have a mark of their own.
        joint = "; " if name.lower() == "cookie" else ", "
        kept[first] = f"{kept[first]}{joint}{value}" if first in kept else value
    left_out = []
    if dropped:
        left_out.append(f"the headers {', '.join(dropped)}: they are of the program that asked")
    return kept, left_out


def _given(options: Options) -> Iterator[tuple[str, str]]:
    for header in options.all_of("header"):
        if header.startswith("@"):
            raise refuse(
                "has the file of `-H, --header`: write its headers in place of it, each with -H"
            )
        name, colon, value = header.partition(":")
        if not colon:
            # As curl has it, `Name;` is a header without a value.
            name, colon, value = header.partition(";")
        name, value = name.strip(), value.strip()
        # Over HTTP/2 browsers tell the path as a header: `:path`.
        if not name and header.startswith(":"):
            continue
        if not colon or not _VALID_NAME.fullmatch(name):
            raise refuse("has a header that is not `Name: value`: put it into quotes")
        if "\n" in value or "\r" in value:
            raise refuse(f"has a line break in the header `{name}`: take it out")
        # `Name:` takes a header of curl's own away.
        if value or header.endswith(";"):
            yield name, value
    agent = options.last_of("user-agent")
    if agent:
        yield "User-Agent", agent
    for cookie in options.all_of("cookie"):
        if "=" not in cookie:
            raise refuse(
                "has the file of `-b, --cookie`: write `name=value` in place of it, or say "
                "`client.auth` with `type: login` in the config"
            )
        yield "Cookie", cookie


def _is_of_program(name: str, value: str) -> bool:
    lower = name.lower()
    if lower == "user-agent":
        return bool(_OF_PROGRAM.match(value))
    if lower == "accept":
        return bool(_ANY_CONTENT.search(value)) or value.lower() == "application/json"
    return bool(_SET_BY_PROGRAM.fullmatch(lower))


def auth_of(
    options: Options, headers: dict[str, str]
) -> tuple[dict[str, Any] | None, dict[str, str]]:
    """What `client.auth` says by the options; None where a header or nothing says who asks.

    Args:
        options: The options of the command.
        headers: The headers that are sent.

    Returns:
        The auth, and the headers that go with it.

    Raises:
        ConfigError: There is no password.
    """
    if any(name.lower() == "authorization" for name in headers):
        # It is sent in place of curl's own.
        return None, headers
    token = options.last_of("oauth2-bearer")
    if token:
        return {"type": "bearer", "token": token}, headers
    user = options.last_of("user")
    if user is None:
        return None, headers
    name, colon, password = user.partition(":")
    kind = "http_digest" if options.has("digest") else "http_basic"
    if not colon:
        # curl asks for it.
        return {"type": kind, "username": name, "password": variable("API_PASSWORD")}, headers
    return {"type": kind, "username": name, "password": password}, headers
