"""The whole document of a config, as it is written."""

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

AnyEndpoint = Annotated[
    Annotated[str, Tag(TEXT)] | Annotated[EndpointModel, Tag(MAPPING)], BY_SHAPE
]


class ProcessingStepModel(FormatModel):
    """One Python function over the rows."""

    filter: PythonFunction | None = Field(default=None, description="Keeps a row where it is true.")
    map: PythonFunction | None = Field(default=None, description="Makes a row of a row.")
    yield_map: PythonFunction | None = Field(default=None, description="Makes rows of a row.")


def _only_nested(value: Any) -> None:
    if value is not None:
        raise fault(
            "names the parent of a nested table, so it belongs under `nested_hints`; a resource "
            "has none in dlt"
        )


StepKind = Literal["filter", "map", "yield_map"]
"""What a Python function does to the rows: the names of dlt's methods of a resource."""
# In one step they are taken in this order, as in dlt.
STEP_KINDS: tuple[StepKind, ...] = get_args(StepKind)


class ResourceDefaultsModel(TableHints):
    """What resources have in common; each may say otherwise."""

    parent_table_name: SkipJsonSchema[Annotated[None, BeforeValidator(_only_nested)]] = Field(
        default=None, exclude=True, description="Of nested tables only."
    )

    table_name: DynamicText | None = Field(
        default=None, description="Name of the table; the resource's when absent."
    )
    nested_hints: NestedHints | None = Field(default=None, description="Hints by nested table.")
    max_table_nesting: WholeNumber | None = Field(
        default=None, description="How deep nested rows become tables of their own."
    )
    selected: bool | None = Field(default=None, description="Whether it is loaded.")
    parallelized: bool | None = Field(default=None, description="Extract beside others.")
    processing_steps: SkipJsonSchema[list[ProcessingStepModel] | None] = Field(
        default=None, description="Python functions over the rows."
    )
    endpoint: AnyEndpoint | None = Field(
        default=None, description="What is asked for: a path, or a mapping."
    )
    include_from_parent: list[str] | None = Field(
        default=None, description="Fields of the parent's row to copy into each row."
    )


class ResourceModel(ResourceDefaultsModel):
    """A resource as written: one listing, one table."""

    name: Name = Field(description="the resource's name, also the default of its table and path")


AnyResource = Annotated[
    Annotated[Name, Tag(TEXT)] | Annotated[ResourceModel, Tag(MAPPING)] | TaggedObject, BY_SHAPE
]


class SourceDocument(FormatModel):
    """A REST API source: dlt's format, and Headrace's keys besides."""

    client: ClientConfig = Field(
        description="what all requests have in common: base_url, auth, ..."
    )
    resource_defaults: ResourceDefaultsModel | None = Field(
        default=None, description="What resources have in common."
    )
    resources: list[AnyResource] = Field(
        min_length=1, description="the listings to load: a list of names or mappings"
    )
    pipeline: PipelineConfig | None = Field(
        default=None, description="The dlt pipeline, for the command line."
    )
    schema_of_file: str | None = Field(
        default=None, alias="$schema", description="JSON Schema of this file, for editors."
    )
