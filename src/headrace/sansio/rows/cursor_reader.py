"""The cursor values of rows, read without decoding their other fields."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypedDict

import msgspec

from headrace.core.json_path import JsonPath


class CursorReader:
    """Finds the cursor value of each row of a page, without decoding the other fields.

    Args:
        path: The path to the value in a row.
    """

    def __init__(self, path: JsonPath) -> None:
        self._path = path
        self._decoder = _decoder_of(path)

    def values(self, rows: Sequence[msgspec.Raw]) -> list[Any] | None:
        """Reads the cursor values of the rows of one page.

        Args:
            rows: The JSON of each row.

        Returns:
            The value of each row, None for a row without one; or None in place of the list where
            the values cannot be found in this way.
        """
        if self._decoder is None:
            return None
        try:
            found = self._decoder.decode(b"[%b]" % b",".join(rows))
        except msgspec.DecodeError:
            return None
        (first, *more) = self._path.steps or ()
        if more:
            return [self._path.first(row) for row in found]
        return [row.get(first) for row in found]


def _decoder_of(path: JsonPath) -> msgspec.json.Decoder[list[dict[str, Any]]] | None:
    """A decoder of the one field that holds the cursor; None where the path may lead anywhere."""
    if not path.steps or path.spread:
        return None
    # A key may have dots in its name: the beginning of the path as well as all of it.
    ends = range(1, len(path.steps) + 1 if path.name else 2)
    names = {".".join(path.steps[:end]): Any for end in ends}
    fields: Any = TypedDict("fields", names, total=False)  # type: ignore[misc]
    return msgspec.json.Decoder(list[fields])
