"""A token, or a cookie, that a request to the API's own login brings."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import field, replace
from typing import Any

from headrace.core.exchange import Request, Response
from headrace.core.figures import ResourceFigures
from headrace.core.json_path import JsonPath
from headrace.core.quick_dataclasses import dataclass
from headrace.core.secrets.redaction import Redactor
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
from headrace.http.redirects import REDIRECTS
from headrace.http.settings import ClientSettings
from headrace.http.timing import Timing
from headrace.http.url import join_url, origin

_OK = 200
_REFUSED = (
    "Check what `client.auth`, or the `auth` of the endpoint, logs in with: the names and values "
    "in its `json` or `data`."
)
_NO_TOKENS = frozenset(["null", "true", "false"])
_CHECK_TOKEN = (
    "check `token_path`, `header` and `prefix` of `auth`, and what the user who logs in may do."
)


@stays_here
@dataclass(frozen=True, slots=True)
class LoginSettings:
    """How to log in, and what comes of it.

    Args:
        url: The path of the login below the base URL of the API, or a whole URL.
        url_key: The key of the config that the URL comes from, for messages.
        method: The HTTP method.
        headers: Headers of the login. Those of the API go with it as well where the login is at
            the API's origin.
        json: The JSON body; None for none.
        data: The form, or text as it is sent; None for none.
        token_path: Where in the answer's JSON the token is.
        token_header: The header of the answer that holds the token in its place; None for none.
        cookie: The cookie that the answer sets in its place; None for none.
        header: The header that takes the token.
        prefix: What stands before the token there, with a space between; empty for nothing.
        expires_in_path: Where in the answer's JSON the seconds are that the token lives.
        expires_in: How many seconds it lives; None until the API refuses it.
    """

    url: str = field(repr=False)
    url_key: str = "auth.path"
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    json: Any = field(default=None, repr=False)
    data: Any = field(default=None, repr=False)
    token_path: JsonPath = field(default_factory=lambda: JsonPath("access_token"))
    token_header: str | None = None
    cookie: str | None = None
    header: str = "Authorization"
    prefix: str = "Bearer"
    expires_in_path: JsonPath | None = None
    expires_in: float | None = None


class Login(SharedToken):
    """What a login brings, on each request until the API refuses it, or it ends.

    Args:
        settings: How to log in.
        own: The values in the login that must never be shown.
        hidden: More values that must never be shown.
    """

    def __init__(
        self, settings: LoginSettings, own: Iterable[str], hidden: Iterable[str] = ()
    ) -> None:
        super().__init__(own, hidden)
        self._settings = settings

    @property
    def advice(self) -> Mapping[int, str]:
        """What to check when the API refuses what the login brought, by HTTP status code."""
        return {
            401: f"The server does not accept what the login just brought: {_CHECK_TOKEN}",
            403: f"This may not be read with what the login brought: {_CHECK_TOKEN}",
        }

    def _settings_for_asking(self, api: ClientSettings) -> ClientSettings:
        url = join_url(api.base_url, self._settings.url)
        is_at_home = origin(url) == origin(api.base_url)
        return replace(
            api,
            base_url=url,
            headers={**(api.headers if is_at_home else {}), **self._settings.headers},
            session=api.session if is_at_home else None,
            url_key=self._settings.url_key,
        )

    async def _ask(self, client: HttpClient, timing: Timing) -> Token:
        settings = self._settings
        cookies: list[str] = []

        def see(request: Request, response: Response) -> Response:
            if settings.cookie is not None:
                cookies.extend(_cookies_set(settings.cookie, response))
                # A login of a website sets its cookie with the redirect to where the user wanted.
                if cookies and response.status in REDIRECTS:
                    return replace(response, status=_OK)
            return response

        asked_at = timing.clock()
        request = Request(settings.method, "", json=settings.json, data=settings.data)
        allowed = _ForTheLogin(secrets=self.secrets, what="what it logs in with")
        response = await client.read(request, allowed, _as_it_came, ResourceFigures(), see)
        credentials = self._credentials(response, cookies)
        return Token(credentials, self._stale_at(asked_at, response))

    def _credentials(self, response: Response, cookies: list[str]) -> Credentials:
        settings = self._settings
        if settings.cookie is not None:
            if not cookies:
                raise no_token(
                    response,
                    f"it sets no cookie `{settings.cookie}`. Check `auth.cookie`. {_REFUSED}",
                )
            return Credentials(cookies={settings.cookie: cookies[-1]}, secrets=(cookies[-1],))
        if settings.token_header is not None:
            token: Any = response.headers.get(settings.token_header)
            if not token:
                raise no_token(
                    response,
                    f"it has no header `{settings.token_header}`. Check `auth.token_header`. "
                    f"{_REFUSED}",
                )
        else:
            token = self._token_in(response)
        text = str(token)
        sent = f"{settings.prefix} {text}" if settings.prefix else text
        return Credentials(headers={settings.header: sent}, secrets=(text,))

    def _token_in(self, response: Response) -> str:
        path = self._settings.token_path
        if path.steps == () and (bare := _bare_token(response.body)) is not None:
            return bare
        answer = json_in(response.body)
        redactor = Redactor(self.secrets)
        if answer is None:
            kind = kind_of_answer(response, redactor)
            raise no_token(
                response,
                f"it is no JSON ({kind}). Check `{self._settings.url_key}`: it must be the login "
                "of the API, and not that of its web pages.",
            )
        found = path.find(answer)
        token = found[0] if found else None
        if isinstance(token, int) and not isinstance(token, bool):
            token = str(token)
        if is_header_text(token):
            return token
        if found:
            raise no_token(
                response,
                f"what is at `token_path` (`{path}`) is not text that can stand in a header. "
                "Check `auth.token_path`.",
            )
        there = names_in(answer, redactor) if isinstance(answer, dict) else "no object"
        raise no_token(
            response,
            f"nothing is at `token_path` (`{path}`); there is: {there}. Check `auth.token_path`. "
            f"{_REFUSED}",
        )

    def _stale_at(self, asked_at: float, response: Response) -> float:
        settings = self._settings
        if settings.expires_in_path is not None:
            found = settings.expires_in_path.find(json_in(response.body))
            lifetime = seconds_in(found[0]) if found else None
            if lifetime is None:
                raise no_token(
                    response,
                    f"there are no seconds at `expires_in_path` (`{settings.expires_in_path}`). "
                    "Check `auth.expires_in_path`, or leave it out: the token is then used until "
                    "the API refuses it.",
                )
            return stale_at(asked_at, lifetime)
        if settings.expires_in is not None:
            return stale_at(asked_at, settings.expires_in)
        return math.inf


class _ForTheLogin(Credentials):
    """Nothing is added to the login, whose body holds all that it needs."""

    @property
    def advice(self) -> Mapping[int, str]:
        """What to check when the login is refused, by HTTP status code."""
        wrong_place = "Check `path`, `url` and `method` of `auth`: they must be those of the login."
        return dict.fromkeys((400, 401, 403, 422), _REFUSED) | dict.fromkeys(
            (404, 405), wrong_place
        )


def _cookies_set(name: str, response: Response) -> list[str]:
    """The values that an answer gives a cookie; its Set-Cookie headers are one text here."""
    # RFC 6265, 4.1.1: neither a comma nor a semicolon stands in a value.
    pattern = rf"(?:^|,)\s*{re.escape(name)}=([^;,\s]+)"
    return re.findall(pattern, response.headers.get("Set-Cookie", ""))


def _as_it_came(response: Response) -> Response:
    return response


def _bare_token(body: bytes) -> str | None:
    """The token where an answer is that and nothing else, without the quotes of JSON."""
    text = body.decode("utf-8", "replace").strip()
    is_word = is_header_text(text) and " " not in text and text[0] not in '"{[<'
    return text if is_word and text not in _NO_TOKENS else None
