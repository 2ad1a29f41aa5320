"""The keys of a resource that go to dlt as they are: how its table is made and written."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, Tag

from headrace.config.format.fields import (
    BY_SHAPE,
    LIST,
    MAPPING,
    TEXT,
    FormatModel,
    Name,
    TaggedObject,
    WholeNumber,
)

ColumnNames = Annotated[
    Annotated[Name, Tag(TEXT)] | Annotated[list[Name], Tag(LIST)] | TaggedObject, BY_SHAPE
]
DynamicText = Annotated[Annotated[Name, Tag(TEXT)] | TaggedObject, BY_SHAPE]
Evolution = Literal["evolve", "discard_value", "freeze", "discard_row"]


class SchemaContractModel(FormatModel):
    """What may change in the schema, by the kind of change."""

    tables: Evolution | None = Field(
        default=None, description="What to do with a table that is new."
    )
    columns: Evolution | None = Field(
        default=None, description="What to do with a column that is new."
    )
    data_type: Evolution | None = Field(
        default=None, description="What to do with a value of another type than its column."
    )


class WriteDispositionModel(FormatModel):
    """A write disposition with its options."""

    disposition: Literal["skip", "append", "replace", "merge"] = Field(
        description="How rows are written to the table."
    )
    strategy: Literal["delete-insert", "scd2", "upsert", "insert-only", "cdc"] | None = Field(
        default=None, description="How rows are merged."
    )
    deduplicated: bool | None = Field(
        default=None, description="Whether the staged rows are known to hold each key once."
    )
    source_filter: str | None = Field(
        default=None, description="SQL condition on the staged rows that are merged."
    )
    destination_scope: str | None = Field(
        default=None,
        description="SQL condition on the rows of the table that the merge may delete.",
    )
    skip_unchanged_rows: bool | None = Field(
        default=None, description="Whether to leave rows alone that have not changed."
    )
    row_version_column_name: str | None = Field(
        default=None, description="Column whose value differs when a row has changed."
    )
    validity_column_names: list[str] | None = Field(
        default=None,
        description="For `scd2`: names of the two columns that say how long a row was valid.",
    )
    active_record_timestamp: Any = Field(
        default=None, description="For `scd2`: the value that stands for `still valid`."
    )
    boundary_timestamp: Any = Field(default=None, description="For `scd2`: the time of the change.")


class ColumnModel(FormatModel):
    """What dlt is told about a column."""

    model_config = ConfigDict(json_schema_extra={"patternProperties": {"^x-": {}}})

    name: Name | None = Field(default=None, description="Name of the column.")
    data_type: (
        Literal[
            "text",
            "double",
            "bool",
            "timestamp",
            "bigint",
            "binary",
            "json",
            "decimal",
            "wei",
            "date",
            "time",
        ]
        | None
    ) = Field(default=None, description="dlt's type of the column.")
    precision: WholeNumber | None = Field(
        default=None, description="Number of digits, or longest length of a text."
    )
    scale: WholeNumber | None = Field(
        default=None, description="Number of digits after the decimal point."
    )
    timezone: bool | None = Field(
        default=None, description="Whether the timestamp has a time zone."
    )
    nullable: bool | None = Field(default=None, description="Whether null is allowed.")
    description: str | None = Field(default=None, description="What the column means.")
    partition: bool | None = Field(
        default=None, description="Whether the table is partitioned by this column."
    )
    cluster: bool | None = Field(
        default=None, description="Whether the table is clustered by this column."
    )
    unique: bool | None = Field(default=None, description="Whether no value may be there twice.")
    sort: bool | None = Field(
        default=None, description="Whether the table is sorted by this column."
    )
    primary_key: bool | None = Field(
        default=None, description="Whether the column is part of the primary key."
    )
    merge_key: bool | None = Field(
        default=None, description="Whether the column is part of the merge key."
    )
    row_key: bool | None = Field(
        default=None, description="Whether the rows of nested tables refer to this column."
    )
    parent_key: bool | None = Field(
        default=None, description="Whether the column holds the key of the row in the parent table."
    )
    root_key: bool | None = Field(
        default=None, description="Whether the column holds the key of the row in the root table."
    )
    variant: bool | None = Field(
        default=None, description="Whether the column was made for values of another type."
    )
    hard_delete: bool | None = Field(
        default=None, description="Whether a value in this column deletes the row in a merge."
    )
    dedup_sort: Literal["asc", "desc"] | None = Field(
        default=None,
        description="By which order of this column one of several staged rows of a key is kept.",
    )
    incremental: bool | None = Field(
        default=None, description="Whether an incremental reads this column."
    )


class NamedColumnModel(ColumnModel):
    """What dlt is told about a column, in a list of columns."""

    name: Name = Field(description="Name of the column.")


def _without_destination_hints(value: Any) -> Any:
    """Leave out `x-...`: hints for a destination, open by design."""
    if not isinstance(value, dict):
        return value
    return {key: hint for key, hint in value.items() if not str(key).startswith("x-")}


Column = Annotated[ColumnModel, BeforeValidator(_without_destination_hints)]
NamedColumn = Annotated[NamedColumnModel, BeforeValidator(_without_destination_hints)]
Columns = Annotated[
    Annotated[dict[str, Column], Tag(MAPPING)]
    | Annotated[list[NamedColumn], Tag(LIST)]
    | TaggedObject,
    BY_SHAPE,
]


class ReferenceModel(FormatModel):
    """A reference to another table."""

    table: str | None = Field(
        default=None, description="Name of the table that refers, where it is not this one."
    )
    label: str | None = Field(default=None, description="What the reference means.")
    cardinality: str | None = Field(
        default=None, description="How many rows of one table belong to how many of the other."
    )
    columns: list[str] = Field(description="Columns of this table that refer to the other.")
    referenced_table: str = Field(description="Name of the other table.")
    referenced_columns: list[str] = Field(
        description="Columns of the other table that are referred to."
    )


class TableHints(FormatModel):
    """What dlt is told about a table."""

    write_disposition: (
        Annotated[
            Annotated[Literal["skip", "append", "replace", "merge"], Tag(TEXT)]
            | Annotated[WriteDispositionModel, Tag(MAPPING)]
            | TaggedObject,
            BY_SHAPE,
        ]
        | None
    ) = Field(default=None, description="How rows are written to the table.")
    primary_key: ColumnNames | None = Field(
        default=None, description="Columns that identify a row."
    )
    merge_key: ColumnNames | None = Field(
        default=None, description="Columns by which groups of rows are replaced in a merge."
    )
    columns: Columns | None = Field(
        default=None,
        description="What dlt is told about the columns: a mapping by name, or a list.",
    )
    schema_contract: (
        Annotated[
            Annotated[Evolution, Tag(TEXT)]
            | Annotated[SchemaContractModel, Tag(MAPPING)]
            | TaggedObject,
            BY_SHAPE,
        ]
        | None
    ) = Field(default=None, description="What may change in the schema.")
    table_format: (
        Annotated[
            Annotated[Literal["iceberg", "delta", "hive", "native"], Tag(TEXT)] | TaggedObject,
            BY_SHAPE,
        ]
        | None
    ) = Field(default=None, description="Format of the table, for destinations that know several.")
    file_format: (
        Annotated[
            Annotated[
                Literal[
                    "preferred",
                    "jsonl",
                    "typed-jsonl",
                    "insert_values",
                    "parquet",
                    "csv",
                    "reference",
                    "model",
                ],
                Tag(TEXT),
            ]
            | TaggedObject,
            BY_SHAPE,
        ]
        | None
    ) = Field(default=None, description="Format of the files that are sent to the destination.")
    references: (
        Annotated[Annotated[list[ReferenceModel], Tag(LIST)] | TaggedObject, BY_SHAPE] | None
    ) = Field(default=None, description="References to other tables.")


class NestedTableHints(TableHints):
    """What dlt is told about a table that is made of the lists in the rows of another one."""

    parent_table_name: DynamicText | None = Field(
        default=None, description="Name of the parent table, where it is not the one above."
    )


NestedHints = Annotated[
    Annotated[dict[Name, NestedTableHints], Tag(MAPPING)] | TaggedObject,
    BY_SHAPE,
]
