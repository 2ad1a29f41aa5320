"""The ways in which a request can fail before its whole answer is there."""

from __future__ import annotations

from enum import Enum, auto

from headrace.core.quick_dataclasses import dataclass

# What the HTTP client of Python's standard library allows. aiohttp would allow 8,190 bytes, but
# some servers put long cursors and policies in headers. RFC 9110, 5.4 sets no limit.
LONGEST_HEADER = 64 * 1024
MOST_HEADERS = 128


class FailureKind(Enum):
    """Why there is no whole answer."""

    UNKNOWN_HOST = auto()
    TLS = auto()
    PROXY = auto()
    TIMEOUT = auto()
    NO_CONNECTION = auto()
    """The server does not take the connection."""
    ENCODING = auto()
    """The body is not compressed as its Content-Encoding says (RFC 9110, 8.4)."""
    UNKNOWN_ENCODING = auto()
    """The Content-Encoding is one that cannot be undone here."""
    BROKEN_OFF = auto()
    """The answer ends before its end."""
    CLOSED = auto()
    """The server closed the connection before it answered."""
    OTHER_CONNECTION = auto()
    """Something else that the operating system says of the connection."""
    LONG_HEADERS = auto()
    NO_HTTP = auto()
    """What comes has nothing of HTTP."""
    BROKEN_HEAD = auto()
    """The status line or a header breaks the rules of HTTP."""
    BROKEN_BODY = auto()
    """A chunk of the body breaks the rules of HTTP (RFC 9112, 7.1)."""
    OTHER = auto()


@dataclass(frozen=True, slots=True)
class Failure:
    """What an exception of an HTTP library means.

    Args:
        kind: What went wrong.
        detail: More of it, in words that are fit to be shown; empty where there is no more.
        proxy_status: The HTTP status code with which a proxy refused; None where none did.
    """

    kind: FailureKind
    detail: str = ""
    proxy_status: int | None = None
