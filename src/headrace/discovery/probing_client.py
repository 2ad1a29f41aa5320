"""Asks an API a bounded number of times, and no question twice."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from headrace.core.exceptions import HeadraceError, ResponseStatusError
from headrace.core.exchange import Request, Response
from headrace.core.figures import ResourceFigures
from headrace.core.secrets.redaction import Redactor
from headrace.core.secrets.shipping import stays_here
from headrace.http.ahead import AskedAhead
from headrace.http.auth.base import AnyAuthentication
from headrace.http.client import HttpClient
from headrace.http.redirects import REDIRECTS
from headrace.http.response_hooks import ResponseHook

Read = TypeVar("Read")

_MOST_ATTEMPTS = 3
_TRIED_AGAIN = frozenset({408, 425, 429, *range(500, 600)})


@dataclass(frozen=True)
class AskedRequest:
    """One request that was made to find out how an API lists its rows.

    Args:
        method: The HTTP method.
        url: The URL, without secrets.
        status: The HTTP status of the answer; None where none came.
        why: What was to be found out.
        size: How many bytes the answer has.
    """

    method: str
    url: str
    status: int | None
    why: str
    size: int = 0


class AskedEnough(Exception):  # noqa: N818 - says that a bound is reached
    """No more may be asked."""


@stays_here
@dataclass(slots=True)
class _Kept:
    """What a request was answered with."""

    response: Response | None = None
    error: HeadraceError | None = None


@stays_here
class ProbingClient:
    """A client of listings that keeps each answer, and gives it again without asking.

    Args:
        client: The client that asks.
        most_requests: How many requests may be made, those included that were made again because
            they had failed in passing.
        most_bytes: How many bytes all answers may have together.
        on_request: Is told of each request that was made.

    Attributes:
        asked: The requests that were made.
        why: What the next requests are to find out.
    """

    def __init__(
        self,
        client: HttpClient,
        most_requests: int,
        most_bytes: int,
        on_request: Callable[[AskedRequest], None] | None = None,
    ) -> None:
        self._client = client
        self._most_requests = most_requests
        self._most_bytes = most_bytes
        self._kept: dict[str, _Kept] = {}
        self._figures = ResourceFigures()
        self._on_request = on_request
        self._answers = 0
        self.asked: list[AskedRequest] = []
        self.why = ""

    @property
    def left(self) -> int:
        """How many requests may still be made."""
        used = max(len(self.asked) + self._figures.retries, self._answers)
        is_full = sum(each.size for each in self.asked) >= self._most_bytes
        return 0 if is_full else max(0, self._most_requests - used)

    def redactor(self, request: Request, credentials: AnyAuthentication) -> Redactor:
        """What hides the secrets of a request in all that is told of it."""
        return self._client.redactor(request, credentials)

    def forget(self) -> None:
        """Forgets all answers, so that what was asked is asked again."""
        self._kept.clear()

    async def read(
        self,
        request: Request,
        credentials: AnyAuthentication,
        read: Callable[[Response], Read],
        figures: ResourceFigures,
        hook: ResponseHook | None = None,
        most_attempts: int | None = None,
        ahead: AskedAhead | None = None,
    ) -> Read:
        """Asks, or takes what the same request was answered with before.

        Raises:
            AskedEnough: No more may be asked.
            RequestError, PageError: As from the client.
        """
        key = _key(request)
        kept = self._kept.get(key)
        if kept is None:
            kept = self._kept[key] = await self._ask(request, credentials, hook)
        if kept.response is None:
            assert kept.error is not None
            raise kept.error
        return read(kept.response)

    async def _ask(
        self, request: Request, credentials: AnyAuthentication, hook: ResponseHook | None
    ) -> _Kept:
        if self.left <= 0:
            raise AskedEnough
        came: list[Response] = []

        def keep(response: Response) -> Response:
            came.append(response)
            return response

        def count(asked: Request, response: Response) -> Response:
            # Redirects and refusals are requests too: what would follow them may not be made.
            self._answers += 1
            is_followed = response.status in REDIRECTS or response.status in _TRIED_AGAIN
            if is_followed and self._answers >= self._most_requests:
                raise AskedEnough
            return response if hook is None else hook(asked, response)

        attempts = min(self.left, _MOST_ATTEMPTS)
        try:
            response = await self._client.read(
                request, credentials, keep, self._figures, count, attempts
            )
        except HeadraceError as error:
            status = error.status if isinstance(error, ResponseStatusError) else None
            url = self.redactor(request, credentials).clean(error.url or request.path)
            self._note(AskedRequest(request.method, url, status, self.why))
            return _Kept(error=error)
        url = self.redactor(request, credentials).clean(response.request.url)
        size = len(response.body)
        self._note(AskedRequest(request.method, url, response.status, self.why, size))
        return _Kept(response)

    def _note(self, asked: AskedRequest) -> None:
        self.asked.append(asked)
        if self._on_request is not None:
            self._on_request(asked)


def _key(request: Request) -> str:
    """The same for requests that ask for the same."""
    params = {name: str(value) for name, value in request.params.items() if value is not None}
    parts = [request.method, request.path, params, dict(request.headers), request.json]
    return json.dumps(parts, sort_keys=True, default=str)
