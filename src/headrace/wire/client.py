"""Sends requests over a shared session and gives back whole answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeVar

import aiohttp
from multidict import CIMultiDict

from headrace import __version__
from headrace.exceptions import HeadraceError, IncompletePage, RedirectRefused
from headrace.exchange import Headers, Request, Response
from headrace.figures import ResourceFigures
from headrace.redaction import Redactor
from headrace.wire.attempts import AttemptFailed, most_attempts, passing_failure
from headrace.wire.body import beginning, whole_body
from headrace.wire.credentials import Credentials
from headrace.wire.destinations import Destination, Destinations
from headrace.wire.failures import (
    LONGEST_HEADER,
    MOST_HEADERS,
    connection_failed,
    redirect_to_nowhere,
    status_error,
)
from headrace.wire.gate import Gate, RateLimit
from headrace.wire.message import encoded_body, merged_headers, secrets_of
from headrace.wire.retrying import Retries, RetrySettings
from headrace.wire.server_pace import retry_after, seconds_to_reset
from headrace.wire.timing import Timing
from headrace.wire.url import (
    sendable,
    shown_origin,
    shown_url,
    user_and_password,
    with_missing_query,
    with_query,
    without_login,
)

Read = TypeVar("Read")

MAX_REDIRECTS = 5

_REDIRECTS = {301, 302, 303, 307, 308}
_DEFAULT_HEADERS = {
    "Accept": "application/json, */*;q=0.8",
    "User-Agent": f"headrace/{__version__}",
}
_CONTENT_TYPE = "Content-Type"
_NO_CONTENT = 204
_TOO_MANY_REQUESTS = 429
_REAL_TIME = Timing()


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """How to talk to one API.

    Args:
        base_url: the URL that the paths stand below; a user name and password in it are sent as
            basic authentication.
        headers: sent with every request.
        concurrency: requests under way at once.
        timeout: seconds for one answer, its body included.
        max_response_bytes: the largest body taken, after decompression.
        retry: when a failed request is made again.
        rate_limit: how many requests may begin in a span of time; any number when None.
        allowed_hosts: other hosts that requests may be led to, with their credentials.
    """

    base_url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    concurrency: int = 8
    timeout: float = 60.0
    max_response_bytes: int = 256 * 1024 * 1024
    retry: RetrySettings = field(default_factory=RetrySettings)
    rate_limit: RateLimit | None = None
    allowed_hosts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class _Answer:
    status: int
    headers: Headers = field(default_factory=Headers)
    body: bytes = b""
    location: str | None = None


class HttpClient:
    """An API's client; open it with `async with` on the event loop that uses it.

    Args:
        settings: of the API.
        timing: to wait by.
    """

    def __init__(self, settings: ClientSettings, timing: Timing = _REAL_TIME) -> None:
        self._settings = settings
        self._timing = timing
        self._gate = Gate(settings.concurrency, settings.rate_limit, timing)
        self._destinations = Destinations(settings.base_url, settings.allowed_hosts)
        self._session: aiohttp.ClientSession | None = None
        self._usual_timeout = aiohttp.ClientTimeout(
            total=min(settings.timeout, settings.retry.deadline)
        )
        login = user_and_password(settings.base_url)
        self._login = Credentials.basic(*login) if login else Credentials()
        defaults = CIMultiDict(_DEFAULT_HEADERS)
        self._headers = merged_headers(defaults, self._login.headers, settings.headers, cookies={})
        self._redactors: dict[tuple[str, ...], Redactor] = {}

    async def __aenter__(self) -> HttpClient:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0),
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=[_CONTENT_TYPE],
            max_line_size=LONGEST_HEADER,
            max_field_size=LONGEST_HEADER,
            max_headers=MOST_HEADERS,
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
        """Gets the whole answer to a request, as `read` does, whatever it says."""
        return await self.read(request, credentials, _as_it_came, ResourceFigures())

    async def read(
        self,
        request: Request,
        credentials: Credentials,
        read: Callable[[Response], Read],
        figures: ResourceFigures,
    ) -> Read:
        """Sends a request, follows redirects to where they may lead, and reads the answer.

        What fails in passing is tried again, after a pause in which no place is taken from others.

        Args:
            request: what to ask.
            credentials: added to it; sent to allowed origins only.
            read: makes what is wanted of an answer with a status below 400; one that raises
                `IncompletePage` is asked for again.
            figures: to count retries and waiting on.

        Returns:
            What `read` returns.

        Raises:
            RequestError: no answer, an error status, or a redirect to another origin.
            PageError: the body is larger than the limit, or `read` says so.
        """
        attempt = partial(self._attempt, request, credentials, read, figures)
        try:
            return await attempt()
        except AttemptFailed as failed:
            retries = Retries(failed, self._settings.retry, self._gate, figures)
        return await retries.run(attempt)

    async def _attempt(
        self,
        request: Request,
        credentials: Credentials,
        read: Callable[[Response], Read],
        figures: ResourceFigures,
        *,
        is_in_line: bool = False,
        most_seconds: float | None = None,
    ) -> Read:
        """One try, redirects included."""
        await self._gate.enter(figures, is_in_line=is_in_line)
        began = self._timing.clock()
        try:
            response = await self._answer(request, credentials, self._timeout(most_seconds))
            return read(response)
        except IncompletePage as error:
            if response.status == _NO_CONTENT:
                raise
            seconds = self._timing.clock() - began
            raise AttemptFailed(error, "incomplete JSON", seconds=seconds) from None
        except AttemptFailed as failed:
            failed.seconds = self._timing.clock() - began
            raise
        finally:
            self._gate.leave()

    def _timeout(self, most_seconds: float | None) -> aiohttp.ClientTimeout:
        if most_seconds is None:
            return self._usual_timeout
        return aiohttp.ClientTimeout(total=min(self._settings.timeout, most_seconds))

    async def _answer(
        self, request: Request, credentials: Credentials, timeout: aiohttp.ClientTimeout
    ) -> Response:
        redactor = partial(self.redactor, request, credentials)
        place = self._destinations.of_path(request.path, redactor)
        asked_url = without_login(place.url)
        url = with_query(place.url, request.params)
        # A server may have put the key in the link that it gave.
        url = with_missing_query(url, credentials.params) if credentials.params else url
        for _ in range(MAX_REDIRECTS + 1):
            # Told only where something is to be told: thousands of pages go without.
            told = partial(self._told, request.method, url, credentials)
            answer = await self._exchange(request, url, place, credentials, timeout, told)
            if answer.location is None:
                break
            place = self._destinations.of_redirect(url, answer.location, told(), redactor)
            url = with_missing_query(place.url, credentials.params)
            request = _redirected(request, answer.status)
        else:
            raise RedirectRefused(
                f"{told()}: redirected more than {MAX_REDIRECTS} times. Check `client.base_url`."
            )
        if answer.status in _REDIRECTS:
            raise redirect_to_nowhere(answer.status, told())
        if answer.status >= 400:
            raise self._refusal(answer, told(), redactor())
        self._heed_rate_limit(answer.headers)
        return Response(
            answer.status, answer.headers, answer.body, told, asked_url, without_login(url)
        )

    def _refusal(self, answer: _Answer, told: str, redactor: Redactor) -> Exception:
        """What an error status means: that there is no answer, or that there may be one later."""
        error = status_error(answer.status, answer.body, told, redactor)
        retry = self._settings.retry
        if answer.status not in retry.status_codes:
            return error
        pause = None
        if retry.respect_retry_after:
            now = self._timing.wall_clock()
            pause = retry_after(answer.headers, now) or seconds_to_reset(answer.headers, now)
        slows_all = answer.status == _TOO_MANY_REQUESTS or pause is not None
        return AttemptFailed(error, str(answer.status), pause=pause, slows_all=slows_all)

    def _heed_rate_limit(self, headers: Headers) -> None:
        """Waits for the reset where nothing is left, but no longer than a request may take.

        Beyond that the server has the word: it may refuse the next request, and say why.
        """
        retry = self._settings.retry
        if retry.respect_retry_after:
            pause = seconds_to_reset(headers, self._timing.wall_clock())
            if pause is not None and pause <= retry.deadline:
                self._gate.pause(pause)

    def _told(self, method: str, url: str, credentials: Credentials) -> str:
        return f"{method} {self._shown(url, credentials)}"

    async def _exchange(
        self,
        request: Request,
        url: str,
        place: Destination,
        credentials: Credentials,
        timeout: aiohttp.ClientTimeout,
        told: Callable[[], str],
    ) -> _Answer:
        """One request and its answer, no redirect followed."""
        if self._session is None:
            raise RuntimeError("the client is not open")
        settings = self._settings
        try:
            body, content_type = encoded_body(request)
            headers = merged_headers(
                self._headers,
                content_type if _CONTENT_TYPE not in self._headers else {},
                request.headers,
                credentials.headers,
                cookies=credentials.cookies,
            )
            async with self._session.request(
                request.method,
                sendable(url, place.home),
                headers=headers,
                data=body,
                allow_redirects=False,
                proxy=place.proxy,
                timeout=timeout,
            ) as response:
                status, sent = response.status, Headers(response.headers)
                if status in _REDIRECTS:
                    return _Answer(status, sent, location=response.headers.get("Location") or None)
                if status >= 400:
                    return _Answer(status, sent, await beginning(response))
                whole = await whole_body(response, settings.max_response_bytes, told)
                return _Answer(status, sent, whole)
        except HeadraceError:
            raise
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
            target = shown_origin(place.home)
            redactor = self.redactor(request, credentials)
            failure = connection_failed(error, told(), target, timeout.total or 0.0, redactor)
            brief, most = passing_failure(error), most_attempts(error)
        # Out here the library's error, which knows the whole request, is not behind this one.
        if brief is None:
            raise failure
        raise AttemptFailed(failure, brief, most)


def _as_it_came(response: Response) -> Response:
    return response


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
