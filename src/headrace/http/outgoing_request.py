"""What is sent besides the URL: headers and body, as `requests` would send them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from multidict import CIMultiDict

from headrace.core.exchange import Request, ShownRequest
from headrace.core.quick_dataclasses import dataclass
from headrace.core.secrets.names import is_sensitive
from headrace.core.secrets.redaction import Redactor
from headrace.core.secrets.shipping import stays_here
from headrace.http.url import pairs

# Shorter values under a sensitive name are words rather than secrets, as in `sort_key=name`.
_SHORTEST_SECRET = 8


@stays_here
@dataclass(slots=True)
class OutgoingRequest:
    """A request as it is about to be sent.

    Args:
        method: The HTTP method.
        url: The whole URL, with all secrets.
        headers: All headers that are sent, but for those that are about the connection.
        body: The body as it is sent; None for none.
        shown: The request, fit to be shown.
        redactor: Gives what hides its secrets in an error's message.
        is_signed: Whether the request holds credentials, so that no others are to be added.
        signer: An authentication object of the `requests` library that wants to see the answer as
            well, and so has to be called in the thread that sends; None for none.
        proof: What the authentication will know the credentials on this request by.
        wants_whole_body: Whether the whole body is wanted, whatever the status.
    """

    method: str
    url: str
    headers: CIMultiDict[str]
    body: bytes | None
    shown: ShownRequest
    redactor: Callable[[], Redactor]
    is_signed: bool = False
    signer: Callable[[Any], Any] | None = None
    proof: object = None
    wants_whole_body: bool = False


def encoded_body(request: Request) -> tuple[bytes | None, dict[str, str]]:
    """The body of a request, and the header that says what it is.

    Args:
        request: The request. Where it has a form and JSON, the form is sent, as `requests` does.

    Returns:
        The body as it is sent, or None; and its Content-Type, or nothing.

    Raises:
        ValueError: The JSON holds NaN or an infinite number, which JSON does not know (RFC 8259,
            6).
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
    """Merges headers, so that each name is there once, in whatever case it is written.

    Args:
        base: The headers that are the same for all requests; they stay as they are.
        layers: More headers. Later ones replace earlier ones; a value of None takes a header away.
        cookies: Cookies to add to those in a Cookie header (RFC 6265, 4.2.1).
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
        fields: Headers or query parameters, as the config has them.
    """
    for name, value in pairs(fields):
        if is_sensitive(name):
            text = str(value)
            scheme, _, rest = text.partition(" ")
            secret = rest if rest and scheme.lower() in {"bearer", "basic", "token"} else text
            if len(secret) >= _SHORTEST_SECRET:
                yield secret
