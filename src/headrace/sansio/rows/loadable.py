"""What no loader file of dlt's can hold, wherever in a row it stands."""

from __future__ import annotations

from typing import Any

# dlt's files are written by a JSON writer that goes no deeper than 254, the row itself included.
_DEEPEST = 200
_LEAST, _MOST = -(2**63), 2**63 - 1


def is_beyond_64_bits(value: Any) -> bool:
    """Whether a value is an integer that no 64 bits hold."""
    return type(value) is int and not _LEAST <= value <= _MOST


def is_no_64_bit_integer(value: Any) -> bool:
    """Whether a number is too large for an integer of 64 bits, however it is written."""
    return type(value) in (int, float) and not _LEAST <= value <= _MOST


def why_not_loadable(value: Any, depth: int = 0) -> str | None:
    """Why a nested value cannot be loaded, None if it can.

    Args:
        value: as decoded from JSON.
        depth: at which it stands in its row.
    """
    if isinstance(value, dict | list):
        if depth >= _DEEPEST:
            return f"nests deeper than {_DEEPEST} levels"
        for inner in value.values() if isinstance(value, dict) else value:
            reason = why_not_loadable(inner, depth + 1)
            if reason is not None:
                return reason
        return None
    if depth and is_beyond_64_bits(value):
        return "holds an integer beyond 64 bits"
    return None
