"""Sends one request at a time over a shared session and gives back a whole answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from urllib.parse import urljoin

import aiohttp

from headrace import __version__
from headrace.exceptions import HeadraceError, PageError, RedirectRefused
from headrace.exchange import Headers, Request, Response
from headrace.redaction import Redactor
from headrace.wire.credentials import Credentials
from headrace.wire.failures import connection_failed, redirect_to_nowhere, status_error
from headrace.wire.message import encoded_body, merged_headers, secrets_of
from headrace.wire.proxy import environment_proxy
from headrace.wire.url import (
    join_url,
    origin,
    sendable,
    shown_origin,
    shown_url,
    user_and_password,
    with_missing_query,
    with_query,
)

MAX_REDIRECTS = 5

_REDIRECTS = {301, 302, 303, 307, 308}
_DEFAULT_HEADERS = {
    "Accept": "application/json, */*;q=0.8",
    "User-Agent": f"headrace/{__version__}",
}
_ERROR_BODY_BYTES = 64 * 1024
# What Python's own client allows: some servers put long cursors and policies in headers.
_LONGEST_HEADER = 64 * 1024


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """How to talk to one API.

    Args:
        base_url: the URL that the paths stand below; a user name and password in it are sent as
            basic authentication.
        headers: sent with every request.
        concurrency: requests under way at once.
        timeout: seconds for one request, its body included.
        max_response_bytes: the largest body taken, after decompression.
    """

    base_url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    concurrency: int = 8
    timeout: float = 60.0
    max_response_bytes: int = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    headers: Headers = field(default_factory=Headers)
    body: bytes = b""
    location: str | None = None


class HttpClient:
    """An API's client; open it with `async with` on the event loop that uses it.

    Args:
        settings: of the API.
    """

    def __init__(self, settings: ClientSettings) -> None:
        self._settings = settings
        self._slots = asyncio.Semaphore(settings.concurrency)
        self._session: aiohttp.ClientSession | None = None
        login = user_and_password(settings.base_url)
        self._login = Credentials.basic(*login) if login else Credentials()
        self._own_urls: dict[str, str] = {}
        self._redactors: dict[tuple[str, ...], Redactor] = {}

    async def __aenter__(self) -> HttpClient:
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=self._settings.timeout),
            connector=aiohttp.TCPConnector(limit=0),
            cookie_jar=aiohttp.DummyCookieJar(),
            # All requests go to one origin: its proxy is looked up once, not in a thread for each.
            proxy=environment_proxy(self._settings.base_url),
            skip_auto_headers=["Content-Type"],
            max_line_size=_LONGEST_HEADER,
            max_field_size=_LONGEST_HEADER,
        )
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        if self._session is not None:
            await self._session.close()

    def redactor(self, request: Request, credentials: Credentials) -> Redactor:
        """What hides the secrets of a request in all that is told of it.

        Args:
            request: as it was asked for: its headers and parameters may hold secrets as well.
            credentials: that go with it.
        """
        return Redactor(
            [
                *credentials.secrets,
                *self._login.secrets,
                *secrets_of(self._settings.headers),
                *secrets_of(request.headers),
                *secrets_of(request.params),
            ]
        )

    def _shown(self, url: str, credentials: Credentials) -> str:
        """The URL fit to be shown; made for every page, so with the known secrets alone."""
        if credentials.secrets not in self._redactors:
            self._redactors[credentials.secrets] = Redactor(credentials.secrets)
        redactor = self._redactors[credentials.secrets]
        return redactor.clean(shown_url(url, credentials.params))

    async def send(self, request: Request, credentials: Credentials) -> Response:
        """Sends the request, follows redirects within the origin, and reads the whole answer.

        Args:
            request: what to ask.
            credentials: added to it; sent to the origin of the base URL only.

        Returns:
            The answer, its status below 400.

        Raises:
            RequestError: no answer, an error status, or a redirect to another origin.
            PageError: the body is larger than the limit.
        """
        url = with_query(self._listing_url(request, credentials), request.params)
        url = with_query(url, credentials.params) if credentials.params else url
        async with self._slots:
            for _ in range(MAX_REDIRECTS + 1):
                # Told only where something is to be told: thousands of pages go without.
                told = partial(self._told, request.method, url, credentials)
                answer = await self._exchange(request, url, credentials, told)
                if answer.location is None:
                    break
                redactor = self.redactor(request, credentials)
                who = f"{told()}: the server redirects"
                url = self._own_url(urljoin, url, answer.location, who, redactor)
                url = with_missing_query(url, credentials.params)
                request = _redirected(request, answer.status)
            else:
                raise RedirectRefused(
                    f"{told()}: redirected more than {MAX_REDIRECTS} times. Check "
                    "`client.base_url`."
                )
        if answer.status in _REDIRECTS:
            raise redirect_to_nowhere(answer.status, told())
        if answer.status >= 400:
            redactor = self.redactor(request, credentials)
            raise status_error(answer.status, answer.body, told(), redactor)
        return Response(answer.status, answer.headers, answer.body, told)

    def _listing_url(self, request: Request, credentials: Credentials) -> str:
        """Where a path leads; all pages of a listing share one."""
        if request.path not in self._own_urls:
            redactor = self.redactor(request, credentials)
            self._own_urls[request.path] = self._own_url(
                join_url, self._settings.base_url, request.path, "the request goes", redactor
            )
        return self._own_urls[request.path]

    def _told(self, method: str, url: str, credentials: Credentials) -> str:
        return f"{method} {self._shown(url, credentials)}"

    async def _exchange(
        self,
        request: Request,
        url: str,
        credentials: Credentials,
        told: Callable[[], str],
    ) -> _Answer:
        """One request and its answer, no redirect followed."""
        if self._session is None:
            raise RuntimeError("the client is not open")
        settings = self._settings
        try:
            body, content_type = encoded_body(request)
            headers = merged_headers(
                {**_DEFAULT_HEADERS, **content_type, **self._login.headers},
                settings.headers,
                request.headers,
                credentials.headers,
                cookies=credentials.cookies,
            )
            async with self._session.request(
                request.method,
                sendable(url, settings.base_url),
                headers=headers,
                data=body,
                allow_redirects=False,
            ) as response:
                if response.status in _REDIRECTS:
                    return _Answer(
                        response.status, location=response.headers.get("Location") or None
                    )
                if response.status >= 400:
                    return _Answer(response.status, body=await _beginning(response))
                whole = await _whole_body(response, settings.max_response_bytes, told)
                return _Answer(response.status, Headers(response.headers), whole)
        except HeadraceError:
            raise
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
            target = shown_origin(settings.base_url)
            redactor = self.redactor(request, credentials)
            raise connection_failed(error, told(), target, settings.timeout, redactor) from None

    def _own_url(
        self,
        join: Callable[[str, str], str],
        url: str,
        reference: str,
        who: str,
        redactor: Redactor,
    ) -> str:
        """Where a path or a Location leads, seen from a URL; refused outside the API's origin."""
        base = self._settings.base_url
        try:
            target = join(url, reference)
            is_own = origin(target) == origin(base)
            shown = "" if is_own else redactor.clean(shown_origin(target))
        except ValueError as error:
            raise RedirectRefused(
                redactor.clean(f"{who} to something that is no URL ({error}).")
            ) from None
        if is_own:
            return target
        raise RedirectRefused(
            f"{who} to {shown}, which is not the origin of `client.base_url` "
            f"({shown_origin(base)}); credentials do not leave it. If that server is meant, "
            "make it the `client.base_url`."
        )


def _redirected(request: Request, status: int) -> Request:
    """What is asked at the new place: after 303, and as browsers do after 301 and 302, a GET."""
    if (status == 303 and request.method != "HEAD") or (
        status in {301, 302} and request.method == "POST"
    ):
        headers = {
            name: value
            for name, value in request.headers.items()
            if not name.lower().startswith("content-")
        }
        return replace(request, method="GET", headers=headers, json=None, data=None)
    return request


async def _whole_body(
    response: aiohttp.ClientResponse, limit: int, told: Callable[[], str]
) -> bytes:
    chunks: list[bytes] = []
    size = 0
    async for chunk in response.content.iter_any():
        size += len(chunk)
        if size > limit:
            raise PageError(
                f"{told()}: the answer is larger than {limit:,} bytes. Ask for smaller pages, or "
                "raise `client.max_response_bytes`."
            )
        chunks.append(chunk)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


async def _beginning(response: aiohttp.ClientResponse) -> bytes:
    body = b""
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) >= _ERROR_BODY_BYTES:
            break
    return body[:_ERROR_BODY_BYTES]
