"""Puts values in for `${NAME}` in a config file, and knows what must not be shown from then on."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from headrace.config.format.places import LookedUp
from headrace.core.dlt_door.settings import SettingsUnreadable, files_of_settings, setting_text
from headrace.core.exceptions import ConfigError, Fault
from headrace.core.secrets.names import is_sensitive_setting
from headrace.core.secrets.redaction import Redactor, keep_secret
from headrace.core.secrets.shipping import stays_here

Lookup = Callable[[str], str | None]
"""A function from a name to its value; None when the name is nowhere."""

_PLACEHOLDER = re.compile(r"\$\$\{|\$\{([^{}]*)\}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]*")
_SHORTEST_REDACTED = 4
_NO_SECRETS = frozenset({"true", "false", "null", "none"})


@stays_here
@dataclass(frozen=True)
class SubstitutedValues:
    """The values that came into a config from outside; none may be shown.

    Args:
        values: The values, as texts.
        sensitive: Those values whose name in `${NAME}` is one that secrets have.
        looked_up: The names of the values, and where each stands.
    """

    values: frozenset[str] = field(default=frozenset(), repr=False)
    sensitive: frozenset[str] = field(default=frozenset(), repr=False)
    looked_up: tuple[LookedUp, ...] = field(default=(), repr=False)

    def appear_in(self, text: str) -> bool:
        """Whether a text holds any of the values.

        Args:
            text: A text that might be shown.

        Returns:
            True if the text must not be shown.
        """
        return any(value in text for value in self.values if value)

    def short_ones_in_both(self, text: str, message: str) -> bool:
        """Whether a message may quote a value that is too short to be redacted.

        Args:
            text: The text of the config that the message is about.
            message: The message that might be shown.

        Returns:
            True if the message must not be shown.
        """
        return any(
            0 < len(value) < _SHORTEST_REDACTED and value in text and value in message
            for value in self.values
        )

    def redact(self, text: str) -> str:
        """Take the values out of a text.

        Values of less than four characters stay, since they would be found in any sentence. That
        is safe, since a message quotes a text of the config only after `appear_in` has looked at
        the whole text.

        Args:
            text: A text that will be shown.

        Returns:
            The text with `***` in place of the values.
        """
        return Redactor(self.values).clean(text)


def substitute_secrets(
    document: Mapping[str, Any], lookup: Lookup | None = None
) -> tuple[dict[str, Any], SubstitutedValues, list[Fault]]:
    """Put the values in for `${NAME}` in all texts of a document; `$${` stands for `${`.

    Args:
        document: The config as read from a file; it is not changed.
        lookup: Where values come from; None looks where `dlt.secrets` does, then in
            `.dlt/config.toml`.

    Returns:
        The new document, the values that are now in it, and a fault for each `${NAME}` that was
        left as it is, because no value was found or it holds no name.

    Raises:
        ConfigError: dlt cannot read one of the files that it looks in.
    """
    substitution = _Substitution(lookup or look_up_with_dlt, described=lookup is None)
    changed = {key: substitution.apply(value, str(key)) for key, value in document.items()}
    values = SubstitutedValues(
        frozenset(substitution.values),
        sensitive=frozenset(substitution.sensitive),
        looked_up=tuple(substitution.looked_up),
    )
    return changed, values, substitution.faults


def with_renamed_secrets(value: Any, names: Mapping[str, str]) -> Any:
    """Has each `${NAME}` in the texts of a document stand for the value of another name.

    Args:
        value: The document, or a part of it; it is not changed.
        names: The other names, by the names that are written.
    """
    if isinstance(value, str):
        return _PLACEHOLDER.sub(
            lambda match: f"${{{names.get(match[1], match[1])}}}" if match[1] else match[0], value
        )
    if isinstance(value, dict):
        return {key: with_renamed_secrets(inner, names) for key, inner in value.items()}
    if isinstance(value, list):
        return [with_renamed_secrets(inner, names) for inner in value]
    return value


class _Substitution:
    def __init__(self, lookup: Lookup, *, described: bool) -> None:
        self._lookup = lookup
        self._described = described
        self._found: dict[str, str | None] = {}
        self.values: set[str] = set()
        self.sensitive: set[str] = set()
        self.looked_up: list[LookedUp] = []
        self.faults: list[Fault] = []

    def apply(self, value: Any, path: str) -> Any:
        if isinstance(value, str):
            return _PLACEHOLDER.sub(lambda match: self._value_of(match, path), value)
        if isinstance(value, dict):
            return {key: self.apply(inner, f"{path}.{key}") for key, inner in value.items()}
        if isinstance(value, list):
            return [self.apply(inner, f"{path}[{index}]") for index, inner in enumerate(value)]
        return value

    def _value_of(self, match: re.Match[str], path: str) -> str:
        name = match.group(1)
        if name is None:
            return "${"
        if not _NAME.fullmatch(name):
            message = "`${...}` must hold a name, as ${API_KEY}; for a literal `${` write `$${`"
            self.faults.append(Fault(path, message))
            return match.group()
        if name not in self._found:
            self._found[name] = self._lookup(name)
        value = self._found[name]
        if value is None:
            places = f"; looked in {_places(name)}" if self._described else ""
            self.faults.append(Fault(path, f"no value for ${{{name}}}{places}"))
            return match.group()
        self.values.add(value)
        self.looked_up.append(LookedUp(name, path, begins=match.start() == 0))
        if is_sensitive_setting(name) and value.lower() not in _NO_SECRETS:
            self.sensitive.add(value)
            keep_secret([value])
        return value


def has_placeholder(text: str) -> bool:
    """Whether a text of a config holds a `${NAME}`, whose value is looked up elsewhere.

    Args:
        text: The text as written.
    """
    return any(match.group(1) is not None for match in _PLACEHOLDER.finditer(text))


def _spellings(name: str) -> Iterator[tuple[tuple[str, ...], str]]:
    """The sections and the key under which dlt may hold a name, the likeliest first."""
    dotted = name.replace("__", ".")
    seen = set()
    for spelling in (name, name.lower(), dotted, dotted.lower()):
        *sections, key = spelling.split(".")
        if (found := (tuple(sections), key)) not in seen:
            seen.add(found)
            yield found


def _environment_name(name: str) -> str:
    return name.replace(".", "__").upper()


def look_up_with_dlt(name: str) -> str | None:
    """Find a value as `dlt.secrets["name"]` does, and in dlt's plain settings after that.

    dlt's own providers are asked in their order: environment, `.dlt/secrets.toml`,
    `.dlt/config.toml`, and whatever else the project has set up.

    Args:
        name: The name as written in the config; dots and `__` separate its sections.

    Returns:
        The value as text, or None where there is none.
    """
    if (written := os.environ.get(name)) is not None:
        return written
    try:
        return setting_text(_spellings(name))
    except SettingsUnreadable as error:
        message = str(error)
    raise ConfigError([Fault("", message)])


def _places(name: str) -> str:
    """Where a name was looked for, in order."""
    variables = dict.fromkeys((name, _environment_name(name)))
    shown = " or ".join(f"`{variable}`" for variable in variables if "." not in variable)
    key = name.replace("__", ".").lower()
    return f"the environment ({shown}), then `{key}` in {', '.join(files_of_settings())}"
