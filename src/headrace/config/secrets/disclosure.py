"""Decides what a message may show of a config: never a secret, never more than helps."""

from __future__ import annotations

from typing import Any

from headrace.config.format.places import Path
from headrace.config.secrets.substitution import SubstitutedValues
from headrace.core.secrets.names import is_secret, is_sensitive

_PRIVATE_PARTS = frozenset({"auth", "headers", "params", "json", "data", "graphql", "session"})
# None of these is a secret where it stands in an `auth` itself, and messages about a token need
# them; the same holds for the form fields of its request, which are scopes and audiences.
_HARMLESS_AUTH_KEYS = frozenset(
    [
        *("type", "name", "location", "access_token_url", "client_authentication"),
        *("path", "url", "method", "token_path", "token_header", "cookie", "header", "prefix"),
        *("expires_in_path", "expires_in", "function", "on_new_refresh_token"),
        "default_token_expiration",
    ]
)
_TOKEN_REQUEST = "access_token_request_data"
_LONGEST_SHOWN = 40
SHORTEST_SECRET = 8
"""The fewest characters of a secret; a shorter value is a word of any sentence."""
_SHORTEST_TOKEN = 12


def shown_value(path: Path, value: Any, substituted: SubstitutedValues) -> str | None:
    """Write a value as a message may show it.

    Args:
        path: Where the value stands.
        value: The value, of any kind.
        substituted: The values that came into the config from outside.

    Returns:
        The value in backticks, or None where it must not be shown or would not help.
    """
    if _is_private(path) or not isinstance(value, (str, int, float)):
        return None
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if not 0 < len(text) <= _LONGEST_SHOWN or not text.isprintable() or "://" in text:
        return None
    if "@" in text or "`" in text or substituted.appear_in(text) or _looks_secret(text):
        return None
    return f"`{text}`"


def sensitive_values(document: Any) -> SubstitutedValues:
    """Find the values of a document that are secrets by the place where they stand.

    Args:
        document: The config, or a part of it; it may be wrong in any way.

    Returns:
        The values of eight characters and more, to be redacted.
    """
    found: set[str] = set()
    todo: list[tuple[Any, bool, str, str]] = [(document, False, "", "")]
    while todo:
        value, secret, key, above = todo.pop()
        if isinstance(value, dict):
            for name, inner in value.items():
                tells = is_sensitive if key == "headers" else is_secret
                inside = secret or name == "auth" or tells(str(name))
                # Of the headers of a login, some say no more than what is accepted.
                is_told = name == _TOKEN_REQUEST or (key == "auth" and name == "headers")
                inside = inside and not is_told
                todo.append((inner, inside, str(name), key))
        elif isinstance(value, (list, tuple)):
            todo.extend((inner, secret, key, above) for inner in value)
        elif isinstance(value, (str, int, float)) and secret:
            if above == "auth" and key in _HARMLESS_AUTH_KEYS:
                continue
            found.add(str.__str__(value) if isinstance(value, str) else str(value))
    return SubstitutedValues(frozenset(text for text in found if len(text) >= SHORTEST_SECRET))


def _looks_secret(text: str) -> bool:
    """Whether a text may be a key or a token that was put in the wrong place."""
    return (
        len(text) >= _SHORTEST_TOKEN
        and any(character.isdigit() for character in text)
        and any(character.isalpha() for character in text)
    )


def _is_private(path: Path) -> bool:
    return any(
        isinstance(part, str) and (part in _PRIVATE_PARTS or is_secret(part)) for part in path
    )
