"""An address before an API, where each request is noticed before it goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from http.client import HTTPConnection
from urllib.parse import urlencode, urlsplit

from tests.support.servers import Answer, Asked, JsonServer

_LONGEST_ANSWER = 60.0
# Of one connection, not of the request.
_LEFT_BEHIND = {"host", "accept-encoding", "connection", "content-length", "transfer-encoding"}


class Gate(JsonServer):
    """Stands before an API, at an address that stays when another API takes its place."""

    def __init__(self) -> None:
        super().__init__()
        self.handler = self._forward
        self._target = urlsplit("")
        self._on_request: Callable[[int], None] = lambda number: None
        self._arrived = 0

    def leads_to(self, base_url: str) -> None:
        """From now on requests go to this API."""
        self._target = urlsplit(base_url)

    def watch(self, on_request: Callable[[int], None]) -> None:
        """Calls `on_request` with the number of each request, from 1, before it goes on."""
        self._arrived = 0
        self._on_request = on_request

    def _forward(self, asked: Asked) -> Answer:
        self._arrived += 1
        self._on_request(self._arrived)
        query = f"?{urlencode(asked.query)}" if asked.query else ""
        headers = _end_to_end(asked.headers.items())
        connection = HTTPConnection(self._target.netloc, timeout=_LONGEST_ANSWER)
        try:
            path = f"{self._target.path}{asked.path}{query}"
            connection.request(asked.method, path, asked.body or None, headers)
            response = connection.getresponse()
            answered = _end_to_end(response.getheaders())
            return Answer(raw=response.read(), status=response.status, headers=answered)
        finally:
            connection.close()


def _end_to_end(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    return {name: value for name, value in headers if name.lower() not in _LEFT_BEHIND}
