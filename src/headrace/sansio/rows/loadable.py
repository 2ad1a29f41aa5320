"""What the files that dlt loads from cannot hold, wherever in a row it stands."""

from __future__ import annotations

from decimal import Decimal
from math import isinf
from typing import Any

# dlt writes its files with orjson, which refuses more than 254 levels, the row itself included.
DEEPEST = 200

# Up to here orjson writes them, within lists and objects: for values that stay JSON that is enough.
_LARGEST_IN_JSON = 2**64 - 1
_BEYOND_JSON = (
    "holds an integer beyond 64 bits, for which dlt's files have no room; have a function among "
    "the `processing_steps` make text of it"
)
BEYOND_DOUBLES = "is or holds a number beyond any double; send it as text"
"""Why a number like 1e999 cannot be loaded, in words that follow the field's name."""


def is_beyond_64_bits(value: Any) -> bool:
    """Whether a value is an integer that does not fit in 64 bits."""
    return type(value) is int and not is_within_bits(value, 64)


def is_within_bits(number: int | float, bits: int) -> bool:
    """Whether a number is within the range of signed integers.

    Args:
        number: The number.
        bits: How many bits such an integer has.
    """
    end = 1 << bits - 1
    return -end <= number < end


def nests_too_deeply(value: Any, depth: int = 0) -> bool:
    """Whether a value has more levels than can be loaded.

    Args:
        value: The value, decoded from JSON.
        depth: How many lists and objects it stands in, within its row.
    """
    if not isinstance(value, dict | list):
        return False
    inner = value.values() if isinstance(value, dict) else value
    return depth >= DEEPEST or any(nests_too_deeply(each, depth + 1) for each in inner)


def why_not_loadable(value: Any, depth: int = 0) -> str | None:
    """Why a value cannot be loaded, or None where it can.

    Args:
        value: The value, decoded from JSON.
        depth: How many lists and objects it stands in, within its row.
    """
    if isinstance(value, dict | list):
        if depth >= DEEPEST:
            return f"nests deeper than {DEEPEST} levels"
        for inner in value.values() if isinstance(value, dict) else value:
            reason = why_not_loadable(inner, depth + 1)
            if reason is not None:
                return reason
        return None
    if isinstance(value, Decimal) and isinf(float(value)):
        return BEYOND_DOUBLES
    if depth and is_beyond_64_bits(value) and not 0 < value <= _LARGEST_IN_JSON:
        return _BEYOND_JSON
    return None
