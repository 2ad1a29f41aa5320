"""Which failures another attempt may mend."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import aiohttp

from headrace.exceptions import HeadraceError

_PROXY_IN_TROUBLE = frozenset({500, 502, 503, 504})
# A name that is not known at once and not a second later is a mistake, not a bad network.
_TRIES_TO_FIND_A_HOST = 2


@dataclass(slots=True, eq=False)
class AttemptFailed(Exception):  # noqa: N818
    """An attempt brought no usable answer, but another one may.

    Args:
        error: what to raise when there is no other one.
        brief: what happened, in a word or two.
        most_attempts: in all, where that is fewer than the settings allow.
        pause: seconds for which the server wants peace.
        slows_all: no other request of the client should be made before then either.
        seconds: that the attempt took.
    """

    error: HeadraceError
    brief: str
    most_attempts: int | None = None
    pause: float | None = None
    slows_all: bool = False
    seconds: float = 0.0


def passing_failure(error: Exception) -> str | None:
    """What to call a failed exchange that may go well the next time.

    Args:
        error: what aiohttp or asyncio raised.

    Returns:
        A word or two; None for a failure that would only come again: TLS, an answer that is not
        HTTP, a URL that cannot be.
    """
    if isinstance(error, aiohttp.ClientSSLError):
        return None
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return f"proxy {error.status}" if error.status in _PROXY_IN_TROUBLE else None
    for kind, brief in _PASSING:
        if isinstance(error, kind):
            return brief
    return None


def most_attempts(error: Exception) -> int | None:
    """How often to try where a failure came up, if not as often as with others.

    Args:
        error: what aiohttp or asyncio raised.
    """
    return _TRIES_TO_FIND_A_HOST if isinstance(error, aiohttp.ClientConnectorDNSError) else None


_PASSING: tuple[tuple[type[Exception], str], ...] = (
    (aiohttp.ClientConnectorDNSError, "unknown host"),
    (aiohttp.ClientProxyConnectionError, "no proxy"),
    (asyncio.TimeoutError, "timeout"),
    (aiohttp.ClientConnectorError, "no connection"),
    (aiohttp.ClientPayloadError, "broken answer"),
    (ConnectionResetError, "broken answer"),
    (aiohttp.ServerDisconnectedError, "closed connection"),
    (OSError, "closed connection"),
)
