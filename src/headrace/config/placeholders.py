"""`{name}` in paths and `{{`, `}}` in texts, as `str.format` and so dlt read them."""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from headrace.config.fields import fault
from headrace.config.showing import listed

CONTEXTS = ("resources.", "incremental.")
"""How a placeholder begins that stands for a parent's row or an incremental's value."""

_NAMED = re.compile(r"\{([a-zA-Z0-9\.\-_]+)\}")


def names_in(text: str) -> list[str] | None:
    """The names of the placeholders in a text.

    Args:
        text: any text of a config.

    Returns:
        The names in order, or None when the braces do not pair up.
    """
    try:
        return [name for _, name, _, _ in string.Formatter().parse(text) if name is not None]
    except ValueError:
        return None


def names_one_entity(path: str) -> bool:
    """Whether a path asks for one row: its last part holds a placeholder.

    Args:
        path: the endpoint's path as written.

    Returns:
        True if the answer is a row and not a listing.
    """
    return _NAMED.search(PurePosixPath(path).name) is not None


def unescaped(value: Any) -> Any:
    """Read `{{` and `}}` as braces in all texts of a value without placeholders.

    Args:
        value: a text, or mappings and lists of texts and other values.

    Returns:
        A new value; what is neither text, mapping nor list is kept as it is.
    """
    if isinstance(value, str):
        return (
            value.replace("{{", "{").replace("}}", "}") if "{" in value or "}" in value else value
        )
    if isinstance(value, dict):
        return {unescaped(key): unescaped(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [unescaped(inner) for inner in value]
    return value


def bind_path(path: str, params: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Move the params that a path names from the params into the path.

    Args:
        path: the endpoint's path as written.
        params: the endpoint's params.

    Returns:
        The path without placeholders, and the params that are left.

    Raises:
        PydanticCustomError: a placeholder that cannot be bound; its message is for the user.
    """
    if names_in(path) is None:
        raise fault("holds a brace without its partner; for a literal brace write `{{` or `}}`")
    bound: set[str] = set()
    parts: list[str] = []
    for literal, name, _, _ in string.Formatter().parse(path):
        parts.append(literal)
        if name is None:
            continue
        if name.startswith(CONTEXTS):
            message = f"`{{{name}}}` is part of the format but is not built yet"
            raise fault(f"{message}; built: `{{name}}` with a plain value in `params`")
        if name not in params:
            raise fault(f"`{{{name}}}` needs a param of that name; {_in_params(params)}")
        if isinstance(params[name], dict) or params[name] is None:
            raise fault(f"`{{{name}}}` needs a plain value in `params`")
        bound.add(name)
        parts.append(str(params[name]))
    return "".join(parts), {name: value for name, value in params.items() if name not in bound}


def _in_params(params: Mapping[str, Any]) -> str:
    names = [str(name) for name in params]
    return f"`params` has: {listed(names)}" if names else "`params` is empty"
