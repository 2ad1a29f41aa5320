"""Row ids that are unique without being random: they compress well and merge fast."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc


class RowIds:
    """Hands out ids for the rows of one table in one load.

    Args:
        prefix: no other load may use it for the table.
    """

    def __init__(self, prefix: str) -> None:
        self._prefix = pa.scalar(f"{prefix}-")
        self._next = 0

    def take(self, count: int) -> pa.Array:
        """The next ids, as text.

        Args:
            count: how many.
        """
        numbers = pa.array(range(self._next, self._next + count), pa.int64())
        self._next += count
        return pc.binary_join_element_wise(self._prefix, numbers.cast(pa.string()), "")
