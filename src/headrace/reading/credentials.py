"""Makes the credentials of requests from the `auth` of a config."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from headrace.config import (
    ApiKeyAuthConfig,
    BearerAuthConfig,
    HttpBasicAuthConfig,
    OAuth2ClientCredentialsConfig,
    SourceConfig,
)
from headrace.core.dlt_door.auths import auth_kind, is_client_credentials, session_of_user
from headrace.http.auth.base import AnyAuthentication
from headrace.http.auth.credentials import Credentials
from headrace.http.auth.oauth2 import ClientCredentials, TokenSettings
from headrace.http.auth.object_secrets import secrets_within
from headrace.http.auth.objects import ObjectAuth

if TYPE_CHECKING:
    from dlt.sources.helpers.rest_client.auth import OAuth2ClientCredentials


class Authentications:
    """The credentials of one source.

    Resources that authenticate in the same way share one object, so that they share its token too.

    Args:
        hidden: Secrets from elsewhere in the config, which are masked as those of the credentials
            are.
    """

    def __init__(self, hidden: Iterable[str] = ()) -> None:
        self._hidden = frozenset(hidden)
        self._made: list[tuple[object, AnyAuthentication]] = []

    @classmethod
    def of_config(cls, config: SourceConfig) -> Authentications:
        """The credentials of a config, with all secrets of the config and of its session.

        Args:
            config: The config.
        """
        return cls(config.secrets | secrets_within(config.client.session))

    def of(self, auth: object) -> AnyAuthentication:
        """Gives the credentials for one `auth`, the same object for the same `auth`.

        Args:
            auth: A model of the config, a Python object, or None to send no credentials.

        Raises:
            TypeError: No credentials can be made from an object of this type.
        """
        for known, made in self._made:
            if known is auth or (type(known) in _MODELS and known == auth):
                return made
        made = _authentication(auth, self._hidden)
        self._made.append((auth, made))
        return made

    @property
    def secrets(self) -> frozenset[str]:
        """The values that must never be shown; tokens are among them once they have been issued."""
        return self._hidden.union(*(made.secrets for _, made in self._made))


_MODELS = (
    ApiKeyAuthConfig,
    BearerAuthConfig,
    HttpBasicAuthConfig,
    OAuth2ClientCredentialsConfig,
)


def _authentication(auth: object, hidden: frozenset[str]) -> AnyAuthentication:
    match auth:
        case None:
            return Credentials(secrets=tuple(sorted(hidden)))
        case OAuth2ClientCredentialsConfig():
            return ClientCredentials(_token_settings_of_config(auth), hidden)
        case _ if is_client_credentials(auth):
            return ClientCredentials(_token_settings_of_object(auth), hidden)
    static = _credentials(auth)
    if static is not None:
        return static.with_secrets(hidden)
    if not callable(auth):
        raise TypeError(f"no authentication can be made from {type(auth).__name__}")
    return ObjectAuth(auth, hidden)


def _credentials(auth: Any) -> Credentials | None:
    """Credentials that are the same for each request; None where each request may need others."""
    if isinstance(auth, ApiKeyAuthConfig):
        return Credentials.api_key(auth.name, auth.api_key.get_secret_value(), auth.location)
    if isinstance(auth, BearerAuthConfig):
        return Credentials.bearer(auth.token.get_secret_value())
    if isinstance(auth, HttpBasicAuthConfig):
        return Credentials.basic(auth.username, auth.password.get_secret_value())
    match auth_kind(auth):
        case "api_key":
            return Credentials.api_key(auth.name, str(auth.api_key), auth.location)
        case "bearer":
            return Credentials.bearer(str(auth.token))
        case "http_basic":
            return Credentials.basic(str(auth.username), str(auth.password))
    return None


def _token_settings_of_config(auth: OAuth2ClientCredentialsConfig) -> TokenSettings:
    return TokenSettings(
        url=auth.access_token_url,
        client_id=auth.client_id.get_secret_value(),
        client_secret=auth.client_secret.get_secret_value(),
        request_data=auth.access_token_request_data or {},
        default_lifetime=auth.default_token_expiration,
        session=auth.session,
    )


def _token_settings_of_object(auth: OAuth2ClientCredentials) -> TokenSettings:
    return TokenSettings(
        url=auth.access_token_url,
        client_id=str(auth.client_id),
        client_secret=str(auth.client_secret),
        request_data=auth.access_token_request_data or {},
        default_lifetime=auth.default_token_expiration,
        session=session_of_user(auth),
    )
