"""What is sent besides the URL: headers and body, as `requests` would send them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from multidict import CIMultiDict

from headrace.core.exchange import Request
from headrace.core.secrets.names import is_sensitive
from headrace.http.url import pairs

# Shorter values under a sensitive name are words rather than secrets, as in `sort_key=name`.
_SHORTEST_SECRET = 8


@dataclass(slots=True)
class OutgoingRequest:
    """A request as it is about to be sent.

    Args:
        method: the HTTP method.
        url: the whole of it.
        headers: all that are sent, but for those of the connection.
        body: as sent.
        is_signed: whether it holds what proves who asks, so that no other proof is wanted.
        signer: an object of the `requests` library that wants to see the answer as well, and so
            has to be called in the thread that sends.
        proof: what an authentication wants to know it by again.
        wants_whole_body: whether the whole body is wanted, whatever the status.
    """

    method: str
    url: str
    headers: CIMultiDict[str]
    body: bytes | None
    is_signed: bool = False
    signer: Callable[[Any], Any] | None = None
    proof: object = None
    wants_whole_body: bool = False


def encoded_body(request: Request) -> tuple[bytes | None, dict[str, str]]:
    """The body of a request, and the header that says what it is.

    Args:
        request: its form goes before its JSON.

    Raises:
        ValueError: the JSON holds a number that JSON does not know.
    """
    data = request.data
    if data:
        if isinstance(data, str | bytes):
            return (data.encode() if isinstance(data, str) else data), {}
        fields = list(pairs(data)) if isinstance(data, Mapping) else data
        content_type = {"Content-Type": "application/x-www-form-urlencoded"}
        return urlencode(fields, doseq=True).encode(), content_type
    if request.json is not None:
        # Dates, as YAML reads them, go out as ISO text.
        text = json.dumps(request.json, allow_nan=False, default=str)
        return text.encode(), {"Content-Type": "application/json"}
    return None, {}


def merged_headers(
    base: CIMultiDict[str], *layers: Mapping[str, Any], cookies: Mapping[str, str]
) -> CIMultiDict[str]:
    """Headers of which each name is there once, however it is spelled.

    Args:
        base: the same for all requests; stays as it is.
        layers: later ones go before earlier ones; None takes a header away.
        cookies: added to those in a Cookie header.
    """
    headers = base.copy()
    for layer in layers:
        for name, value in layer.items():
            headers.popall(name, None)
            if value is not None:
                headers[name] = str(value)
    if cookies:
        given = [headers["Cookie"]] if "Cookie" in headers else []
        headers["Cookie"] = "; ".join(
            [*given, *(f"{name}={value}" for name, value in cookies.items())]
        )
    return headers


def secrets_of(fields: Mapping[str, Any]) -> Iterator[str]:
    """The values of headers or parameters whose names tell of a secret.

    Args:
        fields: headers or query parameters as the config has them.
    """
    for name, value in pairs(fields):
        if is_sensitive(name):
            text = str(value)
            scheme, _, rest = text.partition(" ")
            secret = rest if rest and scheme.lower() in {"bearer", "basic", "token"} else text
            if len(secret) >= _SHORTEST_SECRET:
                yield secret
