"""Makes the credentials of requests from the `auth` of a config."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from headrace.config import (
    ApiKeyAuthConfig,
    BearerAuthConfig,
    HttpBasicAuthConfig,
    HttpDigestAuthConfig,
    LoginAuthConfig,
    OAuth2ClientCredentialsConfig,
    OAuth2RefreshTokenConfig,
    SignatureAuthConfig,
    SourceConfig,
)
from headrace.config.format.auth import AuthModel
from headrace.config.format.places import texts_in
from headrace.core.dlt_door.auths import auth_kind, is_client_credentials, session_of_user
from headrace.core.json_path import JsonPath
from headrace.core.secrets.shipping import stays_here
from headrace.http.auth.base import AnyAuthentication
from headrace.http.auth.credentials import Credentials
from headrace.http.auth.digest_auth import DigestAuth
from headrace.http.auth.login import Login, LoginSettings
from headrace.http.auth.oauth2 import ClientCredentials, RefreshToken, TokenSettings
from headrace.http.auth.object_secrets import secrets_within
from headrace.http.auth.objects import ObjectAuth
from headrace.http.auth.signature import Signature
from headrace.http.outgoing_request import secrets_of
from headrace.reading.named_functions import named_function

if TYPE_CHECKING:
    from dlt.sources.helpers.rest_client.auth import OAuth2ClientCredentials


@stays_here
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
            if known is auth or (isinstance(known, AuthModel) and known == auth):
                return made
        made = _authentication(auth, self._hidden)
        self._made.append((auth, made))
        return made

    @property
    def secrets(self) -> frozenset[str]:
        """The values that must never be shown; tokens are among them once they have been issued."""
        return self._hidden.union(*(made.secrets for _, made in self._made))


def _authentication(auth: object, hidden: frozenset[str]) -> AnyAuthentication:
    match auth:
        case None:
            return Credentials(secrets=tuple(sorted(hidden)))
        case OAuth2ClientCredentialsConfig():
            return ClientCredentials(_token_settings_of_config(auth), hidden)
        case OAuth2RefreshTokenConfig():
            return _refresh_token(auth, hidden)
        case HttpDigestAuthConfig():
            return DigestAuth(auth.username, auth.password.get_secret_value(), hidden)
        case LoginAuthConfig():
            return _login(auth, hidden)
        case SignatureAuthConfig():
            return _signature(auth, hidden)
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


def _refresh_token(auth: OAuth2RefreshTokenConfig, hidden: frozenset[str]) -> RefreshToken:
    on_new = auth.on_new_refresh_token
    return RefreshToken(
        _token_settings_of_config(auth),
        auth.refresh_token.get_secret_value(),
        hidden,
        on_new and named_function(on_new, "auth.on_new_refresh_token"),
    )


def _login(auth: LoginAuthConfig, hidden: frozenset[str]) -> Login:
    prefix = auth.prefix
    if prefix is None:
        prefix = "Bearer" if auth.header.lower() == "authorization" else ""
    settings = LoginSettings(
        url=auth.url or auth.path or "",
        url_key="auth.path" if auth.url is None else "auth.url",
        method=auth.method,
        headers=auth.headers or {},
        json=auth.json_body,
        data=auth.data,
        token_path=JsonPath(auth.token_path),
        token_header=auth.token_header,
        cookie=auth.cookie,
        header=auth.header,
        prefix=prefix,
        expires_in_path=None if auth.expires_in_path is None else JsonPath(auth.expires_in_path),
        expires_in=auth.expires_in,
    )
    sent = [text for _, text in texts_in([auth.json_body, auth.data])]
    return Login(settings, [*sent, *secrets_of(settings.headers)], hidden)


def _signature(auth: SignatureAuthConfig, hidden: frozenset[str]) -> Signature:
    function, arguments = auth.function, auth.arguments or {}
    name = function if isinstance(function, str) else getattr(function, "__name__", "the function")
    secrets = [text for _, text in texts_in(arguments)]
    return Signature(
        named_function(function, "auth.function"), name, arguments, [*hidden, *secrets]
    )


def _token_settings_of_config(
    auth: OAuth2ClientCredentialsConfig | OAuth2RefreshTokenConfig,
) -> TokenSettings:
    client_id, secret = auth.client_id, auth.client_secret
    return TokenSettings(
        url=auth.access_token_url,
        client_id="" if client_id is None else client_id.get_secret_value(),
        client_secret="" if secret is None else secret.get_secret_value(),
        client_authentication=auth.client_authentication,
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
