"""What carries one request to a server and its answer back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from headrace.core.exchange import Headers, ShownRequest
from headrace.core.secrets.redaction import Redactor
from headrace.http.message import Message
from headrace.http.origins import Destination

REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said to one request.

    Args:
        status: the HTTP status code.
        headers: as sent.
        body: decompressed; unless it is judged, of an error its beginning, of a redirect nothing.
        location: where a redirect leads.
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
        message: Message,
        place: Destination,
        seconds: float,
        asked: ShownRequest,
        redactor: Callable[[], Redactor],
    ) -> Answer:
        """Sends a request and takes its whole answer.

        Args:
            message: to send.
            place: where it goes: no other host is asked, whatever the message's URL says.
            seconds: for the whole exchange.
            asked: the request, fit to be shown.
            redactor: gives what hides secrets in a message.

        Raises:
            ConnectionFailed: there is no whole answer, and another attempt would not help.
            AttemptFailed: there is none, but there may be the next time.
            PageError: the body is larger than the limit.
        """
        ...

    async def close(self) -> None:
        """Gives back what it holds."""
        ...
