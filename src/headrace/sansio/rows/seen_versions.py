"""Which rows were seen before, or handed on, as they are."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from headrace.core.json_path import JsonPath
from headrace.sansio.paging.row_keys import RowKeys
from headrace.sansio.rows.cursor_reader import CursorReader


class SeenVersions:
    """The versions of rows that were seen: a key with the time of its last change.

    Where either cannot be read, the row as it is written stands for both.

    Args:
        keys: Reads the keys of rows; None where no primary key is known.
        cursor_path: The path of the time in a row.
    """

    def __init__(self, keys: RowKeys | None, cursor_path: JsonPath) -> None:
        self._keys = keys
        self._reader = CursorReader(cursor_path)
        self._seen: set[int] = set()

    def add(self, rows: Sequence[msgspec.Raw]) -> int:
        """Adds the rows of a page.

        Args:
            rows: The JSON of each row.

        Returns:
            How many of them were not there as they are.
        """
        before = len(self._seen)
        self._seen.update(map(hash, self._versions(rows)))
        return len(self._seen) - before

    def _versions(self, rows: Sequence[msgspec.Raw]) -> Sequence[object]:
        keys = None if self._keys is None else self._keys.of(rows)
        times = self._reader.values(rows)
        if keys is None or times is None:
            return [bytes(row) for row in rows]
        return [(key, str(time)) for key, time in zip(keys, times, strict=True)]


class HandedOn:
    """The rows that were handed on, so that none comes a second time as it is.

    Args:
        most: How many rows are remembered. Of more, some may come twice.
    """

    def __init__(self, most: int = 500_000) -> None:
        self._most = most
        self._rows: set[int] = set()

    def add(self, rows: Sequence[msgspec.Raw]) -> None:
        """Remembers rows that are handed on.

        Args:
            rows: The JSON of each row.
        """
        if len(self._rows) < self._most:
            self._rows.update(hash(bytes(row)) for row in rows)

    def without(self, rows: Sequence[msgspec.Raw]) -> list[msgspec.Raw]:
        """The rows that were not handed on yet as they are.

        Args:
            rows: The JSON of each row.
        """
        return [row for row in rows if hash(bytes(row)) not in self._rows]
