"""Sets single values of a document from the command line: `client.base_url=http://localhost`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from headrace.config.files.plain_scalars import FLOAT, INTEGER, NULL, SWITCH
from headrace.config.files.reading import ConfigLoader
from headrace.config.format.wording import kind_of, listed
from headrace.core.exceptions import ConfigError, Fault
from headrace.core.nearest import did_you_mean

_EXAMPLE = "write it as client.base_url=https://api.example.com"
_SHORT_FORM_OF = {"endpoint": "path", "paginator": "type", "auth": "type"}
"""Keys that may hold a text in place of a mapping, and the key in it that the text is."""
_RULES = (NULL, SWITCH, INTEGER, FLOAT)
_QUOTED_OR_NESTED: dict[str, type] = {'"': str, "'": str, "[": list, "{": dict}
_KEYS = ("client", "pipeline", "resource")
_KEY_PATH = re.compile(r"[A-Za-z_][\w.\[\]]{0,80}")
_INDEX = re.compile(r"-?\d+")


class _Unreachable(Exception):  # noqa: N818 - ends one override
    pass


def apply_overrides(document: Mapping[str, Any], overrides: Iterable[str]) -> dict[str, Any]:
    """Set values in a document.

    Args:
        document: The config; it is not changed.
        overrides: Texts of the form `path=value`. The parts of a path are keys, or for lists
            indexes and the `name` of an item, joined by dots. A value is a number, true, false,
            null, quoted text, or a list or a mapping in YAML's brackets; anything else is text
            as it stands.

    Returns:
        The new document.

    Raises:
        ConfigError: Some overrides cannot be applied; it names all of them.
    """
    changed: dict[str, Any] = _copied(dict(document))
    faults = []
    for override in overrides:
        path, equals, text = override.partition("=")
        path = path.strip()
        if not equals or not path:
            faults.append(Fault("", f"{_shown(path)} must be `path=value`; {_EXAMPLE}"))
            continue
        try:
            _set(changed, path, parsed_value(text))
        except _Unreachable as error:
            faults.append(Fault(path, str(error)))
    if faults:
        raise ConfigError(faults)
    return changed


def apply_values(document: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Set values in a document, each by its path.

    Args:
        document: The config; it is not changed.
        values: The values by their paths, which are written as in `apply_overrides`.

    Returns:
        The new document.

    Raises:
        ConfigError: Some paths lead nowhere; it names all of them.
    """
    changed: dict[str, Any] = _copied(dict(document))
    faults = []
    for path, value in values.items():
        try:
            _set(changed, path, _copied(value))
        except _Unreachable as error:
            faults.append(Fault(path, str(error)))
    if faults:
        raise ConfigError(faults)
    return changed


def parts_of(path: str) -> list[str]:
    """The parts of a path; `resources[0].name` is also understood.

    Args:
        path: The path as written.
    """
    return [part for part in re.sub(r"\[([^\]]*)\]", r".\1", path).split(".") if part]


def parsed_value(text: str) -> Any:
    """The value that a text stands for: as it stands, unless it is plainly a number or the like.

    Args:
        text: The text as written.
    """
    plain = text.strip()
    begins_as = _QUOTED_OR_NESTED.get(plain[:1])
    if not plain or not (begins_as or any(rule.fullmatch(plain) for rule in _RULES)):
        return text
    try:
        value = yaml.load(plain, Loader=ConfigLoader)
    except (yaml.YAMLError, ValueError, RecursionError):
        # A key or an expression may well not be YAML; then it is text.
        return text
    return value if begins_as is None or isinstance(value, begins_as) else text


def _shown(path: str) -> str:
    """How a message names an override: not by its text where that may be a value alone."""
    is_key = path.split(".")[0].startswith(_KEYS) and _KEY_PATH.fullmatch(path)
    return f"the override `{path}`" if is_key else "an override"


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copied(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_copied(inner) for inner in value]
    return value


def _set(document: dict[str, Any], path: str, value: Any) -> None:
    parts = parts_of(path)
    if not parts:
        raise _Unreachable(f"names no key; {_EXAMPLE}")
    here: Any = document
    for depth, part in enumerate(parts):
        place = ".".join(parts[:depth])
        key = _key_in(here, part, place)
        if depth == len(parts) - 1:
            here[key] = value
            return
        inner = here[key] if isinstance(here, list) else here.get(key)
        if isinstance(here, list) and isinstance(inner, str):
            inner = here[key] = {"name": inner}
        elif part in _SHORT_FORM_OF and isinstance(inner, str):
            inner = here[key] = {_SHORT_FORM_OF[part]: inner}
        elif inner is None:
            inner = here[key] = {}
        here = inner


def _key_in(here: Any, part: str, place: str) -> Any:
    if isinstance(here, dict):
        return part
    if isinstance(here, list):
        return _index_in(here, part, place)
    raise _Unreachable(f"`{place}` is {kind_of(here)}, so there is no `{part}` in it")


def _index_in(items: list[Any], part: str, place: str) -> int:
    names = [item.get("name") if isinstance(item, dict) else item for item in items]
    if part in names:
        return names.index(part)
    if _INDEX.fullmatch(part) and 0 <= int(part) < len(items):
        return int(part)
    known = [name for name in names if isinstance(name, str)]
    guess = did_you_mean(part, known)
    counted = f"it has {len(items)} item{'s' * (len(items) != 1)}" + (
        f": {listed(known)}" if known else ""
    )
    raise _Unreachable(f"`{place}` has no item `{part}`; {guess}{counted}")
