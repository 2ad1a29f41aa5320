"""Plain values as they are written: what is a number, a switch, nothing, or text."""

from __future__ import annotations

import re
from typing import Any

from pydantic import ValidationError

from headrace.config.checks.showing import Path, at
from headrace.config.format.document import SourceDocument
from headrace.config.format.fields import NUMBER, TEXT, is_tag


class WrittenFloat(float):
    """A number that knows how it was written, for keys that want text.

    Args:
        text: as it stands in the file.
    """

    def __new__(cls, text: str | float) -> WrittenFloat:  # noqa: D102 - as the class says
        number = super().__new__(cls, text)
        number._text = str(text)
        return number

    _text: str

    def __str__(self) -> str:
        return self._text


NULL = re.compile(r"~|null|Null|NULL|")
SWITCH = re.compile(r"true|True|TRUE|false|False|FALSE")
INTEGER = re.compile(r"0|-?[1-9][0-9]*")
FLOAT = re.compile(
    r"-?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?|-?\.inf|\.nan"
)
"""YAML 1.2's core rules, without the numbers whose text would not come back the same."""


def as_number(text: str) -> float:
    """Read a number with a point or an exponent.

    Args:
        text: that `FLOAT` matches.

    Returns:
        The number.
    """
    if text.endswith(("inf", "nan")):
        return float(text.replace(".", ""))
    number = float(text)
    return number if str(number) == text else WrittenFloat(text)


def with_texts_as_written(document: dict[str, Any]) -> dict[str, Any]:
    """Make text of the numbers and switches of a file that stand where text is wanted.

    Args:
        document: as read; is changed.

    Returns:
        The document.
    """
    try:
        SourceDocument.model_validate(document)
    except ValidationError as error:
        for details in error.errors(include_url=False, include_input=False):
            path = tuple(part for part in details["loc"] if not is_tag(part))
            value = at(document, path)
            if path and isinstance(value, (bool, int, float)) and _wants_text(details):
                _put(document, path, str(value).lower() if isinstance(value, bool) else str(value))
    return document


def _wants_text(details: Any) -> bool:
    if details["type"] == "union_tag_invalid":
        context = details["ctx"]
        return bool(context["tag"] == NUMBER and f"'{TEXT}'" in context["expected_tags"])
    return bool(details["type"] == "string_type")


def _put(document: Any, path: Path, value: str) -> None:
    at(document, path[:-1])[path[-1]] = value
