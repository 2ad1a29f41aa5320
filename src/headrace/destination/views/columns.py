"""The fields of a stored table as SQL expressions of one type, whether there is a column or not."""

from __future__ import annotations

from headrace.destination.sql import DatasetConnection, StoredTable

TEXT = "VARCHAR"
_BOOLEAN, _NUMBER = "BOOLEAN", "DOUBLE PRECISION"
_INTEGERS = ("BIGINT", "INTEGER", "SMALLINT", "HUGEINT", "NUMERIC", "DECIMAL")
_A_WHOLE_NUMBER = "'^[0-9]{1,18}$'"


class Columns:
    """The fields of a table as SQL expressions; one without a column is null.

    Args:
        database: The connection to the dataset with the table.
        table: The table, with the fields of the executions API.
    """

    def __init__(self, database: DatasetConnection, table: StoredTable) -> None:
        self._database = database
        self._table = table

    def text(self, field: str) -> str:
        """A field as text."""
        return self._cast(field, TEXT)

    def boolean(self, field: str) -> str:
        """A field as a boolean."""
        return self._cast(field, _BOOLEAN)

    def number(self, field: str) -> str:
        """A field as a number with a fraction."""
        return self._cast(field, _NUMBER)

    def moment(self, field: str) -> str:
        """A moment with its time zone; a time without a zone is taken as UTC."""
        column = self._table.column(field)
        kind = self._table.columns[column].upper() if column else ""
        if kind in ("TIMESTAMP", "TIMESTAMP WITHOUT TIME ZONE"):
            return f"({self.plain(field)} AT TIME ZONE 'UTC')"
        return self._cast(field, "TIMESTAMP WITH TIME ZONE")

    def plain(self, field: str) -> str:
        """A field as its column has it."""
        column = self._table.column(field)
        return "NULL" if column is None else self._database.quoted(column)

    def as_id(self, text: str) -> str:
        """A text as a value of the type of `id`; null where it cannot be one."""
        kind = self._table.columns[self._table.column("id") or ""].upper()
        if not kind.startswith(_INTEGERS):
            return text
        return f"CASE WHEN {text} ~ {_A_WHOLE_NUMBER} THEN CAST({text} AS BIGINT) END"

    def _cast(self, field: str, kind: str) -> str:
        return f"CAST({self.plain(field)} AS {kind})"
