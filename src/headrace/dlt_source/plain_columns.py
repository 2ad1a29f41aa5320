"""The columns of a resource's rows as dlt would make them, for a reader that loads nothing.

They are asked of a schema of their own, which no pipeline has, so that names and types are those
of a first load.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from math import isinf
from typing import Any, cast

from dlt.common.data_types import TDataType, coerce_value, py_type_to_sc_type
from dlt.common.destination.capabilities import DestinationCapabilitiesContext
from dlt.common.schema import Schema
from dlt.common.schema.typing import TColumnSchema, TTableSchemaColumns
from dlt.extract.exceptions import DataItemRequiredForDynamicTableHints
from dlt.extract.resource import DltResource

from headrace.core.arrow import pa
from headrace.core.exceptions import ConfigError, Fault
from headrace.dlt_source.by_call import SOURCE_NAME
from headrace.dlt_source.table_columns import TableColumns
from headrace.dlt_source.table_values import why_no_integer
from headrace.sansio.rows import Fields
from headrace.sansio.rows.casting import is_in_milliseconds
from headrace.sansio.rows.decimals import rounded_to_scale
from headrace.sansio.rows.list_types import DoesNotFitError
from headrace.sansio.rows.loadable import is_beyond_64_bits

# What of a column's hints says of its type.
_OF_TYPE = frozenset(["data_type", "precision", "scale", "timezone"])
_DECIMALS = frozenset(["decimal", "wei"])
# As deep as dlt's normalizer goes where nobody says how deep.
_ANY_DEPTH = 1000


class PlainTableColumns:
    """The columns of a resource's rows.

    Args:
        resource: The dlt resource whose hints declare columns.
        known: What is known of columns already, as `hints` of others gave it.

    Raises:
        ConfigError: The table depends on the rows.
    """

    def __init__(self, resource: DltResource, known: Mapping[str, Any] | None = None) -> None:
        capabilities = DestinationCapabilitiesContext.generic_capabilities()
        try:
            self._columns = TableColumns(_schema_with(resource, known), resource, capabilities)
        except DataItemRequiredForDynamicTableHints:
            message = (
                "a function makes its table or its columns of each row, so that its rows have no "
                "one schema to be read with: give a name and columns in their place, or load it "
                "with a pipeline"
            )
            raise ConfigError([Fault(f"resources.{resource.name}", message)]) from None
        self._given: list[str] = []

    def give(self, given: pa.Schema) -> None:
        """Declares the columns of a schema, in place of what was declared of them.

        Args:
            given: The schema. Lists have no type of dlt, and are left to whoever reads them.
        """
        hints = self._columns.hints
        for each in given:
            hint, known = hint_of_arrow(each.type), hints.get(each.name) or {"nullable": True}
            # What is declared JSON, or has no type of its own where rows go, stays what it is.
            is_text_of = pa.types.is_string(each.type) and known.get("data_type")
            if hint is None or is_text_of:
                continue
            hints[each.name] = {**_without_type(known), **hint, "name": each.name}  # type: ignore[typeddict-item]
            self._given.append(each.name)

    @property
    def required(self) -> Collection[str]:
        """The columns that must have a value in each row."""
        return self._columns.required

    @property
    def hints(self) -> dict[str, Any]:
        """What is known of the columns, by their names."""
        return {name: dict(hint) for name, hint in self._columns.hints.items()}

    @property
    def are_exact(self) -> bool:
        """Whether a column holds decimals, for which fractions must be read digit by digit."""
        return any(hint.get("data_type") in _DECIMALS for hint in self._columns.hints.values())

    @property
    def keeps_objects(self) -> bool:
        """Whether some objects are not taken apart into columns."""
        keeps_json = any(hint.get("data_type") == "json" for hint in self._columns.hints.values())
        return keeps_json or self._columns.deepest < _ANY_DEPTH

    def fields(self) -> Fields:
        """What is known of the rows' fields: the declared columns, and the given ones."""
        fields = self._columns.fields()
        for name in self._given:
            fields.columns[name] = self._columns.arrow_column(self._columns.hints[name])
        return fields

    def name_of(self, path: tuple[str, ...]) -> str:
        """The column of a field.

        Args:
            path: The field's name, behind the names of the objects that it is in.
        """
        return self._columns.name_of(path)

    def table_of(self, path: tuple[str, ...]) -> str:
        """The table of the items of a list.

        Args:
            path: The list's name, behind the names of the objects and lists that it is in.
        """
        return self._columns.child_table(path)

    def type_of(self, column_name: str) -> pa.DataType | None:
        """The type of a column that is declared; None where it keeps JSON."""
        return self._columns.arrow_type(column_name)

    def scalar_type(self, value: Any) -> pa.DataType | None:
        """The type that dlt's detection gives a scalar in a list; None where no column holds it."""
        return None if is_beyond_64_bits(value) else self._columns.scalar_type(value)

    def fitted(self, column_name: str, value: Any) -> Any:
        """A value as dlt would store it in a column.

        Args:
            column_name: The name of the column, which is one of scalars.
            value: The value, decoded from JSON; not null.

        Raises:
            DoesNotFitError: It has no place there.
        """
        hint = self._columns.hints.get(column_name) or {}
        data_type = hint.get("data_type")
        if data_type is None or isinstance(value, dict | list):
            raise DoesNotFitError
        if data_type == "bigint" and why_no_integer(value, hint) is not None:
            raise DoesNotFitError
        if data_type == "bool" and not isinstance(value, str) and value not in (0, 1):
            # dlt takes any number for true, which it could not be read back from.
            raise DoesNotFitError
        if data_type in _DECIMALS:
            return _decimal(value, self._columns.arrow_type(column_name))
        if data_type == "timestamp" and is_in_milliseconds(value):
            value /= 1_000
        found = _coerced(value, data_type)
        if data_type == "double" and isinstance(value, Decimal) and isinf(found):
            raise DoesNotFitError
        if data_type == "timestamp":
            return _instant(found, self._columns.arrow_type(column_name))
        return found

    def fitted_time(self, value: Any, kind: pa.DataType) -> Any:
        """A time out of a text.

        Args:
            value: The text.
            kind: The type of the column.

        Raises:
            DoesNotFitError: It is none.
        """
        return _instant(_coerced(value, "timestamp"), kind)


def _schema_with(resource: DltResource, known: Mapping[str, Any] | None) -> Schema:
    schema = Schema(SOURCE_NAME)
    if known:
        table = schema.naming.normalize_table_identifier(str(resource.table_name))
        columns = cast(TTableSchemaColumns, {name: dict(hint) for name, hint in known.items()})
        schema.update_table({"name": table, "columns": columns})
    return schema


def hint_of_arrow(kind: pa.DataType) -> TColumnSchema | None:
    """What dlt calls a type of Arrow; None where it has no word for it.

    Args:
        kind: The type of a column.
    """
    types = pa.types
    if types.is_signed_integer(kind):
        return {"data_type": "bigint", "precision": kind.bit_width}
    if types.is_timestamp(kind):
        return {"data_type": "timestamp", "timezone": kind.tz is not None}
    if types.is_decimal128(kind):
        return {"data_type": "decimal", "precision": kind.precision, "scale": kind.scale}
    plain: dict[Callable[[pa.DataType], bool], TDataType] = {
        types.is_boolean: "bool",
        types.is_floating: "double",
        types.is_string: "text",
        types.is_binary: "binary",
        types.is_date32: "date",
    }
    name = next((name for is_of, name in plain.items() if is_of(kind)), None)
    return None if name is None else {"data_type": name}


def _without_type(hint: TColumnSchema) -> dict[str, Any]:
    return {name: value for name, value in hint.items() if name not in _OF_TYPE}


def _coerced(value: Any, data_type: TDataType) -> Any:
    try:
        return coerce_value(data_type, py_type_to_sc_type(type(value)), value)
    except (ValueError, TypeError, ArithmeticError, OSError):
        raise DoesNotFitError from None


def _decimal(value: Any, kind: pa.DataType) -> Decimal:
    number = None
    if isinstance(value, int | float | Decimal | str) and not isinstance(value, bool):
        number = rounded_to_scale(value, kind.precision, kind.scale)
    if number is None:
        raise DoesNotFitError
    return number


def _instant(found: datetime, kind: pa.DataType) -> datetime:
    try:
        instant = found.astimezone(UTC) if found.tzinfo is not None else found.replace(tzinfo=UTC)
    except OverflowError:
        raise DoesNotFitError from None
    return instant if kind.tz is not None else instant.replace(tzinfo=None)
