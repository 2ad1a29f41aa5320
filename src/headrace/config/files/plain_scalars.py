"""Which plain scalars are numbers, switches or null, and which are text.

A plain scalar is what YAML calls a value without quotes.
"""

from __future__ import annotations

import re


class WrittenFloat(float):
    """A number that knows how it was written, for keys that want text.

    Args:
        text: The number as it stands in the file, for example `1.50`.
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
"""The core schema of YAML 1.2, without numbers whose text would not come back the same."""


def as_number(text: str) -> float:
    """Read a number with a point or an exponent.

    Args:
        text: A text that `FLOAT` matches.

    Returns:
        The number, which gives back the text as it was written.
    """
    if text.endswith(("inf", "nan")):
        return float(text.replace(".", ""))
    number = float(text)
    return number if str(number) == text else WrittenFloat(text)
