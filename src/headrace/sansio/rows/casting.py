"""Casts what the JSON holds to the types of the table, exactly or not at all.

Where a cast would change a value, such as 1.5 for a column of integers, the value is marked: its
row takes the side road, and dlt gives the value a column of its own.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from headrace.core.arrow import pa, pc
from headrace.sansio.rows.list_types import conformed

# Any number of so many digits fits 64 bits.
_INTEGER_TEXT = r"^-?[0-9]{1,18}$"
# Days up to 28 only, which each month has: Arrow fails the whole column for a 31st of June.
_TIME_TEXT = (
    r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])[T ]([01][0-9]|2[0-3])(:[0-5][0-9]){2}"
    r"(\.[0-9]{1,6})?(Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])$"
)
# Any such number is a double, as no column has so many digits that it would be infinite.
_NUMBER_TEXT = r"^-?[0-9]{1,100}(\.[0-9]{1,100})?([eE][-+]?[0-9]{1,2})?$"
# As dlt reads texts for a column of booleans.
_TRUE = ("true", "t", "yes", "y", "1")
_FALSE = ("false", "f", "no", "n", "0")
_CALENDAR = (datetime.min, datetime.max)
# Where the calendar begins and ends, in seconds since 1970.
_FIRST_SECOND, _END_SECOND = -62_135_596_800, 253_402_300_800
_UNITS = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
# As seconds this is the year 5138; as milliseconds, 1973.
_MILLISECONDS_FROM = 100_000_000_000
_MOST_MILLISECONDS = 253_402_300_799_999


def wire_type(column_type: pa.DataType, value: Any) -> pa.DataType | None:
    """The type to read a field as, so that its values can be cast to a column's type.

    Args:
        column_type: The type of the column.
        value: One value of the field, decoded from JSON; None says nothing of its kind.

    Returns:
        The type to read the field as, or None where only the side road can take such a value.
    """
    if value is None:
        return default_wire_type(column_type)
    if isinstance(value, bool):
        return pa.bool_() if pa.types.is_boolean(column_type) else None
    if isinstance(value, int):
        if pa.types.is_floating(column_type):
            return pa.float64()
        is_exact = pa.types.is_integer(column_type) or pa.types.is_string(column_type)
        return pa.int64() if is_exact or pa.types.is_timestamp(column_type) else None
    if isinstance(value, float | Decimal):
        return pa.float64() if pa.types.is_floating(column_type) else None
    if isinstance(value, str):
        if pa.types.is_timestamp(column_type):
            return default_wire_type(column_type)
        return pa.string() if _is_read_as_text(column_type) else None
    return None


def _is_read_as_text(column_type: pa.DataType) -> bool:
    """Whether a text may be right for a column of this type, and is looked at."""
    types = pa.types
    return any(
        is_of(column_type)
        for is_of in (types.is_integer, types.is_string, types.is_floating, types.is_boolean)
    )


def default_wire_type(column_type: pa.DataType) -> pa.DataType:
    """The type to read a column's field as, before any value of it was seen."""
    if pa.types.is_timestamp(column_type):
        return pa.timestamp("us", "UTC")
    if pa.types.is_integer(column_type):
        return pa.int64()
    return column_type


def cast_exactly(
    values: pa.ChunkedArray, column_type: pa.DataType
) -> tuple[pa.ChunkedArray, pa.ChunkedArray | None]:
    """Casts the values that stay the same, and marks those that would change.

    Args:
        values: The values as they were read.
        column_type: The type of the column.

    Returns:
        The column, which is null at the marked places, and the marks, which are true where a value
        does not fit. The marks are None where everything fits.
    """
    if pa.types.is_nested(column_type):
        return _whole_lists(values, column_type)
    if pa.types.is_timestamp(values.type):
        values, outside = _in_calendar(values)
        if outside is not None:
            times, unfit = cast_exactly(values, column_type)
            return times, outside if unfit is None else pc.or_(outside, unfit)
    if values.type == column_type:
        return values, None
    if pa.types.is_timestamp(column_type) and pa.types.is_integer(values.type):
        return _from_epoch(values, column_type)
    if pa.types.is_timestamp(column_type) and pa.types.is_string(values.type):
        return _from_text(values, column_type)
    if pa.types.is_string(values.type) and pa.types.is_floating(column_type):
        return _numbers_of(values, column_type)
    if pa.types.is_string(values.type) and pa.types.is_boolean(column_type):
        return _switches_of(values)
    try:
        return values.cast(column_type), None
    except pa.ArrowInvalid:
        pass
    if pa.types.is_string(values.type):
        fits = pc.fill_null(pc.match_substring_regex(values, _INTEGER_TEXT), True)
        values = pc.if_else(fits, values, None).cast(pa.int64())
    else:
        fits = pa.scalar(True)
    cast = values.cast(column_type, safe=False)
    unchanged = pc.fill_null(pc.equal(cast.cast(values.type, safe=False), values), True)
    fits = pc.and_(fits, unchanged)
    return pc.if_else(fits, cast, pa.scalar(None, column_type)), pc.invert(fits)


def empty_lists(values: pa.ChunkedArray) -> tuple[pa.ChunkedArray, pa.ChunkedArray | None]:
    """The JSON of empty lists, and marks of all other values; None where there are none.

    Args:
        values: The values, in types of Arrow's choice. Of its lists the lengths are right, whatever
            is in them.
    """
    is_there = pc.is_valid(values)
    if pa.types.is_list(values.type):
        is_empty = pc.fill_null(pc.equal(pc.list_value_length(values), 0), False)
    else:
        is_empty = pc.and_(is_there, False)
    texts = pc.if_else(is_empty, "[]", pa.nulls(len(values), pa.string()))
    marks = pc.and_not(is_there, is_empty)
    return texts, marks if pc.any(marks).as_py() else None


def _whole_lists(
    values: pa.ChunkedArray, column_type: pa.DataType
) -> tuple[pa.ChunkedArray, pa.ChunkedArray | None]:
    """Lists that bring no more than their column has room for; else each is looked at by itself."""
    chunks = [_conformed(chunk, column_type) for chunk in values.chunks]
    found = [chunk for chunk in chunks if chunk is not None]
    if len(found) == len(chunks):
        return pa.chunked_array(found, column_type), None
    nothing = pa.chunked_array([pa.nulls(len(values), column_type)])
    return nothing, pc.is_valid(values)


def _conformed(values: pa.Array, column_type: pa.DataType) -> pa.Array | None:
    if not values.type.equals(column_type):
        try:
            # What Arrow has typed by itself may be broken.
            values.validate(full=True)
        except pa.ArrowInvalid:
            return None
    return conformed(values, column_type)


def _numbers_of(
    values: pa.ChunkedArray, column_type: pa.DataType
) -> tuple[pa.ChunkedArray, pa.ChunkedArray | None]:
    """Fractions from texts that are written as JSON writes numbers."""
    fits = pc.fill_null(pc.match_substring_regex(values, _NUMBER_TEXT), True)
    return pc.if_else(fits, values, None).cast(column_type), _marks(fits)


def _switches_of(values: pa.ChunkedArray) -> tuple[pa.ChunkedArray, pa.ChunkedArray | None]:
    """Booleans from the texts that dlt takes for one."""
    lower = pc.utf8_lower(values)
    is_true = pc.is_in(lower, value_set=pa.array(_TRUE))
    is_known = pc.or_(is_true, pc.is_in(lower, value_set=pa.array(_FALSE)))
    fits = pc.or_(is_known, pc.is_null(values))
    return pc.if_else(is_known, is_true, pa.scalar(None, pa.bool_())), _marks(fits)


def _marks(fits: pa.ChunkedArray) -> pa.ChunkedArray | None:
    """What does not fit; None where everything does."""
    return None if pc.all(fits).as_py() in (True, None) else pc.invert(fits)


def _in_calendar(times: pa.ChunkedArray) -> tuple[pa.ChunkedArray, pa.ChunkedArray | None]:
    """Times in the years 1 to 9999: Arrow reads others, but no `datetime` holds them."""
    bounds, unit = pc.min_max(times), _UNITS[times.type.unit]
    least, most = bounds["min"], bounds["max"]
    # By their numbers: a scalar has Arrow import pandas, where that is installed.
    if not least.is_valid or (
        least.value >= _FIRST_SECOND * unit and most.value < _END_SECOND * unit
    ):
        return times, None
    first, last = (pa.scalar(each, times.type) for each in _CALENDAR)
    fits = pc.fill_null(pc.and_(pc.greater_equal(times, first), pc.less_equal(times, last)), True)
    return pc.if_else(fits, times, pa.scalar(None, times.type)), pc.invert(fits)


def is_in_milliseconds(value: Any) -> bool:
    """Whether a number for a time counts milliseconds since 1970, and not seconds."""
    return type(value) is int and _MILLISECONDS_FROM <= abs(value) <= _MOST_MILLISECONDS


def _from_epoch(
    values: pa.ChunkedArray, column_type: pa.DataType
) -> tuple[pa.ChunkedArray, pa.ChunkedArray | None]:
    """Times from seconds or milliseconds since 1970, told apart by their size."""
    fits = pc.fill_null(_within(values, _MOST_MILLISECONDS), True)
    kept = pc.if_else(fits, values, pa.scalar(None, values.type))
    in_seconds = _within(kept, _MILLISECONDS_FROM - 1)
    microseconds = pc.if_else(in_seconds, pc.multiply(kept, 1_000_000), pc.multiply(kept, 1_000))
    instants, unfit = cast_exactly(microseconds.cast(pa.timestamp("us", "UTC")), column_type)
    marks = pc.invert(fits)
    return instants, marks if unfit is None else pc.or_(marks, unfit)


def _from_text(
    values: pa.ChunkedArray, column_type: pa.DataType
) -> tuple[pa.ChunkedArray, pa.ChunkedArray | None]:
    """Times from the texts that Arrow can cast to a time."""
    fits = pc.fill_null(pc.match_substring_regex(values, _TIME_TEXT), True)
    instants, unfit = cast_exactly(
        pc.if_else(fits, values, None).cast(pa.timestamp("us", "UTC")), column_type
    )
    marks = pc.invert(fits)
    return instants, marks if unfit is None else pc.or_(marks, unfit)


def _within(values: pa.ChunkedArray, most: int) -> pa.ChunkedArray:
    return pc.and_(pc.less_equal(values, most), pc.greater_equal(values, -most))
