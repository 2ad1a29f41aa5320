"""Keeps the secrets of an API's requests out of what is told of them."""

from __future__ import annotations

from functools import partial

from headrace.core.exchange import Request, ShownRequest
from headrace.core.secrets.redaction import Redactor
from headrace.http.auth.base import AnyAuthentication
from headrace.http.auth.credentials import Credentials
from headrace.http.auth.object_secrets import secrets_within
from headrace.http.outgoing_request import secrets_of
from headrace.http.settings import ClientSettings
from headrace.http.url import shown_url

# Tokens come and go: with each new one there is another set of secrets.
_MOST_REDACTORS = 64


class RequestRedaction:
    """Knows the secrets in the requests of one client.

    Args:
        settings: The settings of the API: headers and the session may hold secrets.
        login: The user name and password in the base URL; empty credentials where there are none.
    """

    def __init__(self, settings: ClientSettings, login: Credentials) -> None:
        self._settings = settings
        self._login = login
        self._by_secrets: dict[tuple[str, ...], Redactor] = {}

    def redactor(self, request: Request, auth: AnyAuthentication) -> Redactor:
        """What hides the secrets of a request in all that is told of it.

        It takes a while to make, so it is made only for an error.

        Args:
            request: The request as it was asked for. Its headers and parameters may hold secrets
                as well.
            auth: The authentication that goes with it.
        """
        return Redactor(
            [
                *auth.secrets,
                *self._login.secrets,
                *secrets_of(self._settings.headers),
                *secrets_of(request.headers),
                *secrets_of(request.params),
                *secrets_within(self._settings.session),
            ]
        )

    def shown(self, method: str, url: str, auth: AnyAuthentication) -> ShownRequest:
        """The request as it may be shown.

        Args:
            method: The HTTP method.
            url: The whole URL.
            auth: The authentication that goes with it.
        """
        return ShownRequest(method, partial(self._shown_url, url, auth))

    def _shown_url(self, url: str, auth: AnyAuthentication) -> str:
        # It may be wanted for every page, so only the secrets of the authentication are looked
        # for. Other secrets in a URL stand under a telling name, which `shown_url` masks.
        secrets = auth.secrets
        if secrets not in self._by_secrets:
            if len(self._by_secrets) >= _MOST_REDACTORS:
                self._by_secrets.clear()
            self._by_secrets[secrets] = Redactor(secrets)
        hidden = auth.params if isinstance(auth, Credentials) else ()
        return self._by_secrets[secrets].clean(shown_url(url, hidden))
