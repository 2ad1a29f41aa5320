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
    HeaderValue,
    Secret,
    Session,
    TaggedObject,
    fault,
    shape_of,
)
from headrace.core import defaults

_WHERE = (
    "put it here, as ${NAME} in a file or dlt.secrets[...] in Python, or under "
    "[sources.rest_api.credentials] in .dlt/secrets.toml"
)


def _is_complete_elsewhere(schema: dict[str, Any]) -> None:
    """Drop what is required from the JSON Schema: it may stand in dlt's secrets instead."""
    schema.pop("required", None)


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
    password: Secret = Field(description=f"the user's password; {_WHERE}")


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
    access_token_url: Annotated[str, AfterValidator(_token_url)] = Field(
        description="URL that tokens are fetched from.", repr=False
    )
    client_id: Secret = Field(description=f"the client's id; {_WHERE}")
    client_secret: Secret = Field(description=f"the client's secret; {_WHERE}")
    access_token_request_data: dict[str, Any] | None = Field(
        default=None, description="More form fields of the request for a token.", repr=False
    )
    default_token_expiration: Count = Field(
        default=defaults.TOKEN_LIFETIME_SECONDS,
        description="Seconds that a token is used where the answer does not say how long it lives.",
    )
    session: Session = Field(
        default=None,
        description="A `requests.Session` that asks for tokens; only in Python.",
        repr=False,
    )


AuthName = Literal["bearer", "api_key", "http_basic", "oauth2_client_credentials"]
AUTH_MODELS: Mapping[str, type[AuthModel]] = {
    "bearer": BearerAuthConfig,
    "api_key": ApiKeyAuthConfig,
    "http_basic": HttpBasicAuthConfig,
    "oauth2_client_credentials": OAuth2ClientCredentialsConfig,
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
    | Annotated[OAuth2ClientCredentialsConfig, Tag("<oauth2_client_credentials>")]
    | TaggedObject,
    Discriminator(auth_kind),
]
