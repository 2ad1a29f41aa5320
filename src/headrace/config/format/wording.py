"""Words that messages about a config share."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from headrace.core.nearest import did_you_mean


def kind_of(value: Any) -> str:
    """Say what sort of value something is, without showing it.

    Args:
        value: Any value of a config.

    Returns:
        Words like `a number` or `a mapping`.
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
    """Names in backticks, with commas between them.

    Args:
        names: The names, in the order in which they are to appear.

    Returns:
        Text like `` `id`, `name` ``.
    """
    return ", ".join(f"`{name}`" for name in names)


def known_names(name: object, known: Sequence[str]) -> str:
    """Lead from a name that is not known to those that are.

    Args:
        name: What was written; it is not shown.
        known: The names that there are.

    Returns:
        Text like ``did you mean `limit`? known: `limit`, `offset` ``, without the question where
        no known name is near.
    """
    return f"{did_you_mean(name, known)}known: {listed(known)}"
