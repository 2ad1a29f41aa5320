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
    """What may change in the schema, by kind of change."""

    tables: Evolution | None = Field(default=None, description="New tables.")
    columns: Evolution | None = Field(default=None, description="New columns.")
    data_type: Evolution | None = Field(default=None, description="Values of another type.")


class WriteDispositionModel(FormatModel):
    """A write disposition with its options."""

    disposition: Literal["skip", "append", "replace", "merge"] = Field(
        description="How rows are written to the table."
    )
    strategy: Literal["delete-insert", "scd2", "upsert", "insert-only", "cdc"] | None = Field(
        default=None, description="How a merge is done."
    )
    deduplicated: bool | None = Field(
        default=None, description="The staged rows hold each key once."
    )
    source_filter: str | None = Field(default=None, description="SQL: staged rows to merge.")
    destination_scope: str | None = Field(
        default=None, description="SQL: rows of the table that the merge may delete."
    )
    skip_unchanged_rows: bool | None = Field(
        default=None, description="Leave rows alone that are equal already."
    )
    row_version_column_name: str | None = Field(
        default=None, description="Column that differs when a row differs."
    )
    validity_column_names: list[str] | None = Field(
        default=None, description="scd2: names of the two columns of validity."
    )
    active_record_timestamp: Any = Field(
        default=None, description="scd2: what stands for still valid."
    )
    boundary_timestamp: Any = Field(default=None, description="scd2: when the change took place.")


class ColumnModel(FormatModel):
    """What is known of a column."""

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
    precision: WholeNumber | None = Field(default=None, description="Digits, or length.")
    scale: WholeNumber | None = Field(default=None, description="Digits after the point.")
    timezone: bool | None = Field(default=None, description="The timestamp has a zone.")
    nullable: bool | None = Field(default=None, description="Null is allowed.")
    description: str | None = Field(default=None, description="What the column means.")
    partition: bool | None = Field(default=None, description="The table is parted by it.")
    cluster: bool | None = Field(default=None, description="The table is clustered by it.")
    unique: bool | None = Field(default=None, description="No value is there twice.")
    sort: bool | None = Field(default=None, description="The table is sorted by it.")
    primary_key: bool | None = Field(default=None, description="Part of the primary key.")
    merge_key: bool | None = Field(default=None, description="Part of the merge key.")
    row_key: bool | None = Field(default=None, description="Names a row for its child tables.")
    parent_key: bool | None = Field(default=None, description="Names the parent's row.")
    root_key: bool | None = Field(default=None, description="Names the root table's row.")
    variant: bool | None = Field(default=None, description="Made for values of another type.")
    hard_delete: bool | None = Field(default=None, description="True deletes the row.")
    dedup_sort: Literal["asc", "desc"] | None = Field(
        default=None, description="Which of several staged rows of one key is kept."
    )
    incremental: bool | None = Field(default=None, description="Used by an incremental.")


class NamedColumnModel(ColumnModel):
    """What is known of a column, in a list of columns."""

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

    table: str | None = Field(default=None, description="Name of the table, where it is another.")
    label: str | None = Field(default=None, description="What the reference means.")
    cardinality: str | None = Field(default=None, description="How many rows meet how many.")
    columns: list[str] = Field(description="Columns of this table.")
    referenced_table: str = Field(description="The other table.")
    referenced_columns: list[str] = Field(description="Columns of the other table.")


class TableHints(FormatModel):
    """What dlt is told of a table."""

    write_disposition: (
        Annotated[
            Annotated[Literal["skip", "append", "replace", "merge"], Tag(TEXT)]
            | Annotated[WriteDispositionModel, Tag(MAPPING)]
            | TaggedObject,
            BY_SHAPE,
        ]
        | None
    ) = Field(default=None, description="How rows are written to the table.")
    primary_key: ColumnNames | None = Field(default=None, description="Columns that name a row.")
    merge_key: ColumnNames | None = Field(default=None, description="Columns to merge by.")
    columns: Columns | None = Field(default=None, description="What is known of the columns.")
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
    ) = Field(default=None, description="Format of the table, for destinations that have several.")
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
    ) = Field(default=None, description="Format of the files that are loaded.")
    references: (
        Annotated[Annotated[list[ReferenceModel], Tag(LIST)] | TaggedObject, BY_SHAPE] | None
    ) = Field(default=None, description="References to other tables.")


class NestedTableHints(TableHints):
    """What dlt is told of a table that is made of lists in the rows of another one."""

    parent_table_name: DynamicText | None = Field(
        default=None, description="Parent of the table, where it is not the one above."
    )


NestedHints = Annotated[
    Annotated[dict[Name, NestedTableHints], Tag(MAPPING)] | TaggedObject,
    BY_SHAPE,
]
