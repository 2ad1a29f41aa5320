"""Sends one attempt of a request, and follows redirects to its answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Generic, TypeVar

import requests
from multidict import CIMultiDict

from headrace._version import __version__
from headrace.core.exceptions import (
    AuthenticationFailed,
    IncompletePage,
    RedirectRefused,
    RequestError,
)
from headrace.core.exchange import Request, Response, ShownRequest
from headrace.core.leaps import Leap, is_taken
from headrace.core.quick_dataclasses import dataclass
from headrace.core.secrets.redaction import Redactor
from headrace.http.ahead import AskedAhead, Hop
from headrace.http.answer_policy import AnswerPolicy
from headrace.http.auth.base import AnyAuthentication, Authentication
from headrace.http.auth.credentials import Credentials
from headrace.http.failures.attempts import AttemptFailed
from headrace.http.failures.kinds import FailureKind
from headrace.http.failures.messages import connection_failed, redirect_to_nowhere
from headrace.http.failures.others import other_failure
from headrace.http.origins import AllowedOrigins, RequestTarget
from headrace.http.outgoing_request import OutgoingRequest, encoded_body, merged_headers
from headrace.http.redaction import RequestRedaction
from headrace.http.redirects import MAX_REDIRECTS, REDIRECTS, redirected
from headrace.http.response_hooks import ResponseHook, ResponseRefused
from headrace.http.settings import ClientSettings
from headrace.http.transports.base import Answer, Transport, too_large
from headrace.http.transports.plain import PlainTransport
from headrace.http.transports.requests_session import SessionTransport
from headrace.http.unpacking import CannotUnpack, unpacked_file
from headrace.http.url import shown_origin, with_missing_query, with_query, without_login

_DEFAULT_HEADERS = {
    "Accept": "application/json, */*;q=0.8",
    "User-Agent": f"headrace/{__version__}",
}
_CONTENT_TYPE = "Content-Type"
_NO_CREDENTIALS = Credentials()
# RFC 9110, 15.3.5: there is no body, so none was cut off.
_NO_CONTENT = 204
_NO_PARAMS: Mapping[str, str] = {}


Read = TypeVar("Read")


@dataclass(slots=True)
class Asking(Generic[Read]):
    """One request on its way through all its attempts.

    Args:
        request: The request.
        auth: The authentication that goes with it.
        read: Makes what is wanted of an answer.
        hook: Sees each answer before it counts; None for none.
        ahead: Asks for what probably follows; None for nothing.
        proof: What the authentication knows the credentials of the last attempt by.
        challenge: The WWW-Authenticate headers of the last answer that was refused.
        is_renewed: Whether no other credentials are to be tried after a 401: they have been, or
            the hook has spoken.
    """

    request: Request
    auth: AnyAuthentication
    read: Callable[[Response], Read]
    hook: ResponseHook | None = None
    ahead: AskedAhead | None = None
    proof: object = None
    challenge: str = ""
    is_renewed: bool = False


class Sender:
    """Sends the requests of one client; to be made on the event loop that uses it.

    Args:
        settings: The settings of the API.
        login: The user name and password in the base URL; empty credentials where there are none.
        origins: Where requests may go.
        redaction: Hides their secrets.
        policy: What answers mean.
    """

    def __init__(
        self,
        settings: ClientSettings,
        login: Credentials,
        origins: AllowedOrigins,
        redaction: RequestRedaction,
        policy: AnswerPolicy,
    ) -> None:
        self._settings = settings
        self._origins = origins
        self._redaction = redaction
        self._policy = policy
        session = settings.session
        self._transport = _transport(settings)
        self._session_of_signers: SessionTransport | None = None
        # A session of the user's has default headers of its own.
        defaults = CIMultiDict({} if session is not None else _DEFAULT_HEADERS)
        self._headers = merged_headers(defaults, login.headers, settings.headers, cookies={})

    async def close(self) -> None:
        """Closes the connections."""
        for transport in (self._transport, self._session_of_signers):
            if transport is not None:
                await transport.close()

    def made_of(self, asking: Asking[Read], response: Response) -> Read:
        """What is made of an answer.

        Args:
            asking: The request, and what is to be made of its answer.
            response: The answer.

        Raises:
            PageError: `asking.read` refuses it.
            AttemptFailed: It does, but another attempt may bring a usable answer.
        """
        try:
            return asking.read(response)
        except IncompletePage as error:
            if response.status == _NO_CONTENT:
                raise
            raise self._policy.incomplete(error, response) from None

    async def answer(
        self, asking: Asking[Read], seconds: float, under_way: Hop | None = None
    ) -> Response:
        """Sends a request once, and again to where redirects lead.

        Args:
            asking: The request.
            seconds: How long each exchange may take.
            under_way: The first exchange, where it is under way already.

        Returns:
            The answer, whose status is below 400.

        Raises:
            ResponseIgnored: The hook says so.
            RequestError: No answer came, or one with an error status, or a redirect leads to where
                nothing may be sent.
            PageError: The body is larger than the limit, or the hook refuses it.
            AttemptFailed: One of these, but another attempt may bring a usable answer.
        """
        auth = asking.auth
        hop = under_way or self._first_hop(asking)
        asked_url = without_login(hop.target.url)
        for _ in range(MAX_REDIRECTS + 1):
            outgoing = hop.outgoing
            if not isinstance(auth, Credentials):
                await _sign(asking, auth, outgoing, hop.target, seconds)
            outgoing.wants_whole_body = asking.hook is not None
            answer = await self._exchange(hop, seconds)
            if asking.hook is not None:
                response = Response(
                    *answer.as_sent, outgoing.shown, asked_url, without_login(hop.url)
                )
                answer = self._hooked(asking, asking.hook, hop.request, response, outgoing.redactor)
            if answer.location is None:
                break
            hop = self._redirected(hop, answer.location, answer.status, auth)
        else:
            raise RedirectRefused(
                f"{outgoing.shown}: redirected more than {MAX_REDIRECTS} times. "
                f"Check `{self._settings.url_key}`.",
                url=outgoing.shown.url,
                status=answer.status,
            )
        if answer.status in REDIRECTS:
            raise redirect_to_nowhere(answer.status, outgoing.shown, self._settings.url_key)
        if answer.status >= 400:
            asking.challenge = answer.headers.get("WWW-Authenticate", "")
            raise self._policy.refusal(answer, outgoing.shown, outgoing.redactor(), auth)
        self._policy.heed_rate_limit(answer.headers)
        return Response(*answer.as_sent, outgoing.shown, asked_url, without_login(hop.url))

    def send_ahead(self, asking: Asking[Read], when_over: Callable[[], None]) -> Hop | None:
        """Sends a request whose answer is for `answer` to take.

        Args:
            asking: The request, with credentials that stay as they are.
            when_over: Called once the answer is there, or cannot come.

        Returns:
            The exchange; None where the request cannot be sent at once, and was not.
        """
        if not isinstance(self._transport, PlainTransport):
            return None
        try:
            hop = self._first_hop(asking)
        except RequestError:
            # It is told of once the request is due.
            return None
        hop.begun = self._transport.begin(hop.outgoing, hop.target, when_over)
        return hop if hop.begun is not None else None

    async def _exchange(self, hop: Hop, seconds: float) -> Answer:
        if hop.begun is not None and isinstance(self._transport, PlainTransport):
            return await self._transport.exchange(hop.outgoing, hop.target, seconds, hop.begun)
        transport = self._transport_for(hop.outgoing)
        return await transport.exchange(hop.outgoing, hop.target, seconds)

    def _first_hop(self, asking: Asking[Read]) -> Hop:
        request, auth = asking.request, asking.auth
        params = auth.params if isinstance(auth, Credentials) else _NO_PARAMS
        redactor = partial(self._redaction.redactor, request, auth)
        target = self._origins.of_path(request.path, redactor)
        url = with_query(target.url, request.params)
        # A server may have put the key in the link that it gave.
        url = with_missing_query(url, params) if params else url
        return self._hop(request, url, target, auth, redactor)

    def _redirected(self, hop: Hop, location: str, status: int, auth: AnyAuthentication) -> Hop:
        params = auth.params if isinstance(auth, Credentials) else _NO_PARAMS
        outgoing = hop.outgoing
        target = self._origins.of_redirect(
            hop.url, location, status, outgoing.shown, outgoing.redactor
        )
        url = with_missing_query(target.url, params)
        return self._hop(redirected(hop.request, status), url, target, auth, outgoing.redactor)

    def _hop(
        self,
        request: Request,
        url: str,
        target: RequestTarget,
        auth: AnyAuthentication,
        redactor: Callable[[], Redactor],
    ) -> Hop:
        asked = self._redaction.shown(request.method, url, auth)
        outgoing = self._outgoing(request, url, target, auth, asked, redactor)
        return Hop(request, url, target, outgoing)

    def _outgoing(
        self,
        request: Request,
        url: str,
        target: RequestTarget,
        auth: AnyAuthentication,
        asked: ShownRequest,
        redactor: Callable[[], Redactor],
    ) -> OutgoingRequest:
        static = auth if isinstance(auth, Credentials) else _NO_CREDENTIALS
        try:
            body, content_type = encoded_body(request)
        except ValueError as error:
            failure, settings = other_failure(error, redactor()), self._settings
            raise connection_failed(
                failure, asked, shown_origin(target.home), settings.timeout, settings.url_key
            ) from None
        headers = merged_headers(
            self._headers,
            content_type if _CONTENT_TYPE not in self._headers else {},
            request.headers,
            static.headers,
            cookies=static.cookies,
        )
        return OutgoingRequest(
            request.method, url, headers, body, asked, redactor, is_signed=bool(static.what)
        )

    def _transport_for(self, outgoing: OutgoingRequest) -> Transport:
        """The client's own; where a signer wants to see the answer, a session of `requests`."""
        if outgoing.signer is None or self._settings.session is not None:
            return self._transport
        if self._session_of_signers is None:
            self._session_of_signers = SessionTransport(requests.Session(), self._settings)
        return self._session_of_signers

    def _hooked(
        self,
        asking: Asking[Read],
        hook: ResponseHook,
        request: Request,
        response: Response,
        redactor: Callable[[], Redactor],
    ) -> Answer:
        """The answer that counts, by the word of the hook."""
        try:
            counts = hook(request, response)
        except ResponseRefused as refused:
            # What is to fail at once is not tried with another token.
            asking.is_renewed |= not refused.again
            # What a function of the user failed with may hold secrets: it is told of, cleaned.
            raise self._policy.refusal_by_hook(refused, response, redactor(), asking.auth) from None
        location = counts.headers.get("Location") if counts.status in REDIRECTS else None
        body, limit = counts.body, self._settings.max_response_bytes
        try:
            # The hook has seen the file as it is.
            body = unpacked_file(body, limit)
        except CannotUnpack as error:
            # What only begins as a gzip does is for who reads it to judge.
            if error.failure.kind is FailureKind.BROKEN_OFF:
                cut_off = IncompletePage(
                    f"{response.request}: the answer is a gzip file that breaks off before its "
                    "end. Run again.",
                    url=response.request.url,
                    status=counts.status,
                )
                raise self._policy.incomplete(cut_off, response) from None
        if len(body) > limit:
            raise too_large(limit, response.request, counts.status)
        return Answer(counts.status, counts.headers, body, location or None)


def _transport(settings: ClientSettings) -> Transport:
    if settings.session is not None:
        return SessionTransport(settings.session, settings)
    if is_taken(Leap.PLAIN_TRANSPORT):
        return PlainTransport(settings)
    # It takes a while to import, and most listings never need it.
    from headrace.http.transports.aiohttp import AiohttpTransport

    return AiohttpTransport(settings)


async def _sign(
    asking: Asking[Read],
    auth: Authentication,
    outgoing: OutgoingRequest,
    target: RequestTarget,
    seconds: float,
) -> None:
    outgoing.proof = asking.proof
    try:
        await auth.sign(outgoing, target, seconds)
    except AuthenticationFailed as error:
        error.located(url=outgoing.shown.url)
        raise
    except AttemptFailed as failed:
        failed.error.located(url=outgoing.shown.url)
        raise
    asking.proof = outgoing.proof
