"""What carries one request to a server and its answer back."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import field
from typing import Protocol

from headrace.core.exceptions import PageError
from headrace.core.exchange import Headers, ShownRequest
from headrace.core.quick_dataclasses import dataclass
from headrace.http.origins import RequestTarget
from headrace.http.outgoing_request import OutgoingRequest
from headrace.http.redirects import REDIRECTS
from headrace.http.unpacking import CannotUnpack, unpacked, unpacked_beginning, unpacked_file

# So much of an error's body is enough to see what went wrong.
ERROR_BODY_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said to one request.

    Args:
        status: The HTTP status code.
        headers: The headers as sent.
        body: The body, decompressed. Unless the request wants the whole body whatever the status,
            this is only the beginning of an error's body, and empty for a redirect.
        location: Where a redirect leads, as its Location header says (RFC 9110, 10.2.2); None
            where the answer is no redirect, or does not say where to.
    """

    status: int
    headers: Headers = field(default_factory=Headers)
    body: bytes = b""
    location: str | None = None

    @property
    def as_sent(self) -> tuple[int, Headers, bytes]:
        """Status, headers and body."""
        return self.status, self.headers, self.body


class Transport(Protocol):
    """Sends single requests; knows of no credentials, and follows no redirect."""

    async def exchange(
        self,
        outgoing: OutgoingRequest,
        target: RequestTarget,
        seconds: float,
    ) -> Answer:
        """Sends a request and takes its whole answer.

        Args:
            outgoing: The request to send.
            target: Where it goes: no other host is asked, whatever the URL of the request says.
            seconds: How long the whole exchange may take, the body included.

        Raises:
            ConnectionFailed: There is no whole answer, and another attempt would not help.
            AttemptFailed: There is no whole answer, but another attempt may bring one.
            PageError: The body is larger than the limit.
        """
        ...

    async def close(self) -> None:
        """Closes the connections that it opened."""
        ...


def too_large(limit: int, asked: ShownRequest, status: int) -> PageError:
    """The error of a body that is larger than the limit.

    Args:
        limit: The largest body taken, in bytes after decompression.
        asked: The request, fit to be shown.
        status: The HTTP status code of the answer.
    """
    return PageError(
        f"{asked}: the answer is larger than {limit:,} bytes. Ask for smaller pages, or "
        "raise `client.max_response_bytes`.",
        url=asked.url,
        status=status,
    )


def wants_beginning(outgoing: OutgoingRequest, status: int) -> bool:
    """Whether the beginning of a body is enough, which is then `ERROR_BODY_BYTES` at most.

    Args:
        outgoing: The request.
        status: The HTTP status code of the answer.
    """
    return not outgoing.wants_whole_body and (status in REDIRECTS or status >= 400)


def answer_of(
    outgoing: OutgoingRequest, status: int, headers: Headers, body: bytes, limit: int
) -> Answer:
    """The answer that came, with its body unpacked.

    Args:
        outgoing: The request.
        status: The HTTP status code.
        headers: The headers as sent.
        body: The body as it came; of one of which the beginning is enough, the beginning.
        limit: The largest body taken, in bytes after decompression.

    Raises:
        CannotUnpack: The body is not packed as it says.
        PageError: The body is larger than the limit.
    """
    coding = headers.get("Content-Encoding")
    location = headers.get("Location") or None if status in REDIRECTS else None
    if wants_beginning(outgoing, status):
        return Answer(
            status, headers, b"" if status in REDIRECTS else _words(body, coding), location
        )
    if coding is not None:
        body = unpacked(body, coding, limit)
    # A function of the user's gets the file as it is.
    if not outgoing.wants_whole_body:
        body = unpacked_file(body, limit)
    if len(body) > limit:
        raise too_large(limit, outgoing.shown, status)
    return Answer(status, headers, body, location)


def _words(body: bytes, coding: str | None) -> bytes:
    """The beginning of an error's body; empty where it cannot be unpacked."""
    if coding is None:
        return body[:ERROR_BODY_BYTES]
    # The status says more than that its words cannot be read.
    with suppress(CannotUnpack):
        return unpacked_beginning(body, coding, ERROR_BODY_BYTES)
    return b""
