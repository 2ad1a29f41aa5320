"""Times for columns that keep few digits of a second."""

from __future__ import annotations

from datetime import datetime, time

_MOST_DIGITS = 6


def cut_to_digits(value: datetime | time, digits: int) -> datetime | time:
    """Leaves out the digits of a second that a column does not keep, as Arrow does.

    Rounded up, the last moment of the year 9999 would be one that no `datetime` holds.

    Args:
        value: The time.
        digits: How many digits the column keeps.
    """
    unit = 10 ** max(_MOST_DIGITS - digits, 0)
    return value.replace(microsecond=value.microsecond - value.microsecond % unit)
