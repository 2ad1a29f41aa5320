"""What listings are read with."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol, TypeVar

from headrace.core.exchange import Request, Response
from headrace.core.figures import ResourceFigures
from headrace.core.secrets.redaction import Redactor
from headrace.http.ahead import AskedAhead
from headrace.http.auth.base import AnyAuthentication
from headrace.http.response_hooks import ResponseHook

Read = TypeVar("Read")


class Client(Protocol):
    """Gets answers; `headrace.http` has the one that asks over HTTP."""

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
        """Sends a request and makes of the whole answer what `read` does.

        Raises:
            ResponseIgnored: `hook` asks to pass over the answer.
            RequestError: No answer came, or one with an error status.
            PageError: `read` cannot make anything of the answer.
        """
        ...

    def redactor(self, request: Request, credentials: AnyAuthentication) -> Redactor:
        """What hides the secrets of a request in all that is told of it."""
        ...


class Clients(Protocol):
    """The clients of several tenants."""

    def of(self, name: str) -> AbstractAsyncContextManager[Client]:
        """The client of one tenant, for as long as the block lasts.

        Args:
            name: Its name.
        """
        ...
