"""Columns of numbers, read and changed in single places without Arrow's cost for each."""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa


def numbers_view(column: pa.Int64Array) -> memoryview[int]:
    """Look into a column that holds no nulls.

    Args:
        column: 64-bit integers.
    """
    whole = memoryview(column.buffers()[1]).cast("q")
    return whole[column.offset : column.offset + len(column)]


def replace_at(
    column: pa.Int64Array, places: Iterable[int], replacements: Iterable[int]
) -> pa.Int64Array:
    """Return a column with other numbers in some places.

    Far faster than `pyarrow.compute.replace_with_mask` where the places are few.

    Args:
        column: 64-bit integers without nulls.
        places: Indexes into it.
        replacements: The number for each place.
    """
    copy = bytearray(numbers_view(column))
    numbers = memoryview(copy).cast("q")
    for place, replacement in zip(places, replacements, strict=True):
        numbers[place] = replacement
    return pa.Array.from_buffers(pa.int64(), len(column), [None, pa.py_buffer(copy)])
