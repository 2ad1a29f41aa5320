"""The keys of rows that a load lists but does not bring into their table.

Such a row is in quarantine, was filtered, or was discarded. An earlier version of it may be in the
table, and is not missing. So its key goes into a table beside, with the load that listed it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from math import isfinite
from typing import Any

import msgspec
from dlt.common.schema import Schema
from dlt.common.schema.typing import TColumnSchema, TFileFormat, TTableSchemaColumns

from headrace.core.exceptions import RowError
from headrace.dlt_source.items import RowBeside
from headrace.dlt_source.side_tables import beside
from headrace.dlt_source.table import ResourceTable
from headrace.dlt_source.table_columns import TableColumns
from headrace.sansio.rows.json_rows import decode_row

PARENT = "_headrace_parent"
"""The column with the row of a parent whose listing was read."""
SCOPE = "_headrace_listed_parent"
"""The column with the row of a parent whose listing was read whole."""
_PREFIX = "_headrace_listed_"
# All integers of so many digits have 64 bits at most.
_MOST_DIGITS = 18
_NUMBERS, _TIMES = frozenset(["double", "decimal", "wei"]), frozenset(["timestamp", "time"])
_FRACTION = re.compile(r"\.(\d*[1-9])")
_TYPE_HINTS = ("data_type", "precision", "scale", "timezone")


def table_of_listed(schema: Schema, table: str) -> str:
    """The name of the table beside another one.

    Args:
        schema: The schema whose naming convention applies.
        table: The name of the table whose rows were listed.
    """
    return schema.naming.normalize_tables_path(f"{_PREFIX}{table}")


class ListedKeys:
    """Makes what dlt loads into the table beside that of the running resource.

    Args:
        columns: The columns of the resource's table.
    """

    def __init__(self, columns: TableColumns) -> None:
        self._columns = columns
        self._table = f"{_PREFIX}{columns.table_hints['name']}"

    def of_rows(self, rows: Iterable[msgspec.Raw], table: ResourceTable | None = None) -> Any:
        """The keys of some rows, in the form in which the rows would have them in their table.

        Args:
            rows: The JSON of each row.
            table: The table as rows get there that are typed here; None where dlt types them.

        Returns:
            An item that the resource's function can yield to dlt; None where a row has no key that
            can be read.
        """
        found: list[RowBeside] = []
        for row in rows:
            key = self._key_of(row, table)
            if key is None:
                return None
            found.append(key)
        file_format = None if table is None else table.file_formats.dicts
        return self._item(found, self._key_columns, file_format)

    def of_parents(self, keys: Sequence[str]) -> Any:
        """The rows of a parent whose listings were read.

        Args:
            keys: What tells them from others.

        Returns:
            An item that the resource's function can yield to dlt.
        """
        return self._item([RowBeside({PARENT: key}) for key in keys], {})

    def of_whole_listings(self, parents: Mapping[str, Mapping[str, Any]]) -> Any:
        """The rows of a parent whose listings were read whole.

        Args:
            parents: By what tells one from others, the fields of it that are part of the keys.

        Returns:
            An item that the resource's function can yield to dlt.
        """
        name_of, key_columns = self._columns.name_of, self._key_columns
        rows = [
            RowBeside({SCOPE: key, **{name_of((name,)): value for name, value in of.items()}})
            for key, of in parents.items()
        ]
        fields = {name: hint for name, hint in key_columns.items() if name in rows[0]}
        return self._item(rows, fields)

    def _key_of(self, row: msgspec.Raw, table: ResourceTable | None) -> RowBeside | None:
        try:
            decoded = decode_row(row, exact=table is not None and table.values.are_exact)
        except RowError:
            return None
        if not isinstance(decoded, dict):
            return None
        wanted, name_of = self._key_columns, self._columns.name_of
        key = {field: value for field, value in decoded.items() if name_of((field,)) in wanted}
        if table is not None:
            key = table.values.for_normalizer(key)
        is_exact = table is None or table.file_formats.dicts == "parquet"
        found = {
            (name := name_of((field,))): _as_stored(value, wanted[name], is_exact=is_exact)
            for field, value in key.items()
        }
        is_known = found.keys() == wanted.keys() and None not in found.values()
        return RowBeside(found) if is_known else None

    def _item(
        self,
        rows: list[RowBeside],
        fields: TTableSchemaColumns,
        file_format: TFileFormat | None = None,
    ) -> Any:
        columns: TTableSchemaColumns = {
            PARENT: {"data_type": "text"},
            SCOPE: {"data_type": "text"},
        }
        for name, hint in fields.items():
            # With the type of the key, so that both can be compared.
            typed = {each: value for each, value in hint.items() if each in _TYPE_HINTS}
            columns[name] = {"nullable": True, **typed}  # type: ignore[typeddict-item]
        return beside(self._table, columns, rows, file_format=file_format)

    @property
    def _key_columns(self) -> TTableSchemaColumns:
        hints = self._columns.hints
        return {name: hint for name, hint in hints.items() if hint.get("primary_key")}


def _as_stored(value: Any, hint: TColumnSchema, *, is_exact: bool) -> Any:
    """A value of a key as its column has it; None where that is not known.

    Args:
        value: The value.
        hint: The hints of the column.
        is_exact: Whether it comes to the table beside as the rows of this load come to theirs.
    """
    # Without a type the column gets that of its first value.
    kind = hint.get("data_type", "bigint")
    # An integer of more than 64 bits is a decimal by now.
    is_integer = isinstance(value, int) or (
        isinstance(value, Decimal) and value.as_tuple().exponent == 0
    )
    if kind == "text" and (is_integer or isinstance(value, str)) and not isinstance(value, bool):
        return str(value)
    if kind == "text" or isinstance(value, (dict, list)):
        return None
    if kind in _NUMBERS and not _is_finite(value):
        return None
    if not is_exact and kind in _TIMES and _has_more_digits(value, hint):
        return None
    is_too_long = isinstance(value, int) or kind == "bigint"
    return None if is_too_long and _is_beyond_bigint(value) else value


def _is_finite(value: Any) -> bool:
    try:
        return isfinite(float(value))
    except (ValueError, OverflowError):
        return False


def _has_more_digits(value: Any, hint: TColumnSchema) -> bool:
    """Whether a time has more digits of a second than its column, which drops or rounds them."""
    digits, precision = _FRACTION.search(str(value)), hint.get("precision")
    return digits is not None and precision is not None and len(digits[1]) > precision


def _is_beyond_bigint(value: Any) -> bool:
    """Whether a key is a number, or a text of digits, that no column of integers takes."""
    digits = str(value).removeprefix("-")
    return digits.isdecimal() and len(digits) > _MOST_DIGITS
