"""`{name}`, `{{` and `}}` in paths and texts; `str.format` reads them, in dlt as well as here."""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from headrace.config.format.fields import fault
from headrace.config.format.wording import listed

PARENT_CONTEXT = "resources."
"""How a placeholder begins that stands for a field of a parent's row."""
INCREMENTAL_CONTEXT = "incremental."
"""How a placeholder begins that stands for a value of the resource's incremental."""

_NAMED = re.compile(r"\{([a-zA-Z0-9\.\-_]+)\}")


def names_in(text: str) -> list[str] | None:
    """Find the names of the placeholders in a text.

    Args:
        text: Any text of a config.

    Returns:
        The names in order, or None when the braces do not pair up.
    """
    try:
        return [name for _, name, _, _ in string.Formatter().parse(text) if name is not None]
    except ValueError:
        return None


def names_one_entity(path: str) -> bool:
    """Whether a path asks for one row, which it does for dlt if its last part has a placeholder.

    Args:
        path: The path of the endpoint as written.

    Returns:
        True if the answer is a row and not a listing.
    """
    return _NAMED.search(PurePosixPath(path).name) is not None


def bind_path(path: str, params: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Put the params into a path that the path names.

    Args:
        path: The path of the endpoint as written, for example `items/{item}`.
        params: The query parameters of the endpoint as written.

    Returns:
        The path, in which the only placeholders left stand for a field of a parent's row or for
        a value of the incremental; and the params that the path does not name.

    Raises:
        PydanticCustomError: A placeholder has no value; the message is for the user.
    """
    if names_in(path) is None:
        raise fault("holds a brace without its partner; for a literal brace write `{{` or `}}`")
    bound: set[str] = set()
    parts: list[str] = []
    for literal, name, _, _ in string.Formatter().parse(path):
        parts.append(_escaped(literal))
        if name is None:
            continue
        if name.startswith((PARENT_CONTEXT, INCREMENTAL_CONTEXT)):
            parts.append(f"{{{name}}}")
            continue
        if name not in params:
            raise fault(f"`{{{name}}}` needs a param of that name; {_in_params(params)}")
        value = params[name]
        bound.add(name)
        if resolves(value):
            parts.append(f"{{{name}}}")
        elif isinstance(value, dict) or value is None:
            raise fault(f"`{{{name}}}` needs a plain value in `params`, or one of `type: resolve`")
        else:
            parts.append(_escaped(str(value)))
    return "".join(parts), {name: value for name, value in params.items() if name not in bound}


def resolves(param: object) -> bool:
    """Whether a param stands for a field of a parent's row, as in dlt.

    Args:
        param: The value of a param as written.
    """
    return isinstance(param, dict) and param.get("type") == "resolve"


def _escaped(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def _in_params(params: Mapping[str, Any]) -> str:
    names = [str(name) for name in params]
    return f"`params` has: {listed(names)}" if names else "`params` is empty"
