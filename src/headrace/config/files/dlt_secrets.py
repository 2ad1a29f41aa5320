"""The secrets that dlt knows of: `dlt.secrets[...]` gives plain texts, which tell nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from headrace.core.dlt_door.settings import documents_of_secrets, secrets_looked_up
from headrace.core.secrets.names import says_where_or_how

# Shorter ones are words rather than secrets.
_SHORTEST = 8


def secrets_of_dlt() -> frozenset[str]:
    """What `.dlt/secrets.toml` holds, and what was looked up as a secret since the last run.

    Returns:
        Texts; none of what says where a secret goes, as `token_url = ...`.
    """
    found = [pair for document in documents_of_secrets() for pair in _texts("", document)]
    return frozenset(
        value.strip()
        for name, value in (*found, *secrets_looked_up())
        if len(value.strip()) >= _SHORTEST and not says_where_or_how(name)
    )


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
