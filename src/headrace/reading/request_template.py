"""A request with `{placeholders}`: in its path, params, bodies and headers, as in dlt's format."""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from headrace.core.exchange import Request

_FORMATTER = string.Formatter()


@dataclass(frozen=True, slots=True)
class RequestTemplate:
    """What an endpoint asks for, before its placeholders are filled.

    `{{` and `}}` stand for braces.

    Args:
        method: the HTTP method.
        path: below the base URL, or a whole URL.
        params: query parameters.
        headers: on top of the client's.
        json: the JSON body.
        data: form fields, or a body as it is.
    """

    method: str
    path: str = field(repr=False)
    params: Mapping[str, Any] = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    json: Any = field(default=None, repr=False)
    data: Any = field(default=None, repr=False)

    @property
    def unfilled(self) -> Request:
        """The request with its placeholders, to be told of."""
        return Request(self.method, self.path, self.params, self.headers, self.json, self.data)

    def filled(self, values: Mapping[str, Any]) -> Request:
        """The request with values in place of the placeholders.

        Args:
            values: by name, as `resources.issues.number`; of an object under a plain name, as
                `incremental`, the placeholder names an attribute.

        Raises:
            KeyError, AttributeError, ValueError: a placeholder has no value, or a format that the
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


class _Formatter(string.Formatter):
    """Takes a name with dots in it as one key, where there is a value by that name."""

    def get_field(
        self, field_name: str, args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> tuple[Any, str]:
        if field_name in kwargs:
            return kwargs[field_name], field_name
        if "._" in field_name:
            raise AttributeError(field_name)
        found: tuple[Any, str] = super().get_field(field_name, args, kwargs)
        return found


_FILLING = _Formatter()


def _filled(value: Any, values: Mapping[str, Any], *, keeps_types: bool = False) -> Any:
    if isinstance(value, str):
        if "{" not in value and "}" not in value:
            return value
        # In JSON a number that stands alone stays a number.
        if keeps_types and (name := _only_placeholder(value)):
            return _FILLING.get_field(name, (), values)[0]
        return _FILLING.vformat(value, (), values)
    if isinstance(value, Mapping):
        return {
            _filled(key, values, keeps_types=keeps_types): _filled(
                inner, values, keeps_types=keeps_types
            )
            for key, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return [_filled(inner, values, keeps_types=keeps_types) for inner in value]
    return value


def _only_placeholder(text: str) -> str | None:
    """The name of the placeholder that the text consists of, if it consists of one."""
    parts = list(_FORMATTER.parse(text))
    if len(parts) != 1:
        return None
    literal, name, format_spec, conversion = parts[0]
    return name if not literal and name and not format_spec and conversion is None else None
