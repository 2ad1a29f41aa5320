"""What the exceptions of `requests` and of urllib3 below it mean."""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator
from http.client import HTTPException

import requests
from urllib3 import exceptions as urllib3

from headrace.core.secrets.redaction import Redactor, one_line
from headrace.http.failures.aiohttp_causes import NO_CONNECTION
from headrace.http.failures.troubles import Trouble

FAILURES = (requests.RequestException, urllib3.HTTPError, HTTPException)
_LIBRARY_WORDS = 200
# A name that is not known at once and not a second later is a mistake, not a bad network.
_TRIES_TO_FIND_A_HOST = 2

_PASSING = {
    Trouble.UNKNOWN_HOST: "unknown host",
    Trouble.PROXY: "no proxy",
    Trouble.TIMEOUT: "timeout",
    Trouble.NO_CONNECTION: NO_CONNECTION,
    Trouble.ENCODING: "broken answer",
    Trouble.BROKEN_OFF: "broken answer",
    Trouble.CLOSED: "closed connection",
}

# The first that fits counts: each is more exact than those below it.
_TROUBLES: tuple[tuple[tuple[type[BaseException], ...], Trouble], ...] = (
    ((requests.exceptions.SSLError, urllib3.SSLError, ssl.SSLError), Trouble.TLS),
    ((requests.exceptions.ProxyError, urllib3.ProxyError), Trouble.PROXY),
    ((requests.Timeout, urllib3.TimeoutError, TimeoutError), Trouble.TIMEOUT),
    ((requests.exceptions.ContentDecodingError, urllib3.DecodeError), Trouble.ENCODING),
    ((requests.exceptions.ChunkedEncodingError, urllib3.IncompleteRead), Trouble.BROKEN_OFF),
)


def trouble(error: BaseException, redactor: Redactor) -> tuple[Trouble, str]:
    """What kind of trouble an exception tells of, and more of it, fit to be shown.

    Args:
        error: what `requests` raised.
        redactor: hides secrets in its words.
    """
    for kinds, kind in _TROUBLES:
        if isinstance(error, kinds):
            return kind, _tls_reason(error) if kind is Trouble.TLS else ""
    for cause in _causes(error):
        if isinstance(cause, urllib3.NameResolutionError):
            return Trouble.UNKNOWN_HOST, ""
        if isinstance(cause, urllib3.NewConnectionError):
            return Trouble.NO_CONNECTION, _system_reason(cause)
        if isinstance(cause, urllib3.ReadTimeoutError | urllib3.ConnectTimeoutError):
            return Trouble.TIMEOUT, ""
        if isinstance(cause, ConnectionError):
            return Trouble.CLOSED, ""
        if type(cause).__name__ in {"BadStatusLine", "HeaderParsingError"}:
            return Trouble.NO_HTTP, type(cause).__name__
        if type(cause).__name__ == "LineTooLong" or str(cause).startswith("got more than"):
            return Trouble.LONG_HEADERS, ""
    if isinstance(error, requests.ConnectionError):
        return Trouble.CLOSED, ""
    words = one_line(redactor.clean(str(error)), _LIBRARY_WORDS)
    return Trouble.OTHER, f"{type(error).__name__}: {words}"


def passing_failure(kind: Trouble) -> str | None:
    """What to call trouble that may be over the next time; None for what would only come again."""
    return _PASSING.get(kind)


def most_attempts(kind: Trouble) -> int | None:
    """How often to try in such trouble, if not as often as in other."""
    return _TRIES_TO_FIND_A_HOST if kind is Trouble.UNKNOWN_HOST else None


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and all that it was made of: in its arguments, its reason, its causes."""
    todo, seen = [error], set()
    while todo:
        each = todo.pop(0)
        if id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        more = [*each.args, getattr(each, "reason", None), each.__cause__, each.__context__]
        todo.extend(cause for cause in more if isinstance(cause, BaseException))


def _tls_reason(error: BaseException) -> str:
    for cause in _causes(error):
        reason = getattr(cause, "verify_message", None) or getattr(cause, "reason", None)
        if isinstance(cause, ssl.SSLError) and isinstance(reason, str):
            return reason.replace("_", " ").lower()
    return type(error).__name__


def _system_reason(error: BaseException) -> str:
    for cause in _causes(error):
        if isinstance(cause, OSError) and cause.errno:
            return os.strerror(cause.errno).lower()
    return "none of its addresses answers"
