"""Reads a few fields of many rows, without decoding the rest of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import msgspec

_NOTHING = msgspec.Raw(b"")
_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
_DECODED = msgspec.json.Decoder(dict[str, Any])
# What a name must not hold to be one that msgspec looks for.
_UNNAMEABLE = frozenset('"\\') | frozenset(map(chr, range(0x20)))


class RowFacts:
    """Some fields of the rows of one page.

    Args:
        columns: for each field its value in each row, None where it is not there.
        count: of the rows.
    """

    def __init__(self, columns: dict[str, list[Any]], count: int) -> None:
        self._columns = columns
        self._count = count

    def column(self, name: str) -> list[Any]:
        """The values of a field that was asked for."""
        return self._columns[name]

    def __len__(self) -> int:
        return self._count

    def row(self, place: int) -> dict[str, Any]:
        """The fields of one row."""
        return {name: values[place] for name, values in self._columns.items()}


class RowFactReader:
    """Reads the same fields of page after page, and notes which fields the rows have.

    Args:
        wanted: names of the fields to read.
        known: names of the fields that rows had before.
    """

    def __init__(self, wanted: Collection[str], known: Iterable[str] = ()) -> None:
        self._wanted = {name: f"wanted{number}" for number, name in enumerate(sorted(set(wanted)))}
        self.known = set(known)
        self._decoder: msgspec.json.Decoder[list[Any]] | None = None
        self._set_up()

    def read(self, rows: Sequence[msgspec.Raw], *, learn: bool = True) -> RowFacts:
        """Reads the fields of some rows.

        Args:
            rows: each a JSON object.
            learn: note which fields they have.

        Raises:
            msgspec.DecodeError: a row is no object.
        """
        if learn:
            found = self._read_at_once(rows)
            if found is not None:
                return found
            before = len(self.known)
            for row in rows:
                self.known.update(_OBJECT.decode(row))
            if len(self.known) > before:
                self._set_up()
                found = self._read_at_once(rows)
                if found is not None:
                    return found
        decoded = [_DECODED.decode(row) for row in rows]
        return RowFacts(
            {name: [row.get(name) for row in decoded] for name in self._wanted}, len(rows)
        )

    def _read_at_once(self, rows: Sequence[msgspec.Raw]) -> RowFacts | None:
        """The fields, if no row has one that is not known."""
        if self._decoder is None:
            return None
        try:
            decoded = self._decoder.decode(b"[" + b",".join(rows) + b"]")
        except (msgspec.MsgspecError, RecursionError):
            return None
        columns = {
            name: [getattr(row, attribute) for row in decoded]
            if name in self.known
            else [None] * len(decoded)
            for name, attribute in self._wanted.items()
        }
        return RowFacts(columns, len(decoded))

    def _set_up(self) -> None:
        self._decoder = None
        if not all(_UNNAMEABLE.isdisjoint(name) for name in self.known):
            return
        others = {f"other{number}": name for number, name in enumerate(sorted(self.known))}
        names = {self._wanted.get(name, field): name for field, name in others.items()}
        row_type = msgspec.defstruct(
            "Row",
            [
                (field, Any, None) if name in self._wanted else (field, msgspec.Raw, _NOTHING)
                for field, name in names.items()
            ],
            rename=names,
            forbid_unknown_fields=True,
        )
        self._decoder = msgspec.json.Decoder(list[row_type])  # type: ignore[valid-type]


def cut_to(row: msgspec.Raw, fields: Collection[str]) -> msgspec.Raw:
    """A row without the fields that others of its kind do not have.

    Args:
        row: a JSON object.
        fields: names of those that stay.

    Raises:
        msgspec.DecodeError: the row is no object.
    """
    decoded = _OBJECT.decode(row)
    if all(name in fields for name in decoded):
        return row
    kept = {name: value for name, value in decoded.items() if name in fields}
    return msgspec.Raw(msgspec.json.encode(kept))
