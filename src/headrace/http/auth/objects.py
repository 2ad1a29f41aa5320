"""Puts credentials on requests with an authentication object made for the `requests` library."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import TypeVar
from urllib.parse import parse_qsl, urlsplit

import requests

from headrace.core.exceptions import AuthenticationFailed
from headrace.core.secrets.redaction import Redactor, hold_secrets, one_line
from headrace.core.secrets.shipping import stays_here
from headrace.http.auth.base import Refusal
from headrace.http.auth.object_secrets import secrets_within
from headrace.http.failures.attempts import AttemptFailed, passing_name
from headrace.http.failures.requests_failures import requests_failure
from headrace.http.origins import RequestTarget
from headrace.http.outgoing_request import OutgoingRequest
from headrace.http.settings import ClientSettings
from headrace.http.threads import in_thread
from headrace.http.timing import Timing
from headrace.http.url import origin, sendable, shown_origin

Asked = TypeVar("Asked")

PreparedRequest = requests.PreparedRequest
# Made anew from the body.
_OF_THE_BODY = frozenset({"content-length", "transfer-encoding"})
_WORDS = 300
_MOST_KNOWN = 64


@stays_here
class ObjectAuth:
    """Calls the object with each request, in a thread, one call at a time.

    Args:
        auth: Takes a prepared request of `requests` and gives one back, as the `auth` of
            `requests` does.
        hidden: Values besides the object's own that must never be shown.
    """

    def __init__(
        self, auth: Callable[[PreparedRequest], PreparedRequest], hidden: Iterable[str] = ()
    ) -> None:
        self._auth = auth
        self._name = type(auth).__name__
        self._hidden = tuple(sorted(hidden))
        # What it puts on requests may be new for each of them.
        self._put_on: deque[str] = deque(maxlen=_MOST_KNOWN)
        self._lock = threading.Lock()
        self._wants_answers = False
        self.secrets: tuple[str, ...] = ()
        self._learn(())

    @property
    def advice(self) -> Mapping[int, str]:
        """What to check when the server refuses, by HTTP status code."""
        return {
            401: f"The server does not accept what `{self._name}` puts on the request: check the "
            "secrets in that object, and the header or parameter that it sets.",
            403: f"This may not be read with what `{self._name}` puts on the request: check what "
            "its secrets are allowed to do, and the header or parameter that it sets.",
        }

    async def prepare(self, settings: ClientSettings, timing: Timing) -> None:
        """Nothing: the object is asked for each request; see `Authentication`."""

    async def sign(self, outgoing: OutgoingRequest, target: RequestTarget, seconds: float) -> None:
        """Takes over what the object changes in a request; see `Authentication`."""
        if self._wants_answers:
            outgoing.signer = self._call_while_sending
            return
        url = str(sendable(outgoing.url, target.home))
        before, after, proof = await self._ask(partial(self._signed, outgoing, url), seconds)
        # Digest and NTLM answer a 401 by a hook on the response. It takes the connection and the
        # answer of `requests`, so such an object needs that library to send the request.
        if after.hooks.get("response"):
            self._wants_answers = True
            outgoing.signer = self._call_while_sending
            return
        if after.url != before.url:
            self._check_origin(str(after.url), target)
            outgoing.url = str(after.url)
        self._take_headers(outgoing, before, after)
        if after.body != before.body:
            outgoing.body = self._body(after)
        outgoing.proof = proof
        outgoing.is_signed = True

    async def renew(
        self, refusal: Refusal, settings: ClientSettings, timing: Timing
    ) -> object | None:
        """Has an object that fetches tokens, as dlt's do, fetch one; see `Authentication`."""
        obtain = getattr(self._auth, "obtain_token", None)
        if not callable(obtain):
            return None
        await self._ask(partial(self._obtain, obtain, refusal.proof), settings.timeout)
        return self

    def _obtain(self, obtain: Callable[[], object], proof: object) -> None:
        with self._lock:
            if proof == self._token():
                obtain()
            self._learn(())

    def _signed(
        self, outgoing: OutgoingRequest, url: str
    ) -> tuple[PreparedRequest, PreparedRequest, object]:
        prepared = PreparedRequest()
        prepared.prepare(
            method=outgoing.method, url=url, headers=dict(outgoing.headers), data=outgoing.body
        )
        before = prepared.copy()
        with self._lock:
            after = self._call(prepared)
            self._learn(_new_values(before, after))
            return before, after, self._token()

    def _call(self, request: PreparedRequest) -> PreparedRequest:
        after = self._auth(request)
        if not isinstance(after, PreparedRequest):
            raise AuthenticationFailed(
                f"`{self._name}` gives back {type(after).__name__} when it is called with a "
                "request; it must give back the request."
            )
        return after

    def _token(self) -> object:
        """What dlt's objects that fetch tokens hold one in."""
        return getattr(self._auth, "access_token", None) or getattr(self._auth, "token", None)

    def _learn(self, put_on: Iterable[str]) -> None:
        """Notes what must not be shown, as it may have changed in the call."""
        self._put_on.extend(value for value in put_on if value not in self._put_on)
        within = secrets_within(self._auth)
        self.secrets = tuple(dict.fromkeys((*self._hidden, *sorted(within), *self._put_on)))
        hold_secrets(self, self.secrets)

    async def _ask(self, call: Callable[[], Asked], seconds: float) -> Asked:
        try:
            async with asyncio.timeout(seconds):
                return await in_thread(call)
        except TimeoutError:
            failure = AuthenticationFailed(
                f"`{self._name}`, which is to prove who asks, takes longer than {seconds:g} s. "
                "Raise `client.timeout`, or see what it waits for."
            )
            raise AttemptFailed(failure, f"{self._name}: timeout") from None
        except AuthenticationFailed:
            raise
        except Exception as error:
            is_of_the_network = isinstance(error, requests.RequestException)
            brief = passing_name(requests_failure(error, Redactor())) if is_of_the_network else None
            if brief is None:
                raise self._failure(error) from None
            raise AttemptFailed(self._failure(error), f"{self._name}: {brief}") from None

    def _call_while_sending(self, request: PreparedRequest) -> PreparedRequest:
        """What `requests` calls itself, of whose own failures the transport tells."""
        try:
            return self._call(request)
        except (AuthenticationFailed, requests.RequestException):
            raise
        except Exception as error:
            raise self._failure(error) from None

    def _failure(self, error: Exception) -> AuthenticationFailed:
        redactor = Redactor((*self.secrets, *secrets_within(self._auth)))
        return AuthenticationFailed(
            f"`{self._name}`, which is to prove who asks, fails with {type(error).__name__}: "
            f"{one_line(redactor.clean(str(error)), _WORDS)}"
        )

    def _check_origin(self, url: str, target: RequestTarget) -> None:
        try:
            if origin(url) == origin(target.home):
                return
            shown = f"to {Redactor(self.secrets).clean(shown_origin(url))}"
        except ValueError:
            shown = "to something that is no URL"
        raise AuthenticationFailed(
            f"`{self._name}` moves the request {shown}, away from {shown_origin(target.home)}; "
            "nothing was sent. It may change the path and the query, but not scheme, host or port."
        )

    def _take_headers(
        self, outgoing: OutgoingRequest, before: PreparedRequest, after: PreparedRequest
    ) -> None:
        for name in {*before.headers, *after.headers}:
            value = after.headers.get(name)
            if value == before.headers.get(name) or name.lower() in _OF_THE_BODY:
                continue
            outgoing.headers.popall(name, None)
            if value is not None:
                outgoing.headers[name] = _text(value)

    def _body(self, after: PreparedRequest) -> bytes | None:
        body = after.body
        if isinstance(body, str):
            return body.encode()
        if body is None or isinstance(body, bytes):
            return body
        raise AuthenticationFailed(
            f"`{self._name}` makes the body of the request {type(body).__name__}; it must be text "
            "or bytes."
        )


def _text(value: object) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _new_values(before: PreparedRequest, after: PreparedRequest) -> Iterator[str]:
    """What the object put on a request: values of headers and of the query."""
    for name, value in after.headers.items():
        if value != before.headers.get(name) and name.lower() not in _OF_THE_BODY:
            text = _text(value)
            yield from (text, text.partition(" ")[2])
    if after.url != before.url:
        known = set(parse_qsl(urlsplit(str(before.url)).query))
        for pair in parse_qsl(urlsplit(str(after.url)).query):
            if pair not in known:
                yield pair[1]
