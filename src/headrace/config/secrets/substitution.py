"""`${NAME}` in a config file: where the values come from, and what must not be shown after."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from headrace.core.dlt_door.settings import SettingsUnreadable, files_of_settings, setting_text
from headrace.core.exceptions import ConfigError, Fault
from headrace.core.secrets.names import is_sensitive_setting
from headrace.core.secrets.redaction import Redactor, keep_secret

Lookup = Callable[[str], str | None]
"""From a name to its value, or None when it is nowhere."""

_PLACEHOLDER = re.compile(r"\$\$\{|\$\{([^{}]*)\}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]*")
_SHORTEST_REDACTED = 4
_NO_SECRETS = frozenset({"true", "false", "null", "none"})


@dataclass(frozen=True)
class SubstitutedValues:
    """The values that came into a config from outside; none may be shown.

    Args:
        values: the texts.
        sensitive: those of them whose `${NAME}` tells of a secret.
    """

    values: frozenset[str] = field(default=frozenset(), repr=False)
    sensitive: frozenset[str] = field(default=frozenset(), repr=False)

    def appear_in(self, text: str) -> bool:
        """Whether a text holds any of the values.

        Args:
            text: what might be shown.

        Returns:
            True if it must not be.
        """
        return any(value in text for value in self.values if value)

    def short_ones_in_both(self, text: str, message: str) -> bool:
        """Whether a message may quote a value that is too short to be redacted.

        Args:
            text: the text of the config that the message is about.
            message: what might be shown.

        Returns:
            True if it must not be.
        """
        return any(
            0 < len(value) < _SHORTEST_REDACTED and value in text and value in message
            for value in self.values
        )

    def redact(self, text: str) -> str:
        """Take the values out of a text.

        Values of less than four characters stay: they would be found in any sentence, and
        texts of the config are judged whole by `appear_in` before they get into one.

        Args:
            text: what will be shown.

        Returns:
            The text with `***` in place of the values.
        """
        return Redactor(self.values).clean(text)


def substitute_secrets(
    document: Mapping[str, Any], lookup: Lookup | None = None
) -> tuple[dict[str, Any], SubstitutedValues, list[Fault]]:
    """Put the values in for `${NAME}` in all texts of a document; `$${` stands for `${`.

    Args:
        document: the config as read from a file; is not changed.
        lookup: where values come from; None looks where `dlt.secrets` does, then in
            `.dlt/config.toml`.

    Returns:
        The new document, the values that are now in it, and a fault for each `${NAME}` that
        stays as it is, since it is nowhere or no name.

    Raises:
        ConfigError: dlt cannot read the files that it looks in.
    """
    substitution = _Substitution(lookup or look_up_with_dlt, described=lookup is None)
    changed = {key: substitution.apply(value, str(key)) for key, value in document.items()}
    values = SubstitutedValues(
        frozenset(substitution.values), sensitive=frozenset(substitution.sensitive)
    )
    return changed, values, substitution.faults


class _Substitution:
    def __init__(self, lookup: Lookup, *, described: bool) -> None:
        self._lookup = lookup
        self._described = described
        self._found: dict[str, str | None] = {}
        self.values: set[str] = set()
        self.sensitive: set[str] = set()
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
        if is_sensitive_setting(name) and value.lower() not in _NO_SECRETS:
            self.sensitive.add(value)
            keep_secret([value])
        return value


def _spellings(name: str) -> Iterator[tuple[tuple[str, ...], str]]:
    """The (sections, key) under which a name may be found, the likeliest first."""
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
        name: as written in the config; dots and `__` part it into sections.

    Returns:
        The value as text, or None.
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
