"""dlt's objects for `auth`: which kind one is, and what dlt finds for what it leaves out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, TypeGuard

from headrace.core.dlt_door.contexts import context
from headrace.core.dlt_door.loading import found_in, imported, is_instance_of
from headrace.core.dlt_door.settings import SettingsUnreadable

if TYPE_CHECKING:
    import requests
    from dlt.sources.helpers.rest_client.auth import AuthConfigBase, OAuth2ClientCredentials

Sections = tuple[str, ...]
"""The sections of dlt's settings, from the outermost inwards, as `("sources", "rest_api")`."""

AuthKind = Literal["api_key", "bearer", "http_basic"]

_AUTH = "dlt.sources.helpers.rest_client.auth"
_REGISTER = "dlt.sources.rest_api.config_setup"


class FieldsMissing(Exception):  # noqa: N818 - says what is so, and carries it to a path
    """An object for `auth` leaves out what dlt finds nowhere.

    Args:
        fields: The names of the fields that are missing.
    """

    def __init__(self, fields: Sequence[str]) -> None:
        # What an exception is pickled by is what it hands on here.
        super().__init__(fields)
        self.fields = list(fields)

    def __str__(self) -> str:
        return ", ".join(self.fields)


class AuthRefused(Exception):  # noqa: N818 - says what is so, and carries it to a path
    """dlt cannot make an authentication of what is given and of what it finds.

    Args:
        failure: The name of the class of dlt's error. The error itself is not kept: its text may
            quote a secret.
    """

    def __init__(self, failure: str) -> None:
        super().__init__(failure)


def is_auth(value: object) -> bool:
    """Whether a value is one of dlt's objects for `auth`, or derived from one.

    Args:
        value: Any value.
    """
    return is_instance_of(value, _AUTH, "AuthConfigBase")


def auth_kind(auth: object) -> AuthKind | None:
    """Which of dlt's own kinds an object for `auth` is, of those that are the same in each request.

    Args:
        auth: Any value.

    Returns:
        The kind, or None for all else: a class derived from one of dlt's may do anything.
    """
    own: dict[Any, AuthKind] = {
        found_in(_AUTH, "APIKeyAuth"): "api_key",
        found_in(_AUTH, "BearerTokenAuth"): "bearer",
        found_in(_AUTH, "HttpBasicAuth"): "http_basic",
    }
    return own.get(type(auth))


def is_client_credentials(auth: object) -> TypeGuard[OAuth2ClientCredentials]:
    """Whether an object for `auth` is exactly of dlt's class for OAuth 2.0 client credentials.

    Args:
        auth: Any value. For an object of a derived class the answer is no, since such a class
            may do anything.
    """
    return type(auth) is found_in(_AUTH, "OAuth2ClientCredentials")


def session_of_user(auth: OAuth2ClientCredentials) -> requests.Session | None:
    """The session that the user has given to one of dlt's objects for OAuth 2.0.

    Args:
        auth: The object for OAuth 2.0.

    Returns:
        The session, or None where dlt has put in the one that all its own requests share.
    """
    # The client behind the functions of `dlt.sources.helpers.requests` is public, but its page
    # does not say that `OAuth2ClientCredentials` takes its session: check that at an upgrade.
    shared = imported("dlt.sources.helpers.requests").client.session
    given: requests.Session | None = auth.session
    return None if given is shared else given


def registered_auth(name: str) -> type[AuthConfigBase] | None:
    """The class that stands under a name in dlt's list of `auth` types.

    Args:
        name: The `type` of the authentication, as written in a config.

    Returns:
        dlt's own class or one that the user has added with `register_auth`; None where the
        name is unknown, or where nobody has imported dlt's REST API source: then nothing can
        have been added.
    """
    found: type[AuthConfigBase] | None = (found_in(_REGISTER, "AUTH_MAP") or {}).get(name)
    return found


def is_class_of_dlt(registered: type) -> bool:
    """Whether a class for `auth` is dlt's own, rather than one that the user has added.

    Args:
        registered: The class that is in dlt's list of `auth` types.
    """
    return registered.__module__ == _AUTH


def fields_found(
    name: str, values: Mapping[str, Any], secrets: Sequence[str], sections: Sections | None
) -> dict[str, Any]:
    """What dlt finds in its settings for an `auth` that is written as a mapping.

    Args:
        name: The `type` of the authentication.
        values: The values that the mapping gives, by field; they go before what dlt finds.
        secrets: The fields that are secrets, of a type that dlt does not know.
        sections: The sections of dlt's settings to look in; None means those of the running
            dlt source.

    Returns:
        The values by field, of those that are given or found.

    Raises:
        SettingsUnreadable: One of dlt's files is no valid TOML.
        AuthRefused: dlt cannot make an authentication of these values.
    """
    resolve = imported("dlt.common.configuration").resolve_configuration
    with _looking_in(sections), _failures_translated():
        kind = imported(_REGISTER).AUTH_MAP.get(name) or _spec_of(tuple(secrets))
        given = {key: value for key, value in values.items() if key in kind.get_resolvable_fields()}
        spec = resolve(kind.from_init_value(given), accept_partial=True)
        # The only place where dlt says which fields have a value; check at an upgrade that a
        # field without one is still absent from it.
        fields = spec.__resolved_fields_set__ or ()
        return {key: getattr(spec, key) for key in fields if getattr(spec, key) is not None}


@cache
def _spec_of(secrets: tuple[str, ...]) -> type[AuthConfigBase]:
    """A class as dlt has one for each of its own types, with fields that are all secrets."""
    base = imported(_AUTH).AuthConfigBase
    secret = imported("dlt").TSecretStrValue
    fields: dict[str, Any] = dict.fromkeys(secrets)
    fields["__annotations__"] = dict.fromkeys(secrets, secret)
    made: type[AuthConfigBase] = imported("dlt.common.configuration.specs").configspec(
        type("AuthOfHeadrace", (base,), {"__module__": __name__, **fields})
    )
    return made


def made_auth(registered: type[AuthConfigBase], values: Mapping[str, Any]) -> AuthConfigBase:
    """Make an object for `auth` of a class that the user has added with `register_auth`.

    Args:
        registered: The class that is in dlt's list of `auth` types.
        values: The values that the config gives, by field.

    Raises:
        AuthRefused: The class does not take these values.
    """
    with _failures_translated():
        return registered.from_init_value(values)


def complete(auth: AuthConfigBase, sections: Sections | None) -> None:
    """Let dlt fill in what an object for `auth` leaves out.

    Args:
        auth: The object, which is changed in place.
        sections: The sections of dlt's settings to look in; None means those of the running
            dlt source.

    Raises:
        FieldsMissing: Some fields are neither given nor found in dlt's settings.
        SettingsUnreadable: One of dlt's files is no valid TOML.
        AuthRefused: dlt cannot make an authentication of these values.
    """
    if auth.is_resolved():
        return
    resolve = imported("dlt.common.configuration").resolve_configuration
    missing = imported("dlt.common.configuration.exceptions").ConfigFieldMissingException
    with _looking_in(sections), _failures_translated():
        try:
            resolve(auth)
        except missing as error:
            raise FieldsMissing(error.fields) from None


@contextmanager
def _failures_translated() -> Iterator[None]:
    unreadable = imported("dlt.common.configuration.exceptions").ConfigProviderException
    failure: Exception
    try:
        yield
    except FieldsMissing:
        raise
    except unreadable as error:
        failure = SettingsUnreadable(error.provider_name)
    except Exception as error:
        failure = AuthRefused(type(error).__name__)
    else:
        return
    raise failure


def _looking_in(sections: Sections | None) -> AbstractContextManager[Any]:
    """Makes dlt look in sections of its settings, as it does while one of its sources runs.

    dlt's page on its configuration names `inject_section` for this. What it does not say is
    that a section of the running pipeline's name goes before the others only if the context
    holds that name: check at an upgrade that `[PIPELINE.sources...]` is still found.
    """
    if sections is None:
        return nullcontext()
    specs = imported("dlt.common.configuration.specs")
    pipeline = context(imported("dlt.common.pipeline").PipelineContext)
    name = pipeline.pipeline().pipeline_name if pipeline.is_active() else None
    looked_in = specs.ConfigSectionContext(pipeline_name=name, sections=sections)
    inject = imported("dlt.common.configuration").inject_section
    looking: AbstractContextManager[Any] = inject(looked_in)
    return looking
