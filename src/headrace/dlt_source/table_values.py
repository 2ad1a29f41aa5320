"""Which values the columns of a table take, and in what form dlt's normalizer gets them."""

from __future__ import annotations

import json
from datetime import datetime, time
from decimal import Decimal
from typing import Any

import msgspec
from dlt.common.data_types import TDataType, coerce_value, py_type_to_sc_type
from dlt.common.destination.capabilities import DestinationCapabilitiesContext
from dlt.common.schema.typing import TColumnSchema

from headrace.destination.limits import limits_of
from headrace.dlt_source.quarantine import reason_with_value
from headrace.dlt_source.table_columns import TableColumns
from headrace.sansio.rows import Misfit
from headrace.sansio.rows.casting import is_in_milliseconds
from headrace.sansio.rows.decimals import as_floats, rounded_to_scale
from headrace.sansio.rows.json_rows import FieldPath
from headrace.sansio.rows.loadable import is_beyond_64_bits, is_within_bits, why_not_loadable
from headrace.sansio.rows.texts import without_nul
from headrace.sansio.rows.times import cut_to_digits

_DECIMALS = frozenset(["decimal", "wei"])
_LONGEST_SHOWN = 80
_BEYOND_64_BITS = "is an integer beyond 64 bits; declare it as decimal or text"
_JSON_OF_TEXT = (
    "is a text that is the JSON of a text, which no column of JSON takes; declare it as text"
)
_MOST_BITS = 64
OWN_NAME = (
    "is the name of a column that dlt fills itself; have the API leave it out, or a function among "
    "the `processing_steps`"
)
# Texts of so many characters are integers of 64 bits if they are integers at all.
_SHORT_TEXT = 18


class TableValues:
    """The values that the side road brings to the columns of a table.

    Args:
        columns: The table's columns.
        capabilities: What the destination can store.

    Attributes:
        has_cut_nul: Whether a text came with U+0000, which the destination cannot hold.
    """

    def __init__(self, columns: TableColumns, capabilities: DestinationCapabilitiesContext) -> None:
        self._columns = columns
        self._capabilities = capabilities
        self._takes_nul = limits_of(capabilities).takes_nul
        self.has_cut_nul = False
        self._mode = columns.data_type_mode
        # A row without a value that it must have would fail the load, unless a contract keeps it
        # from the load.
        is_kept_out = self._mode in ("freeze", "discard_row")
        self._needed = frozenset() if is_kept_out else columns.required
        self._binding = self._needed | (columns.declared if self._mode is None else frozenset())

    @property
    def are_exact(self) -> bool:
        """Whether a column holds decimals, for which fractions must be read digit by digit."""
        return any(hint.get("data_type") in _DECIMALS for hint in self._columns.hints.values())

    def refusal(self, column_name: str, value: Any) -> str | None:
        """Says why a value cannot go to its column.

        dlt puts a value that cannot become the type of its column into a variant column beside it,
        unless the schema contract says otherwise. Where no contract says anything, that is not
        what was declared for a declared column; and a required one would stay empty.

        Args:
            column_name: The name of the column.
            value: The value as decoded from JSON; not null.

        Returns:
            The reason, in words that follow the field's name; None where dlt finds a place for the
            value.
        """
        if column_name in self._columns.own_names:
            return OWN_NAME
        hint = self._columns.hints.get(column_name)
        data_type = hint.get("data_type") if hint else None
        if hint is None or data_type is None:
            return _BEYOND_64_BITS if is_beyond_64_bits(value) else why_not_loadable(value)
        if (reason := self._why_too_large(value, hint)) is not None:
            return None if self._is_dropped(column_name) else Misfit(reason)
        if data_type == "timestamp" and is_in_milliseconds(value):
            value /= 1_000
        if not self._binds(column_name, data_type) or fits_by_coercion(value, data_type):
            if data_type == "json" and isinstance(value, str):
                return _why_not_read(value)
            return why_not_loadable(value)
        return Misfit(reason_with_value(f"should be {data_type}", shown(value)))

    def _why_too_large(self, value: Any, hint: TColumnSchema) -> str | None:
        """Says why a number does not fit the digits of its column; dlt would not notice."""
        if hint["data_type"] == "bigint":
            return why_no_integer(value, hint)
        if hint["data_type"] in _DECIMALS and isinstance(value, int | float | Decimal):
            return self.why_no_decimal(value, hint)
        return None

    def _binds(self, column_name: str, data_type: TDataType) -> bool:
        """Whether a column takes values of its type alone.

        Numbers and texts are JSON too: as dlt does, they go beside a column of JSON.
        """
        if data_type == "json":
            return column_name in self._needed
        return column_name in self._binding

    def _is_dropped(self, column_name: str) -> bool:
        return self._mode == "discard_value" and column_name not in self._needed

    def why_no_decimal(self, value: int | float | Decimal, column: TColumnSchema) -> str | None:
        """Says why a number does not fit a column of decimals.

        Args:
            value: The number.
            column: The column.

        Returns:
            The reason, in words that follow the field's name; None where it fits.
        """
        is_fit = rounded_to_scale(value, *self._digits(column)) is not None
        return None if is_fit else "has more digits than its column"

    def for_normalizer(self, row: dict[str, Any], parent: FieldPath = ()) -> dict[str, Any]:
        """A row of the side road as dlt's normalizer takes it.

        Epochs in milliseconds become seconds, decimals get the scale of their column, and texts
        lose what the destination cannot hold. A null where dlt fills a column itself is left out,
        as it says nothing: dlt would refuse the row.

        Args:
            row: The row, or an object in it, decoded from JSON; none of its values is refused.
            parent: The names of the objects that it is in, outermost first.
        """
        writable: dict[str, Any] = {}
        for name, value in row.items():
            path = (*parent, name)
            if value is not None or self._columns.name_of(path) not in self._columns.own_names:
                writable[name] = self._writable(path, value)
        return writable

    def _writable(self, path: FieldPath, value: Any) -> Any:
        if isinstance(value, dict) and self._columns.flattens(path):
            return self.for_normalizer(value, path)
        if not self._takes_nul:
            whole, value = value, without_nul(value)
            self.has_cut_nul = self.has_cut_nul or value != whole
        if isinstance(value, dict | list):
            return as_floats(value)
        hint = self._columns.hints.get(self._columns.name_of(path)) or {}
        data_type = hint.get("data_type")
        if self._mode == "discard_value" and data_type and self._why_too_large(value, hint):
            return None
        if data_type in _DECIMALS and isinstance(value, int | float | Decimal | str):
            # Text that is no plain number is left to dlt.
            rounded = rounded_to_scale(value, *self._digits(hint))
            return value if rounded is None else rounded
        if data_type == "timestamp" and is_in_milliseconds(value):
            value /= 1_000
        if data_type in ("timestamp", "time") and hint.get("precision") is not None:
            return _cut_to_digits(value, data_type, hint["precision"] or 0)
        if isinstance(value, Decimal):
            return float(value)
        return Decimal(value) if is_beyond_64_bits(value) else value

    def _digits(self, hint: TColumnSchema) -> tuple[int, int]:
        """Precision and scale of a decimal column; where neither is declared, the destination's."""
        widest = self._capabilities.decimal_precision
        if hint["data_type"] == "wei":
            widest = self._capabilities.wei_precision
        precision, scale = hint.get("precision"), hint.get("scale")
        if precision is None and scale is None:
            return widest[0], widest[1] or 0
        return precision or widest[0], scale if scale is not None else 0


def _cut_to_digits(value: Any, data_type: TDataType, digits: int) -> Any:
    """A time with the digits of its column: databases round a text, and Arrow cuts it off."""
    try:
        found = coerce_value(data_type, py_type_to_sc_type(type(value)), value)
    except (ValueError, TypeError, ArithmeticError, OSError):
        return value
    return cut_to_digits(found, digits) if isinstance(found, datetime | time) else value


def fits_by_coercion(value: Any, data_type: TDataType) -> bool:
    """Whether dlt can make a value of a type out of another one.

    Args:
        value: The value, decoded from JSON.
        data_type: The type.
    """
    kind = py_type_to_sc_type(type(value))
    if kind == data_type:
        return True
    try:
        coerce_value(data_type, kind, value)
    except (ValueError, TypeError, ArithmeticError, OSError):
        # OSError: a number of seconds beyond what the C library takes for a time.
        return False
    return True


def shown(value: Any) -> str:
    """A value as a reason shows it: the beginning of its JSON.

    Args:
        value: The value.
    """
    return json.dumps(value, default=str)[:_LONGEST_SHOWN]


def _why_not_read(text: str) -> str | None:
    """Why a text is not kept in a column of JSON, as whose JSON dlt reads it."""
    try:
        value = msgspec.json.decode(text)
        if isinstance(value, str):
            msgspec.json.decode(value)
    except UnicodeEncodeError:
        return None
    except (msgspec.MsgspecError, RecursionError):
        # What is no JSON goes beside the column.
        return _JSON_OF_TEXT if text.lstrip().startswith('"') else None
    return why_not_loadable([value])


def why_no_integer(value: Any, column: TColumnSchema) -> str | None:
    """Says why a value that dlt makes an integer of does not fit the bits of its column.

    Args:
        value: The value.
        column: The column.

    Returns:
        The reason, in words that follow the field's name; None where it fits, or is no integer.
    """
    number, bits = value, _bits_of(column)
    if isinstance(value, str):
        if bits == _MOST_BITS and len(value) <= _SHORT_TEXT:
            return None
        try:
            number = coerce_value("bigint", "text", value)
        except ValueError:
            return None
    if type(number) not in (int, float, Decimal) or is_within_bits(number, bits):
        return None
    if bits == _MOST_BITS:
        return _BEYOND_64_BITS
    return reason_with_value(f"should be an integer of {bits} bits", shown(value))


def _bits_of(column: TColumnSchema) -> int:
    """How many bits the integers of a column have; its `precision` says how many at least."""
    least = column.get("precision") or _MOST_BITS
    return next((bits for bits in (8, 16, 32) if least <= bits), _MOST_BITS)
