"""Plain values as they are written: what is a number, a switch, nothing, or text."""

from __future__ import annotations

import re


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
