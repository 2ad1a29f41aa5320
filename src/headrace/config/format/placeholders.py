"""`{name}`, `{{` and `}}` in paths and texts; `str.format` reads them, in dlt as well as here."""

from __future__ import annotations

import json
import re
import string
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from headrace.config.format.fields import fault, is_python_object
from headrace.config.format.places import texts_in
from headrace.config.format.wording import listed
from headrace.core.json_text import JsonText

PARENT_CONTEXT = "resources."
"""How a placeholder begins that stands for a field of a parent's row."""
INCREMENTAL_CONTEXT = "incremental."
"""How a placeholder begins that stands for a value of the resource's incremental."""

_NAME_OR_BRACE = re.compile(r"\{(?:(?:resources|incremental)\.[^{}]+|[\w.\-]+)\}|[{}]")
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


def literal_json(text: str) -> Any | None:
    """Read a text whose braces are those of JSON, and can be no placeholders.

    Args:
        text: Any text of a config.

    Returns:
        The object or the list that is its JSON, with doubled braces in its texts where they look
        like no placeholder; None where the text is no such JSON, or where all its braces are those
        of placeholders.
    """
    if "{" not in text or not text.lstrip().startswith(("{", "[")):
        return None
    names = names_in(text)
    if names is not None and all(map(_is_of_request, names)):
        return None
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return _with_literal_braces(document) if isinstance(document, dict | list) else None


def _with_literal_braces(value: Any) -> Any:
    if isinstance(value, str):
        return _NAME_OR_BRACE.sub(lambda found: found[0] * (2 if len(found[0]) == 1 else 1), value)
    if isinstance(value, dict):
        return {
            _with_literal_braces(key): _with_literal_braces(inner) for key, inner in value.items()
        }
    return [_with_literal_braces(each) for each in value] if isinstance(value, list) else value


def with_json_texts(value: Any, *, mappings_too: bool = False) -> Any:
    """Find what is sent as JSON in a text.

    Args:
        value: What an endpoint sends: a text, or a mapping or a list with texts in it.
        mappings_too: Whether a mapping in it is sent as JSON itself, as it is among the params.

    Returns:
        The value, in which a `JsonText` stands in such places. A text of JSON without placeholders
        stays as it is, but for its braces, which are doubled.
    """
    if isinstance(value, str):
        document = literal_json(value)
        if document is None:
            return value
        holds_placeholders = any(
            _is_of_request(name) for _, text in texts_in(document) for name in names_in(text) or ()
        )
        if holds_placeholders:
            return JsonText(document, keeps_types=False)
        return with_doubled_braces(value)
    if isinstance(value, list | tuple):
        return [with_json_texts(inner, mappings_too=mappings_too) for inner in value]
    if isinstance(value, Mapping) and not is_python_object(value):
        return (
            JsonText(dict(value))
            if mappings_too
            else {key: with_json_texts(inner) for key, inner in value.items()}
        )
    return value


def _is_of_request(name: str) -> bool:
    """Whether what stands in braces names a value that is known request by request."""
    return name.startswith((PARENT_CONTEXT, INCREMENTAL_CONTEXT))


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
        parts.append(with_doubled_braces(literal))
        if name is None:
            continue
        if _is_of_request(name):
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
            parts.append(with_doubled_braces(str(value)))
    return "".join(parts), {name: value for name, value in params.items() if name not in bound}


def resolves(param: object) -> bool:
    """Whether a param stands for a field of a parent's row, as in dlt.

    Args:
        param: The value of a param as written.
    """
    return isinstance(param, dict) and param.get("type") == "resolve"


def stands_for_value(param: object) -> bool:
    """Whether a param is a mapping of dlt's: a field of a parent's row, or an incremental.

    Args:
        param: The value of a param as written.
    """
    return isinstance(param, dict) and param.get("type") in ("resolve", "incremental")


def with_doubled_braces(text: str) -> str:
    """Write a text so that none of its braces is one of a placeholder.

    Args:
        text: Any text.
    """
    return text.replace("{", "{{").replace("}", "}}")


def _in_params(params: Mapping[str, Any]) -> str:
    names = [str(name) for name in params]
    return f"`params` has: {listed(names)}" if names else "`params` is empty"
