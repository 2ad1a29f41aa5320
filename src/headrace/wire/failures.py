"""Says in plain words why a request failed, and what to do next."""

from __future__ import annotations

import asyncio
import json
import os
from http import HTTPStatus

import aiohttp

from headrace.exceptions import ConnectionFailed, ResponseStatusError
from headrace.redaction import Redactor, one_line
from headrace.wire.attempts import ClosedUnanswered

# What Python's own client allows: some servers put long cursors and policies in headers.
LONGEST_HEADER = 64 * 1024
MOST_HEADERS = 128
# How aiohttp says so.
_TOO_MUCH = ("Got more than", "Too many headers")

_SERVER_WORDS = 500
_LIBRARY_WORDS = 200

_NEXT_STEP = {
    400: "Check the endpoint's parameters.",
    401: "The server does not accept the credentials: check `client.auth` (the key, and the name "
    "of the header or parameter it goes in).",
    403: "The credentials are known but may not read this: check what the key is allowed to do.",
    404: "Check `client.base_url` and the resource's `endpoint.path`.",
    405: "Check the endpoint's `method`.",
    429: "The server asks to slow down: wait, then run again.",
}


def connection_failed(
    error: Exception, asked: str, target: str, timeout: float, redactor: Redactor
) -> ConnectionFailed:
    """The story of a request that got no whole answer.

    Args:
        error: what aiohttp or asyncio raised.
        asked: method and URL, fit to be shown.
        target: the server's origin, fit to be shown.
        timeout: seconds allowed for one request.
        redactor: hides secrets in the error's own words.
    """
    words = one_line(redactor.clean(str(error)), _LIBRARY_WORDS)
    return ConnectionFailed(f"{asked}: {_reason(error, words, target, timeout)}")


def _reason(error: Exception, words: str, target: str, timeout: float) -> str:
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return (
            f"the host of {target} is unknown. Check `client.base_url`, and that this machine "
            "can look up names."
        )
    if isinstance(error, aiohttp.ClientSSLError):
        return f"TLS with {target} failed ({_tls_reason(error)}). " + (
            "Check the certificate, and whether `client.base_url` has the right scheme and port."
        )
    if isinstance(error, aiohttp.ClientProxyConnectionError | aiohttp.ClientHttpProxyError):
        return (
            "the proxy could not be reached, or refuses. Check HTTP_PROXY, HTTPS_PROXY and "
            "NO_PROXY."
        )
    if isinstance(error, asyncio.TimeoutError):
        return (
            f"no whole answer within {timeout:g} s. Raise `client.timeout`, or ask for smaller "
            "pages."
        )
    if isinstance(error, aiohttp.ClientConnectorError):
        return (
            f"{target} does not take the connection ({_system_reason(error)}). "
            "Is the server running, and is the port right?"
        )
    if isinstance(error.__cause__, aiohttp.http_exceptions.ContentEncodingError):
        return "the answer cannot be decompressed: it is not what its Content-Encoding says."
    if isinstance(error, aiohttp.ClientPayloadError | ConnectionResetError):
        return "the answer broke off before its end. Run again."
    if isinstance(error, ClosedUnanswered | aiohttp.ClientOSError):
        return f"{target} closed the connection before it answered. Run again."
    if isinstance(error, aiohttp.ClientResponseError):
        said = one_line(error.message, _LIBRARY_WORDS)
        if said.startswith(_TOO_MUCH):
            return (
                f"the headers of the answer are more than {MOST_HEADERS}, or one of them is longer "
                f"than {LONGEST_HEADER:,} bytes."
            )
        return (
            f"{target} answers, but not in HTTP ({said}). Is the port in `client.base_url` right?"
        )
    return f"{type(error).__name__}: {words}. Check `client.base_url`."


def _tls_reason(error: aiohttp.ClientSSLError) -> str:
    cause = getattr(error, "certificate_error", None) or error.os_error
    reason = getattr(cause, "verify_message", None) or getattr(cause, "reason", None)
    return reason.replace("_", " ").lower() if isinstance(reason, str) else type(cause).__name__


def _system_reason(error: aiohttp.ClientConnectorError) -> str:
    number = error.os_error.errno
    return os.strerror(number).lower() if number else "none of its addresses answers"


def redirect_to_nowhere(status: int, asked: str) -> ResponseStatusError:
    """The story of a redirect that does not say where to.

    Args:
        status: the HTTP status code.
        asked: method and URL, fit to be shown.
    """
    return ResponseStatusError(
        f"{asked}: the server answers {_phrase(status)}, but not where to: there is no Location "
        "header. Check `client.base_url` and the resource's `endpoint.path`.",
        status,
    )


def status_error(status: int, body: bytes, asked: str, redactor: Redactor) -> ResponseStatusError:
    """The story of an answer with an error status, with the server's own words.

    Args:
        status: the HTTP status code.
        body: of the answer, or its beginning.
        asked: method and URL, fit to be shown.
        redactor: hides secrets in the server's words.
    """
    words = _server_words(body, redactor)
    said = f' and says: "{words}"' if words else " without a word"
    step = _NEXT_STEP.get(status) or (
        "The server is in trouble: run again later." if status >= 500 else ""
    )
    return ResponseStatusError(
        f"{asked}: the server answers {_phrase(status)}{said}. {step}".strip(), status
    )


def _phrase(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _server_words(body: bytes, redactor: Redactor) -> str:
    """The message in an error's body: of the usual JSON forms the text, else the beginning."""
    text = body.decode("utf-8", errors="replace").strip()
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        document = None
    if isinstance(document, dict):
        for key in ("message", "error", "detail", "error_description", "title"):
            words = document.get(key)
            if isinstance(words, dict):
                words = words.get("message")
            if isinstance(words, str) and words.strip():
                text = words
                break
    # Secrets are hidden before the text is cut: half a secret would not be known for one.
    return one_line(redactor.clean(text), _SERVER_WORDS)
