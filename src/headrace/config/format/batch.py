"""`endpoint.batch`: values of many rows of the parent in one request."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag

from headrace.config.format.fields import MAPPING, NUMBER, Count, FormatModel, JsonPath, Name


class BatchConfig(FormatModel):
    """How many values of the parent's rows one request carries, and how."""

    size: Count = Field(description="How many values of the parent one request carries at most.")
    separator: str = Field(
        default=",",
        min_length=1,
        description="What stands between the values in a text; a list of one placeholder becomes "
        "a list of values instead.",
    )
    field: Name | None = Field(
        default=None,
        description="Field of the parent whose values are put together, where requests hold "
        "several; rows that differ in the others are asked for apart.",
    )
    parent_key: JsonPath | None = Field(
        default=None,
        description="JSONPath in each row of the answer to the value of the parent that it "
        "belongs to; `include_from_parent` needs it.",
    )


def _shape(value: Any) -> str:
    return MAPPING if isinstance(value, dict | BatchConfig) else NUMBER


AnyBatch = Annotated[
    Annotated[Count, Tag(NUMBER)] | Annotated[BatchConfig, Tag(MAPPING)], Discriminator(_shape)
]
