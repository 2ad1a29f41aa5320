"""What a row of the side road is looked at for as a whole, before dlt gets it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from typing import Any

from dlt.common.destination.capabilities import DestinationCapabilitiesContext
from dlt.common.schema import Schema
from dlt.common.schema.typing import TColumnSchema, TTableSchema

from headrace.dlt_source.column_limit import ColumnLimit
from headrace.dlt_source.meeting_fields import MeetingFields
from headrace.dlt_source.plain_rows import PlainRows
from headrace.dlt_source.rehearsal import Rehearsal
from headrace.dlt_source.table_columns import TableColumns
from headrace.dlt_source.table_values import OWN_NAME, TableValues
from headrace.sansio.rows.json_rows import FieldPath
from headrace.sansio.rows.loadable import DEEPEST, nests_too_deeply


class RowChecks:
    """Whether dlt finds a place for all values of a row, and the tables have room for its columns.

    Args:
        most_columns: How many columns a table of the destination has at most; None for no limit.
        schema: The pipeline's schema.
        columns: The columns of the table.
        values: What those columns take.
        capabilities: What the destination can store.

    Attributes:
        meeting_fields: What is known of fields of the rows that go to the same column.
    """

    def __init__(
        self,
        most_columns: int | None,
        schema: Schema,
        columns: TableColumns,
        values: TableValues,
        capabilities: DestinationCapabilitiesContext,
    ) -> None:
        self._limit = ColumnLimit(most_columns, schema, columns)
        self._schema = schema
        self._columns = columns
        self._values = values
        self._capabilities = capabilities
        self.meeting_fields = MeetingFields(columns)

    @property
    def _has_rehearsed(self) -> bool:
        return "_rehearsal" in self.__dict__

    @cached_property
    def _rehearsal(self) -> Rehearsal:
        return Rehearsal(self._schema, self._columns, self._values, self._capabilities)

    @cached_property
    def _plain(self) -> PlainRows:
        return PlainRows(self._columns, self._rehearsal.column)

    def child_table(self, name: str) -> TTableSchema:
        """A child table as the rows so far have made it.

        Args:
            name: The name of the table.
        """
        return self._rehearsal.table(name)

    def child_column(self, table: str, name: str) -> TColumnSchema | None:
        """A column of a child table as the rows so far have made it.

        Args:
            table: The name of the table.
            name: The name of the column.
        """
        return self._rehearsal.column(table, name)

    def is_child_table(self, name: str) -> bool:
        """Whether the rows so far have brought rows for a child table.

        Args:
            name: The name of the table.
        """
        return self._rehearsal.is_child_table(name)

    def keep_child_column(self, table: str, name: str | None) -> None:
        """Has a child table and a column of it stay, whichever row has brought it.

        Args:
            table: The name of the table.
            name: The name of the column; None for the table alone.
        """
        self._rehearsal.keep(table, name)

    def begin_batch(self) -> None:
        """Notes that the rows to come are of a new batch."""
        if self._has_rehearsed:
            self._rehearsal.begin_batch()

    def has_room(self, count: int) -> bool:
        """Whether the table can have so many columns more.

        Args:
            count: The number of columns.
        """
        return self._limit.has_room(count)

    def refusal(self, row: Mapping[str, Any], names: Collection[str]) -> str | None:
        """Says why a row cannot be loaded: a value has no place, or its columns are too many.

        Args:
            row: The row, decoded from JSON.
            names: The columns of its own table that it fills.
        """
        return self._without_place(row) or self._limit.refusal(row, names)

    def refusals(self, rows: Sequence[Mapping[str, Any]]) -> list[str | None]:
        """Says anew of rows that were looked at in another order why each cannot be loaded.

        Args:
            rows: The rows of the batch that were not refused, in the order of their places.
        """
        self._rehearsal.forget_batch()
        self._plain = PlainRows(self._columns, self._rehearsal.column)
        return [self._without_place(row) for row in rows]

    def _without_place(self, row: Mapping[str, Any]) -> str | None:
        """Why a row cannot be loaded: dlt finds no place for one of its values."""
        if self._plain.takes(row):
            return None
        if nests_too_deeply(row):
            return f"it nests deeper than {DEEPEST} levels"
        reason = self._own_name(row, ()) or self._rehearsal.refusal(row)
        if reason is None:
            self._plain.learn(row)
            self.meeting_fields.learn(row)
        return reason

    def _own_name(self, value: Any, path: FieldPath) -> str | None:
        """Why a row cannot be loaded: an item of a list brings a column that dlt fills."""
        if isinstance(value, dict):
            for name, inner in value.items():
                if isinstance(inner, dict | list) and (why := self._own_name(inner, (*path, name))):
                    return why
            return None
        for item in value:
            if isinstance(item, dict):
                for name in item:
                    if self._columns.name_of((name,)) in self._columns.own_names:
                        return f"`{'.'.join((*path, name))}` {OWN_NAME}"
            if isinstance(item, dict | list) and (why := self._own_name(item, path)):
                return why
        return None
