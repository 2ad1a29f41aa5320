"""Sends requests over a shared session and gives back whole answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Generic, TypeVar

import requests
from multidict import CIMultiDict

from headrace._version import __version__
from headrace.core.exceptions import (
    AuthenticationFailed,
    HeadraceError,
    IncompletePage,
    RedirectRefused,
    ResponseStatusError,
)
from headrace.core.exchange import Headers, Request, Response, ShownRequest
from headrace.core.figures import ResourceFigures
from headrace.core.secrets.redaction import Redactor
from headrace.http.answer_hooks import AnswerRefused, Judge
from headrace.http.auth.base import AnyAuthentication, Authentication
from headrace.http.auth.credentials import Credentials
from headrace.http.auth.object_secrets import secrets_within
from headrace.http.failures.aiohttp_failures import aiohttp_failure
from headrace.http.failures.attempts import AttemptFailed
from headrace.http.failures.messages import (
    connection_failed,
    redirect_to_nowhere,
    refused_response,
    status_error,
)
from headrace.http.gate import Gate
from headrace.http.message import Message, encoded_body, merged_headers, secrets_of
from headrace.http.origins import Destination, Destinations
from headrace.http.retrying import Retries
from headrace.http.server_pace import asked_for, retry_after, seconds_to_reset
from headrace.http.settings import ClientSettings
from headrace.http.timing import Timing
from headrace.http.transports.aiohttp import AiohttpTransport
from headrace.http.transports.base import REDIRECTS, Answer, Transport
from headrace.http.transports.requests_session import SessionTransport
from headrace.http.url import (
    shown_origin,
    shown_url,
    user_and_password,
    with_missing_query,
    with_query,
    without_login,
)

__all__ = ["ClientSettings", "HttpClient"]

Read = TypeVar("Read")

MAX_REDIRECTS = 5

_DEFAULT_HEADERS = {
    "Accept": "application/json, */*;q=0.8",
    "User-Agent": f"headrace/{__version__}",
}
_CONTENT_TYPE = "Content-Type"
_NO_CONTENT = 204
_UNAUTHORIZED = 401
_TOO_MANY_REQUESTS = 429
_NO_CREDENTIALS = Credentials()
_NO_PARAMS: Mapping[str, str] = {}
# Tokens come and go.
_MOST_REDACTORS = 64
_REAL_TIME = Timing()


@dataclass(slots=True)
class _Asking(Generic[Read]):
    """One request on its way through all its attempts."""

    request: Request
    auth: AnyAuthentication
    read: Callable[[Response], Read]
    figures: ResourceFigures
    judge: Judge | None = None
    proof: object = None
    is_renewed: bool = False


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
        self._destinations = Destinations(
            settings.base_url, settings.allowed_hosts, settings.url_key
        )
        self._transport: Transport | None = None
        self._session_of_signers: SessionTransport | None = None
        self._usual_seconds = min(settings.timeout, settings.retry.deadline)
        login = user_and_password(settings.base_url)
        self._login = Credentials.basic(*login) if login else Credentials()
        # A session has its own.
        defaults = CIMultiDict({} if settings.session is not None else _DEFAULT_HEADERS)
        self._headers = merged_headers(defaults, self._login.headers, settings.headers, cookies={})
        self._redactors: dict[tuple[str, ...], Redactor] = {}

    async def __aenter__(self) -> HttpClient:
        session = self._settings.session
        self._transport = (
            AiohttpTransport(self._settings)
            if session is None
            else SessionTransport(session, self._settings)
        )
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        for transport in (self._transport, self._session_of_signers):
            if transport is not None:
                await transport.close()

    def redactor(self, request: Request, credentials: AnyAuthentication) -> Redactor:
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
                *secrets_within(self._settings.session),
            ]
        )

    def _shown_url(self, url: str, auth: AnyAuthentication) -> str:
        """The URL without secrets; made for every page, so with the known secrets alone."""
        secrets = auth.secrets
        if secrets not in self._redactors:
            if len(self._redactors) >= _MOST_REDACTORS:
                self._redactors.clear()
            self._redactors[secrets] = Redactor(secrets)
        hidden = auth.params if isinstance(auth, Credentials) else ()
        return self._redactors[secrets].clean(shown_url(url, hidden))

    async def send(self, request: Request, credentials: AnyAuthentication) -> Response:
        """Gets the whole answer to a request, as `read` does, whatever it says."""
        return await self.read(request, credentials, _as_it_came, ResourceFigures())

    async def read(
        self,
        request: Request,
        credentials: AnyAuthentication,
        read: Callable[[Response], Read],
        figures: ResourceFigures,
        judge: Judge | None = None,
    ) -> Read:
        """Sends a request, follows redirects to where they may lead, and reads the answer.

        What fails in passing is tried again, after a pause in which no place is taken from others.

        Args:
            request: what to ask.
            credentials: added to it; sent to allowed origins only.
            read: makes what is wanted of an answer with a status below 400; one that raises
                `IncompletePage` is asked for again.
            figures: to count retries and waiting on.
            judge: sees each answer first, whatever its status; none when None.

        Returns:
            What `read` returns.

        Raises:
            AnswerIgnored: `judge` says so.
            RequestError: no answer, an error status, or a redirect to another origin.
            PageError: the body is larger than the limit, or `read` or `judge` says so.
        """
        asking = _Asking(request, credentials, read, figures, judge)
        is_static = isinstance(credentials, Credentials)
        attempt = partial(self._attempt if is_static else self._signed_attempt, asking)
        try:
            try:
                return await attempt()
            except AttemptFailed as failed:
                retries = Retries(failed, self._settings.retry, self._gate, figures)
            return await retries.run(attempt)
        except HeadraceError as error:
            error.located(resource=figures.resource or None)
            raise

    async def _signed_attempt(
        self,
        asking: _Asking[Read],
        *,
        is_in_line: bool = False,
        most_seconds: float | None = None,
    ) -> Read:
        """One try; where the server takes the proof no more, a second one with a new proof."""
        auth = asking.auth
        assert not isinstance(auth, Credentials)
        await auth.prepare(self._settings, self._timing)
        try:
            return await self._attempt(asking, is_in_line=is_in_line, most_seconds=most_seconds)
        except ResponseStatusError as refused:
            if refused.status != _UNAUTHORIZED or asking.is_renewed:
                raise
            asking.is_renewed = True
            if not await auth.renew(asking.proof, self._settings, self._timing):
                raise
        return await self._attempt(asking, is_in_line=is_in_line, most_seconds=most_seconds)

    async def _attempt(
        self,
        asking: _Asking[Read],
        *,
        is_in_line: bool = False,
        most_seconds: float | None = None,
    ) -> Read:
        """One try, redirects included."""
        await self._gate.enter(asking.figures, is_in_line=is_in_line)
        began = self._timing.clock()
        try:
            response = await self._answer(asking, self._seconds(most_seconds))
            return asking.read(response)
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

    def _seconds(self, most: float | None) -> float:
        return self._usual_seconds if most is None else min(self._settings.timeout, most)

    async def _answer(self, asking: _Asking[Read], seconds: float) -> Response:
        request, auth = asking.request, asking.auth
        params = auth.params if isinstance(auth, Credentials) else _NO_PARAMS
        redactor = partial(self.redactor, request, auth)
        place = self._destinations.of_path(request.path, redactor)
        asked_url = without_login(place.url)
        url = with_query(place.url, request.params)
        # A server may have put the key in the link that it gave.
        url = with_missing_query(url, params) if params else url
        for _ in range(MAX_REDIRECTS + 1):
            asked = ShownRequest(request.method, partial(self._shown_url, url, auth))
            message = self._message(request, url, place, auth, asked, redactor)
            if not isinstance(auth, Credentials):
                await self._sign(asking, auth, message, place, seconds, asked)
            transport = self._transport_for(message)
            message.is_judged = asking.judge is not None
            answer = await transport.exchange(message, place, seconds, asked, redactor)
            if asking.judge is not None:
                seen = Response(*answer.as_sent, asked, asked_url, without_login(url))
                answer = self._judged(asking, asking.judge, request, seen, redactor)
            if answer.location is None:
                break
            place = self._destinations.of_redirect(
                url, answer.location, answer.status, asked, redactor
            )
            url = with_missing_query(place.url, params)
            request = _redirected(request, answer.status)
        else:
            raise RedirectRefused(
                f"{asked}: redirected more than {MAX_REDIRECTS} times. "
                f"Check `{self._settings.url_key}`.",
                url=asked.url,
                status=answer.status,
            )
        if answer.status in REDIRECTS:
            raise redirect_to_nowhere(answer.status, asked, self._settings.url_key)
        if answer.status >= 400:
            raise self._refusal(answer, asked, redactor(), auth)
        self._heed_rate_limit(answer.headers)
        return Response(*answer.as_sent, asked, asked_url, without_login(url))

    async def _sign(
        self,
        asking: _Asking[Read],
        auth: Authentication,
        message: Message,
        place: Destination,
        seconds: float,
        asked: ShownRequest,
    ) -> None:
        try:
            await auth.sign(message, place, seconds)
        except AuthenticationFailed as error:
            error.located(url=asked.url)
            raise
        except AttemptFailed as failed:
            failed.error.located(url=asked.url)
            raise
        asking.proof = message.proof

    def _message(
        self,
        request: Request,
        url: str,
        place: Destination,
        auth: AnyAuthentication,
        asked: ShownRequest,
        redactor: Callable[[], Redactor],
    ) -> Message:
        static = auth if isinstance(auth, Credentials) else _NO_CREDENTIALS
        try:
            body, content_type = encoded_body(request)
        except ValueError as error:
            failure = aiohttp_failure(error, redactor())
            target, url_key = shown_origin(place.home), self._settings.url_key
            raise connection_failed(failure, asked, target, self._usual_seconds, url_key) from None
        headers = merged_headers(
            self._headers,
            content_type if _CONTENT_TYPE not in self._headers else {},
            request.headers,
            static.headers,
            cookies=static.cookies,
        )
        return Message(request.method, url, headers, body, bool(static.what))

    def _transport_for(self, message: Message) -> Transport:
        """The client's own; where a signer wants to see the answer, a session of `requests`."""
        if self._transport is None:
            raise RuntimeError("the client is not open")
        if message.signer is None or self._settings.session is not None:
            return self._transport
        if self._session_of_signers is None:
            self._session_of_signers = SessionTransport(requests.Session(), self._settings)
        return self._session_of_signers

    def _refusal(
        self, answer: Answer, asked: ShownRequest, redactor: Redactor, auth: AnyAuthentication
    ) -> Exception:
        """What an error status means: that there is no answer, or that there may be one later."""
        error = status_error(answer.status, answer.body, asked, redactor, self._advice(auth))
        is_renewed_first = answer.status == _UNAUTHORIZED and not isinstance(auth, Credentials)
        if answer.status not in self._settings.retry.status_codes or is_renewed_first:
            return error
        return self._passing(error, answer)

    def _passing(self, error: HeadraceError, answer: Answer | Response) -> AttemptFailed:
        pause = None
        if self._settings.retry.respect_retry_after:
            now = self._timing.wall_clock()
            pause = retry_after(answer.headers, now) or seconds_to_reset(answer.headers, now)
        slows_all = answer.status == _TOO_MANY_REQUESTS or pause is not None
        return AttemptFailed(error, str(answer.status), pause=pause, slows_all=slows_all)

    def _judged(
        self,
        asking: _Asking[Read],
        judge: Judge,
        request: Request,
        seen: Response,
        redactor: Callable[[], Redactor],
    ) -> Answer:
        """The answer that counts, by the word of the judge."""
        try:
            judged = judge(request, seen)
        except AnswerRefused as refused:
            # What is to fail at once is not tried with another token.
            asking.is_renewed |= not refused.again
            advice = self._advice(asking.auth)
            error = refused_response(seen, redactor(), advice, refused.why)
            # What a function of the user failed with may hold secrets: it is told of, cleaned.
            raise (self._passing(error, seen) if refused.again else error) from None
        location = judged.headers.get("Location") if judged.status in REDIRECTS else None
        return Answer(judged.status, judged.headers, judged.body, location or None)

    def _advice(self, auth: AnyAuthentication) -> Mapping[int, str]:
        is_nothing = isinstance(auth, Credentials) and not auth.what
        return self._login.advice if is_nothing else auth.advice

    def _heed_rate_limit(self, headers: Headers) -> None:
        """Waits for the reset where nothing is left, but no longer than a request may take.

        Beyond that the server has the word: it may refuse the next request, and say why.
        """
        retry = self._settings.retry
        if retry.respect_retry_after:
            pause = seconds_to_reset(headers, self._timing.wall_clock())
            if pause is not None and pause <= retry.deadline:
                self._gate.pause(pause, asked_for(pause, "its rate limit is used up"))


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
