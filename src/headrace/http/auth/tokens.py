"""Tokens that are fetched: once when they are needed, whoever else waits for them, and in time."""

from __future__ import annotations

import asyncio
import json
import math
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeGuard

from headrace.core.exceptions import AuthenticationFailed, HeadraceError
from headrace.core.exchange import Response
from headrace.core.secrets.redaction import Redactor, hold_secrets, one_line
from headrace.core.secrets.shipping import stays_here
from headrace.http.auth.base import Refusal
from headrace.http.auth.credentials import Credentials
from headrace.http.client import HttpClient
from headrace.http.origins import RequestTarget
from headrace.http.outgoing_request import OutgoingRequest, merged_headers
from headrace.http.settings import ClientSettings
from headrace.http.timing import Timing

# A token is renewed so many seconds before its end, but not in the first part of its life.
_SLACK = 30.0
_PART_OF_LIFE = 0.1
_LONGEST_LIST = 100


@stays_here
@dataclass(frozen=True, slots=True, eq=False)
class Token:
    """What a server gave out for requests to carry.

    Args:
        credentials: The token as it goes on requests.
        stale_at: When it is to be replaced, on the client's clock; never by itself when infinite.
    """

    credentials: Credentials = field(repr=False)
    stale_at: float = math.inf


@stays_here
class SharedToken(ABC):
    """A token that all lanes share; what it is fetched with, the classes derived from this know.

    Args:
        own: The values that must never be shown of what it is fetched with.
        hidden: More such values.
    """

    def __init__(self, own: Iterable[str], hidden: Iterable[str] = ()) -> None:
        self._hidden = tuple(sorted({*hidden, *own}))
        self._token: Token | None = None
        self._fetching: asyncio.Task[Token | HeadraceError] | None = None
        # A server may still tell of one that has been replaced.
        self._known: deque[str] = deque(maxlen=8)
        self.secrets: tuple[str, ...] = self._hidden

    @property
    @abstractmethod
    def advice(self) -> Mapping[int, str]:
        """What to check when the API refuses a token, by HTTP status code."""

    @abstractmethod
    def _settings_for_asking(self, api: ClientSettings) -> ClientSettings:
        """The settings with which the token is asked for, made from those of the API."""

    @abstractmethod
    async def _ask(self, client: HttpClient, timing: Timing) -> Token:
        """Asks for a token.

        Raises:
            HeadraceError: There is none.
        """

    async def prepare(self, settings: ClientSettings, timing: Timing) -> None:
        """Fetches a token where there is none, or none for long; see `Authentication`."""
        if self._token is None or timing.clock() >= self._token.stale_at:
            await self._fetch(settings, timing)

    async def sign(self, outgoing: OutgoingRequest, target: RequestTarget, seconds: float) -> None:
        """Puts the token on a request; see `Authentication`."""
        assert self._token is not None
        credentials = self._token.credentials
        outgoing.headers = merged_headers(
            outgoing.headers, credentials.headers, cookies=credentials.cookies
        )
        outgoing.proof = self._token
        outgoing.is_signed = True

    async def renew(
        self, refusal: Refusal, settings: ClientSettings, timing: Timing
    ) -> object | None:
        """Fetches a token unless another lane has done so; see `Authentication`."""
        if refusal.proof is self._token:
            await self._fetch(settings, timing)
        return self._token

    def _hide(self, *values: str) -> None:
        """Masks values from now on that came with an answer."""
        self._known.extend(value for value in values if value not in self._known)
        self.secrets = (*self._hidden, *self._known)
        hold_secrets(self, self.secrets)

    async def _fetch(self, settings: ClientSettings, timing: Timing) -> None:
        """Waits for a token that is fetched once, whoever else waits for it."""
        # One that an earlier event loop left behind has ended with that.
        if self._fetching is None or self._fetching.done():
            self._fetching = asyncio.create_task(self._outcome(settings, timing))
        outcome = await asyncio.shield(self._fetching)
        if isinstance(outcome, HeadraceError):
            # Each waiting request gets an error of its own, to add its story to.
            raise AuthenticationFailed(str(outcome), url=outcome.url, status=outcome.status)

    async def _outcome(self, api: ClientSettings, timing: Timing) -> Token | HeadraceError:
        settings = replace(
            self._settings_for_asking(api),
            # A client of its own has a throttle of its own: a request that stands in the API's
            # line, and needs a token to go on, must not wait for that line.
            rate_limit=None,
            allowed_hosts=(),
        )
        try:
            async with HttpClient(settings, timing) as client:
                token = await self._ask(client, timing)
        except HeadraceError as error:
            return error
        self._token = token
        self._hide(*token.credentials.secrets)
        return token


def stale_at(asked_at: float, lifetime: float) -> float:
    """When a token is to be replaced: shortly before its end.

    Args:
        asked_at: When it was asked for.
        lifetime: How many seconds it lives.
    """
    return asked_at + lifetime - min(_SLACK, lifetime * _PART_OF_LIFE)


def json_in(body: bytes) -> Any:
    """The JSON of an answer; None where it is none.

    Args:
        body: The body of the answer.
    """
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def seconds_in(said: object) -> float | None:
    """How long a token lives: some servers say so in text, some not at all.

    Args:
        said: What stands where the seconds should be.

    Returns:
        The seconds, none of them below 0; None where there is no number.
    """
    try:
        seconds = float(said)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return None
    return max(0.0, seconds) if math.isfinite(seconds) and not isinstance(said, bool) else None


def is_header_text(value: object) -> TypeGuard[str]:
    """Whether a value of an answer can be sent in a header.

    Args:
        value: The value.
    """
    return isinstance(value, str) and bool(value) and value.isprintable() and value.isascii()


def no_token(response: Response, why: str) -> AuthenticationFailed:
    """The error of an answer without a token.

    Args:
        response: The answer, with a status below 400.
        why: What is there instead, and what to do; without secrets.
    """
    return AuthenticationFailed(
        f"{response.request}: no token in the answer: {why}",
        url=response.request.url,
        status=response.status,
    )


def kind_of_answer(response: Response, redactor: Redactor) -> str:
    """The Content-Type of an answer, fit to be shown.

    Args:
        response: The answer.
        redactor: Hides secrets in it.
    """
    kind = response.headers.get("Content-Type") or "no Content-Type"
    return one_line(redactor.clean(kind), _LONGEST_LIST)


def names_in(answer: Mapping[str, Any], redactor: Redactor) -> str:
    """The names of the fields of an answer, fit to be shown: any value may be secret.

    Args:
        answer: The JSON object.
        redactor: Hides secrets in the names.
    """
    return one_line(redactor.clean(", ".join(answer)), _LONGEST_LIST) or "no field"
