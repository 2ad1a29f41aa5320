"""OAuth 2.0 (RFC 6749): tokens by the id and the secret of a client, or by a refresh token."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Literal
from urllib.parse import quote_plus

import requests

from headrace.core import defaults
from headrace.core.exceptions import ResponseStatusError
from headrace.core.exchange import Request, Response
from headrace.core.figures import ResourceFigures
from headrace.core.secrets.redaction import Redactor, clean, one_line
from headrace.core.secrets.shipping import stays_here
from headrace.http.auth.credentials import Credentials
from headrace.http.auth.tokens import (
    SharedToken,
    Token,
    is_header_text,
    json_in,
    kind_of_answer,
    names_in,
    no_token,
    seconds_in,
    stale_at,
)
from headrace.http.client import HttpClient
from headrace.http.failures.messages import server_words
from headrace.http.outgoing_request import secrets_of
from headrace.http.settings import ClientSettings
from headrace.http.threads import in_thread
from headrace.http.timing import Timing
from headrace.http.url import shown_origin

_LOGGER = logging.getLogger(__name__)
_URL_KEY = "auth.access_token_url"
_CHECK = f"Check `{_URL_KEY}`"
_NOT_THE_ONE = f"{_CHECK}: it must be the one that gives out tokens."
_WHAT_IT_ASKS_FOR = ", and what `auth.access_token_request_data` asks for."
_CLIENT_REFUSED = f"{_CHECK}, `auth.client_id` and `auth.client_secret`{_WHAT_IT_ASKS_FOR}"
_REFRESH_REFUSED = (
    f"{_CHECK}, `auth.refresh_token` (it may have been replaced, revoked, or have expired: then "
    f"log in anew and put the new one there), `auth.client_id` and `auth.client_secret`"
    f"{_WHAT_IT_ASKS_FOR}"
)
_AFTER_A_FRESH_TOKEN = (
    "check what the client of `auth.client_id` may do, and whether `auth.access_token_request_data`"
    " has to name a scope or an audience."
)
_INVALID_CLIENT = "invalid_client"
_LONGEST_WORDS = 200

ClientAuthentication = Literal["body", "basic"]

_BODY: ClientAuthentication = "body"
_BASIC: ClientAuthentication = "basic"

# So many seconds pass before it is seen again whether another thread is done.
_PAUSE = 0.01


@stays_here
@dataclass(slots=True)
class _Line:
    """A refresh token and those that a server has given since, each in place of the one before.

    Args:
        current: The last of them.
        asking: Held while a token is asked for with it: the server may take it once.
    """

    current: str = field(repr=False)
    asking: threading.Lock = field(default_factory=threading.Lock)


# By each token of a line, any of which a config may name. A later leg, another command in this
# process, or a thread beside makes its credentials anew.
_LINES: dict[tuple[str, str, str], _Line] = {}


@stays_here
@dataclass(frozen=True, slots=True)
class TokenSettings:
    """Where tokens come from.

    Args:
        url: The URL of the token server; it may be of another origin than the API.
        client_id: The client's id. It goes to the token server and nowhere else, as the secret.
            Both may be empty where there is a refresh token.
        client_secret: The client's secret.
        request_data: More fields of the form, or others in place of the usual ones.
        default_lifetime: How many seconds a token lives where the answer does not say.
        session: A session that asks for tokens; one of Headrace's own when None.
        client_authentication: How id and secret go (RFC 6749, 2.3.1): in the form, or as HTTP
            Basic. When None in the form, and as HTTP Basic where the server refuses that.
    """

    url: str = field(repr=False)
    client_id: str = field(repr=False)
    client_secret: str = field(repr=False)
    request_data: Mapping[str, Any] = field(default_factory=dict, repr=False)
    default_lifetime: float = defaults.TOKEN_LIFETIME_SECONDS
    session: requests.Session | None = field(default=None, repr=False)
    client_authentication: ClientAuthentication | None = None


class ClientCredentials(SharedToken):
    """A token in the Authorization header, for the id and the secret of a client (4.4).

    Args:
        settings: Where tokens come from.
        hidden: More values that must never be shown.
    """

    _refused = _CLIENT_REFUSED

    def __init__(self, settings: TokenSettings, hidden: Iterable[str] = ()) -> None:
        self._settings = settings
        own = {settings.client_id, settings.client_secret, *secrets_of(settings.request_data)}
        super().__init__(own - {""}, hidden)
        self._way = settings.client_authentication

    @property
    def advice(self) -> Mapping[int, str]:
        """What to check when the API refuses a token, by HTTP status code."""
        return {
            401: f"The server does not accept a token just fetched: {_AFTER_A_FRESH_TOKEN}",
            403: f"This may not be read with the token: {_AFTER_A_FRESH_TOKEN}",
        }

    def _settings_for_asking(self, api: ClientSettings) -> ClientSettings:
        return replace(
            api,
            base_url=self._settings.url,
            headers={},
            session=self._settings.session,
            url_key=_URL_KEY,
        )

    def _grant(self) -> dict[str, str]:
        """What the form says of the token that is wanted (RFC 6749, 4.4.2)."""
        return {"grant_type": "client_credentials"}

    async def _heed(self, answer: Mapping[str, Any]) -> None:
        """Takes what an answer with a token says besides."""

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """Waits until nobody else asks who must not do so at the same time."""
        yield

    async def _ask(self, client: HttpClient, timing: Timing) -> Token:
        async with self._turn():
            return await self._token_of(client, timing)

    async def _token_of(self, client: HttpClient, timing: Timing) -> Token:
        asked_at = timing.clock()
        response = await self._answer(client)
        answer = json_in(response.body)
        redactor = Redactor(self.secrets)
        if not isinstance(answer, dict):
            kind = kind_of_answer(response, redactor)
            raise no_token(response, f"it is no JSON object ({kind}). {_NOT_THE_ONE}")
        text = answer.get("access_token")
        if not is_header_text(text):
            raise no_token(response, f"{_instead(answer, redactor)} {self._refused}")
        await self._heed(answer)
        # RFC 6749, 5.1: `expires_in` is recommended, not required.
        lifetime = seconds_in(answer.get("expires_in"))
        if lifetime is None:
            lifetime = self._settings.default_lifetime
        return Token(Credentials.bearer(text), stale_at(asked_at, lifetime))

    async def _answer(self, client: HttpClient) -> Response:
        """The answer of the token server, which may take id and secret in one way only."""
        seen: list[Response] = []

        def see(request: Request, response: Response) -> Response:
            seen.append(response)
            return response

        async def send(way: ClientAuthentication) -> Response:
            request, credentials = self._request(way)
            return await client.read(request, credentials, _as_it_came, ResourceFigures(), see)

        try:
            return await send(self._way or _BODY)
        except ResponseStatusError as refused:
            if self._way or not self._settings.client_secret or not _wants_basic(seen[-1]):
                raise
            error = refused
        try:
            response = await send(_BASIC)
        except ResponseStatusError:
            raise error.located(f"{error} HTTP Basic was tried as well.") from None
        self._way = _BASIC
        _LOGGER.warning(
            "the token server at %s takes the client's id and secret by HTTP Basic alone; write "
            "`auth.client_authentication: basic` into the config, and it is asked so at once",
            shown_origin(self._settings.url),
        )
        return response

    def _request(self, way: ClientAuthentication) -> tuple[Request, Credentials]:
        client_id, secret = self._settings.client_id, self._settings.client_secret
        form: dict[str, Any] = {**self._grant(), **self._settings.request_data}
        credentials = Credentials()
        if way == _BASIC:
            # RFC 6749, 2.3.1: both are encoded as in a form before they are joined.
            credentials = Credentials.basic(quote_plus(client_id), quote_plus(secret))
        else:
            client = {"client_id": client_id, "client_secret": secret}
            form = {**{name: value for name, value in client.items() if value}, **form}
        allowed = _ForTheTokenServer(
            headers=credentials.headers,
            secrets=(*self.secrets, *credentials.secrets),
            what="the client's id and secret",
            refused=self._refused,
        )
        return Request("POST", "", data=form), allowed


class RefreshToken(ClientCredentials):
    """A token in the Authorization header, for a refresh token (RFC 6749, 6).

    Args:
        settings: Where tokens come from.
        refresh_token: The refresh token. Where the server gives another in its place, that is used
            from then on in this process; nothing of it is written anywhere.
        hidden: More values that must never be shown.
        on_new: Called with each refresh token that is given in place of another, in a thread; None
            for nothing.
    """

    _refused = _REFRESH_REFUSED

    def __init__(
        self,
        settings: TokenSettings,
        refresh_token: str,
        hidden: Iterable[str] = (),
        on_new: Callable[[str], object] | None = None,
    ) -> None:
        self._named = refresh_token
        place = (settings.url, settings.client_id, refresh_token)
        self._line = _LINES.setdefault(place, _Line(refresh_token))
        super().__init__(settings, [*hidden, refresh_token, self._grant()["refresh_token"]])
        self._on_new = on_new

    def _grant(self) -> dict[str, str]:
        return {"grant_type": "refresh_token", "refresh_token": self._line.current}

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        # Others that ask with it may have a thread, and so an event loop, of their own.
        while not self._line.asking.acquire(blocking=False):
            await asyncio.sleep(_PAUSE)
        try:
            self._hide(self._line.current)
            yield
        finally:
            self._line.asking.release()

    async def _heed(self, answer: Mapping[str, Any]) -> None:
        new = answer.get("refresh_token")
        if not isinstance(new, str) or not new or new == self._line.current:
            return
        self._hide(new)
        is_first = self._line.current == self._named
        self._line.current = new
        _LINES[self._settings.url, self._settings.client_id, new] = self._line
        if self._on_new is not None:
            await self._hand_over(new)
        elif is_first:
            _LOGGER.warning(
                "the token server at %s gave another refresh token in place of that in "
                "`auth.refresh_token`, which it may refuse from now on: the new one is used to the "
                "end of this process, and is kept nowhere, since it is a secret. Name a function "
                "that keeps it for the next run: `auth.on_new_refresh_token`",
                shown_origin(self._settings.url),
            )

    async def _hand_over(self, new: str) -> None:
        assert self._on_new is not None
        try:
            await in_thread(lambda: self._on_new(new) if self._on_new else None)
        except Exception as error:
            _LOGGER.warning(
                "`auth.on_new_refresh_token` fails with %s: %s. The refresh token in the config "
                "may be refused from now on; log in anew before the next run",
                type(error).__name__,
                one_line(clean(str(error)), _LONGEST_WORDS),
            )


@dataclass(frozen=True, slots=True)
class _ForTheTokenServer(Credentials):
    """What the token server gets besides the form.

    Args:
        refused: What to check when it refuses.
    """

    refused: str = ""

    @property
    def advice(self) -> Mapping[int, str]:
        """What to check when no token is given out, by HTTP status code."""
        refused = dict.fromkeys((400, 401, 403), self.refused)
        return refused | dict.fromkeys((404, 405), _NOT_THE_ONE)


def _wants_basic(response: Response) -> bool:
    """Whether a server that refused id and secret in the form may take them as HTTP Basic."""
    if response.status not in (400, 401):
        return False
    answer = json_in(response.body)
    # RFC 6749, 5.2.
    is_said = isinstance(answer, dict) and answer.get("error") == _INVALID_CLIENT
    challenge = response.headers.get("WWW-Authenticate", "")
    return is_said or challenge.lower().startswith("basic")


def _instead(answer: Mapping[str, Any], redactor: Redactor) -> str:
    """What an answer holds; of values those that are meant to be read: any may be secret."""
    # RFC 6749, 5.2; some servers answer so with a 200.
    if isinstance(answer.get("error"), str):
        story = {key: answer.get(key) for key in ("error", "error_description")}
        return f'the server says: "{server_words(json.dumps(story).encode(), redactor)}".'
    if "access_token" in answer:
        return "`access_token` in it is not text that can stand in a header."
    return f"there is no `access_token` in it, but {names_in(answer, redactor)}."


def _as_it_came(response: Response) -> Response:
    return response
