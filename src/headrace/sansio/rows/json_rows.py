"""Rows as JSON: decodes them, and finds those that made Arrow refuse a batch."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from decimal import Decimal
from typing import Any

import msgspec

from headrace.core.arrow import pa
from headrace.core.exceptions import RowError
from headrace.sansio.rows.loadable import BEYOND_DOUBLES

_ROW_NAMED = re.compile(r" in row (\d+)$")
_VALUE_QUOTED = re.compile(r"couldn't parse:(.*)$", re.DOTALL)
# A value that stands in more than each fourth row is hardly the odd one.
_MOST_SUSPECTED = 4
# Colon, space and quote before a value, or quote, space and comma after it.
_AROUND = 6

_ROW = msgspec.json.Decoder(dict[str, Any])
_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_OUT_OF_RANGE = "out of range"
_EXACT_ROW = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal)

FieldPath = tuple[str, ...]
"""The keys that lead to a field of a row, from the outermost on."""
# What a key must not hold for msgspec to take it as the name of a field.
_UNNAMEABLE = frozenset('"\\') | frozenset(map(chr, range(0x20)))

_KINDS = {b"[": "a list", b'"': "a text", b"n": "null", b"t": "a boolean", b"f": "a boolean"}


def is_object(row: msgspec.Raw) -> bool:
    """Whether a row is an object, by its first byte."""
    return bytes(memoryview(row)[:1]) == b"{"


def kind_of(value: msgspec.Raw) -> str:
    """What a JSON value is, with its article; null is `null`.

    Args:
        value: The JSON, without a space before it.
    """
    return "an object" if is_object(value) else _KINDS.get(bytes(memoryview(value)[:1]), "a number")


def no_object(row: msgspec.Raw) -> str:
    """Words what a row is that is no object, in a text that can stand after "a row".

    Args:
        row: The JSON of the row.
    """
    return (
        f"it is no object, but {kind_of(row)}: see that `data_selector` leads to a list of objects"
    )


def is_nameable(key: str) -> bool:
    """Whether a type of msgspec can have a field under a key."""
    return _UNNAMEABLE.isdisjoint(key)


def rows_to_blame(refusal: pa.ArrowInvalid, rows: Sequence[msgspec.Raw]) -> set[int]:
    """Finds the rows that an error of Arrow's JSON reader points at.

    Some of its errors name a row by its number, others quote a value, most do neither.

    Args:
        refusal: The error that Arrow raised for the rows as a whole.
        rows: The rows that it refused.

    Returns:
        The places of the rows, from 0; empty where the error points at none.
    """
    said = str(refusal)
    named = _ROW_NAMED.search(said)
    if named:
        place = int(named[1])
        return {place} if place < len(rows) else set()
    quoted = _VALUE_QUOTED.search(said)
    if not quoted:
        return set()
    found = _holding(quoted[1].encode(), rows)
    return found if len(found) <= max(1, len(rows) // _MOST_SUSPECTED) else set()


def _holding(value: bytes, rows: Sequence[msgspec.Raw]) -> set[int]:
    """The places of the rows with a field of that value; none unless each row is one line."""
    lines = b"\n".join(rows)
    if not value or lines.count(b"\n") != len(rows) - 1:
        return set()
    as_value = re.compile(rb':\s*"?' + re.escape(value) + rb'"?\s*[,}]')
    found: set[int] = set()
    place = at = 0
    while (hit := lines.find(value, at)) >= 0:
        place += lines.count(b"\n", at, hit)
        at = hit + len(value)
        if as_value.search(lines, max(0, hit - _AROUND), at + _AROUND):
            found.add(place)
    return found


def leaf_columns(
    table: pa.Table, stays_whole: Callable[[FieldPath], bool]
) -> Iterator[tuple[FieldPath, Any]]:
    """Goes through the columns of a table, with objects taken apart into their fields.

    Args:
        table: The table as Arrow read it.
        stays_whole: Says whether an object at a path is not taken apart.

    Yields:
        The path and the values of each field.
    """
    for name in table.column_names:
        yield from _leaf_columns((name,), table.column(name), stays_whole)


def _leaf_columns(
    path: FieldPath, values: pa.ChunkedArray, stays_whole: Callable[[FieldPath], bool]
) -> Iterator[tuple[FieldPath, Any]]:
    if not pa.types.is_struct(values.type) or stays_whole(path):
        yield path, values
        return
    # flatten() hands the parent's nulls down to the fields.
    for index, inner in enumerate(values.flatten()):
        yield from _leaf_columns((*path, values.type.field(index).name), inner, stays_whole)


def readable_rows(rows: Iterable[msgspec.Raw]) -> Iterator[dict[str, Any]]:
    """Decodes the rows that are objects and can be read.

    Args:
        rows: The JSON of each row.
    """
    for row in rows:
        with suppress(RowError):
            yield decode_row(row)


def decode_row(row: msgspec.Raw, *, exact: bool = False) -> dict[str, Any]:
    """Decodes a row.

    Args:
        row: The JSON of the row.
        exact: Whether fractions become decimals, which keep each digit, and not floats.

    Raises:
        RowError: The row is no object, or cannot be read.
    """
    try:
        return (_EXACT_ROW if exact else _ROW).decode(row)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise RowError(why_unreadable(row, error)) from None


def why_unreadable(row: msgspec.Raw, error: Exception) -> str:
    """Words why a row cannot be read, in a text that can stand after "a row".

    Args:
        row: The JSON of the row.
        error: What msgspec said.
    """
    if isinstance(error, msgspec.ValidationError) and _OUT_OF_RANGE in str(error):
        name = _field_out_of_range(row)
        if name is not None:
            return f"`{name}` {BEYOND_DOUBLES}"
    return f"it cannot be read: {error}"


def _field_out_of_range(row: msgspec.Raw) -> str | None:
    """The field with a number that nothing holds; None where it cannot be told."""
    # Behind the number that ended the decoding, other fields may nest without end.
    with suppress(RecursionError):
        for name, value in _FIELDS.decode(row).items() if is_object(row) else ():
            try:
                msgspec.json.decode(value)
            except msgspec.ValidationError:
                return name
    return None
