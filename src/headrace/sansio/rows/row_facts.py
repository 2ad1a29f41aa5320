"""Reads a few fields of many rows, without decoding the rest of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from operator import attrgetter
from typing import Any

import msgspec

from headrace.sansio.rows.json_rows import is_nameable

_NOTHING = msgspec.Raw(b"")
_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
_DECODED = msgspec.json.Decoder(dict[str, Any])


class RowFacts:
    """Some fields of the rows of one page.

    Args:
        columns: The values of each field by its name, one for each row; None where a row lacks the
            field.
        count: How many rows there are.
    """

    def __init__(self, columns: dict[str, list[Any]], count: int) -> None:
        self._columns = columns
        self._count = count

    def column(self, name: str) -> list[Any]:
        """The values of a field that was asked for, one for each row."""
        return self._columns[name]

    def __len__(self) -> int:
        return self._count

    def row(self, place: int) -> dict[str, Any]:
        """The fields of one row, by its place from 0."""
        return {name: values[place] for name, values in self._columns.items()}


class RowFactReader:
    """Reads the same fields of page after page, and notes which fields the rows have.

    Args:
        wanted: The names of the fields to read.
        known: The names of the fields that earlier rows had.
    """

    def __init__(self, wanted: Collection[str], known: Iterable[str] = ()) -> None:
        self._wanted = {name: f"wanted{number}" for number, name in enumerate(sorted(set(wanted)))}
        self.known = set(known)
        self._decoder: msgspec.json.Decoder[list[Any]] | None = None
        self._set_up()

    def read(self, rows: Sequence[msgspec.Raw], *, learn: bool = True) -> RowFacts:
        """Reads the fields of some rows.

        Args:
            rows: The rows, each a JSON object.
            learn: Whether to note which fields the rows have.

        Raises:
            msgspec.DecodeError: A row is no object.
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
        """The fields of all rows in one pass; None where a row has a field that is not known."""
        if self._decoder is None:
            return None
        try:
            decoded = self._decoder.decode(b"[" + b",".join(rows) + b"]")
        except (msgspec.MsgspecError, RecursionError):
            return None
        columns = {
            name: list(map(attrgetter(attribute), decoded))
            if name in self.known
            else [None] * len(decoded)
            for name, attribute in self._wanted.items()
        }
        return RowFacts(columns, len(decoded))

    def _set_up(self) -> None:
        self._decoder = None
        if not all(is_nameable(name) for name in self.known):
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
    """Leaves out the fields of a row that other rows of its kind do not have.

    Args:
        row: The row, a JSON object.
        fields: The names of the fields that stay.

    Raises:
        msgspec.DecodeError: The row is no object.
    """
    decoded = _OBJECT.decode(row)
    if all(name in fields for name in decoded):
        return row
    kept = {name: value for name, value in decoded.items() if name in fields}
    return msgspec.Raw(msgspec.json.encode(kept))
