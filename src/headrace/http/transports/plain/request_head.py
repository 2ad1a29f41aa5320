"""A request without a body as it goes over the wire (RFC 9112, 3)."""

from __future__ import annotations

import re
from functools import lru_cache

from headrace.http.outgoing_request import OutgoingRequest
from headrace.http.unpacking import ACCEPTED_CODINGS
from headrace.http.url import request_target, sent_origin

# RFC 9110, 5.1 and 5.5: what a name is, and what must not be in a value.
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_BREAKS = re.compile(r"[\r\n\0]")
# What is about the connection, or about a body, is for others to understand.
_SPECIAL = frozenset(
    {"connection", "content-length", "expect", "te", "trailer", "transfer-encoding", "upgrade"}
)


def request_head(outgoing: OutgoingRequest, home: str) -> bytes | None:
    """The request; None where there is something special about it.

    Args:
        outgoing: A request without a body.
        home: A URL of the origin that it goes to.
    """
    lines = _header_lines(tuple(outgoing.headers.items()))
    try:
        host = sent_origin(home).partition("://")[2]
        target = request_target(outgoing.url).encode("ascii")
    except ValueError:
        return None
    if lines is None or _BREAKS.search(host):
        return None
    names_host, rest = lines
    own_host = b"" if names_host else b"Host: %b\r\n" % host.encode()
    return b"%b %b HTTP/1.1\r\n%b%b\r\n" % (outgoing.method.encode(), target, own_host, rest)


@lru_cache(maxsize=64)
def _header_lines(headers: tuple[tuple[str, str], ...]) -> tuple[bool, bytes] | None:
    """Whether a host is named, and the lines of the headers; all pages of a listing share them."""
    names = {name.lower() for name, _ in headers}
    if names & _SPECIAL:
        return None
    if "accept-encoding" not in names:
        headers = (*headers, ("Accept-Encoding", ACCEPTED_CODINGS))
    lines: list[str] = []
    for name, value in headers:
        if not _NAME.fullmatch(name) or _BREAKS.search(value):
            return None
        lines.append(f"{name}: {value}\r\n")
    try:
        return "host" in names, "".join(lines).encode()
    except UnicodeEncodeError:
        return None
