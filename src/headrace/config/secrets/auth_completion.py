"""Completes each `auth` with what dlt finds, where the config leaves something out.

dlt takes most of a second to import, so it is asked only where something is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from headrace.config.format.auth import AUTH_MODELS
from headrace.config.format.fields import is_python_object, known_keys
from headrace.config.format.places import LookedUp, Path, path_as_text, value_at, with_value_at
from headrace.config.format.wording import kind_of, known_names, listed
from headrace.core.dlt_door import auths
from headrace.core.dlt_door.auths import Sections
from headrace.core.dlt_door.objects import is_requests_auth
from headrace.core.dlt_door.settings import SettingsUnreadable

DEFAULT_SECTIONS: Sections = ("sources", "rest_api", "rest_api")
"""The sections of dlt's settings in which dlt's own REST API source looks by itself."""

# The fields of an `auth` that prove who asks.
_PROOFS = (
    *("api_key", "token", "username", "password", "client_id", "client_secret"),
    "refresh_token",
)

_WHERE = (
    "put it into the config, as ${NAME} in a file or dlt.secrets[...] in Python, or under "
    "[sources.rest_api.credentials] in .dlt/secrets.toml"
)


@dataclass(frozen=True)
class CompletedAuths:
    """A document in which each `auth` is whole.

    Args:
        document: The document; a copy where anything was completed.
        faults: What could not be completed: the path of each `auth`, and a message.
        looked_up: What dlt found in its settings, and where it stands now.
    """

    document: dict[str, Any]
    faults: tuple[tuple[Path, str], ...] = ()
    looked_up: tuple[LookedUp, ...] = ()


def with_completed_auths(document: Mapping[str, Any], sections: Sections | None) -> CompletedAuths:
    """Complete each `auth` of a document: short forms, registered types, what is left out.

    What the config says wins over what dlt finds.

    Args:
        document: The config as written; it may be wrong in any way, and is not changed.
        sections: The sections of dlt's settings to look in; None for those of the dlt source
            that is running.
    """
    completed = dict(document)
    faults: list[tuple[Path, str]] = []
    looked_up: list[LookedUp] = []
    for path in places_of_auth(document):
        auth = value_at(document, path)
        try:
            found = _completed(auth, sections)
        except _NotCompleted as error:
            faults.append((path, str(error)))
            continue
        if found is not auth:
            completed = with_value_at(completed, path, found)
            looked_up += _what_dlt_found(path, auth, found)
    return CompletedAuths(completed, tuple(faults), tuple(looked_up))


def places_of_auth(document: Mapping[str, Any]) -> Iterator[Path]:
    """Find the places in a document where an `auth` stands.

    Args:
        document: The config as written; it may be wrong in any way.

    Yields:
        The path of each `auth` that is not null.
    """
    resources = document.get("resources")
    count = len(resources) if isinstance(resources, (list, tuple)) else 0
    places: list[Path] = [("client",), ("resource_defaults", "endpoint")]
    for place in [*places, *(("resources", index, "endpoint") for index in range(count))]:
        if value_at(document, (*place, "auth")) is not None:
            yield (*place, "auth")


def _what_dlt_found(path: Path, given: Any, found: Any) -> Iterator[LookedUp]:
    written = given if isinstance(given, dict) else {}
    if not isinstance(found, dict):
        # Which of its fields came from dlt's settings, only the user's own class knows.
        yield LookedUp(f"the fields of {type(found).__name__}", path_as_text(path))
        return
    for key in found:
        if key in _PROOFS and written.get(key) is None:
            yield LookedUp(f"{key} of dlt's settings", path_as_text((*path, key)))


class _NotCompleted(Exception):  # noqa: N818 - carries a message to where its path is known
    pass


def _completed(auth: Any, sections: Sections | None) -> Any:
    if is_python_object(auth):
        return _resolved_object(auth, sections)
    given = {"type": auth} if isinstance(auth, str) else auth
    if not isinstance(given, dict):
        return auth
    name = given.get("type") or "bearer"
    registered = _registered(name)
    if registered is not None:
        return _made(registered, given, sections)
    model = AUTH_MODELS.get(name) if isinstance(name, str) else None
    if model is None:
        return auth
    needed = {key for key, field in model.model_fields.items() if field.is_required()} - {"type"}
    known = set(known_keys(model))
    is_whole = all(given.get(key) is not None for key in needed)
    # A key that the type does not have is a mistake, which no secret can mend.
    if is_whole or not set(given) <= known:
        return given
    return {**_found_by_dlt(name, given, sections, known, needed), **_without_null(given)}


def _without_null(given: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in given.items() if value is not None}


def _found_by_dlt(
    name: str,
    given: Mapping[str, Any],
    sections: Sections | None,
    known: set[str],
    needed: set[str],
) -> dict[str, Any]:
    values = {key: value for key, value in _without_null(given).items() if key != "type"}
    sought = sorted(needed | (known & set(_PROOFS)))
    with _naming_what_dlt_refuses():
        found = auths.fields_found(name, values, sought, sections)
    return {key: value for key, value in found.items() if key in known}


def _registered(name: object) -> Any:
    """The class that the user has registered with dlt's `register_auth` under a name."""
    found = auths.registered_auth(name) if isinstance(name, str) else None
    is_own = found is not None and auths.is_class_of_dlt(found) and name in AUTH_MODELS
    return None if is_own else found


def _made(registered: Any, given: Mapping[str, Any], sections: Sections | None) -> Any:
    values = {key: value for key, value in given.items() if key != "type"}
    known = sorted(registered.get_resolvable_fields())
    for key in values:
        if key not in known:
            raise _NotCompleted(
                f"`{registered.__name__}` has no such key; {known_names(key, known)}"
            )
    with _naming_what_dlt_refuses():
        made = auths.made_auth(registered, values)
    return _resolved_object(made, sections)


def _resolved_object(auth: Any, sections: Sections | None) -> Any:
    if auths.is_auth(auth):
        with _naming_what_dlt_refuses():
            try:
                auths.complete(auth, sections)
            except auths.FieldsMissing as error:
                missing = listed(error.fields)
                raise _NotCompleted(f"`{type(auth).__name__}` lacks {missing}: {_WHERE}") from None
    elif not is_requests_auth(auth):
        raise _NotCompleted(
            "expected text, a mapping, or an instance of dlt's AuthConfigBase or of requests' "
            f"AuthBase; got {kind_of(auth)}"
        )
    return auth


@contextmanager
def _naming_what_dlt_refuses() -> Iterator[None]:
    """Turn what dlt raises into a message of ours: the words of dlt may quote a secret."""
    try:
        yield
    except SettingsUnreadable as error:
        message = str(error)
    except auths.AuthRefused as error:
        message = (
            "dlt cannot make an authentication of this and of what it finds in its settings "
            f"({error}); check each key here and under "
            "[sources.rest_api.credentials] in .dlt/secrets.toml"
        )
    else:
        return
    raise _NotCompleted(message)
