"""Asks for the next page before the rows of this one are looked at."""

from __future__ import annotations

from collections.abc import Callable

from headrace.core.exchange import Request, Response
from headrace.core.quick_dataclasses import dataclass
from headrace.http.origins import RequestTarget
from headrace.http.outgoing_request import OutgoingRequest
from headrace.http.transports.plain import Begun

# An answer that waited for longer, in seconds, is asked for anew: rows change.
_LONGEST_WAIT = 1.0
# After a request in vain so many are made only once they are due.
_CAUTION = 8


@dataclass(slots=True)
class Hop:
    """One exchange on the way to an answer.

    Args:
        request: The request.
        url: Its whole URL, with all secrets.
        target: Where it goes.
        outgoing: The request as it is sent.
        begun: The exchange, where the request is on its way already; else None.
    """

    request: Request
    url: str
    target: RequestTarget
    outgoing: OutgoingRequest
    begun: Begun | None = None


class AskedAhead:
    """What one chain of requests asks for before it is due.

    Args:
        foretell: The request that probably follows an answer, by a glimpse at it; None where that
            cannot be told.
    """

    def __init__(self, foretell: Callable[[Response], Request | None]) -> None:
        self._foretell = foretell
        self._hop: Hop | None = None
        self._caution = 0

    def under_way(self, request: Request) -> Hop | None:
        """The exchange of a request, if it is under way; any other is dropped.

        Args:
            request: The request that is due now.
        """
        hop, self._hop = self._hop, None
        if hop is None or hop.begun is None:
            self._caution = max(0, self._caution - 1)
            return None
        if request == hop.request and hop.begun.seconds_waited <= _LONGEST_WAIT:
            return hop
        hop.begun.drop()
        self._caution = _CAUTION
        return None

    def go_on(self, response: Response, send: Callable[[Request], Hop | None]) -> None:
        """Sends the request that probably follows an answer.

        Args:
            response: The answer.
            send: Sends a request, and returns the exchange; None where that cannot be done at once.
        """
        if self._hop is not None and self._hop.begun is not None:
            self._hop.begun.drop()
            self._hop = None
        if not self._caution:
            request = self._foretell(response)
            self._hop = None if request is None else send(request)
