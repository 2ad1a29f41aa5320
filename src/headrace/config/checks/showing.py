"""What a message may show of a config: never a secret, never more than helps."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from difflib import get_close_matches
from typing import Any

from headrace.config.files.substitution import SubstitutedValues
from headrace.core.secrets.names import is_secret, is_sensitive

Path = tuple[str | int, ...]
"""Where something stands in a document: keys and indexes."""

_PRIVATE_PARTS = frozenset({"auth", "headers", "params", "json", "data", "session"})
# A scope or an audience is told of in messages, and so is where tokens come from.
_HARMLESS_AUTH_KEYS = frozenset({"type", "name", "location", "access_token_url"})
_TOKEN_REQUEST = "access_token_request_data"
_PLAIN_KEY = re.compile(r"[\w\-]+")
_LONGEST_SHOWN = 40
SHORTEST_SECRET = 8
_SHORTEST_TOKEN = 12


def written(path: Path) -> str:
    """A path as messages show it.

    Args:
        path: keys and indexes.

    Returns:
        Text like `resources[0].endpoint.paginator.limit`.
    """
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif _PLAIN_KEY.fullmatch(part):
            text += f".{part[:80]}"
        else:
            text += f"[{part[:80]!r}]"
    return text.removeprefix(".")


def at(document: Any, path: Path) -> Any:
    """The value at a path.

    Args:
        document: the whole.
        path: keys and indexes.

    Returns:
        The value, or None where there is none.
    """
    for part in path:
        if isinstance(part, int) and isinstance(document, (list, tuple)):
            document = document[part] if 0 <= part < len(document) else None
        else:
            document = document.get(part) if isinstance(document, dict) else None
    return document


def shown(path: Path, value: Any, substituted: SubstitutedValues) -> str | None:
    """A value as a message may show it.

    Args:
        path: where it stands.
        value: the value.
        substituted: what came into the config from outside.

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


def kind(value: Any) -> str:
    """What sort of value it is, in words.

    Args:
        value: any value of a config.

    Returns:
        Words that show nothing of it.
    """
    match value:
        case None:
            return "nothing (null)"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "text" if value else "an empty text"
        case dict():
            return "a mapping"
        case list() | tuple():
            return "a list"
        case _:
            return f"a Python object ({type(value).__name__})"


def listed(names: Collection[str]) -> str:
    """Names in backticks, parted by commas.

    Args:
        names: what is known.

    Returns:
        The text.
    """
    return ", ".join(f"`{name}`" for name in names)


def nearest(name: object, names: Collection[str]) -> str | None:
    """The name that was probably meant.

    Args:
        name: what was written.
        names: what is known.

    Returns:
        One of them, or None.
    """
    found = get_close_matches(str(name).lower(), list(names), n=1, cutoff=0.6)
    return found[0] if found else None


def hint(name: object, names: Sequence[str]) -> str:
    """Lead from what was written to what is known.

    Args:
        name: what was written; is not shown.
        names: what is known.

    Returns:
        `did you mean ...? ` if one is near, and the known ones.
    """
    near = nearest(name, names)
    return f"{f'did you mean `{near}`? ' if near else ''}known: {listed(names)}"


def sensitive_values(document: Any) -> SubstitutedValues:
    """The texts of a document that are secrets by the place they stand in.

    Args:
        document: the config.

    Returns:
        The values, for redaction.
    """
    found: set[str] = set()
    todo: list[tuple[Any, bool, str]] = [(document, False, "")]
    while todo:
        value, secret, key = todo.pop()
        if isinstance(value, dict):
            for name, inner in value.items():
                tells = is_sensitive if key == "headers" else is_secret
                inside = secret or name == "auth" or tells(str(name))
                inside = inside and name != _TOKEN_REQUEST
                todo.append((inner, inside, str(name)))
        elif isinstance(value, (list, tuple)):
            todo.extend((inner, secret, key) for inner in value)
        elif isinstance(value, (str, int, float)) and secret and key not in _HARMLESS_AUTH_KEYS:
            found.add(str.__str__(value) if isinstance(value, str) else str(value))
    return SubstitutedValues(frozenset(text for text in found if len(text) >= SHORTEST_SECRET))


def _looks_secret(text: str) -> bool:
    """Whether it may be a key that was put in the wrong place."""
    return (
        len(text) >= _SHORTEST_TOKEN
        and any(character.isdigit() for character in text)
        and any(character.isalpha() for character in text)
    )


def _is_private(path: Path) -> bool:
    return any(
        isinstance(part, str) and (part in _PRIVATE_PARTS or is_secret(part)) for part in path
    )
