"""Says in plain words why a request failed, and what to do next."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import aiohttp

from headrace.core.exceptions import ConnectionFailed, PageError, ResponseStatusError
from headrace.core.exchange import Response, ShownRequest
from headrace.core.secrets.redaction import Redactor, one_line
from headrace.http.failures.aiohttp_causes import ClosedUnanswered
from headrace.http.failures.troubles import Trouble, in_words
from headrace.http.settings import BASE_URL

# How aiohttp says so.
_TOO_MUCH = ("Got more than", "Too many headers")

_SERVER_WORDS = 500
_LIBRARY_WORDS = 200

_NEXT_STEP = {
    400: "Check the endpoint's parameters.",
    404: "Check `client.base_url` and the resource's `endpoint.path`.",
    405: "Check the endpoint's `method`.",
    429: "The server asks to slow down: wait, then run again.",
}


def connection_failed(
    error: Exception,
    asked: ShownRequest,
    target: str,
    timeout: float,
    redactor: Redactor,
    url_key: str = BASE_URL,
) -> ConnectionFailed:
    """The story of a request that got no whole answer.

    Args:
        error: what aiohttp or asyncio raised.
        asked: the request, fit to be shown.
        target: the server's origin, fit to be shown.
        timeout: seconds allowed for one request.
        redactor: hides secrets in the error's own words.
        url_key: of the config, that the server's URL comes from.
    """
    trouble, detail = _trouble(error, redactor)
    words = in_words(trouble, detail, target, timeout, url_key)
    return ConnectionFailed(f"{asked}: {words}", url=asked.url)


def _trouble(error: Exception, redactor: Redactor) -> tuple[Trouble, str]:
    if isinstance(error, aiohttp.ClientSSLError):
        return Trouble.TLS, _tls_reason(error)
    if isinstance(error.__cause__, aiohttp.http_exceptions.ContentEncodingError):
        return Trouble.ENCODING, ""
    for kinds, trouble in _TROUBLES:
        if isinstance(error, kinds):
            return trouble, ""
    if isinstance(error, aiohttp.ClientConnectorError):
        return Trouble.NO_CONNECTION, _system_reason(error)
    if isinstance(error, ClosedUnanswered | aiohttp.ClientOSError):
        return Trouble.CLOSED, ""
    if isinstance(error, aiohttp.ClientResponseError):
        said = one_line(error.message, _LIBRARY_WORDS)
        is_long = said.startswith(_TOO_MUCH)
        return (Trouble.LONG_HEADERS if is_long else Trouble.NO_HTTP), said
    words = one_line(redactor.clean(str(error)), _LIBRARY_WORDS)
    return Trouble.OTHER, f"{type(error).__name__}: {words}"


_TROUBLES: tuple[tuple[tuple[type[Exception], ...], Trouble], ...] = (
    ((aiohttp.ClientConnectorDNSError,), Trouble.UNKNOWN_HOST),
    ((aiohttp.ClientProxyConnectionError, aiohttp.ClientHttpProxyError), Trouble.PROXY),
    ((asyncio.TimeoutError,), Trouble.TIMEOUT),
    ((aiohttp.ClientPayloadError, ConnectionResetError), Trouble.BROKEN_OFF),
)


def _tls_reason(error: aiohttp.ClientSSLError) -> str:
    cause = getattr(error, "certificate_error", None) or error.os_error
    reason = getattr(cause, "verify_message", None) or getattr(cause, "reason", None)
    return reason.replace("_", " ").lower() if isinstance(reason, str) else type(cause).__name__


def _system_reason(error: aiohttp.ClientConnectorError) -> str:
    number = error.os_error.errno
    return os.strerror(number).lower() if number else "none of its addresses answers"


def redirect_to_nowhere(status: int, asked: ShownRequest, url_key: str) -> ResponseStatusError:
    """The story of a redirect that does not say where to.

    Args:
        status: the HTTP status code.
        asked: the request, fit to be shown.
        url_key: of the config, that the server's URL comes from.
    """
    and_path = " and the resource's `endpoint.path`" if url_key == BASE_URL else ""
    return ResponseStatusError(
        f"{asked}: the server answers {_phrase(status)}, but not where to: there is no Location "
        f"header. Check `{url_key}`{and_path}.",
        status,
        url=asked.url,
    )


def status_error(
    status: int, body: bytes, asked: ShownRequest, redactor: Redactor, advice: Mapping[int, str]
) -> ResponseStatusError:
    """The story of an answer with an error status, with the server's own words.

    Args:
        status: the HTTP status code.
        body: of the answer, or its beginning.
        asked: the request, fit to be shown.
        redactor: hides secrets in the server's words.
        advice: what to check, by status, where the way of authentication knows better.
    """
    words = server_words(body, redactor)
    said = f' and says: "{words}"' if words else " without a word"
    step = (
        redactor.clean(advice.get(status, ""))
        or _NEXT_STEP.get(status)
        or ("The server is in trouble: run again later." if status >= 500 else "")
    )
    return ResponseStatusError(
        f"{asked}: the server answers {_phrase(status)}{said}. {step}".strip(),
        status,
        url=asked.url,
    )


def refused_answer(
    answer: Response, redactor: Redactor, advice: Mapping[int, str], why: str
) -> ResponseStatusError | PageError:
    """The story of an answer that does not count, as the config has it.

    Args:
        answer: that came.
        redactor: hides secrets in the server's words and in the reason.
        advice: as for `status_error`.
        why: it does not count.
    """
    reason, asked = redactor.clean(why), answer.request
    if answer.status >= 400:
        error = status_error(answer.status, answer.body, asked, redactor, advice)
        return error.located(f"{error} {reason}")
    words = server_words(answer.body, redactor)
    said = f' and says: "{words}"' if words else " without a word"
    return PageError(
        f"{asked}: the server answers {_phrase(answer.status)}{said}. {reason}",
        url=asked.url,
        status=answer.status,
    )


def _phrase(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def server_words(body: bytes, redactor: Redactor) -> str:
    """The message in an error's body: of the usual JSON forms the text, else the beginning.

    Args:
        body: of the answer, or its beginning.
        redactor: hides secrets in it.
    """
    text = body.decode("utf-8", errors="replace").strip()
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        document = None
    if isinstance(document, dict):
        text = _message_in(document) or text
    # Secrets are hidden before the text is cut: half a secret would not be known for one.
    return one_line(redactor.clean(text), _SERVER_WORDS)


def _message_in(document: Mapping[str, Any]) -> str | None:
    for key in ("message", "error", "detail", "error_description", "title"):
        words = document.get(key)
        if isinstance(words, dict):
            words = words.get("message")
        if isinstance(words, str) and words.strip():
            # RFC 6749, 5.2: a code, and beside it what it means.
            more = document.get("error_description") if key == "error" else None
            return f"{words}: {more}" if isinstance(more, str) and more.strip() else words
    return None
