"""Tells whether the keys of a load came in strict order, so that none of them came twice."""

from __future__ import annotations

from headrace.core.arrow import pa, pc


class KeyOrder:
    """Watches the keys of a load, batch by batch.

    Keys in strict order are all different, however long the listing is, and only the last key has
    to be remembered to know that. The merge may then leave out its search for duplicates.

    Args:
        column_name: The column of the key; None where the key has several columns, or there is no
            key.
    """

    def __init__(self, column_name: str | None) -> None:
        self._column_name = column_name
        self._last: pa.Scalar | None = None
        self._compare: str | None = None
        self.is_strict = column_name is not None

    def see(self, table: pa.Table) -> None:
        """Takes the keys of the next rows into account.

        Args:
            table: The next rows, in the order of the listing.
        """
        if not self.is_strict or table.num_rows == 0:
            return
        if self._column_name not in table.column_names:
            self.is_strict = False
            return
        keys = table.column(self._column_name).combine_chunks()
        if self._last is not None:
            keys = pa.concat_arrays([pa.repeat(self._last, 1), keys])
        self._last = keys[-1]
        if len(keys) < 2:
            return
        former, latter = keys[:-1], keys[1:]
        if self._compare is None:
            descends = pc.greater(former[0], latter[0]).as_py()
            self._compare = "greater" if descends else "less"
        in_order = pc.call_function(self._compare, [former, latter])
        self.is_strict = bool(pc.all(in_order, skip_nulls=False).as_py())

    def interrupt(self) -> None:
        """Notes that rows came whose keys were not seen: nothing is known of the order any more."""
        self.is_strict = False
