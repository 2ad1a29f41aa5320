"""The model of a whole config."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator, Field, Tag
from pydantic.json_schema import SkipJsonSchema

from headrace.config.format.client import ClientConfig, PipelineConfig
from headrace.config.format.endpoint import EndpointModel
from headrace.config.format.fields import (
    BY_SHAPE,
    MAPPING,
    TEXT,
    FormatModel,
    Name,
    PythonFunction,
    TaggedObject,
    WholeNumber,
    fault,
)
from headrace.config.format.hints import DynamicText, NestedHints, TableHints
from headrace.config.format.missing_rows import MissingRowsKey
from headrace.config.format.tenants import AnyTenants

AnyEndpoint = Annotated[
    Annotated[str, Tag(TEXT)] | Annotated[EndpointModel, Tag(MAPPING)], BY_SHAPE
]


class ProcessingStepModel(FormatModel):
    """One step of `processing_steps`: a Python function over the rows."""

    filter: PythonFunction | None = Field(
        default=None,
        description="Function over a row; rows for which it returns false are left out.",
    )
    map: PythonFunction | None = Field(
        default=None, description="Function over a row that returns the row to load in its place."
    )
    yield_map: PythonFunction | None = Field(
        default=None, description="Function over a row that yields the rows to load in its place."
    )


def _only_nested(value: Any) -> None:
    if value is not None:
        raise fault(
            "names the parent of a nested table, so it belongs under `nested_hints`; a resource "
            "has none in dlt"
        )


StepKind = Literal["filter", "map", "yield_map"]
"""What a Python function does to the rows: the names of dlt's methods of a resource."""
# dlt takes the functions of one step in this order.
STEP_KINDS: tuple[StepKind, ...] = get_args(StepKind)


class ResourceDefaultsModel(TableHints):
    """What all resources have in common; each may say otherwise."""

    parent_table_name: SkipJsonSchema[Annotated[None, BeforeValidator(_only_nested)]] = Field(
        default=None,
        exclude=True,
        description="Parent of a nested table; it belongs under `nested_hints`.",
    )

    table_name: DynamicText | None = Field(
        default=None, description="Name of the table; the name of the resource when absent."
    )
    nested_hints: NestedHints | None = Field(
        default=None,
        description="Hints for the tables of nested lists, by their names.",
    )
    max_table_nesting: WholeNumber | None = Field(
        default=None, description="How many levels of nested lists become tables of their own."
    )
    selected: bool | None = Field(
        default=None,
        description="Whether the resource is loaded; other resources may depend on it in any case.",
    )
    parallelized: bool | None = Field(
        default=None,
        description="Whether the resource is extracted beside others, in a thread of its own.",
    )
    processing_steps: SkipJsonSchema[list[ProcessingStepModel] | None] = Field(
        default=None, description="Python functions over the rows, in order."
    )
    endpoint: AnyEndpoint | None = Field(
        default=None, description="What is asked for: a path, or a mapping with `path` and more."
    )
    include_from_parent: list[str] | None = Field(
        default=None, description="Fields of the parent's row that are copied into each row."
    )
    missing_rows: MissingRowsKey | None = Field(
        default=None,
        description="What becomes of loaded rows that a whole listing shows no more: they stay "
        "when absent.",
    )


class ResourceModel(ResourceDefaultsModel):
    """A resource: one listing, one table."""

    name: Name = Field(description="the resource's name, also the default of its table and path")


AnyResource = Annotated[
    Annotated[Name, Tag(TEXT)] | Annotated[ResourceModel, Tag(MAPPING)] | TaggedObject, BY_SHAPE
]


class SourceDocument(FormatModel):
    """A REST API source: dlt's format, and more keys of Headrace's own."""

    client: ClientConfig = Field(
        description="what all requests have in common: base_url, auth, ..."
    )
    resource_defaults: ResourceDefaultsModel | None = Field(
        default=None, description="What all resources have in common; each may say otherwise."
    )
    resources: list[AnyResource] = Field(
        min_length=1, description="the listings to load: a list of names or mappings"
    )
    pipeline: PipelineConfig | None = Field(
        default=None, description="The dlt pipeline that `headrace run` loads with."
    )
    tenants: AnyTenants | None = Field(
        default=None,
        description="The tenants of the API, each with what is its own in this config. Every row "
        "gets a column that names its tenant, which becomes part of the primary key.",
    )
    schema_of_file: str | None = Field(
        default=None,
        alias="$schema",
        description="Address of the JSON Schema of this file, for editors.",
    )
