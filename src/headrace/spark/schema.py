"""Spark's types for Arrow's, and batches that are of a schema exactly."""

from __future__ import annotations

from pyspark.sql.pandas.types import from_arrow_schema, to_arrow_schema
from pyspark.sql.types import (
    ArrayType,
    BinaryType,
    BooleanType,
    ByteType,
    DateType,
    DecimalType,
    DoubleType,
    FloatType,
    IntegerType,
    LongType,
    ShortType,
    StringType,
    StructType,
    TimestampNTZType,
    TimestampType,
)

from headrace.core.arrow import pa
from headrace.core.exceptions import ConfigError, Fault

_MOST_DIGITS = 38
_READABLE = (
    *(ArrayType, BinaryType, BooleanType, ByteType, DateType, DecimalType, DoubleType, FloatType),
    *(IntegerType, LongType, ShortType, StringType, TimestampNTZType, TimestampType),
)
_OBJECT = (
    "an object is taken apart into columns, as dlt does it: write `{name}__FIELD` for each of its "
    "fields, or STRING for its JSON where the config declares the column as `json`"
)
_OTHER = "{kind} is no type that rows of JSON are read into: write STRING, and cast it in Spark"


def spark_schema(schema: pa.Schema) -> StructType:
    """The schema of Spark for the rows of a reader.

    Each column may be null: what a row lacks is no reason for Spark to read it wrongly.

    Args:
        schema: The schema of the reader.
    """
    return from_arrow_schema(
        pa.schema([pa.field(each.name, known_to_spark(each.type)) for each in schema])
    )


def arrow_schema(schema: StructType) -> pa.Schema:
    """The schema that Spark expects each batch to have: names, order and types.

    Args:
        schema: The schema, as Spark hands it to a reader.
    """
    return to_arrow_schema(schema, timezone="UTC")


def refuse_unreadable(schema: StructType) -> None:
    """Refuses a schema of the user with columns that nothing would ever fill.

    Args:
        schema: The schema.

    Raises:
        ConfigError: It has such columns.
    """
    faults = []
    for each in schema.fields:
        if isinstance(each.dataType, StructType):
            told = _OBJECT.format(name=each.name)
        elif not isinstance(each.dataType, _READABLE):
            told = _OTHER.format(kind=each.dataType.simpleString())
        else:
            continue
        faults.append(Fault(f"column `{each.name}` of the schema", told))
    if faults:
        raise ConfigError(faults)


def known_to_spark(kind: pa.DataType) -> pa.DataType:
    """The type that Spark has for one of Arrow's.

    Args:
        kind: The type of a column.
    """
    types = pa.types
    if types.is_decimal(kind) and kind.precision > _MOST_DIGITS:
        return pa.string()
    # Spark has no time of day where it is not asked for it by a setting.
    if types.is_time(kind) or types.is_null(kind):
        return pa.string()
    if types.is_timestamp(kind):
        return pa.timestamp("us", tz=kind.tz and "UTC")
    if types.is_list(kind) or types.is_large_list(kind):
        return pa.list_(known_to_spark(kind.value_type))
    if types.is_struct(kind):
        return pa.struct([pa.field(each.name, known_to_spark(each.type)) for each in kind])
    return kind
