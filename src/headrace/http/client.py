"""An API's client: makes requests, as often as it takes, and gives back what is read of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TypeVar

from headrace.core.exceptions import HeadraceError, ResponseStatusError
from headrace.core.exchange import Request, Response
from headrace.core.figures import ResourceFigures
from headrace.core.secrets.redaction import Redactor
from headrace.core.secrets.shipping import stays_here
from headrace.http.ahead import AskedAhead, Hop
from headrace.http.answer_policy import UNAUTHORIZED, AnswerPolicy
from headrace.http.auth.base import AnyAuthentication, Refusal
from headrace.http.auth.credentials import Credentials
from headrace.http.failures.attempts import AttemptFailed
from headrace.http.origins import AllowedOrigins
from headrace.http.redaction import RequestRedaction
from headrace.http.response_hooks import ResponseHook
from headrace.http.retrying import Retries
from headrace.http.sending import Asking, Sender
from headrace.http.settings import ClientSettings
from headrace.http.throttle import Throttle
from headrace.http.timing import Timing
from headrace.http.url import user_and_password

Read = TypeVar("Read")

_REAL_TIME = Timing()


@stays_here
class HttpClient:
    """An API's client; open it with `async with` on the event loop that uses it.

    Args:
        settings: How to talk to the API.
        timing: The clock and the sleep that the client waits by.
        throttle: What holds its requests back; None to make it from the settings.
    """

    def __init__(
        self,
        settings: ClientSettings,
        timing: Timing = _REAL_TIME,
        throttle: Throttle | None = None,
    ) -> None:
        self._settings = settings
        self._timing = timing
        self._throttle = throttle or Throttle(settings.concurrency, settings.rate_limit, timing)
        self._origins = AllowedOrigins(settings.base_url, settings.allowed_hosts, settings.url_key)
        # RFC 3986, 3.2.1: `user:password@` before the host; sent as Basic authentication.
        login = user_and_password(settings.base_url)
        self._login = Credentials.basic(*login) if login else Credentials()
        self._redaction = RequestRedaction(settings, self._login)
        self._usual_seconds = min(settings.timeout, settings.retry.deadline)
        self._sender: Sender | None = None

    async def __aenter__(self) -> HttpClient:
        policy = AnswerPolicy(self._settings, self._login, self._throttle, self._timing)
        self._sender = Sender(self._settings, self._login, self._origins, self._redaction, policy)
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        if self._sender is not None:
            await self._sender.close()

    def redactor(self, request: Request, credentials: AnyAuthentication) -> Redactor:
        """What hides the secrets of a request in all that is told of it.

        Args:
            request: The request as it was asked for. Its headers and parameters may hold secrets
                as well.
            credentials: The authentication that goes with it.
        """
        return self._redaction.redactor(request, credentials)

    async def send(self, request: Request, credentials: AnyAuthentication) -> Response:
        """Makes a request and gives back its whole answer, as `read` does.

        Args:
            request: What to ask.
            credentials: The authentication that goes with it, to allowed origins only.

        Raises:
            RequestError: No answer came, or one with an error status, or a redirect leads to
                another origin.
            PageError: The body is larger than the limit.
        """
        return await self.read(request, credentials, _as_it_came, ResourceFigures())

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
        """Sends a request, follows redirects to where they may lead, and reads the answer.

        A request that failed in passing is made again, after a pause in which it takes no place
        from others.

        Args:
            request: What to ask.
            credentials: The authentication that goes with it, to allowed origins only.
            read: Makes what is wanted of an answer with a status below 400. Where it raises
                `IncompletePage`, the request is made again.
            figures: Counts retries and waiting. The resource that it names is noted on errors.
            hook: Sees each answer first, whatever its status; None for none.
            most_attempts: How many attempts to make, where the server does not ask to wait; as many
                as the settings say when None.
            ahead: Asks for what probably follows, as soon as the answer is there; None for
                nothing. It is not heeded where a request is not sent as it is: with a hook, with
                credentials that are renewed, or over a session of the user's.

        Returns:
            What `read` returns.

        Raises:
            ResponseIgnored: `hook` says so.
            RequestError: No answer came, or one with an error status, or a redirect leads to
                another origin.
            PageError: The body is larger than the limit, or `read` or `hook` says so.
        """
        is_static = isinstance(credentials, Credentials)
        is_foretold = is_static and hook is None and self._settings.session is None
        asking = Asking(request, credentials, read, hook, ahead if is_foretold else None)
        attempt = partial(self._attempt if is_static else self._renewing_attempt, asking, figures)
        try:
            try:
                return await attempt()
            except AttemptFailed as failed:
                retry = self._settings.retry
                if most_attempts is not None and not failed.slows_all:
                    retry = replace(retry, max_attempts=min(most_attempts, retry.max_attempts))
                retries = Retries(failed, retry, self._throttle, figures)
            return await retries.run(attempt)
        except HeadraceError as error:
            error.located(resource=figures.resource or None)
            raise

    async def _renewing_attempt(
        self,
        asking: Asking[Read],
        figures: ResourceFigures,
        *,
        is_in_line: bool = False,
        most_seconds: float | None = None,
    ) -> Read:
        """One attempt; after a 401 a second one with new credentials, where they can be renewed."""
        auth = asking.auth
        assert not isinstance(auth, Credentials)
        # A nonce or a token may end between two attempts.
        asking.is_renewed = False
        attempt = partial(
            self._attempt, asking, figures, is_in_line=is_in_line, most_seconds=most_seconds
        )
        await auth.prepare(self._settings, self._timing)
        try:
            return await attempt()
        except ResponseStatusError as refused:
            if refused.status != UNAUTHORIZED or asking.is_renewed:
                raise
            asking.is_renewed = True
            refusal = Refusal(refused, asking.proof, asking.challenge)
            asking.proof = await auth.renew(refusal, self._settings, self._timing)
            if asking.proof is None:
                raise
        return await attempt()

    async def _attempt(
        self,
        asking: Asking[Read],
        figures: ResourceFigures,
        *,
        is_in_line: bool = False,
        most_seconds: float | None = None,
    ) -> Read:
        """One attempt, redirects included; the arguments are those of `retrying.Attempt`."""
        if self._sender is None:
            raise RuntimeError("the client is not open")
        is_first = most_seconds is None
        ahead = asking.ahead
        under_way = ahead.under_way(asking.request) if ahead is not None and is_first else None
        if under_way is None:
            await self._throttle.enter(figures, is_in_line=is_in_line)
        began = self._timing.clock()
        try:
            try:
                seconds = self._seconds(most_seconds)
                response = await self._sender.answer(asking, seconds, under_way)
            finally:
                if under_way is None:
                    self._throttle.leave()
            if ahead is not None:
                ahead.go_on(response, partial(self._send_ahead, asking))
            return self._sender.made_of(asking, response)
        except AttemptFailed as failed:
            failed.seconds = self._timing.clock() - began
            raise

    def _send_ahead(self, asking: Asking[Read], request: Request) -> Hop | None:
        assert self._sender is not None
        if not self._throttle.enter_at_once():
            return None
        hop = self._sender.send_ahead(
            Asking(request, asking.auth, asking.read), self._throttle.leave
        )
        if hop is None:
            self._throttle.leave()
        return hop

    def _seconds(self, most: float | None) -> float:
        return self._usual_seconds if most is None else min(self._settings.timeout, most)


def _as_it_came(response: Response) -> Response:
    return response
