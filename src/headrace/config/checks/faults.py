"""Turns what is wrong in a document into messages that point at the key."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from headrace.config.format.fields import FAULT, OBJECT, is_tag, known_keys
from headrace.config.format.places import Path, path_as_text, value_at
from headrace.config.format.wording import kind_of, known_names, listed
from headrace.config.secrets.disclosure import sensitive_values, shown_value
from headrace.config.secrets.substitution import SubstitutedValues
from headrace.core.exceptions import ConfigError, Fault
from headrace.core.nearest import did_you_mean

_EXPECTED = {
    "string": "text",
    "int": "a whole number",
    "float": "a number",
    "finite": "a finite number",
    "bool": "true or false",
    "dict": "a mapping",
    "mapping": "a mapping",
    "model": "a mapping",
    "list": "a list",
    "tuple": "a list",
}
"""By the first word of an error type of pydantic: what was expected."""
_NOT_SHOWN = "is not valid, and not shown because it holds a secret or a substituted value"

# The key that tells the alternatives of `lanes` apart; of others it is `type`.
_BY = "by"


class FaultCollector:
    """Collects all that is wrong in one document.

    Args:
        document: The config, which gives the order of the faults and the values that are shown.
        substituted: The values that came into the config from outside; no message shows them.
    """

    def __init__(self, document: Mapping[str, Any], substituted: SubstitutedValues) -> None:
        self._document = document
        self._substituted = substituted
        self._redacted = SubstitutedValues(substituted.values | sensitive_values(document).values)
        self._found: dict[tuple[Path, str], None] = {}

    def add(self, path: Path, message: str) -> None:
        """Add one fault.

        Args:
            path: Where the fault stands.
            message: What is wrong and what to do about it.
        """
        value = value_at(self._document, path)
        if isinstance(value, str) and self._substituted.short_ones_in_both(value, message):
            message = _NOT_SHOWN
        self._found[path, self._redacted.redact(message)] = None

    def add_invalid(
        self, error: ValidationError, root: type[BaseModel], skip: Sequence[Path] = ()
    ) -> None:
        """Add every fault that the models have found.

        Args:
            error: What pydantic raised for the document.
            root: The model of the document.
            skip: Paths at or below which faults are left out, since they were added already.
        """
        for details in error.errors(include_url=False, include_input=False):
            location = tuple(part for part in details["loc"] if part != "[key]")
            path = tuple(part for part in location if not is_tag(part))
            if any(path[: len(place)] == place for place in skip):
                continue
            place = _Place(root, location)
            if details["loc"] and details["loc"][-1] == "[key]" and details["type"] != FAULT:
                self.add(path, "a key must be text; put quotes around it")
            elif details["type"] == "union_tag_invalid":
                self._add_unknown_alternative(path, details.get("ctx", {}))
            else:
                message = self._message(details["type"], path, details, place)
                self.add(path, message)

    def shown(self, path: Path) -> str | None:
        """Write the value at a path as a message may show it.

        Args:
            path: Where the value stands.

        Returns:
            The value in backticks, or None where it must not be shown.
        """
        return shown_value(path, value_at(self._document, path), self._substituted)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is wrong so far."""
        return not self._found

    def error(self) -> ConfigError:
        """Make the error that names all faults.

        Returns:
            The error to raise, with the faults in the order of the config.
        """
        found = sorted(self._found, key=lambda entry: self._position(entry[0]))
        return ConfigError([Fault(path_as_text(path), message) for path, message in found])

    def _position(self, path: Path) -> tuple[int, ...]:
        position = []
        value: Any = self._document
        for part in path:
            if isinstance(part, int):
                position.append(part)
            else:
                keys = list(value) if isinstance(value, Mapping) else []
                position.append(keys.index(part) if part in keys else len(keys))
            value = value_at(value, (part,))
        return tuple(position)

    def _message(self, error: str, path: Path, details: Mapping[str, Any], place: _Place) -> str:
        context = details.get("ctx", {})
        value = value_at(self._document, path)
        got = f"; got {self.shown(path) or kind_of(value)}"
        match error:
            case _ if error == FAULT:
                return self._own_message(context["message"], value)
            case "missing":
                return f"is missing: {place.description}" if place.description else "is missing"
            case "extra_forbidden":
                return _unknown_key(str(path[-1]), place.known_keys)
            case "literal_error":
                return self._unknown_value(path, re.findall(r"'([^']*)'", context["expected"]))
            case "greater_than_equal":
                return f"must be at least {context['ge']:g}{got}"
            case "greater_than":
                return f"must be more than {context['gt']:g}{got}"
            case "too_short":
                return "is empty; list at least one"
            case "string_too_short":
                return "must not be empty"
            case "invalid_key":
                return "a key must be text; put quotes around it"
        expected = _EXPECTED.get(error.partition("_")[0])
        return f"expected {expected}{got}" if expected else f"is not valid{got}"

    def _own_message(self, message: str, value: Any) -> str:
        if isinstance(value, str) and self._redacted.appear_in(value) and value[:9] in message:
            return _NOT_SHOWN
        return message

    def _unknown_value(self, path: Path, known: list[str]) -> str:
        what = self.shown(path) or f"this {kind_of(value_at(self._document, path))}"
        return f"{what} is not known; {known_names(value_at(self._document, path), known)}"

    def _add_unknown_alternative(self, path: Path, context: Mapping[str, Any]) -> None:
        known = [tag.strip("<>") for tag in re.findall(r"'([^']*)'", context["expected_tags"])]
        value = value_at(self._document, path)
        shapes = [word for word in known if word in ("text", "a number", "a list", "a mapping")]
        types = [word for word in known if word not in shapes and f"<{word}>" != OBJECT]
        if types and isinstance(value, dict):
            key = _BY if path[-1:] == ("lanes",) else "type"
            self.add((*path, key), self._unknown_value((*path, key), types))
            return
        expected = " or ".join(dict.fromkeys([*shapes, *(["a mapping"] if types else [])]))
        self.add(path, f"expected {expected}; got {self.shown(path) or kind_of(value)}")


def _unknown_key(key: str, known: Sequence[str]) -> str:
    hint = did_you_mean(key, known).strip() or f"known: {listed(known)}"
    return f"is not a key here; {hint}"


class _Place:
    """What the models know of a place: the keys that it may have, and its description."""

    def __init__(self, root: type[BaseModel], location: tuple[str | int, ...]) -> None:
        models: list[type[BaseModel]] = [root]
        for part in location[:-1]:
            if is_tag(part):
                models = [model for model in models if _has_tag(model, str(part))] or models
            elif isinstance(part, str) and (fields := _fields(models, part)):
                models = [model for field in fields for model in _models_in(field.annotation)]
        self.known_keys = list(dict.fromkeys(key for model in models for key in known_keys(model)))
        last = _fields(models, str(location[-1])) if location else []
        self.description = last[0].description if last else None


def _fields(models: Sequence[type[BaseModel]], key: str) -> list[FieldInfo]:
    return [
        field
        for model in models
        for name, field in model.model_fields.items()
        if key == (field.alias or name)
    ]


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in _models_in(part)]


def _has_tag(model: type[BaseModel], tag: str) -> bool:
    field = model.model_fields.get("type") or model.model_fields.get(_BY)
    if field is None or get_origin(field.annotation) is not Literal:
        return False
    return tag.strip("<>") in get_args(field.annotation)
