"""Says in plain words why a request failed, and what to do next."""

from __future__ import annotations

import asyncio
import json
from http import HTTPStatus

import aiohttp

from headrace.exceptions import ConnectionFailed, ResponseStatusError
from headrace.wire.url import shown_origin

_SERVER_WORDS = 500

_NEXT_STEP = {
    400: "Check the endpoint's parameters.",
    401: "The server does not accept the credentials: check `client.auth` (the key, and the name "
    "of the header or parameter it goes in).",
    403: "The credentials are known but may not read this: check what the key is allowed to do.",
    404: "Check `client.base_url` and the resource's `endpoint.path`.",
    405: "Check the endpoint's `method`.",
    429: "The server asks to slow down: wait, then run again.",
}


def connection_failed(error: Exception, asked: str, timeout: float) -> ConnectionFailed:
    """The story of a request that got no whole answer.

    Args:
        error: what aiohttp or asyncio raised.
        asked: method and URL, fit to be shown.
        timeout: seconds allowed for one request.
    """
    return ConnectionFailed(f"{asked}: {_reason(error, asked, timeout)}")


def _reason(error: Exception, asked: str, timeout: float) -> str:
    target = shown_origin(asked.split(" ", 1)[1])
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return (
            f"the host of {target} is unknown. Check `client.base_url`, and that this machine "
            "can look up names."
        )
    if isinstance(error, aiohttp.ClientSSLError):
        return f"TLS with {target} failed ({error}). Check the certificate and `client.base_url`."
    if isinstance(error, aiohttp.ClientProxyConnectionError):
        return "the proxy could not be reached. Check HTTP_PROXY and HTTPS_PROXY."
    if isinstance(error, asyncio.TimeoutError):
        return (
            f"no whole answer within {timeout:g} s. Raise `client.timeout`, or ask for smaller "
            "pages."
        )
    if isinstance(error, aiohttp.ClientConnectorError):
        return (
            f"{target} does not take the connection ({error.strerror or error}). "
            "Is the server running, and is the port right?"
        )
    if isinstance(error, aiohttp.ClientPayloadError):
        return "the answer broke off before its end. Run again."
    if isinstance(error, aiohttp.ServerDisconnectedError | aiohttp.ClientOSError):
        return f"{target} closed the connection before it answered. Run again."
    return f"{type(error).__name__}: {error}. Check `client.base_url`."


def status_error(status: int, body: bytes, asked: str) -> ResponseStatusError:
    """The story of an answer with an error status, with the server's own words.

    Args:
        status: the HTTP status code.
        body: of the answer, or its beginning.
        asked: method and URL, fit to be shown.
    """
    try:
        phrase = f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        phrase = str(status)
    words = _server_words(body)
    said = f' and says: "{words}"' if words else " without a word"
    step = _NEXT_STEP.get(status) or (
        "The server is in trouble: run again later." if status >= 500 else ""
    )
    return ResponseStatusError(
        f"{asked}: the server answers {phrase}{said}. {step}".strip(), status
    )


def _server_words(body: bytes) -> str:
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
            if isinstance(words, str) and words:
                text = words
                break
    text = " ".join(text.split())
    return text if len(text) <= _SERVER_WORDS else text[:_SERVER_WORDS] + "…"
