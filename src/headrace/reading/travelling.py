"""A config that goes to other processes and machines: without its secrets, which each looks up."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterator, Mapping
from pathlib import Path
from typing import Any

from headrace.config import (
    SourceConfig,
    SubstitutedValues,
    load_config,
    tenant_column,
    tenants_of,
)
from headrace.config.built.tenants import only_tenants
from headrace.config.connectors import find_connector
from headrace.config.files.tenants import with_tenants_named
from headrace.config.files.texts import read_text, text_of_document
from headrace.config.format.fields import is_python_object
from headrace.config.format.places import Path as Place
from headrace.config.format.places import path_as_text, value_at
from headrace.config.format.wording import kind_of
from headrace.config.loading import document_of_tenant, read_config
from headrace.config.secrets.auth_completion import places_of_auth
from headrace.config.secrets.masking import secrets_in, secrets_of_url
from headrace.config.secrets.substitution import Lookup, has_placeholder, look_up_with_dlt
from headrace.config.selection import refuse_unknown_tenants
from headrace.core.exceptions import ConfigError, Fault
from headrace.reading.named_functions import named_function

_IN_CLEAR = (
    "a secret stands here, and would travel to other machines: write `${NAME}`, which each of "
    "them looks up for itself"
)
_OBJECT = (
    "{kind} cannot travel to other machines: describe it with the format's own keys, or name a "
    "function as `module:function`"
)
# What proves who asks is a secret however short it is.
_PROOFS = frozenset({"api_key", "token", "password", "client_secret", "refresh_token"})
# Who asks is none, where what proves it is looked up.
_NAMES = frozenset({"username", "client_id"})


def travelling_text(config: Path | str | Mapping[str, Any]) -> str:
    """Write a config as it may travel: `${NAME}` stands in it as written, and no secret.

    Args:
        config: The path of a config file, the name of a connector, or a config as a dictionary.

    Returns:
        The config as YAML; the name of a connector as it is.

    Raises:
        ConfigError: The config cannot be read, or it holds a secret in clear, or something that
            only Python can hold.
    """
    if not isinstance(config, Mapping) and find_connector(str(config)) is not None:
        return str(config)
    document = read_config(config)
    _refuse_secrets_of_tenants(document)
    return text_of_document(document)


def tenants_in_text(text: str, names: Collection[str] = ()) -> tuple[str, str, dict[str, str]]:
    """Part the text of a config by its tenants, each of which may be asked from another machine.

    Args:
        text: What `travelling_text` returned.
        names: The names of the tenants that are wanted; all when empty.

    Returns:
        The text with the tenants that are wanted, the column of their names, and for each of them
        by its name the text of the config as it is for it alone, without that column. Without
        `tenants` the text as it is, and none of them.

    Raises:
        ConfigError: The config has no such tenant, or none at all where some are wanted.
    """
    document = {} if find_connector(text) is not None else read_text(text)
    tenants = {each.name: each for each in tenants_of(document)}
    refuse_unknown_tenants(names, list(tenants))
    if not tenants:
        return text, "", {}
    wanted = {name: each for name, each in tenants.items() if not names or name in names}
    listed = [
        {"name": name, "set": dict(each.set), "secrets": dict(each.secrets)}
        for name, each in wanted.items()
    ]
    column = tenant_column(document)
    inside = {**document, "tenants": {"column": column, "list": listed}}
    alone = {
        name: text_of_document(document_of_tenant(document, each)) for name, each in wanted.items()
    }
    return text_of_document(inside), column, alone


def load_travelled(
    text: str, secrets: str | None = None, *, tenants: Container[str] | None = None
) -> SourceConfig:
    """Read a config that has travelled, with the secrets that this machine has.

    Args:
        text: What `travelling_text` returned, or a config as YAML or JSON.
        secrets: A function, written as `package.module:function`, from the NAME in `${NAME}` to
            its value. Where it gives None, and without it, the value is looked up as ever: in the
            environment, then in `.dlt/`.
        tenants: The names of the tenants that are wanted here; None for all of them.

    Returns:
        The config, its secrets in it.

    Raises:
        ConfigError: The config cannot be used, a secret is not there, or there is no such function.
    """
    lookup = None if secrets is None else _asking_first(secrets)
    if find_connector(text) is not None:
        return load_config(text, lookup=lookup)
    document = whole = read_text(text)
    if tenants is not None:
        document = with_tenants_named(whole, tenants)
    _refuse_secrets_of_tenants(document)
    config = load_config(document, lookup=lookup)
    if config.tenants is None or len(tenants_of(document)) == len(tenants_of(whole)):
        return config
    return only_tenants(config, [each.name for each in config.tenants.tenants])


def refuse_secrets(document: Mapping[str, Any]) -> None:
    """See that a document holds neither a secret nor what only Python can hold.

    Args:
        document: The config as written, before any secret was put in.

    Raises:
        ConfigError: It does; each place is named, and no value.
    """
    objects = [
        Fault(path_as_text(place), _OBJECT.format(kind=kind_of(value)))
        for place, value in _leaves(document)
        if is_python_object(value)
    ]
    if objects:
        raise ConfigError(objects)
    places = dict.fromkeys(path_as_text(place) for place in _places_of_secrets(document))
    if places:
        raise ConfigError([Fault(place, _IN_CLEAR) for place in places])


def _refuse_secrets_of_tenants(document: Mapping[str, Any]) -> None:
    refuse_secrets(document)
    for tenant in tenants_of(document):
        refuse_secrets(document_of_tenant(document, tenant))


def _asking_first(secrets: str) -> Lookup:
    function = named_function(secrets, "secrets")

    def look_up(name: str) -> str | None:
        value = function(name)
        return look_up_with_dlt(name) if value is None else str(value)

    return look_up


def _places_of_secrets(document: Mapping[str, Any]) -> Iterator[Place]:
    harmless: set[str] = set()
    for auth in places_of_auth(document):
        yield from _proofs_in_clear(document, auth)
        harmless.update(_names_beside_placeholders(document, auth))
    found = {
        secret
        for secret in secrets_in(document, SubstitutedValues())
        if not has_placeholder(secret) and secret not in harmless
    }
    for place, value in _leaves(document):
        text = str(value)
        if has_placeholder(text):
            continue
        if any(secret in text for secret in found) or any(secrets_of_url(text)):
            yield place


def _proofs_in_clear(document: Mapping[str, Any], auth: Place) -> Iterator[Place]:
    for place, value in _leaves(value_at(document, auth), auth):
        text = str(value)
        if place != auth and place[-1] in _PROOFS and text and not has_placeholder(text):
            yield place


def _names_beside_placeholders(document: Mapping[str, Any], auth: Place) -> Iterator[str]:
    fields = value_at(document, auth)
    if isinstance(fields, Mapping) and any(
        has_placeholder(str(value)) for key, value in fields.items() if key in _PROOFS
    ):
        yield from (str(value) for key, value in fields.items() if key in _NAMES)


def _leaves(value: Any, place: Place = ()) -> Iterator[tuple[Place, Any]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _leaves(inner, (*place, str(key)))
    elif isinstance(value, (list, tuple)):
        for index, inner in enumerate(value):
            yield from _leaves(inner, (*place, index))
    elif value is not None:
        yield place, value
