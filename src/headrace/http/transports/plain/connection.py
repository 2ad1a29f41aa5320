"""One HTTP/1.1 connection (RFC 9112): carries one exchange after the other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import field
from typing import cast

import httptools

from headrace.core.quick_dataclasses import dataclass
from headrace.http.failures.kinds import LONGEST_HEADER, MOST_HEADERS, Failure, FailureKind
from headrace.http.failures.tls_alerts import tls_alert

_BUFFER_BYTES = 256 * 1024


class ExchangeBroken(Exception):  # noqa: N818
    """There is no whole answer.

    Args:
        failure: What went wrong; its words may hold secrets.
    """

    def __init__(self, failure: Failure) -> None:
        self.failure = failure
        super().__init__(failure)


@dataclass(slots=True)
class RawAnswer:
    """An answer as it came.

    Args:
        status: The HTTP status code.
        headers: The headers in their order, as bytes.
        body: The body, with its codings.
        is_longer: Whether the body is longer than was wanted, and this is its beginning.
    """

    status: int = 0
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""
    is_longer: bool = False


class PlainConnection(asyncio.BufferedProtocol):
    """One connection; the protocol of an asyncio transport."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        # What comes is taken out of it at once; to make one for each piece would cost more.
        self._buffer = memoryview(bytearray(_BUFFER_BYTES))
        self._coming: _ComingAnswer | None = None
        self._is_usable = True
        self._closed = asyncio.Event()

    @property
    def is_usable(self) -> bool:
        """Whether it can carry another exchange."""
        return self._is_usable and self._coming is None

    def ask(self, request: bytes, most_bytes: Callable[[int], int]) -> asyncio.Future[RawAnswer]:
        """Sends a request; `answer` has to follow.

        Args:
            request: The request as it goes over the wire.
            most_bytes: Says, given the status, how many bytes of the body are wanted.

        Returns:
            What is done once the answer is there, or cannot come.
        """
        assert self._transport is not None
        self._coming = _ComingAnswer(most_bytes)
        self._transport.write(request)
        return self._coming.answer

    async def answer(self) -> RawAnswer:
        """Takes the answer to the request that was sent.

        Raises:
            ExchangeBroken: There is no whole answer.
        """
        coming = self._coming
        assert coming is not None
        try:
            return await coming.answer
        finally:
            self._coming = None
            coming.let_go()
            if not coming.leaves_connection:
                self.abort()

    def abort(self) -> None:
        """Closes the connection at once."""
        self._is_usable = False
        if self._transport is not None:
            self._transport.abort()

    async def close(self) -> None:
        """Closes the connection, and waits until it is closed."""
        self.abort()
        await self._closed.wait()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by asyncio."""
        self._transport = cast("asyncio.Transport", transport)

    def get_buffer(self, sizehint: int) -> memoryview:
        """Called by asyncio."""
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Called by asyncio."""
        if self._coming is None:
            # Nothing was asked for: whose answer this is nobody can tell.
            self.abort()
        else:
            self._coming.take(self._buffer[:nbytes])

    def connection_lost(self, error: Exception | None) -> None:
        """Called by asyncio."""
        self._is_usable = False
        self._closed.set()
        if self._coming is not None:
            self._coming.end(error)


class _ComingAnswer:
    """The answer to one request, as it comes; the callbacks of its parser."""

    def __init__(self, most_bytes: Callable[[int], int]) -> None:
        self.answer: asyncio.Future[RawAnswer] = asyncio.get_running_loop().create_future()
        self.leaves_connection = False
        self._most_bytes = most_bytes
        self._limit = 0
        self._raw = RawAnswer()
        self._head: list[bytes] = []
        self._head_is_over = False
        self._is_interim = False
        self._has_end = False
        self._chunks: list[bytes] = []
        self._size = 0
        self._without_header = 0
        self._parser = _new_parser(self)

    def take(self, data: memoryview) -> None:
        """Takes what came over the connection."""
        if self.answer.done():
            # More than the one answer: whose that is nobody can tell.
            self.leaves_connection = False
            return
        if not self._head_is_over:
            self._head.append(bytes(data))
        self._without_header += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self.leaves_connection = False
        except httptools.HttpParserError as error:
            self.leaves_connection = False
            self._fail(self._broken_http(str(error)))
        if not self._head_is_over and self._without_header > LONGEST_HEADER:
            self._fail(Failure(FailureKind.LONG_HEADERS))

    def let_go(self) -> None:
        """Lets go of the parser, which holds this; nothing is taken any more.

        Else all bodies would stay until Python looks for what holds each other.
        """
        del self._parser

    def end(self, error: Exception | None) -> None:
        """Takes the end of the connection."""
        self.leaves_connection = False
        if self.answer.done():
            return
        if not self._head_is_over:
            alert = None if error is None else tls_alert(error)
            self._fail(alert or Failure(FailureKind.CLOSED))
        elif self._has_end or error is not None:
            self._fail(Failure(FailureKind.BROKEN_OFF))
        else:
            # RFC 9112, 6.3: without a length the body ends with the connection.
            self._finish()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Called by the parser, also for what stands behind the last chunk of a body."""
        headers = self._raw.headers
        headers.append((name, value))
        self._without_header = 0
        if len(headers) > MOST_HEADERS or max(len(name), len(value)) > LONGEST_HEADER:
            self._fail(Failure(FailureKind.LONG_HEADERS))

    def on_headers_complete(self) -> None:
        """Called by the parser."""
        status = self._raw.status = self._parser.get_status_code()
        # RFC 9110, 15.2: what comes before the answer.
        self._is_interim = 100 <= status < 200 and status != 101
        if self._is_interim:
            return
        self._head_is_over = True
        self._head.clear()
        self._has_end = _names_end(self._raw.headers)
        self._limit = self._most_bytes(status)

    def on_body(self, chunk: bytes) -> None:
        """Called by the parser."""
        if self.answer.done():
            return
        self._chunks.append(chunk)
        self._size += len(chunk)
        if self._size > self._limit:
            self._raw.is_longer = True
            self._finish()

    def on_message_complete(self) -> None:
        """Called by the parser."""
        if self._is_interim:
            self._raw = RawAnswer()
            self._head.clear()
        elif not self.answer.done():
            self.leaves_connection = self._parser.should_keep_alive()
            self._finish()

    def on_message_begin(self) -> None:
        """Called by the parser; behind a whole answer for what nobody has asked for."""
        if self._head_is_over:
            self.leaves_connection = False

    def _finish(self) -> None:
        chunks = self._chunks
        self._raw.body = chunks[0] if len(chunks) == 1 else b"".join(chunks)
        self.answer.set_result(self._raw)

    def _fail(self, failure: Failure) -> None:
        if not self.answer.done():
            self.answer.set_exception(ExchangeBroken(failure))

    def _broken_http(self, reason: str) -> Failure:
        if self._head_is_over:
            return Failure(FailureKind.BROKEN_BODY, reason)
        line = _broken_line(b"".join(self._head))
        kind = FailureKind.NO_HTTP if "Expected HTTP/" in reason else FailureKind.BROKEN_HEAD
        return Failure(kind, f"{reason}: {line!r}")


def _new_parser(callbacks: object) -> httptools.HttpResponseParser:
    parser = httptools.HttpResponseParser(callbacks)
    # What servers do, and all clients take.
    parser.set_dangerous_leniencies(
        lenient_headers=True,
        lenient_optional_cr_before_lf=True,
        lenient_spaces_after_chunk_size=True,
    )
    return parser


def _names_end(headers: list[tuple[bytes, bytes]]) -> bool:
    """Whether the headers say where the body ends (RFC 9112, 6.3)."""
    for name, value in headers:
        kind = name.lower()
        if kind == b"content-length":
            return True
        if kind == b"transfer-encoding" and value.lower().rstrip().endswith(b"chunked"):
            return True
    return False


def _broken_line(head: bytes) -> bytes:
    """The line of a head that a parser stumbles over."""
    parser = _new_parser(object())
    line = b""
    for line in head.splitlines(keepends=True):
        try:
            parser.feed_data(line)
        except httptools.HttpParserError:
            break
    return line.strip()
