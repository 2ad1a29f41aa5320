"""Sends requests over an aiohttp session: the usual way, and the fast one."""

from __future__ import annotations

from functools import lru_cache

import aiohttp

from headrace.core.exchange import Headers, ShownRequest
from headrace.http.failures.aiohttp_failures import FAILURES, aiohttp_failure, ask_once
from headrace.http.failures.attempts import attempt_failed
from headrace.http.failures.kinds import LONGEST_HEADER, MOST_HEADERS, FailureKind
from headrace.http.failures.messages import connection_failed
from headrace.http.origins import RequestTarget
from headrace.http.outgoing_request import OutgoingRequest
from headrace.http.redirects import REDIRECTS
from headrace.http.settings import ClientSettings
from headrace.http.transports.base import (
    ERROR_BODY_BYTES,
    Answer,
    answer_of,
    too_large,
    wants_beginning,
)
from headrace.http.transports.tolerant import TolerantTransport, may_tell_length
from headrace.http.url import sendable, shown_origin


class AiohttpTransport:
    """A pool of connections; to be made and closed on the event loop that uses it.

    Args:
        settings: The settings of the API.

    Attributes:
        has_answered: Whether the server has answered a request.
    """

    def __init__(self, settings: ClientSettings) -> None:
        self._most_bytes = settings.max_response_bytes
        self._url_key = settings.url_key
        self._session = aiohttp.ClientSession(
            # How many requests are under way at once is for the throttle to say.
            connector=aiohttp.TCPConnector(limit=0, ssl=settings.tls or True),
            # A cookie that one answer sets is not sent with the next request, as with `requests`
            # where no session is used.
            cookie_jar=aiohttp.DummyCookieJar(),
            # aiohttp would send `application/octet-stream` where the config names no type.
            skip_auto_headers=["Content-Type"],
            # aiohttp leaves some codings as they are, without a word.
            auto_decompress=False,
            max_line_size=LONGEST_HEADER,
            max_field_size=LONGEST_HEADER,
            max_headers=MOST_HEADERS,
            middlewares=[ask_once],
        )
        self.has_answered = False
        self._settings = settings
        self._tolerant: TolerantTransport | None = None

    async def exchange(
        self,
        outgoing: OutgoingRequest,
        target: RequestTarget,
        seconds: float,
    ) -> Answer:
        """Sends a request and takes its whole answer, as `Transport` says."""
        if self._tolerant is not None:
            return await self._tolerant.exchange(outgoing, target, seconds)
        try:
            async with self._session.request(
                outgoing.method,
                sendable(outgoing.url, target.home),
                headers=outgoing.headers,
                data=outgoing.body,
                allow_redirects=False,
                proxy=target.proxy,
                timeout=_timeout(seconds),
            ) as response:
                self.has_answered = True
                status, headers = response.status, Headers(response.headers)
                if wants_beginning(outgoing, status):
                    body = await _beginning(response)
                else:
                    body = await _whole_body(response, self._most_bytes, outgoing.shown)
                return answer_of(outgoing, status, headers, body, self._most_bytes)
        except FAILURES as error:
            failure = aiohttp_failure(error, outgoing.redactor())
        if failure.kind is FailureKind.BROKEN_HEAD and may_tell_length(failure.detail):
            # From now on such answers are expected.
            self.expect_odd_lengths()
            return await self.exchange(outgoing, target, seconds)
        # Out here the library's error, which knows the whole request, is not behind this one.
        origin = shown_origin(target.home)
        failed = connection_failed(failure, outgoing.shown, origin, seconds, self._url_key)
        raise attempt_failed(failure, failed, has_answered=self.has_answered)

    def expect_odd_lengths(self) -> None:
        """From now on reads answers whose length is told in an odd way, though it is told."""
        self._tolerant = self._tolerant or TolerantTransport(self._settings)

    async def close(self) -> None:
        """Closes the connections."""
        await self._session.close()
        if self._tolerant is not None:
            await self._tolerant.close()


@lru_cache(maxsize=16)
def _timeout(seconds: float) -> aiohttp.ClientTimeout:
    """Most requests of a client share it."""
    return aiohttp.ClientTimeout(total=seconds)


async def _whole_body(response: aiohttp.ClientResponse, limit: int, asked: ShownRequest) -> bytes:
    """Reads the whole body as it comes; a `PageError` where it is larger than the limit in bytes.

    A Content-Length need not be there (RFC 9112, 6.3): only counting what comes keeps an answer
    from taking all memory.
    """
    chunks: list[bytes] = []
    size = 0
    async for chunk in response.content.iter_any():
        size += len(chunk)
        if size > limit:
            raise too_large(limit, asked, response.status)
        chunks.append(chunk)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


async def _beginning(response: aiohttp.ClientResponse) -> bytes:
    """Reads the beginning of the body: enough to see what went wrong."""
    body = b""
    if response.status in REDIRECTS:
        return body
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) >= ERROR_BODY_BYTES:
            break
    return body
