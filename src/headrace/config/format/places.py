"""Where a value stands in a document."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from headrace.core.quick_dataclasses import dataclass

Path = tuple[str | int, ...]
"""The keys and indexes that lead to a value, as `("resources", 0, "name")`."""


@dataclass(frozen=True, slots=True)
class LookedUp:
    """A secret or a setting that came into a config from outside.

    Args:
        name: Its name, as in `${NAME}`, or of a field of dlt's settings.
        path: Where in the config its value stands, such as `client.auth.api_key`.
        begins: Whether the text there begins with the value.
    """

    name: str
    path: str
    begins: bool = False


_PLAIN_KEY = re.compile(r"[\w\-]+")
_LONGEST_KEY_SHOWN = 80


def path_as_text(path: Path) -> str:
    """Write a path as messages show it.

    Args:
        path: The keys and indexes that lead to a value.

    Returns:
        Text like `resources[0].endpoint.paginator.limit`; empty for the whole document.
    """
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif _PLAIN_KEY.fullmatch(part):
            text += f".{part[:_LONGEST_KEY_SHOWN]}"
        else:
            text += f"[{part[:_LONGEST_KEY_SHOWN]!r}]"
    return text.removeprefix(".")


def value_at(document: Any, path: Path) -> Any:
    """Look up the value at a path.

    Args:
        document: The whole document, or any value in it; it may have any shape.
        path: The keys and indexes that lead from there to the value.

    Returns:
        The value, or None where the path leads nowhere.
    """
    for part in path:
        if isinstance(part, int) and isinstance(document, (list, tuple)):
            document = document[part] if 0 <= part < len(document) else None
        else:
            document = document.get(part) if isinstance(document, dict) else None
    return document


def with_value_at(document: dict[str, Any], path: Path, value: Any) -> dict[str, Any]:
    """Set the value at a path in a copy of the document.

    Only the mappings and lists on the way to the value are copied; all else is shared.

    Args:
        document: The whole document; it is not changed.
        path: The keys and indexes that lead to the value. All but the last must be there.
        value: The new value.

    Returns:
        The copy.
    """
    copied = dict(document)
    inner: Any = copied
    for part in path[:-1]:
        held = inner[part]
        inner[part] = dict(held) if isinstance(held, dict) else list(held)
        inner = inner[part]
    inner[path[-1]] = value
    return copied


def texts_in(value: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Find every text in the mappings and lists of a document.

    Args:
        value: The document, or any value in it.
        path: Where that value stands.

    Yields:
        The path of each text, and the text. The keys of mappings are not among them.
    """
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from texts_in(inner, (*path, key))
    elif isinstance(value, (list, tuple)):
        for index, inner in enumerate(value):
            yield from texts_in(inner, (*path, index))
