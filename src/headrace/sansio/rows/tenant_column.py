"""The column that names the tenant of a row, put into rows while they are JSON."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

_TAKEN = (
    "a row has a field `{field}` of its own, which is the name of the column for the tenant: name "
    "another one, as `tenants: {{column: {column}_name, list: [...]}}`, or `file: ...` in place of "
    "`list`"
)


class ColumnTaken(ValueError):  # noqa: N818 - becomes an error of the config
    """A row has a field of the name of the column."""


class TenantColumn:
    """Puts the name of a tenant into its rows.

    Args:
        column: The name of the column.
        tenant: The name of the tenant.
    """

    def __init__(self, column: str, tenant: str) -> None:
        self._column = column
        # Names of columns do not differ in their case alone in all destinations.
        self._sought = f'"{column}"'.lower().encode()
        self._added = msgspec.json.encode({column: tenant})[1:-1]

    def put(self, rows: Iterable[msgspec.Raw]) -> list[msgspec.Raw]:
        """Puts the column behind the fields of each row; a row that is no object stays as it is.

        Args:
            rows: The JSON of each row.

        Raises:
            ColumnTaken: A row has a field of that name.
        """
        return [self._with(bytes(row)) for row in rows]

    def _with(self, row: bytes) -> msgspec.Raw:
        if not row.startswith(b"{"):
            return msgspec.Raw(row)
        if self._sought in row.lower():
            self._refuse_taken(row)
        inner = row[1:-1].rstrip()
        return msgspec.Raw(b"{%b%b%b}" % (inner, b"," if inner else b"", self._added))

    def _refuse_taken(self, row: bytes) -> None:
        """Sees whether the name stands for a field, and not for a value or deeper in the row."""
        try:
            fields = msgspec.json.decode(row, type=dict[str, msgspec.Raw])
        except msgspec.DecodeError:
            # Whoever types the rows says what is wrong with it.
            return
        for field in fields:
            if field.lower() == self._column.lower():
                raise ColumnTaken(_TAKEN.format(field=field, column=self._column))
