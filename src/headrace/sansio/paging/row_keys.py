"""The keys of rows, read without decoding the rest of each row."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

_BETWEEN = b"\x00"


class RowKeys:
    """Reads the fields of the primary key, as they are written.

    Args:
        names: The names of the fields; at least one.

    Raises:
        ValueError: A name is one that msgspec has no field for, as one with a quote in it.
    """

    def __init__(self, names: Sequence[str]) -> None:
        fields = [f"field{number}" for number in range(len(names))]
        self._fields = fields
        self._decoder = msgspec.json.Decoder(
            msgspec.defstruct(
                "Key",
                [(field, msgspec.Raw) for field in fields],
                rename=dict(zip(fields, names, strict=True)),
            )
        )

    def of(self, rows: Sequence[msgspec.Raw]) -> list[bytes] | None:
        """The key of each row, as bytes that are the same for the same key.

        Args:
            rows: The rows, each as JSON.

        Returns:
            The keys in the order of the rows; None where a row has no such fields.
        """
        decode = self._decoder.decode
        try:
            found = [decode(row) for row in rows]
        except (msgspec.MsgspecError, RecursionError):
            return None
        if len(self._fields) == 1:
            (only,) = self._fields
            return [bytes(getattr(each, only)) for each in found]
        return [
            _BETWEEN.join(bytes(getattr(each, name)) for name in self._fields) for each in found
        ]
