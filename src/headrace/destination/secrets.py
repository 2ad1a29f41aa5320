"""Finds the secrets of a pipeline's destination, so that no message about it shows them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import dlt
from dlt.common.configuration.exceptions import ConfigurationException
from dlt.common.configuration.specs.base_configuration import BaseConfiguration, is_secret_hint

from headrace.config.secrets.masking import secrets_of_url
from headrace.core.causes import chain_of
from headrace.core.secrets.names import is_secret


def destination_secrets(pipeline: dlt.Pipeline) -> Iterator[str]:
    """Gives the passwords, tokens and keys that a pipeline loads with.

    Args:
        pipeline: The pipeline. The settings of its destination may be incomplete or wrong.
    """
    for place in (pipeline.destination, pipeline.staging):
        if place is None:
            continue
        try:
            settings = place.configuration(place.spec(), accept_partial=True)
        except Exception as error:
            # Whatever it is, the run fails with it as well, and reports it.
            yield from secrets_of_settings_error(error)
        else:
            yield from _of_settings(settings)


def secrets_of_settings_error(error: BaseException) -> Iterator[str]:
    """Gives the texts that dlt could not read as credentials: they may hold a password.

    Args:
        error: The error that dlt raised. The errors that caused it are looked at as well.
    """
    for each in chain_of(error):
        written = getattr(each, "native_value", None) or getattr(each, "field_value", None)
        if isinstance(written, str) and isinstance(each, ConfigurationException):
            yield written
            yield from secrets_of_url(written)


def _of_settings(settings: BaseConfiguration) -> Iterator[str]:
    shown = {settings.get(name) for name in ("username", "database", "host")}
    for name, hint in settings.get_resolvable_fields().items():
        value: Any = settings.get(name)
        if isinstance(value, BaseConfiguration):
            yield from _of_settings(value)
        elif isinstance(value, str) and (is_secret_hint(hint) or is_secret(name)):
            # A password that is also the user name or the database (`postgres`) is no secret, and
            # would mask half of a message.
            if value not in shown:
                yield value
        elif isinstance(value, dict):
            yield from (each for key, each in value.items() if _is_text(each) and is_secret(key))


def _is_text(value: object) -> bool:
    return isinstance(value, str)
