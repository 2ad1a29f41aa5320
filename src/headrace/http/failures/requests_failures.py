"""What the exceptions of `requests`, and of urllib3 below it, mean."""

from __future__ import annotations

import os
import ssl
from http.client import HTTPException

import requests
from urllib3 import exceptions as urllib3

from headrace.core.causes import errors_within
from headrace.core.secrets.redaction import Redactor, one_line
from headrace.http.failures.kinds import Failure, FailureKind
from headrace.http.unpacking import CannotUnpack

FAILURES = (requests.RequestException, urllib3.HTTPError, HTTPException)
"""What `requests` raises for a request without a whole answer, besides what Python itself does."""

_LONGEST_WORDS = 200
_BROKEN_HEADS = frozenset({"BadStatusLine", "UnknownProtocol", "HeaderParsingError"})

# The first that fits counts: each is more exact than those below it.
_KINDS: tuple[tuple[tuple[type[BaseException], ...], FailureKind], ...] = (
    ((requests.exceptions.SSLError, urllib3.SSLError, ssl.SSLError), FailureKind.TLS),
    ((requests.exceptions.ProxyError, urllib3.ProxyError), FailureKind.PROXY),
    ((requests.Timeout, urllib3.TimeoutError, TimeoutError), FailureKind.TIMEOUT),
    (
        (requests.exceptions.ChunkedEncodingError, urllib3.IncompleteRead),
        FailureKind.BROKEN_OFF,
    ),
)


def requests_failure(error: BaseException, redactor: Redactor) -> Failure:
    """What an exception means.

    Args:
        error: What `requests` raised.
        redactor: Hides secrets in the words of the exception.
    """
    if isinstance(error, CannotUnpack):
        return error.failure
    for cause in errors_within(error):
        if isinstance(cause, urllib3.InvalidChunkLength):
            return Failure(FailureKind.BROKEN_BODY, "invalid length of a chunk")
    for kinds, kind in _KINDS:
        if isinstance(error, kinds):
            return Failure(kind, _tls_reason(error) if kind is FailureKind.TLS else "")
    # `requests` has one ConnectionError for most of what can happen: what it was made of says more.
    for cause in errors_within(error):
        failure = _by_cause(cause, redactor)
        if failure is not None:
            return failure
    if isinstance(error, requests.ConnectionError):
        return Failure(FailureKind.CLOSED)
    words = one_line(redactor.clean(str(error)), _LONGEST_WORDS)
    return Failure(FailureKind.OTHER, f"{type(error).__name__}: {words}")


def _by_cause(cause: BaseException, redactor: Redactor) -> Failure | None:
    name = type(cause).__name__
    if isinstance(cause, urllib3.NameResolutionError):
        return Failure(FailureKind.UNKNOWN_HOST)
    if isinstance(cause, urllib3.NewConnectionError):
        return Failure(FailureKind.NO_CONNECTION, _system_reason(cause))
    if isinstance(cause, urllib3.ReadTimeoutError | urllib3.ConnectTimeoutError):
        return Failure(FailureKind.TIMEOUT)
    if isinstance(cause, ConnectionError):
        return Failure(FailureKind.CLOSED)
    # Of `http.client` and of urllib3, by name: neither says that they are part of its interface.
    if name in _BROKEN_HEADS or isinstance(cause, urllib3.InvalidHeader):
        said = one_line(redactor.clean(str(cause)), _LONGEST_WORDS)
        is_http = name != "BadStatusLine" or said.startswith("HTTP/")
        kind = FailureKind.BROKEN_HEAD if is_http else FailureKind.NO_HTTP
        return Failure(kind, f"{name}: {said}")
    if name == "LineTooLong" or str(cause).startswith("got more than"):
        return Failure(FailureKind.LONG_HEADERS)
    return None


def _tls_reason(error: BaseException) -> str:
    for cause in errors_within(error):
        reason = getattr(cause, "verify_message", None) or getattr(cause, "reason", None)
        if isinstance(cause, ssl.SSLError) and isinstance(reason, str):
            return reason.replace("_", " ").lower()
    return type(error).__name__


def _system_reason(error: BaseException) -> str:
    for cause in errors_within(error):
        if isinstance(cause, OSError) and cause.errno:
            return os.strerror(cause.errno).lower()
    return "none of its addresses answers"
