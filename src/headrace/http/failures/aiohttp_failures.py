"""What the exceptions of aiohttp, and of asyncio below it, mean."""

from __future__ import annotations

import os

import aiohttp

from headrace.core.secrets.redaction import Redactor, one_line
from headrace.http.failures.kinds import Failure, FailureKind
from headrace.http.failures.others import LONGEST_WORDS, other_failure
from headrace.http.failures.tls_alerts import in_words, tls_alert
from headrace.http.unpacking import CannotUnpack

FAILURES = (aiohttp.ClientError, TimeoutError, OSError, ValueError)
"""What aiohttp raises for a request without a whole answer."""

# How aiohttp says that a header is too long, or that there are too many. It has no class for it.
_TOO_MUCH = ("Got more than", "Too many headers")
# How its parser says that an answer does not even begin as one.
_NO_HTTP = "Expected HTTP/"


class ClosedUnanswered(aiohttp.ClientError):
    """The server closed the connection without an answer."""


async def ask_once(
    request: aiohttp.ClientRequest, ask: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """A middleware that keeps aiohttp from asking again by itself, where a connection is closed.

    aiohttp repeats a request with an idempotent method (RFC 9110, 9.2.2) by itself when a
    connection that it kept open turns out to be closed. Nobody would know of it, and the server
    could be asked twice as often as the settings allow. It does so for these two exceptions alone.

    Args:
        request: The request to make.
        ask: Makes it.

    Raises:
        ClosedUnanswered: The connection was closed without an answer.
    """
    try:
        return await ask(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise ClosedUnanswered(*error.args) from error


def aiohttp_failure(error: Exception, redactor: Redactor) -> Failure:
    """What an exception means.

    Args:
        error: What aiohttp or asyncio raised.
        redactor: Hides secrets in the words of the exception.
    """
    if isinstance(error, aiohttp.ClientSSLError):
        return Failure(FailureKind.TLS, _tls_reason(error))
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return Failure(FailureKind.PROXY, proxy_status=error.status)
    if isinstance(error, CannotUnpack):
        return error.failure
    for kinds, kind in _KINDS:
        if isinstance(error, kinds):
            return Failure(kind)
    alert = tls_alert(error)
    if alert is not None:
        return alert
    if isinstance(error, aiohttp.ClientConnectorError):
        if isinstance(error.os_error, ConnectionResetError) and not error.os_error.errno:
            # It was there, and broke off in the midst of TLS.
            return Failure(FailureKind.CLOSED)
        return Failure(FailureKind.NO_CONNECTION, _system_reason(error))
    if isinstance(error, ClosedUnanswered | aiohttp.ClientOSError):
        return Failure(FailureKind.CLOSED)
    if isinstance(error, aiohttp.ClientResponseError):
        return _broken_http(error.message, redactor)
    return other_failure(error, redactor)


def _broken_http(message: str, redactor: Redactor) -> Failure:
    """What the parser could not read. It shows the place in the answer, which may hold anything."""
    said = one_line(redactor.clean(message), LONGEST_WORDS).rstrip(" ^").removesuffix(":")
    if said.startswith(_TOO_MUCH):
        return Failure(FailureKind.LONG_HEADERS, said)
    if _NO_HTTP in said:
        return Failure(FailureKind.NO_HTTP, said)
    is_in_body = "chunk" in said.partition(": b'")[0]
    return Failure(FailureKind.BROKEN_BODY if is_in_body else FailureKind.BROKEN_HEAD, said)


# The first that fits counts: several of aiohttp's classes are subclasses of others, and
# `TimeoutError` is one of `OSError`.
_KINDS: tuple[tuple[tuple[type[Exception], ...], FailureKind], ...] = (
    ((aiohttp.ClientConnectorDNSError,), FailureKind.UNKNOWN_HOST),
    ((aiohttp.ClientProxyConnectionError,), FailureKind.PROXY),
    ((TimeoutError,), FailureKind.TIMEOUT),
    ((aiohttp.ClientPayloadError, ConnectionResetError), FailureKind.BROKEN_OFF),
)


def _tls_reason(error: aiohttp.ClientSSLError) -> str:
    cause = getattr(error, "certificate_error", None) or error.os_error
    reason = getattr(cause, "verify_message", None) or getattr(cause, "reason", None)
    return in_words(reason) if isinstance(reason, str) else type(cause).__name__


def _system_reason(error: aiohttp.ClientConnectorError) -> str:
    number = error.os_error.errno
    return os.strerror(number).lower() if number else "none of its addresses answers"
