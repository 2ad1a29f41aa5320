"""Sends GET requests without a proxy itself; leaves all else to aiohttp."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import Callable
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from weakref import WeakSet

from aiohappyeyeballs import start_connection

from headrace.core.exchange import Headers
from headrace.core.secrets.redaction import one_line
from headrace.http.failures.attempts import attempt_failed
from headrace.http.failures.kinds import Failure, FailureKind
from headrace.http.failures.messages import connection_failed
from headrace.http.failures.others import LONGEST_WORDS
from headrace.http.origins import RequestTarget
from headrace.http.outgoing_request import OutgoingRequest
from headrace.http.settings import ClientSettings
from headrace.http.transports.base import (
    ERROR_BODY_BYTES,
    Answer,
    answer_of,
    too_large,
    wants_beginning,
)
from headrace.http.transports.plain.connection import (
    ExchangeBroken,
    PlainConnection,
    RawAnswer,
)
from headrace.http.transports.plain.request_head import request_head
from headrace.http.transports.tolerant import may_tell_length
from headrace.http.unpacking import CannotUnpack
from headrace.http.url import sent_origin, shown_origin

if TYPE_CHECKING:
    from headrace.http.transports.aiohttp import AiohttpTransport

# Many servers close what is idle for longer; aiohttp keeps connections as long.
_LONGEST_IDLE = 15.0
# RFC 8305, 5: when to try the next address of a host beside the first.
_NEXT_ADDRESS_AFTER = 0.25


class Begun:
    """An exchange whose request is on its way.

    Args:
        connection: The connection that carries it.
        coming: What is done once the answer is there, or cannot come.
    """

    def __init__(self, connection: PlainConnection, coming: asyncio.Future[RawAnswer]) -> None:
        self.connection = connection
        self._coming = coming
        self._came_at: float | None = None
        coming.add_done_callback(self._note_done)

    @property
    def seconds_waited(self) -> float:
        """For how many seconds the answer has been there."""
        return 0.0 if self._came_at is None else time.monotonic() - self._came_at

    def drop(self) -> None:
        """Ends it: nobody wants the answer."""
        self.connection.abort()

    def _note_done(self, coming: asyncio.Future[RawAnswer]) -> None:
        self._came_at = time.monotonic()
        if not coming.cancelled():
            # Where nobody waits for it, its error is nobody's.
            coming.exception()


class PlainTransport:
    """A pool of connections; to be made and closed on the event loop that uses it.

    What it cannot do, or cannot tell the reason of, it leaves to aiohttp before anything is sent:
    other methods, bodies, proxies, and connections that cannot be made.

    Args:
        settings: The settings of the API.
    """

    def __init__(self, settings: ClientSettings) -> None:
        self._settings = settings
        self._idle: dict[str, list[tuple[float, PlainConnection]]] = {}
        self._connections: WeakSet[PlainConnection] = WeakSet()
        self._rest: AiohttpTransport | None = None
        self._has_answered = False
        self._is_given_up = False

    async def exchange(
        self,
        outgoing: OutgoingRequest,
        target: RequestTarget,
        seconds: float,
        begun: Begun | None = None,
    ) -> Answer:
        """Sends a request and takes its whole answer, as `Transport` says.

        Args:
            outgoing: As in `Transport`.
            target: As in `Transport`.
            seconds: As in `Transport`.
            begun: The exchange, where `begin` has begun it.
        """
        began = time.monotonic()
        try:
            async with asyncio.timeout(seconds):
                connection = None if begun is None else begun.connection
                if connection is None:
                    connection = await self._asked(outgoing, target)
                if connection is not None:
                    return await self._answer(connection, outgoing, target)
        except TimeoutError:
            failure = Failure(FailureKind.TIMEOUT)
        except (ExchangeBroken, CannotUnpack) as error:
            failure = _cleaned(error.failure, outgoing)
        else:
            left = seconds - (time.monotonic() - began)
            return await self._by_aiohttp().exchange(outgoing, target, left)
        if failure.kind is FailureKind.BROKEN_HEAD and may_tell_length(failure.detail):
            # From now on such answers are expected.
            self._is_given_up = True
            rest = self._by_aiohttp()
            rest.expect_odd_lengths()
            return await rest.exchange(outgoing, target, seconds)
        # Out here the error, which may show the whole request, is not behind this one.
        url_key = self._settings.url_key
        origin = shown_origin(target.home)
        failed = connection_failed(failure, outgoing.shown, origin, seconds, url_key)
        raise attempt_failed(failure, failed, has_answered=self._has_answered)

    def begin(
        self, outgoing: OutgoingRequest, target: RequestTarget, when_over: Callable[[], None]
    ) -> Begun | None:
        """Sends a request; its answer is for `exchange` to take.

        Args:
            outgoing: The request to send.
            target: Where it goes.
            when_over: Called once the answer is there, or cannot come.

        Returns:
            The exchange; None where the request cannot be sent at once, and was not.
        """
        head = self._plain_head(outgoing, target)
        connection = None if head is None else self._idle_connection(target.home)
        if head is None or connection is None:
            return None
        coming = connection.ask(head, self._most_bytes(outgoing))
        coming.add_done_callback(lambda _: when_over())
        return Begun(connection, coming)

    async def close(self) -> None:
        """Closes the connections."""
        self._idle.clear()
        for connection in list(self._connections):
            await connection.close()
        if self._rest is not None:
            await self._rest.close()

    def _plain_head(self, outgoing: OutgoingRequest, target: RequestTarget) -> bytes | None:
        """The request as it goes over the wire; None where it is for aiohttp to send."""
        is_special = outgoing.method != "GET" or outgoing.body is not None
        if self._is_given_up or is_special or target.proxy is not None:
            return None
        return request_head(outgoing, target.home)

    async def _asked(
        self, outgoing: OutgoingRequest, target: RequestTarget
    ) -> PlainConnection | None:
        """A connection on which the request is sent; None where it is for aiohttp to send."""
        head = self._plain_head(outgoing, target)
        if head is None:
            return None
        connection = self._idle_connection(target.home) or await self._connect(target.home)
        if connection is not None:
            connection.ask(head, self._most_bytes(outgoing))
        return connection

    def _most_bytes(self, outgoing: OutgoingRequest) -> Callable[[int], int]:
        def most_bytes(status: int) -> int:
            self._has_answered = True
            is_short = wants_beginning(outgoing, status)
            return ERROR_BODY_BYTES if is_short else self._settings.max_response_bytes

        return most_bytes

    async def _answer(
        self, connection: PlainConnection, outgoing: OutgoingRequest, target: RequestTarget
    ) -> Answer:
        limit = self._settings.max_response_bytes
        raw = await connection.answer()
        if connection.is_usable:
            self._idle.setdefault(target.home, []).append((time.monotonic(), connection))
        if raw.is_longer and not wants_beginning(outgoing, raw.status):
            raise too_large(limit, outgoing.shown, raw.status)
        return answer_of(outgoing, raw.status, _headers(raw), raw.body, limit)

    def _idle_connection(self, home: str) -> PlainConnection | None:
        idle = self._idle.get(home, [])
        while idle:
            since, connection = idle.pop()
            if connection.is_usable and time.monotonic() - since < _LONGEST_IDLE:
                return connection
            connection.abort()
        return None

    async def _connect(self, home: str) -> PlainConnection | None:
        """A new connection; None where none can be made."""
        parts = urlsplit(sent_origin(home))
        is_secure = parts.scheme == "https"
        host, port = parts.hostname or "", parts.port or (443 if is_secure else 80)
        loop = asyncio.get_running_loop()
        try:
            addresses = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            # Asyncio's own way to try several addresses leaves sockets open when it is cancelled.
            connected = await start_connection(
                addresses, happy_eyeballs_delay=_NEXT_ADDRESS_AFTER, interleave=1, loop=loop
            )
            _, connection = await loop.create_connection(
                PlainConnection,
                sock=connected,
                ssl=self._tls if is_secure else None,
                server_hostname=host if is_secure else None,
            )
        except TimeoutError:
            raise
        except (OSError, ValueError):
            return None
        self._connections.add(connection)
        return connection

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return self._settings.tls or _usual_tls()

    def _by_aiohttp(self) -> AiohttpTransport:
        if self._rest is None:
            # It takes a while to import, and most listings never need it.
            from headrace.http.transports.aiohttp import AiohttpTransport

            self._rest = AiohttpTransport(self._settings)
        self._rest.has_answered |= self._has_answered
        return self._rest


@lru_cache(maxsize=1)
def _usual_tls() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


def _headers(raw: RawAnswer) -> Headers:
    return Headers(
        [
            (name.decode("utf-8", "surrogateescape"), value.decode("utf-8", "surrogateescape"))
            for name, value in raw.headers
        ]
    )


def _cleaned(failure: Failure, outgoing: OutgoingRequest) -> Failure:
    """The failure with its words fit to be shown: they may be the server's."""
    if not failure.detail:
        return failure
    detail = one_line(outgoing.redactor().clean(failure.detail), LONGEST_WORDS)
    return Failure(failure.kind, detail, failure.proxy_status)
