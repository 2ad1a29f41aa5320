"""The secrets that dlt knows of: `dlt.secrets[...]` gives plain texts, which tell nothing."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterator
from typing import Any

from headrace.core.secrets.names import says_where_or_how

# Shorter ones are words rather than secrets.
_SHORTEST = 8


def secrets_of_dlt() -> frozenset[str]:
    """What `.dlt/secrets.toml` holds, and what was looked up as a secret since the last run.

    Returns:
        Texts; none of what says where a secret goes, as `token_url = ...`.
    """
    # Where nobody has imported dlt, nothing of it can be in a config.
    if "dlt" not in sys.modules:
        return frozenset()
    found = (*_in_files(), *_looked_up())
    return frozenset(
        value.strip()
        for name, value in found
        if len(value.strip()) >= _SHORTEST and not says_where_or_how(name)
    )


def _in_files() -> Iterator[tuple[str, str]]:
    from dlt.common.configuration.container import Container
    from dlt.common.configuration.exceptions import ConfigProviderException
    from dlt.common.configuration.providers.toml import SettingsTomlProvider
    from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext

    try:
        providers = Container()[PluggableRunContext].providers.providers
    except ConfigProviderException:
        # Whoever asks for a value is told that the file cannot be read.
        return
    for provider in providers:
        if isinstance(provider, SettingsTomlProvider) and provider.supports_secrets:
            yield from _texts("", tomllib.loads(provider.to_toml()))


def _looked_up() -> Iterator[tuple[str, str]]:
    from dlt.common.configuration.specs.base_configuration import is_secret_hint
    from dlt.common.configuration.utils import get_resolved_traces

    for trace in get_resolved_traces().resolved_traces:
        if isinstance(trace.value, str) and is_secret_hint(trace.hint):
            yield trace.key, trace.value


def _texts(name: str, value: Any) -> Iterator[tuple[str, str]]:
    """Each text below a key, with the last name on the way to it."""
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _texts(str(key), inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(name, inner)
