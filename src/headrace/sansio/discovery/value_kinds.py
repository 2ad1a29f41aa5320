"""Of what kind a value is, beyond what JSON says of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from headrace.core.value_order import Kind, compare, placed

_WHOLE = re.compile(r"0|[1-9][0-9]{0,18}")
_LARGEST = 2**63 - 1
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_WITHOUT_ZONE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?")
_CLOCK = re.compile(r"[0-9]{4}-?[0-9]{2}-?[0-9]{2}[Tt ][0-9]{2}.*")
_MICROSECONDS = 26
# As switches of any case, see `sansio/rows/casting.py`.
_SWITCHES = frozenset(["true", "t", "yes", "y", "1", "false", "f", "no", "n", "0"])
# 1980 to 2100, in seconds.
_FIRST, _LAST = 315_532_800, 4_102_444_800
_BEGIN, _END = placed("0001-01-01T00:00:00Z"), placed("9999-12-31T23:59:59.999999Z")
# As wide as any destination has it, and so that no later amount is too large or cut.
_PRECISION, _SCALE, _ROOM = 38, 9, 9
_MOST_FRACTION = 18


def is_whole_text(value: Any) -> bool:
    """Whether a text is a number of 64 bits as such a number is written, without leading zeros.

    Args:
        value: The value.
    """
    is_written_so = isinstance(value, str) and bool(_WHOLE.fullmatch(value))
    return is_written_so and int(value) <= _LARGEST


def is_date(value: Any) -> bool:
    """Whether a text is a date without a time of day.

    Args:
        value: The value.
    """
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def has_clock(value: Any) -> bool:
    """Whether a text is a date with a time of day, with or without a zone.

    Args:
        value: The value.
    """
    if not isinstance(value, str) or not _CLOCK.fullmatch(value):
        return False
    place = placed(value)
    return place is not None and place.kind is Kind.TIME


def is_in_calendar(value: Any) -> bool:
    """Whether a time is in the years 1 to 9999 in UTC, as all times of a table are.

    Args:
        value: The value, which has a clock.
    """
    time = placed(value)
    if time is None or _BEGIN is None or _END is None:
        return False
    return (compare(time, _BEGIN) or 0) >= 0 and (compare(time, _END) or 0) <= 0


def is_time_without_zone(value: Any) -> bool:
    """Whether a text is a time of some day that does not say of which zone.

    Args:
        value: The value.
    """
    if not isinstance(value, str) or not _WITHOUT_ZONE.fullmatch(value):
        return False
    try:
        datetime.fromisoformat(value[:_MICROSECONDS])
    except ValueError:
        return False
    return True


def is_switch(value: Any) -> bool:
    """Whether dlt reads a value as the switch that it means.

    Args:
        value: The value.
    """
    return str(value).lower() in _SWITCHES


def is_epoch(value: Any) -> bool:
    """Whether a number may be a time of our days, in seconds or milliseconds since 1970.

    Args:
        value: The value.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return _FIRST <= value <= _LAST or _FIRST * 1_000 <= value <= _LAST * 1_000


def decimal_hints(values: Sequence[Any]) -> dict[str, Any] | None:
    """The hints of a column of decimals that holds numbers digit by digit.

    Args:
        values: Numbers, and texts of numbers.

    Returns:
        The hints, with room for larger numbers; None where no column would do.
    """
    texts = [value if isinstance(value, str) else _written(value) for value in values]
    if not all(map(_DECIMAL.fullmatch, texts)):
        return None
    whole = max(len(text.lstrip("-").partition(".")[0]) for text in texts)
    fraction = max(len(text.partition(".")[2]) for text in texts)
    has_floats = any(isinstance(value, float) for value in values)
    if fraction > (_SCALE if has_floats else _MOST_FRACTION):
        # Fractions that a server has reckoned with have digits that nobody has written.
        return None
    scale = max(fraction, _SCALE)
    if whole + scale + _ROOM > _PRECISION:
        return None
    return {"data_type": "decimal", "precision": _PRECISION, "scale": scale}


def _written(value: int | float) -> str:
    return format(Decimal(repr(value)), "f") if isinstance(value, float) else str(value)
