"""OAuth 2.0 client credentials (RFC 6749, 4.4): a token that all lanes share."""

from __future__ import annotations

import asyncio
import json
import math
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import requests

from headrace.core import defaults
from headrace.core.exceptions import AuthenticationFailed, HeadraceError
from headrace.core.exchange import Request, Response
from headrace.core.secrets.redaction import Redactor, hold_secrets, one_line
from headrace.http.auth.credentials import Credentials
from headrace.http.client import HttpClient
from headrace.http.failures.messages import server_words
from headrace.http.origins import RequestTarget
from headrace.http.outgoing_request import OutgoingRequest, secrets_of
from headrace.http.settings import ClientSettings
from headrace.http.timing import Timing

_URL_KEY = "auth.access_token_url"
_CHECK = "Check `auth.access_token_url`, `auth.client_id` and `auth.client_secret`"
_REFUSED = f"{_CHECK}, and what `auth.access_token_request_data` asks for."
_ADVICE = {400: _REFUSED, 401: _REFUSED, 403: _REFUSED} | dict.fromkeys(
    (404, 405), f"{_CHECK.partition(',')[0]}: it must be the one that gives out tokens."
)
_AFTER_A_FRESH_TOKEN = (
    "check what the client of `auth.client_id` may do, and whether `auth.access_token_request_data`"
    " has to name a scope or an audience."
)
# A token is renewed so many seconds before its end, but not in the first part of its life.
_SLACK = 30.0
_PART_OF_LIFE = 0.1
_LONGEST_LIST = 100


@dataclass(frozen=True, slots=True)
class TokenSettings:
    """Where tokens come from.

    Args:
        url: The URL of the token server; it may be of another origin than the API.
        client_id: The client's id. It goes to the token server and nowhere else, as the secret.
        client_secret: The client's secret.
        request_data: More fields of the form, or others in place of the usual ones.
        default_lifetime: How many seconds a token lives where the answer does not say.
        session: A session that asks for tokens; one of Headrace's own when None.
    """

    url: str = field(repr=False)
    client_id: str = field(repr=False)
    client_secret: str = field(repr=False)
    request_data: Mapping[str, Any] = field(default_factory=dict, repr=False)
    default_lifetime: float = defaults.TOKEN_LIFETIME_SECONDS
    session: requests.Session | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class _Token:
    text: str = field(repr=False)
    stale_at: float = 0.0


class ClientCredentials:
    """A token in the Authorization header, fetched when it is needed and there is none.

    Args:
        settings: Where tokens come from.
        hidden: More values that must never be shown.
    """

    def __init__(self, settings: TokenSettings, hidden: Iterable[str] = ()) -> None:
        self._settings = settings
        own = {settings.client_id, settings.client_secret, *secrets_of(settings.request_data)}
        self._hidden = tuple(sorted({*hidden, *own}))
        self._credentials = _ForTheTokenServer(
            secrets=self._hidden, what="the client's id and secret"
        )
        self._token: _Token | None = None
        self._fetching: asyncio.Task[_Token | HeadraceError] | None = None
        # A server may still tell of one that has been replaced.
        self._known: deque[str] = deque(maxlen=8)
        self.secrets: tuple[str, ...] = self._hidden

    @property
    def advice(self) -> Mapping[int, str]:
        """What to check when the API refuses a token, by HTTP status code."""
        return {
            401: f"The server does not accept a token just fetched: {_AFTER_A_FRESH_TOKEN}",
            403: f"This may not be read with the token: {_AFTER_A_FRESH_TOKEN}",
        }

    async def prepare(self, settings: ClientSettings, timing: Timing) -> None:
        """Fetches a token where there is none, or none for long; see `Authentication`."""
        if self._token is None or timing.clock() >= self._token.stale_at:
            await self._fetch(settings, timing)

    async def sign(self, outgoing: OutgoingRequest, target: RequestTarget, seconds: float) -> None:
        """Puts the token on a request; see `Authentication`."""
        assert self._token is not None
        outgoing.headers["Authorization"] = f"Bearer {self._token.text}"
        outgoing.proof = self._token
        outgoing.is_signed = True

    async def renew(self, proof: object, settings: ClientSettings, timing: Timing) -> bool:
        """Fetches a token unless another lane has done so; see `Authentication`."""
        if proof is self._token:
            await self._fetch(settings, timing)
        return True

    async def _fetch(self, settings: ClientSettings, timing: Timing) -> None:
        """Waits for a token that is fetched once, whoever else waits for it."""
        # One that an earlier event loop left behind has ended with that.
        if self._fetching is None or self._fetching.done():
            self._fetching = asyncio.create_task(self._outcome(settings, timing))
        outcome = await asyncio.shield(self._fetching)
        if isinstance(outcome, HeadraceError):
            # Each waiting request gets an error of its own, to add its story to.
            raise AuthenticationFailed(str(outcome), url=outcome.url, status=outcome.status)

    async def _outcome(self, api: ClientSettings, timing: Timing) -> _Token | HeadraceError:
        settings = replace(
            api,
            base_url=self._settings.url,
            headers={},
            # A client of its own has a throttle of its own: a request that stands in the API's
            # line, and needs a token to go on, must not wait for that line.
            rate_limit=None,
            allowed_hosts=(),
            session=self._settings.session,
            url_key=_URL_KEY,
        )
        asked_at = timing.clock()
        try:
            async with HttpClient(settings, timing) as client:
                response = await client.send(self._request(), self._credentials)
            token = self._token_in(response, asked_at)
        except HeadraceError as error:
            return error
        self._token = token
        self._known.append(token.text)
        self.secrets = (*self._hidden, *self._known)
        hold_secrets(self, self.secrets)
        return token

    def _request(self) -> Request:
        # RFC 6749, 4.4.2. Id and secret go in the form (2.3.1 allows it), as dlt sends them, and
        # not as Basic authentication.
        form = {
            "client_id": self._settings.client_id,
            "client_secret": self._settings.client_secret,
            "grant_type": "client_credentials",
            **self._settings.request_data,
        }
        return Request("POST", "", data=form)

    def _token_in(self, response: Response, asked_at: float) -> _Token:
        answer = _json_object(response.body)
        if answer is None:
            kind = response.headers.get("Content-Type") or "no Content-Type"
            raise AuthenticationFailed(
                f"{response.request}: no token in the answer: it is no JSON object "
                f"({one_line(Redactor(self._hidden).clean(kind), _LONGEST_LIST)}). {_ADVICE[404]}",
                url=response.request.url,
                status=response.status,
            )
        text = answer.get("access_token")
        if not isinstance(text, str) or not text or not text.isprintable() or not text.isascii():
            raise AuthenticationFailed(
                f"{response.request}: no token in the answer: {self._instead(response, answer)} "
                f"{_REFUSED}",
                url=response.request.url,
                status=response.status,
            )
        # RFC 6749, 5.1: `expires_in` is recommended, not required.
        lifetime = _seconds(answer.get("expires_in"), self._settings.default_lifetime)
        return _Token(text, asked_at + lifetime - min(_SLACK, lifetime * _PART_OF_LIFE))

    def _instead(self, response: Response, answer: Mapping[str, Any]) -> str:
        """What an answer holds; of values those that are meant to be read: any may be secret."""
        # RFC 6749, 5.2; some servers answer so with a 200.
        if isinstance(answer.get("error"), str):
            story = {key: answer.get(key) for key in ("error", "error_description")}
            words = server_words(json.dumps(story).encode(), Redactor(self._hidden))
            return f'the server says: "{words}".'
        if "access_token" in answer:
            return "`access_token` in it is not text that can stand in a header."
        redactor = Redactor(self._hidden)
        names = one_line(redactor.clean(", ".join(answer)), _LONGEST_LIST) or "no field"
        return f"there is no `access_token` in it, but {names}."


class _ForTheTokenServer(Credentials):
    """Nothing is added to the request, whose form holds the client's id and secret already."""

    @property
    def advice(self) -> Mapping[int, str]:
        """What to check when no token is given out, by HTTP status code."""
        return _ADVICE


def _json_object(body: bytes) -> dict[str, Any] | None:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) else None


def _seconds(said: object, default: float) -> float:
    """How long a token lives: some servers say so in text, some not at all."""
    try:
        seconds = float(said)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return default
    if isinstance(said, bool) or not math.isfinite(seconds):
        return default
    return max(0.0, seconds)
