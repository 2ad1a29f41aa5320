"""Requests with `{placeholders}` in their path, parameters, headers and bodies, as in dlt."""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from typing import Any

from headrace.core.exceptions import RowError
from headrace.core.exchange import Request
from headrace.core.json_text import JsonText
from headrace.core.quick_dataclasses import dataclass
from headrace.core.secrets.redaction import one_line
from headrace.core.secrets.shipping import stays_here

_FORMATTER = string.Formatter()


@stays_here
@dataclass(frozen=True, slots=True)
class RequestTemplate:
    """The request of an endpoint before its placeholders are filled.

    `{{` and `}}` stand for single braces.

    Args:
        method: The HTTP method.
        path: The path below the base URL, or a whole URL.
        params: The query parameters, by name.
        headers: The headers that are sent in addition to the client's.
        json: The value of the JSON body; None for no such body.
        data: Form fields, or a body that is sent as it is; None for no such body.
    """

    method: str
    path: str = field(repr=False)
    params: Mapping[str, Any] = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    json: Any = field(default=None, repr=False)
    data: Any = field(default=None, repr=False)

    @property
    def unfilled(self) -> Request:
        """The request with its placeholders: it can be shown, but not sent."""
        return Request(self.method, self.path, self.params, self.headers, self.json, self.data)

    def filled(self, values: Mapping[str, Any]) -> Request:
        """Makes the request with values in place of the placeholders.

        Args:
            values: The values by the names of their placeholders, such as
                `resources.issues.number`. A placeholder can also name an attribute of a value:
                `incremental.start_value` of the value `incremental`.

        Raises:
            KeyError, AttributeError, ValueError: A placeholder has no value, or a format that the
                value does not take.
        """
        return Request(
            self.method,
            _filled(self.path, values),
            params=_filled(self.params, values),
            headers=_filled(self.headers, values),
            json=_filled(self.json, values, keeps_types=True),
            data=_filled(self.data, values),
        )


@dataclass(frozen=True, slots=True)
class JoinedValues:
    """Several values in the place of one placeholder.

    In a text they stand one behind the other; a list of nothing but the placeholder becomes a list
    of them.

    Args:
        values: The values, at least one.
        separator: What stands between them in a text.
    """

    values: tuple[Any, ...]
    separator: str

    def __str__(self) -> str:
        texts = [str(value) for value in self.values]
        for text in texts:
            if self.separator in text:
                raise RowError(
                    f"`endpoint.batch`: the value `{one_line(text, 60)}` of the parent holds the "
                    f"separator `{self.separator}`, so the API could not tell it from two values. "
                    "Name another `batch.separator` that the API takes, or put a list around the "
                    "placeholder."
                )
        return self.separator.join(texts)

    def __format__(self, format_spec: str) -> str:
        return format(str(self), format_spec)


class _Formatter(string.Formatter):
    """Takes a name with dots in it as a whole where there is a value of that name, as dlt does."""

    def get_field(
        self, field_name: str, args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> tuple[Any, str]:
        if field_name in kwargs:
            return kwargs[field_name], field_name
        # `str.format` follows any attribute: `{x.__class__...}` would lead out of the values.
        if "._" in field_name:
            raise AttributeError(field_name)
        found: tuple[Any, str] = super().get_field(field_name, args, kwargs)
        return found


_FILLER = _Formatter()


def _filled(value: Any, values: Mapping[str, Any], *, keeps_types: bool = False) -> Any:
    if isinstance(value, str):
        if "{" not in value and "}" not in value:
            return value
        # As in dlt, a JSON string that is nothing but a placeholder becomes the value itself: a
        # number stays a number.
        if keeps_types and (name := _only_placeholder(value)):
            found = _FILLER.get_field(name, (), values)[0]
            return str(found) if isinstance(found, JoinedValues) else found
        return _FILLER.vformat(value, (), values)
    if isinstance(value, JsonText):
        document = _filled(value.document, values, keeps_types=value.keeps_types)
        return str(replace(value, document=document))
    if isinstance(value, Mapping):
        return {
            _filled(key, values, keeps_types=keeps_types): _filled(
                inner, values, keeps_types=keeps_types
            )
            for key, inner in value.items()
        }
    if isinstance(value, list | tuple):
        if (joined := _joined_in(value, values)) is not None:
            return list(joined.values)
        return [_filled(inner, values, keeps_types=keeps_types) for inner in value]
    return value


def _joined_in(value: Sequence[Any], values: Mapping[str, Any]) -> JoinedValues | None:
    """The values that take the place of a list of one placeholder; None where there are none."""
    only = value[0] if len(value) == 1 else None
    name = _only_placeholder(only) if isinstance(only, str) else None
    found = values.get(name) if name else None
    return found if isinstance(found, JoinedValues) else None


def _only_placeholder(text: str) -> str | None:
    """The name of the placeholder if the text is one and nothing else; otherwise None."""
    parts = list(_FORMATTER.parse(text))
    if len(parts) != 1:
        return None
    literal, name, format_spec, conversion = parts[0]
    return name if not literal and name and not format_spec and conversion is None else None
