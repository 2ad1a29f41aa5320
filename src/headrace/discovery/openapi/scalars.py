"""Single values of a document. What stands in their place may be of any kind and of any size."""

from __future__ import annotations

from typing import Any

from headrace.core.secrets.redaction import one_line

_MOST = 1_000
_LONGEST = 2_000


def text_of(value: Any) -> str:
    """A text, in one line; empty for anything else.

    Args:
        value: The value.
    """
    return one_line(value, _LONGEST) if isinstance(value, str) else ""


def texts_of(value: Any) -> list[str]:
    """The texts of a list, or the one that stands for a list.

    Args:
        value: The value.
    """
    listed = value[:_MOST] if isinstance(value, list) else [value]
    return [each for each in listed if isinstance(each, str)]


def single_value(value: Any) -> Any:
    """A text, a number or a switch; None for anything else.

    Args:
        value: The value.
    """
    is_single = isinstance(value, str | int | float)
    return value if is_single and len(str(value)) <= _LONGEST else None


def single_values(value: Any) -> list[Any]:
    """The single values of a list.

    Args:
        value: The value.
    """
    listed = value[:_MOST] if isinstance(value, list) else []
    return [each for each in listed if single_value(each) is not None]
