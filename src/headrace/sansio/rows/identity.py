"""Row ids (`_dlt_id`) that are unique without being random: they compress well and merge fast."""

from __future__ import annotations

from binascii import b2a_base64
from collections.abc import Sequence
from hashlib import shake_128

from headrace.core.arrow import constant_texts, pa, pc, whole_numbers
from headrace.core.quick_dataclasses import dataclass

# With as many digits each, the order of the ids is the order of the rows, in text as well.
_FIRST = 1_000_000_000


class RowIds:
    """Hands out ids for the rows of one table in one load, in the order of the rows.

    Args:
        prefix: The beginning of each id; no other load may use it for the same table.
    """

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._next = 0

    def take(self, count: int) -> BatchIds:
        """Hands out the ids for the next rows.

        Args:
            count: How many rows there are.
        """
        first = self._next
        self._next += count
        return BatchIds(self._prefix, first, count)


@dataclass(frozen=True, slots=True)
class BatchIds:
    """The ids of a batch of rows.

    Args:
        prefix: The beginning of each id in the load.
        first: The number of the batch's first row in the load, from 0.
        count: How many rows the batch has.
    """

    prefix: str
    first: int
    count: int

    def column(self, places: Sequence[int] | None = None) -> pa.Array:
        """The ids of the batch, or of some of its rows, as a column of text.

        Args:
            places: The places of the rows in the batch, from 0; None takes all rows.
        """
        first = _FIRST + self.first
        if places is None:
            numbers = pa.arange(first, first + self.count)
        else:
            numbers = whole_numbers(first + place for place in places)
        count = len(numbers)
        parts = constant_texts(self.prefix, count), numbers.cast(pa.string())
        return pc.binary_join_element_wise(*parts, constant_texts("", count))

    def at(self, place: int) -> str:
        """The id of one row.

        Args:
            place: The place of the row in the batch, from 0.
        """
        return f"{self.prefix}{_FIRST + self.first + place}"


# As dlt: so many bytes of the hash, which are so many characters in base64.
_HASH_BYTES = 10
_HASH_CHARACTERS = 14
# Bytes that fill a hash up to whole groups of three.
_FILL = b"\0\0"


def nested_row_ids(parent_ids: Sequence[str], table: str, places: pa.Array) -> pa.Array:
    """The ids of the rows of a child table, as dlt makes them.

    Args:
        parent_ids: The id of the row that each one's list is in.
        table: The name of the child table.
        places: The place of each in its list, from 0.
    """
    if not parent_ids:
        return pa.nulls(0, pa.string())
    last = pc.max(places).as_py()
    endings = [f"_{table}_{place}".encode() for place in range(last + 1)]
    hashes = [
        shake_128(parent.encode() + endings[place]).digest(_HASH_BYTES)
        for parent, place in zip(parent_ids, places.to_pylist(), strict=True)
    ]
    text = b2a_base64(_FILL.join(hashes) + _FILL, newline=False)
    width = len(text) // len(hashes)
    whole = pa.Array.from_buffers(pa.binary(width), len(hashes), [None, pa.py_buffer(text)])
    return pc.binary_slice(whole.cast(pa.binary()), 0, _HASH_CHARACTERS).cast(pa.string())
