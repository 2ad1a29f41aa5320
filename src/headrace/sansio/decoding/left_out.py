"""Rows without some of their fields, which are nowhere from then on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
from msgspec import Raw

from headrace.sansio.decoding.places import OBJECT
from headrace.sansio.rows import RejectedRow
from headrace.sansio.rows.json_rows import kind_of
from headrace.sansio.rows.slicing import UNREADABLE
from headrace.sansio.rows.tolerant import find_members

_NOTHING = Raw(b"{}")
_NO_OBJECT = "it is {}, no object: nothing of it is kept, as `rows.without` leaves fields out"


class FieldsLeftOut:
    """Leaves fields out of rows, before anything else sees these.

    Args:
        names: The names of the fields.
    """

    path = ""
    found = True
    makes_rows = False

    def __init__(self, names: Iterable[str]) -> None:
        self._names = frozenset(names)

    def kept(self, rows: Sequence[Raw]) -> tuple[list[Raw], list[RejectedRow]]:
        """The rows without the fields.

        Args:
            rows: The JSON of rows.

        Returns:
            The rows, and those that cannot be read.
        """
        kept: list[Raw] = []
        unreadable: list[RejectedRow] = []
        for row in rows:
            kind = kind_of(row)
            if kind not in ("an object", "null"):
                # What is a field in it, nobody knows.
                unreadable.append(RejectedRow(_NOTHING, _NO_OBJECT.format(kind)))
                continue
            try:
                kept.append(self._without(row) if kind == "an object" else row)
            except (msgspec.MsgspecError, RecursionError):
                unreadable.append(self.stripped(row))
        return kept, unreadable

    def _without(self, row: Raw) -> Raw:
        members = OBJECT.decode(row)
        if self._names.isdisjoint(members):
            return row
        return _object(
            (name, bytes(value)) for name, value in members.items() if name not in self._names
        )

    def stripped(self, row: Raw, reason: str = UNREADABLE) -> RejectedRow:
        """What is left of a row that cannot be loaded.

        Args:
            row: The bytes of the row.
            reason: Why it cannot be.
        """
        if bytes(row)[:1] != b"{":
            return RejectedRow(_NOTHING, reason)
        left = _object(
            (name, value) for name, value in find_members(bytes(row)) if name not in self._names
        )
        # Where the row is broken, a field may lie within another one.
        is_left = any(msgspec.json.encode(name)[1:-1] in bytes(left) for name in self._names)
        return RejectedRow(_NOTHING if is_left else left, reason)

    def made(self, rows: Iterable[Raw]) -> tuple[list[Raw], list[RejectedRow]]:
        """The rows as they are."""
        return list(rows), []


def _object(members: Iterable[tuple[str, bytes]]) -> Raw:
    parts = (msgspec.json.encode(name) + b":" + value for name, value in members)
    return Raw(b"{%b}" % b",".join(parts))
