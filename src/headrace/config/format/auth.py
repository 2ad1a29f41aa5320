"""The ways of authentication in the format, by their `type`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, ConfigDict, Discriminator, Field, Tag

from headrace.config.format.fields import (
    TEXT,
    Count,
    FormatModel,
    HeaderName,
    HeaderValue,
    JsonPath,
    Method,
    Name,
    NamedFunction,
    Seconds,
    Secret,
    SecretOrEmpty,
    Session,
    TaggedObject,
    fault,
    shape_of,
)
from headrace.core import defaults
from headrace.core.secrets.shipping import stays_here

_WHERE = (
    "put it here, as ${NAME} in a file or dlt.secrets[...] in Python, or under "
    "[sources.rest_api.credentials] in .dlt/secrets.toml"
)


def _is_complete_elsewhere(schema: dict[str, Any]) -> None:
    """Drop what is required from the JSON Schema: it may stand in dlt's secrets instead."""
    schema.pop("required", None)


@stays_here
class AuthModel(FormatModel):
    """A way of authentication. What it requires, dlt looks for where the config leaves it out."""

    model_config = ConfigDict(json_schema_extra=_is_complete_elsewhere)


def _token_url(url: str) -> str:
    address = url.strip()
    try:
        parts = urlsplit(address)
        # The port is read only when it is asked for.
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or any(character.isspace() for character in address):
        raise fault("must be a whole URL, for example https://login.example.com/oauth/token")
    return address


TokenUrl = Annotated[str, AfterValidator(_token_url)]
ClientAuthentication = Literal["body", "basic"]

# The keys that all requests for a token share (RFC 6749).
_CLIENT_AUTHENTICATION: Any = Field(
    default=None,
    description="How the client's id and secret go: in the form (`body`), or by HTTP Basic. When "
    "absent in the form, and by HTTP Basic where the server refuses that.",
)
_REQUEST_DATA: Any = Field(
    default=None, description="More form fields of the request for a token.", repr=False
)
_TOKEN_EXPIRATION: Any = Field(
    default=defaults.TOKEN_LIFETIME_SECONDS,
    description="Seconds that a token is used where the answer does not say how long it lives.",
)
_TOKEN_SESSION: Any = Field(
    default=None,
    description="A `requests.Session` that asks for tokens; only in Python.",
    repr=False,
)


class ApiKeyAuthConfig(AuthModel):
    """A key sent with every request, in a place of its own."""

    type: Literal["api_key"] = Field(
        description="A key in a header, a query parameter or a cookie."
    )
    name: HeaderValue = Field(
        default="Authorization",
        min_length=1,
        description="Name of the header, the query parameter or the cookie that carries the key.",
    )
    api_key: Secret = Field(description=f"the key itself; {_WHERE}")
    location: Literal["header", "query", "param", "cookie"] = Field(
        default="header", description="Where the key is sent; `param` is the same as `query`."
    )


class BearerAuthConfig(AuthModel):
    """A token in the `Authorization` header; what a mapping without a `type` means, as in dlt."""

    type: Literal["bearer"] = Field(
        default="bearer", description="A token in the `Authorization` header."
    )
    token: Secret = Field(description=f"the token itself; {_WHERE}")


class HttpBasicAuthConfig(AuthModel):
    """The name and the password of a user."""

    type: Literal["http_basic"] = Field(description="The name and the password of a user.")
    username: HeaderValue = Field(description="the user's name", repr=False)
    password: SecretOrEmpty = Field(
        description=f'the user\'s password; {_WHERE}; `""` where the API takes a key as the '
        "user's name, and no password"
    )


class OAuth2ClientCredentialsConfig(AuthModel):
    """OAuth 2.0 client credentials: a token fetched with an id and a secret."""

    type: Literal["oauth2_client_credentials"] = Field(
        description="A token that is fetched with the id and the secret of a client."
    )
    access_token: Secret | None = Field(
        default=None,
        description="A token that is there already. It is replaced before the first request, as in "
        "dlt, since nobody knows when it expires.",
    )
    access_token_url: TokenUrl = Field(description="URL that tokens are fetched from.", repr=False)
    client_id: Secret = Field(description=f"the client's id; {_WHERE}")
    client_secret: Secret = Field(description=f"the client's secret; {_WHERE}")
    client_authentication: ClientAuthentication | None = _CLIENT_AUTHENTICATION
    access_token_request_data: dict[str, Any] | None = _REQUEST_DATA
    default_token_expiration: Count = _TOKEN_EXPIRATION
    session: Session = _TOKEN_SESSION


class OAuth2RefreshTokenConfig(AuthModel):
    """OAuth 2.0 refresh token: a token fetched with what a user's consent has brought once."""

    type: Literal["oauth2_refresh_token"] = Field(
        description="A token that is fetched with a refresh token."
    )
    access_token_url: TokenUrl = Field(description="URL that tokens are fetched from.", repr=False)
    refresh_token: Secret = Field(description=f"the refresh token; {_WHERE}")
    client_id: Secret | None = Field(
        default=None, description="The client's id, where the server wants one."
    )
    client_secret: Secret | None = Field(
        default=None, description="The client's secret, where it has one."
    )
    client_authentication: ClientAuthentication | None = _CLIENT_AUTHENTICATION
    access_token_request_data: dict[str, Any] | None = _REQUEST_DATA
    default_token_expiration: Count = _TOKEN_EXPIRATION
    on_new_refresh_token: NamedFunction | None = Field(
        default=None,
        description="Function that keeps a refresh token which the server gives in place of the "
        "one here, as `module:name`; it is called with it.",
    )
    session: Session = _TOKEN_SESSION


class HttpDigestAuthConfig(AuthModel):
    """The name and the password of a user, which is never sent itself."""

    type: Literal["http_digest"] = Field(
        description="The name and the password of a user, by HTTP Digest."
    )
    username: HeaderValue = Field(description="the user's name", repr=False)
    password: Secret = Field(description=f"the user's password; {_WHERE}")


class LoginAuthConfig(AuthModel):
    """A token, or a cookie, that a request to the API's own login brings."""

    type: Literal["login"] = Field(
        description="A token, or a cookie, that a request to the API's login brings."
    )
    path: Name | None = Field(
        default=None, description="Path of the login below `base_url`.", repr=False
    )
    url: TokenUrl | None = Field(
        default=None, description="URL of the login, where it is elsewhere.", repr=False
    )
    method: Method = Field(default="POST", description="HTTP method of the login.")
    json_body: Any = Field(
        default=None, alias="json", description="JSON body of the login.", repr=False
    )
    data: Any = Field(
        default=None, description="Form fields of the login, or text as it is sent.", repr=False
    )
    headers: dict[HeaderName, HeaderValue] | None = Field(
        default=None, description="Headers of the login.", repr=False
    )
    token_path: JsonPath = Field(
        default="access_token", description="JSONPath of the token in the answer."
    )
    token_header: HeaderName | None = Field(
        default=None, description="Header of the answer that holds the token, in place of its JSON."
    )
    cookie: HeaderName | None = Field(
        default=None,
        description="Name of the cookie that the answer sets, which is sent in place of a token.",
    )
    header: HeaderName = Field(
        default="Authorization", description="Header of the requests that takes the token."
    )
    prefix: HeaderValue | None = Field(
        default=None,
        description="What stands before the token there; `Bearer` in the header `Authorization`, "
        "nothing in another, when absent.",
    )
    expires_in_path: JsonPath | None = Field(
        default=None,
        description="JSONPath of the seconds in the answer that the token is good for. Without "
        "them it is replaced when the API refuses it.",
    )
    expires_in: Seconds | None = Field(
        default=None, description="Seconds that the token is good for."
    )


class SignatureAuthConfig(AuthModel):
    """A function that signs each request."""

    type: Literal["signature"] = Field(description="A function signs each request.")
    function: NamedFunction = Field(
        description="the function, as `module:name`; it is called with `method`, `url`, `headers` "
        "and `body`, and gives back headers, or a mapping of `headers` and `params`"
    )
    arguments: dict[str, Any] | None = Field(
        default=None, description="More that the function is called with, by name.", repr=False
    )


AuthName = Literal[
    "bearer",
    "api_key",
    "http_basic",
    "http_digest",
    "oauth2_client_credentials",
    "oauth2_refresh_token",
]
AUTH_MODELS: Mapping[str, type[AuthModel]] = {
    "bearer": BearerAuthConfig,
    "api_key": ApiKeyAuthConfig,
    "http_basic": HttpBasicAuthConfig,
    "http_digest": HttpDigestAuthConfig,
    "oauth2_client_credentials": OAuth2ClientCredentialsConfig,
    "oauth2_refresh_token": OAuth2RefreshTokenConfig,
    "login": LoginAuthConfig,
    "signature": SignatureAuthConfig,
}


def auth_kind(value: Any) -> str:
    """Tell which alternative of the format an authentication is.

    Args:
        value: The authentication as written; it may be wrong in any way.

    Returns:
        A tag like `<bearer>` for a mapping, which is a bearer token where it has no `type`, as in
        dlt; for anything else the tag of its shape.
    """
    if isinstance(value, FormatModel):
        return f"<{getattr(value, 'type', '')}>"
    if not isinstance(value, dict):
        return shape_of(value)
    return f"<{value.get('type') or 'bearer'}>"


AnyAuth = Annotated[
    Annotated[AuthName, Tag(TEXT)]
    | Annotated[BearerAuthConfig, Tag("<bearer>")]
    | Annotated[ApiKeyAuthConfig, Tag("<api_key>")]
    | Annotated[HttpBasicAuthConfig, Tag("<http_basic>")]
    | Annotated[HttpDigestAuthConfig, Tag("<http_digest>")]
    | Annotated[OAuth2ClientCredentialsConfig, Tag("<oauth2_client_credentials>")]
    | Annotated[OAuth2RefreshTokenConfig, Tag("<oauth2_refresh_token>")]
    | Annotated[LoginAuthConfig, Tag("<login>")]
    | Annotated[SignatureAuthConfig, Tag("<signature>")]
    | TaggedObject,
    Discriminator(auth_kind),
]
