"""Spans of time in words."""

from __future__ import annotations

_UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))


def span_told(seconds: float) -> str:
    """A span in its largest unit, as `4 minutes`.

    Args:
        seconds: at least 0.
    """
    unit, size = next((each for each in _UNITS if seconds >= each[1]), _UNITS[-1])
    number = int(seconds // size)
    return f"{number:,} {unit}" + "s" * (number != 1)
