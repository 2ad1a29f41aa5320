"""The secrets that dlt knows of.

What `dlt.secrets[...]` gives is plain text. Where such a text stands in a config made in Python,
nothing shows that it is a secret, unless dlt is asked.
"""

from __future__ import annotations

from headrace.config.format.places import Path, texts_in
from headrace.core.dlt_door.settings import documents_of_secrets, secrets_looked_up
from headrace.core.secrets.names import says_where_or_how

# In characters. A shorter value is a word rather than a secret.
_SHORTEST = 8


def secrets_of_dlt() -> frozenset[str]:
    """Collect what `.dlt/secrets.toml` holds, and what dlt looked up as a secret.

    Returns:
        The values of eight characters and more, without those that only say where a secret goes,
        as `token_url = ...`.
    """
    found = [
        (_last_name(path), text)
        for document in documents_of_secrets()
        for path, text in texts_in(document)
    ]
    return frozenset(
        value.strip()
        for name, value in (*found, *secrets_looked_up())
        if len(value.strip()) >= _SHORTEST and not says_where_or_how(name)
    )


def _last_name(path: Path) -> str:
    return next((part for part in reversed(path) if isinstance(part, str)), "")
