"""Sends one request at a time over a shared session and gives back a whole answer."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urljoin

import aiohttp
from yarl import URL

from headrace import __version__
from headrace.exceptions import HeadraceError, PageError, RedirectRefused
from headrace.exchange import Headers, Request, Response
from headrace.redaction import Redactor
from headrace.wire.credentials import Credentials
from headrace.wire.failures import connection_failed, status_error
from headrace.wire.url import join_url, origin, shown_origin, shown_url, with_query

MAX_REDIRECTS = 5

_REDIRECTS = {301, 302, 303, 307, 308}
_DEFAULT_HEADERS = {
    "Accept": "application/json, */*;q=0.8",
    "User-Agent": f"headrace/{__version__}",
}
_ERROR_BODY_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """How to talk to one API.

    Args:
        base_url: the URL that the paths stand below.
        headers: sent with every request.
        concurrency: requests under way at once.
        timeout: seconds for one request, its body included.
        max_response_bytes: the largest body taken, after decompression.
    """

    base_url: str
    headers: Mapping[str, str] = field(default_factory=dict)
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

    async def __aenter__(self) -> HttpClient:
        self._session = aiohttp.ClientSession(
            headers={**_DEFAULT_HEADERS, **self._settings.headers},
            timeout=aiohttp.ClientTimeout(total=self._settings.timeout),
            connector=aiohttp.TCPConnector(limit=0),
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=True,
        )
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        if self._session is not None:
            await self._session.close()

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
        params = {**request.params, **credentials.params}
        url = with_query(join_url(self._settings.base_url, request.path), params)
        self._refuse_other_origin(url, "the request goes")
        redactor = Redactor(credentials.secrets)
        async with self._slots:
            for _ in range(MAX_REDIRECTS + 1):
                shown = redactor.clean(shown_url(url, credentials.params))
                asked = f"{request.method} {shown}"
                answer = await self._exchange(request, url, credentials, asked)
                if answer.location is None:
                    break
                url = urljoin(url, answer.location)
                self._refuse_other_origin(url, f"{asked}: the server redirects")
                request = _redirected(request, answer.status)
            else:
                raise RedirectRefused(
                    f"{asked}: redirected more than {MAX_REDIRECTS} times. Check `client.base_url`."
                )
        if answer.status >= 400:
            failure = status_error(answer.status, answer.body, asked)
            raise type(failure)(redactor.clean(str(failure)), answer.status)
        return Response(answer.status, shown, answer.headers, answer.body)

    async def _exchange(
        self, request: Request, url: str, credentials: Credentials, asked: str
    ) -> _Answer:
        """One request and its answer, no redirect followed."""
        if self._session is None:
            raise RuntimeError("the client is not open")
        try:
            async with self._session.request(
                request.method,
                URL(url, encoded=True),
                headers=_with_cookies({**request.headers, **credentials.headers}, credentials),
                json=request.json,
                data=_form(request.data),
                allow_redirects=False,
            ) as response:
                location = response.headers.get("Location")
                if response.status in _REDIRECTS and location:
                    return _Answer(response.status, location=location)
                if response.status >= 400:
                    return _Answer(response.status, body=await _beginning(response))
                body = await _whole_body(response, self._settings.max_response_bytes, asked)
                return _Answer(response.status, Headers(response.headers), body)
        except HeadraceError:
            raise
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
            cleaned = Redactor(credentials.secrets).clean
            failure = connection_failed(error, asked, self._settings.timeout)
            raise type(failure)(cleaned(str(failure))) from None

    def _refuse_other_origin(self, url: str, who: str) -> None:
        base = self._settings.base_url
        if origin(url) != origin(base):
            raise RedirectRefused(
                f"{who} to {shown_origin(url)}, which is not the origin of `client.base_url` "
                f"({shown_origin(base)}); credentials do not leave it. If that server is meant, "
                "make it the `client.base_url`."
            )


def _redirected(request: Request, status: int) -> Request:
    """What is asked at the new place: after 303, and as browsers do after 301 and 302, a GET."""
    if status == 303 or (status in {301, 302} and request.method == "POST"):
        return replace(request, method="GET", json=None, data=None)
    return request


async def _whole_body(response: aiohttp.ClientResponse, limit: int, asked: str) -> bytes:
    chunks: list[bytes] = []
    size = 0
    async for chunk in response.content.iter_any():
        size += len(chunk)
        if size > limit:
            raise PageError(
                f"{asked}: the answer is larger than {limit:,} bytes. Ask for smaller pages, or "
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


def _with_cookies(headers: dict[str, str], credentials: Credentials) -> dict[str, str]:
    if not credentials.cookies:
        return headers
    pairs = [f"{name}={value}" for name, value in credentials.cookies.items()]
    given = headers.pop("Cookie", None)
    return {**headers, "Cookie": "; ".join([given, *pairs] if given else pairs)}


def _form(data: Any) -> Any:
    """A form's fields as aiohttp takes them: text, a list's items one by one, None left out."""
    if not isinstance(data, Mapping):
        return data
    form = aiohttp.FormData()
    for name, value in data.items():
        for item in value if isinstance(value, list | tuple) else [value]:
            if item is not None:
                form.add_field(str(name), str(item))
    return form
