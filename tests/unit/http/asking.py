"""Sends single requests with a client of their own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from headrace.core.exchange import Request, Response
from headrace.core.figures import ResourceFigures
from headrace.http.auth.base import AnyAuthentication
from headrace.http.auth.credentials import Credentials
from headrace.http.client import HttpClient
from headrace.http.response_hooks import ResponseHook
from headrace.http.retrying import RetrySettings
from headrace.http.settings import ClientSettings
from headrace.http.timing import Timing


@dataclass
class PassingTime:
    """A clock that nobody has to wait for: each sleep lets it pass at once.

    Args:
        now: seconds on the clock.
        slept: how long, one after the other.
        on_sleep: called at the beginning of each sleep.
    """

    now: float = 1_000.0
    slept: list[float] = field(default_factory=list)
    on_sleep: Callable[[], object] = bool

    @property
    def timing(self) -> Timing:
        return Timing(lambda: self.now, lambda: self.now, self._sleep)

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.on_sleep()
        self.now += seconds
        await asyncio.sleep(0)


def as_it_came(response: Response) -> Response:
    return response


def send(
    base_url: str,
    request: Request | str = "",
    credentials: AnyAuthentication | None = None,
    *,
    timing: Timing | None = None,
    figures: ResourceFigures | None = None,
    hook: ResponseHook | None = None,
    **settings: Any,
) -> Response:
    """The answer to one request, asked once if nothing else is said.

    Args:
        base_url: of the API.
        request: a path is asked for with GET.
        credentials: sent along.
        timing: of the client.
        figures: to count on.
        hook: sees each answer before it counts.
        settings: of the client.
    """
    if isinstance(request, str):
        request = Request("GET", request)

    async def ask() -> Response:
        given = {"retry": RetrySettings(max_attempts=1), **settings}
        async with HttpClient(ClientSettings(base_url, **given), timing or Timing()) as client:
            return await client.read(
                request,
                credentials or Credentials(),
                as_it_came,
                figures or ResourceFigures(),
                hook,
            )

    return asyncio.run(ask())
