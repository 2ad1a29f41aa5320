"""Which failures another attempt may mend."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import aiohttp

from headrace.core.exceptions import HeadraceError

_PROXY_IN_TROUBLE = frozenset({500, 502, 503, 504})
# A name that is not known at once and not a second later is a mistake, not a bad network.
_TRIES_TO_FIND_A_HOST = 2
# A server that was there, and then takes no connection, is likely to start anew: that takes time.
_PATIENCE_WITH_A_RESTART = 2.0


@dataclass(eq=False)
class AttemptFailed(Exception):  # noqa: N818
    """An attempt brought no usable answer, but another one may.

    Args:
        error: what to raise when there is no other one.
        brief: what happened, in a word or two.
        most_attempts: in all, where that is fewer than the settings allow.
        pause: seconds for which the server wants peace.
        slows_all: no other request of the client should be made before then either.
        patience: how many times as long as usual to wait, where the server does not say.
        seconds: that the attempt took.
    """

    error: HeadraceError
    brief: str
    most_attempts: int | None = None
    pause: float | None = None
    slows_all: bool = False
    patience: float = 1.0
    seconds: float = 0.0


class ClosedUnanswered(aiohttp.ClientError):
    """The server closed the connection without an answer."""


async def ask_once(
    request: aiohttp.ClientRequest, ask: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """A middleware that keeps aiohttp from asking again by itself, where a connection is closed.

    Nobody would know of it: the server could be asked twice as often as the settings allow.

    Args:
        request: to make.
        ask: makes it.

    Raises:
        ClosedUnanswered: the connection was closed without an answer.
    """
    try:
        return await ask(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise ClosedUnanswered(*error.args) from error


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


def patience(brief: str, *, has_answered: bool) -> float:
    """How many times as long as usual to wait before the next attempt.

    Args:
        brief: what happened, as `passing_failure` calls it.
        has_answered: whether the server has answered this client before.
    """
    return _PATIENCE_WITH_A_RESTART if brief == NO_CONNECTION and has_answered else 1.0


NO_CONNECTION = "no connection"
_PASSING: tuple[tuple[type[Exception], str], ...] = (
    (aiohttp.ClientConnectorDNSError, "unknown host"),
    (aiohttp.ClientProxyConnectionError, "no proxy"),
    (asyncio.TimeoutError, "timeout"),
    (aiohttp.ClientConnectorError, NO_CONNECTION),
    (aiohttp.ClientPayloadError, "broken answer"),
    (ConnectionResetError, "broken answer"),
    (ClosedUnanswered, "closed connection"),
    (OSError, "closed connection"),
)
