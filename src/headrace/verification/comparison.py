"""How a listing and the table that was loaded from it differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

# The value of the primary key; a tuple of values where the key has several columns.
Key = Any

_KEYS_AT_ONCE = 10_000


class RowKeys:
    """The primary keys of some rows, in their order.

    They stay in an Arrow table, so that millions of them take little memory.

    Args:
        table: The keys, with one column for each column of the primary key.
    """

    def __init__(self, table: pa.Table) -> None:
        self._table = table

    def __len__(self) -> int:
        return int(self._table.num_rows)

    @property
    def columns(self) -> pa.Table:
        """The keys, with one column for each column of the primary key."""
        return self._table

    def __iter__(self) -> Iterator[Key]:
        for batch in self._table.to_batches(max_chunksize=_KEYS_AT_ONCE):
            columns = [column.to_pylist() for column in batch.columns]
            yield from columns[0] if len(columns) == 1 else zip(*columns, strict=True)


@dataclass(frozen=True, slots=True)
class TableComparison:
    """How a listing and its table differ.

    Args:
        listed: The number of keys in the listing.
        stored: The number of rows in the table.
        missing: The keys that are listed and not in the table.
        differing: The keys of the rows whose values differ.
        only_stored: The keys that only the table has.
        repeated: The keys that the table has more than once.
        fields: The number of rows that differ in a column, by the name of the column.
        examples: Some rows that differ. For each key, and each column that differs: the value in
            the table and the value in the listing.
        excused: The number of rows that are missing or differ for a good reason, by the reason.
    """

    listed: int
    stored: int
    missing: RowKeys
    differing: RowKeys
    only_stored: RowKeys
    repeated: RowKeys
    fields: dict[str, int]
    examples: dict[Key, dict[str, tuple[Any, Any]]]
    excused: Counter[str]
