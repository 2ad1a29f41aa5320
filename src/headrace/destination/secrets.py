"""The secrets of a pipeline's destination, so that nothing that tells of it shows them."""

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
    """The passwords, tokens and keys that a pipeline loads with.

    Args:
        pipeline: its settings may be incomplete or wrong.
    """
    for place in (pipeline.destination, pipeline.staging):
        if place is None:
            continue
        try:
            settings = place.configuration(place.spec(), accept_partial=True)
        except Exception as error:
            # Whatever it is, the run meets it as well, and is the one to tell of it.
            yield from secrets_of_settings_error(error)
        else:
            yield from _of_settings(settings)


def secrets_of_settings_error(error: BaseException) -> Iterator[str]:
    """The text that dlt could not read as credentials.

    Args:
        error: that dlt raised, with what is behind it.
    """
    for each in chain_of(error):
        written = getattr(each, "native_value", None) or getattr(each, "field_value", None)
        if isinstance(written, str) and isinstance(each, ConfigurationException):
            yield written
            yield from secrets_of_url(written)


def _of_settings(settings: BaseConfiguration) -> Iterator[str]:
    told = {settings.get(name) for name in ("username", "database", "host")}
    for name, hint in settings.get_resolvable_fields().items():
        value: Any = settings.get(name)
        if isinstance(value, BaseConfiguration):
            yield from _of_settings(value)
        elif isinstance(value, str) and (is_secret_hint(hint) or is_secret(name)):
            # One that is no secret beside it, as `postgres` often, would mask half of a message.
            if value not in told:
                yield value
        elif isinstance(value, dict):
            yield from (each for key, each in value.items() if _is_text(each) and is_secret(key))


def _is_text(value: object) -> bool:
    return isinstance(value, str)
