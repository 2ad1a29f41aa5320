"""Texts that not every destination takes as they are: those with U+0000, and empty ones."""

from __future__ import annotations

from typing import Any

from headrace.core.arrow import pa, pc

_NUL = "\0"


def table_without_nul(table: pa.Table) -> pa.Table:
    """A table whose texts hold no U+0000.

    dlt's own source loads `ab` for a text of a, U+0000 and b.

    Args:
        table: The table; most often it comes back as it is.
    """
    for place, field in enumerate(table.schema):
        values = table.column(place)
        if pa.types.is_string(field.type) and pc.any(pc.match_substring(values, _NUL)).as_py():
            table = table.set_column(place, field, pc.replace_substring(values, _NUL, ""))
    return table


def without_nul(value: Any) -> Any:
    """A value without U+0000 in its texts, the names of fields included.

    Args:
        value: The value, decoded from JSON.
    """
    if isinstance(value, str):
        return value.replace(_NUL, "")
    if isinstance(value, dict):
        return {without_nul(name): without_nul(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [without_nul(inner) for inner in value]
    return value


def nul_shown(text: str) -> str:
    """A text with U+0000 as JSON writes it: PostgreSQL takes it in no text.

    Args:
        text: What was worded, with names or values of a row in it.
    """
    return text.replace(_NUL, "\\u0000")


def has_empty_text(table: pa.Table) -> pa.ChunkedArray | None:
    """Marks the rows with an empty text in a column that can be null.

    Args:
        table: The table.

    Returns:
        True for each such row; None where there is none.
    """
    marks: pa.ChunkedArray | None = None
    for place, field in enumerate(table.schema):
        if field.nullable and pa.types.is_string(field.type):
            empty = pc.fill_null(pc.equal(table.column(place), ""), False)
            if pc.any(empty).as_py():
                marks = empty if marks is None else pc.or_(marks, empty)
    return marks
