"""Sends requests over a session of the `requests` library that the user brought."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, MutableMapping
from contextlib import suppress
from functools import partial
from typing import Any

import requests
import urllib3

from headrace.core.dlt_door.objects import send_once
from headrace.core.exceptions import RedirectRefused
from headrace.core.exchange import Headers, ShownRequest
from headrace.http.as_requests import is_read
from headrace.http.failures.attempts import attempt_failed
from headrace.http.failures.messages import connection_failed
from headrace.http.failures.requests_failures import FAILURES, requests_failure
from headrace.http.origins import RequestTarget
from headrace.http.outgoing_request import OutgoingRequest
from headrace.http.redirects import REDIRECTS
from headrace.http.settings import ClientSettings
from headrace.http.threads import in_thread
from headrace.http.tls import with_tls
from headrace.http.transports.base import ERROR_BODY_BYTES, Answer, too_large
from headrace.http.unpacking import CannotUnpack, codings_in, unpacked, unpacked_file
from headrace.http.url import origin as origin_of
from headrace.http.url import sendable, shown_origin

_CHUNK_BYTES = 64 * 1024


class SessionTransport:
    """A session's own headers, login, cookies, proxies and certificates count; its retries do not.

    Args:
        session: The user's session; it stays open.
        settings: The settings of the API.
    """

    def __init__(self, session: requests.Session, settings: ClientSettings) -> None:
        self._session = session if settings.tls is None else with_tls(session, settings.tls)
        self._most_bytes = settings.max_response_bytes
        self._url_key = settings.url_key
        self._has_answered = False
        # How often to try again is for `client.retry` to say.
        self._send = send_once(self._session)

    async def exchange(
        self,
        outgoing: OutgoingRequest,
        target: RequestTarget,
        seconds: float,
    ) -> Answer:
        """Sends a request and takes its whole answer, as `Transport` says."""
        is_over = threading.Event()
        try:
            async with asyncio.timeout(seconds):
                return await in_thread(partial(self._exchange, outgoing, target, seconds, is_over))
        except (*FAILURES, TimeoutError, OSError, ValueError) as error:
            failure = requests_failure(error, outgoing.redactor())
        finally:
            is_over.set()
        # Out here the library's error, which knows the whole request, is not behind this one.
        origin = shown_origin(target.home)
        failed = connection_failed(failure, outgoing.shown, origin, seconds, self._url_key)
        raise attempt_failed(failure, failed, has_answered=self._has_answered)

    async def close(self) -> None:
        """Closes nothing: the session is the user's."""

    def _exchange(
        self,
        outgoing: OutgoingRequest,
        target: RequestTarget,
        seconds: float,
        is_over: threading.Event,
    ) -> Answer:
        prepared = self._prepared(outgoing, target)
        if origin_of(str(prepared.url)) != origin_of(target.home):
            raise RedirectRefused(
                f"{outgoing.shown}: the session's login moves the request to another origin; "
                "nothing was sent.",
                url=outgoing.shown.url,
            )
        # REQUESTS_CA_BUNDLE counts where the session says nothing, not against what it says.
        verify = None if self._session.verify is True else self._session.verify
        settings = self._session.merge_environment_settings(prepared.url, {}, True, verify, None)
        with self._send(prepared, allow_redirects=False, timeout=seconds, **settings) as response:
            self._has_answered = True
            status, headers = response.status_code, Headers(response.headers)
            leads_on = status in REDIRECTS
            location = headers.get("Location") or None if leads_on else None
            if leads_on and not outgoing.wants_whole_body:
                return Answer(status, headers, location=location)
            coding = headers.get("Content-Encoding")
            if status >= 400 and not outgoing.wants_whole_body:
                return Answer(status, headers, _beginning(_chunks(response, is_over, coding)))
            is_packed = coding is not None and _leave_packed(response)
            chunks = _chunks(response, is_over, None if is_packed else coding)
            body = self._whole(chunks, outgoing.shown, status)
            if coding is not None and is_packed:
                body = self._unpacked(body, coding, outgoing.shown, status)
            if not outgoing.wants_whole_body:
                body = unpacked_file(body, self._most_bytes)
                if len(body) > self._most_bytes:
                    raise too_large(self._most_bytes, outgoing.shown, status)
            return Answer(status, headers, body, location)

    def _prepared(
        self, outgoing: OutgoingRequest, target: RequestTarget
    ) -> requests.PreparedRequest:
        headers = dict(outgoing.headers)
        own_cookies = headers.pop("Cookie", None)
        # What the config says of who asks goes before the session's login and a .netrc.
        is_signed = outgoing.is_signed or "Authorization" in headers
        url = str(sendable(outgoing.url, target.home))
        request = requests.Request(
            outgoing.method,
            url,
            headers=headers,
            data=outgoing.body,
            auth=outgoing.signer or (as_it_is if is_signed else None),
        )
        prepared = self._session.prepare_request(request)
        if outgoing.is_signed and not self._session.params:
            # `requests` writes some characters in another way, and a signature would not fit.
            prepared.url = url
        if own_cookies is not None:
            before = prepared.headers.get("Cookie")
            prepared.headers["Cookie"] = f"{before}; {own_cookies}" if before else own_cookies
        # As aiohttp sends them; the session would take Latin-1, and fail for the rest. The stubs of
        # `requests` know of no bytes.
        headers_sent: MutableMapping[str, Any] = prepared.headers
        for name, value in headers_sent.items():
            if isinstance(value, str) and not value.isascii():
                headers_sent[name] = value.encode()
        return prepared

    def _whole(self, chunks: Iterator[bytes], asked: ShownRequest, status: int) -> bytes:
        body = bytearray()
        for chunk in chunks:
            body += chunk
            if len(body) > self._most_bytes:
                raise too_large(self._most_bytes, asked, status)
        return bytes(body)

    def _unpacked(self, packed: bytes, coding: str, asked: ShownRequest, status: int) -> bytes:
        body = unpacked(packed, coding, self._most_bytes)
        if len(body) > self._most_bytes:
            raise too_large(self._most_bytes, asked, status)
        return body


def as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """A login that adds nothing to a request, and keeps a .netrc from it.

    Args:
        request: The request.
    """
    return request


def _name_codings(response: requests.Response, said: str) -> None:
    """Names the codings as urllib3 takes them: it would take `identity` for deflate."""
    named = getattr(response.raw, "headers", None)
    if isinstance(named, urllib3.HTTPHeaderDict):
        named["Content-Encoding"] = ", ".join(codings_in(said))


def _leave_packed(response: requests.Response) -> bool:
    """Has the body come as it was sent, as urllib3 takes one that is cut off for whole.

    Args:
        response: The answer, of which nothing may have been read.

    Returns:
        Whether it will: not where a hook of the session has read it, or an adapter made it.
    """
    named = getattr(response.raw, "headers", None)
    if is_read(response) or not isinstance(named, urllib3.HTTPHeaderDict):
        return False
    named["Content-Encoding"] = ""
    return True


def _chunks(
    response: requests.Response, is_over: threading.Event, coding: str | None
) -> Iterator[bytes]:
    """The body, decompressed, for as long as somebody waits for it."""
    if coding is not None:
        _name_codings(response, coding)
    try:
        for chunk in response.iter_content(_CHUNK_BYTES):
            if is_over.is_set():
                return
            yield chunk
    except requests.exceptions.ContentDecodingError:
        raise CannotUnpack(f"`{coding}`") from None


def _beginning(chunks: Iterator[bytes]) -> bytes:
    body = bytearray()
    # The status says more than that its words cannot be read.
    with suppress(CannotUnpack):
        for chunk in chunks:
            body += chunk
            if len(body) >= ERROR_BODY_BYTES:
                break
    return bytes(body[:ERROR_BODY_BYTES])
