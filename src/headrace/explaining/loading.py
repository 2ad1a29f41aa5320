"""Loads a config without its secrets: what is looked up elsewhere is a name here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from headrace.config import SourceConfig, load_config, parse_config
from headrace.config.format.auth import AUTH_MODELS
from headrace.config.format.places import path_as_text, texts_in, value_at, with_value_at
from headrace.config.loading import read_config
from headrace.config.secrets.auth_completion import places_of_auth
from headrace.config.secrets.substitution import look_up_with_dlt, substitute_secrets
from headrace.core.exceptions import ConfigError, Fault
from headrace.core.secrets.names import is_sensitive_setting
from headrace.explaining.marks import mark, setting

_NAME = re.compile(r"(?<!\$)\$\{([A-Za-z_][A-Za-z0-9_.\-]*)\}")
_PROOFS = (
    *("api_key", "token", "username", "password", "client_id", "client_secret"),
    *("refresh_token", "access_token"),
)
_ADDRESSES = ("base_url", "access_token_url", "url")


def load_unasked(
    config: Path | str | Mapping[str, Any], overrides: Iterable[str] = ()
) -> SourceConfig:
    """Loads a config; each secret in it is a mark that names it, whether it is set or not.

    Args:
        config: The path of a file, the name of a connector, or a document that has been read.
        overrides: Values to set, each written as `path=value`.

    Raises:
        ConfigError: The config is wrong; or a setting that is no secret has no value, and nothing
            can be said without it.
    """
    is_of_call, overrides = False, tuple(overrides)
    if isinstance(config, Mapping) and not overrides and config.get("tenants") is None:
        is_of_call, read = True, dict(config)
    else:
        read = read_config(config, overrides)
    document = _with_whole_addresses(_with_named_proofs(read))
    unset: set[str] = set()
    proofs = {
        name
        for path, text in texts_in(document)
        if path[-1] in _PROOFS
        for name in _NAME.findall(text)
    }

    def look_up(name: str) -> str:
        is_secret = name in proofs or is_sensitive_setting(name)
        found = None if is_secret else look_up_with_dlt(name)
        if found is None:
            unset.add(name)
            return setting(name)
        return found

    try:
        if is_of_call:
            # A call has its values as Python has them: `True` is sent as it is.
            whole, substituted, _ = substitute_secrets(document, look_up)
            return parse_config(whole, substituted)
        return load_config(document, lookup=look_up)
    except ConfigError as error:
        raise _telling_unset(error, document, unset) from None


def _telling_unset(error: ConfigError, document: Mapping[str, Any], unset: set[str]) -> ConfigError:
    """Says of a fault which comes of a value that is not there, what is to be set."""
    lacking = {
        path_as_text(path): name
        for path, text in texts_in(document)
        for name in _NAME.findall(text)
        if name in unset
    }
    return ConfigError(
        [
            Fault(
                fault.path, f"nothing can be said without the value of ${{{lacking[fault.path]}}}"
            )
            if fault.path in lacking
            else fault
            for fault in error.faults
        ]
    )


def _with_named_proofs(document: dict[str, Any]) -> dict[str, Any]:
    """Puts names into each `auth` for what dlt would look up in its own settings."""
    for path in places_of_auth(document):
        auth = value_at(document, path)
        given = {"type": auth} if isinstance(auth, str) else auth
        model = AUTH_MODELS.get(given.get("type") or "bearer") if isinstance(given, dict) else None
        if model is None:
            continue
        needed = (name for name, field in model.model_fields.items() if field.is_required())
        found = {
            name: "https://" * (name in _ADDRESSES) + mark(f"{name} of dlt's settings")
            for name in needed
            if name != "type" and given.get(name) is None
        }
        if found:
            document = with_value_at(document, path, {**given, **found})
    return document


def _with_whole_addresses(document: dict[str, Any]) -> dict[str, Any]:
    """Has an address that is looked up be one, whether it is set or not."""
    for path, text in list(texts_in(document)):
        match = _NAME.match(text)
        if match and path[-1] in _ADDRESSES and look_up_with_dlt(match[1]) is None:
            address = f"https://{setting(match[1])}{text[match.end() :]}"
            document = with_value_at(document, path, address)
    return document
