"""Takes the rows that Arrow cannot take exactly, each alone, or says why no road takes them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import pairwise
from operator import itemgetter
from typing import Any

import msgspec

from headrace.core.exceptions import RowError
from headrace.core.quick_dataclasses import dataclass
from headrace.sansio.rows.column_room import AnyColumns, ColumnRoom
from headrace.sansio.rows.fields import Fields
from headrace.sansio.rows.json_rows import decode_row, is_object, no_object
from headrace.sansio.rows.loadable import DEEPEST

_SHOWN_COLUMNS = 5
Refuses = Callable[[str, Any], str | None]


@dataclass(frozen=True, slots=True)
class SideRow:
    """A row for dlt's own normalizer.

    Args:
        place: The place of the row in its batch, from 0.
        values: The row, decoded.
    """

    place: int
    values: dict[str, Any]


class Misfit(str):
    """A reason that lies in the type of a column, on which a schema contract may decide."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A row that cannot be loaded, neither by Arrow nor by dlt's normalizer.

    Args:
        row: The JSON of the row.
        reason: Why it cannot be loaded, in words that can stand after "a row of the listing".
    """

    row: msgspec.Raw
    reason: str


@dataclass(frozen=True, slots=True)
class _Judged:
    """A row that only the columns which others bring could keep from being loaded.

    Args:
        row: The JSON of the row.
        values: The row, decoded.
        reason: Why it did not fit when it was looked at; None where it did.
    """

    row: msgspec.Raw
    values: dict[str, Any]
    reason: Misfit | None


def takes_any(column_name: str, value: Any) -> str | None:
    """Refuses no value: dlt finds a column for each."""
    return None


class SideRoad:
    """The way of the rows that the main road cannot take: decoded, to dlt's own normalizer.

    Args:
        fields: What is known of the rows' fields; it learns from each row that is taken.
        required: The names of the columns that must have a value in each row.
        refuses: Says why a value cannot go to a column, or None where it can; called with the
            column's name and the value.
        room: Whether the table has a place for all of a row.
        exact: Whether fractions become decimals, which keep each digit, and not floats.

    Attributes:
        rejected: The rows of this batch that cannot be loaded at all.
    """

    def __init__(
        self,
        fields: Fields,
        required: Collection[str] = (),
        refuses: Refuses = takes_any,
        room: ColumnRoom | None = None,
        *,
        exact: bool = False,
    ) -> None:
        self._fields = fields
        self._required = sorted(required)
        self._refuses = refuses
        self._room = room or AnyColumns()
        self._exact = exact
        self.begin_batch()

    def begin_batch(self) -> None:
        """Forgets the rows of the batch before."""
        self._room.begin_batch()
        self._judged: list[_Judged] = []
        self.rejected: list[RejectedRow] = []

    def take(self, rows: Iterable[msgspec.Raw]) -> None:
        """Takes rows, and rejects those of them that cannot be loaded.

        Args:
            rows: The JSON of each row.
        """
        for row in rows:
            if not is_object(row):
                self.reject(row, no_object(row))
                continue
            try:
                decoded = decode_row(row, exact=self._exact)
            except RowError as error:
                self.reject(row, str(error))
                continue
            present: set[str] = set()
            reason = self._objection_to_values(decoded, present)
            if reason is not None:
                self.reject(row, reason)
                continue
            reason = self._room.refusal(decoded, present)
            if reason is None:
                self._fields.learn_from(decoded)
                self._judged.append(_Judged(row, decoded, None))
            elif isinstance(reason, Misfit):
                self._judged.append(_Judged(row, decoded, reason))
            else:
                self.reject(row, reason)

    def reject(self, row: msgspec.Raw, reason: str) -> None:
        """Puts a row among those that cannot be loaded.

        Args:
            row: The JSON of the row.
            reason: Why, in words that can stand after "a row of the listing".
        """
        self.rejected.append(RejectedRow(row, reason))

    def objection(self, row: Mapping[str, Any]) -> str | None:
        """Why a row cannot be loaded; None if it can.

        Args:
            row: The row, decoded.
        """
        present: set[str] = set()
        return self._objection_to_values(row, present) or self._room.refusal(row, present)

    def _objection_to_values(self, row: Mapping[str, Any], present: set[str]) -> str | None:
        """Why a value of a row cannot go to its column.

        Args:
            row: The row, decoded.
            present: Gets the names of the columns that the row fills.
        """
        for path, value in self._fields.values_in(row):
            if len(path) > DEEPEST:
                return f"it nests deeper than {DEEPEST} levels"
            name = self._fields.name_of(path)
            present.add(name)
            reason = self._refuses(name, value)
            if reason is not None:
                return type(reason)(f"`{'.'.join(path)}` {reason}")
        missing = [name for name in self._required if name not in present]
        return self.no_value(missing[0], row) if missing else None

    def no_value(self, column_name: str, row: Mapping[str, Any]) -> str:
        """Why a row without a value for a required column cannot be loaded.

        Args:
            column_name: The name of the column.
            row: Such a row, decoded.
        """
        why = (
            f"it has no value for `{self._fields.source_of(column_name)}`, which is a key of the "
            "table or declared `nullable: false`"
        )
        for path, _ in self._fields.values_in(row):
            dotted = ".".join(path)
            if len(path) > 1 and self._fields.name_of((dotted,)) == column_name:
                return f"{why}: for the field `{dotted}` write `{self._fields.name_of(path)}`"
        return f"{why}{self._inner_names(column_name, row)}"

    def _inner_names(self, column_name: str, row: Mapping[str, Any]) -> str:
        """Names the columns that the row has in place of one, as the field is an object."""
        inner = [
            f"`{self._fields.name_of(path)}`"
            for path, _ in self._fields.values_in(row)
            if len(path) > 1 and self._fields.name_of(path[:1]) == column_name
        ]
        if not inner:
            return ""
        return f"; the field is an object, with the columns {', '.join(inner[:_SHOWN_COLUMNS])}"

    def set_apart(self, rows: Sequence[msgspec.Raw]) -> tuple[list[SideRow], set[int]]:
        """Which rows of a batch were taken, and where these and the rejected ones stand in it.

        They were looked at in an order in which they may have had other columns to fit into than
        in the one in which dlt gets them, so that some may be rejected after all, and others fit.

        Args:
            rows: The batch.

        Returns:
            The rows that were taken, in the order of the batch, and the places of all that the
            main road lacks, from 0.
        """
        if not (self._judged or self.rejected):
            return [], set()
        place_of = {id(row): place for place, row in enumerate(rows)}
        side_rows = self._in_order(place_of)
        rejected = {place_of[id(each.row)] for each in self.rejected}
        return side_rows, {row.place for row in side_rows} | rejected

    def _in_order(self, place_of: Mapping[int, int]) -> list[SideRow]:
        judged = [(place_of[id(each.row)], each) for each in self._judged]
        reasons: Sequence[str | None] = [each.reason for each in self._judged]
        if not all(before[0] < after[0] for before, after in pairwise(judged)):
            judged.sort(key=itemgetter(0))
            reasons = self._room.refusals([each.values for _, each in judged])
        kept: list[SideRow] = []
        for (place, each), reason in zip(judged, reasons, strict=True):
            if reason is not None:
                self.reject(each.row, reason)
                continue
            if each.reason is not None:
                self._fields.learn_from(each.values)
            kept.append(SideRow(place, each.values))
        return kept
