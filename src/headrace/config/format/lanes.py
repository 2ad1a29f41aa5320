"""`endpoint.lanes`: several parts of one listing at once."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag

from headrace.config.format.fields import (
    BY_SHAPE,
    MAPPING,
    NUMBER,
    TEXT,
    Count,
    FormatModel,
    Name,
    PythonObject,
    fault,
    shape_of,
)
from headrace.config.format.incremental import Step
from headrace.config.format.lanes_by_key import KeyLanesConfig


class PageLanesConfig(FormatModel):
    """Several pages of a listing at once, where pages are asked for by offset or page number."""

    by: Literal["pages"] = Field(
        description="What the listing is parted by: `pages`, where they have numbers."
    )
    at_once: Count | None = Field(
        default=None,
        description="Number of pages to ask for at once; `client.concurrency` when absent, and "
        "never more than that.",
    )
    unchanging: bool = Field(
        default=False,
        description="Whether it is known that no row is deleted or moves while the listing is "
        "read. Otherwise each page by offset brings the last row of the one before it again, "
        "which proves that nothing lies between them.",
    )


class TimeLanesConfig(FormatModel):
    """Several windows of time at once, as an incremental asks for them."""

    by: Literal["time"] = Field(description="Windows of time, as `incremental.step` parts a range.")
    step: Step | None = Field(
        default=None,
        description="Length of the windows: a duration as `1d`, `12h`, `30m`, `10s` or `2w`; that "
        "of `incremental.step` when absent.",
    )
    at_once: Count | None = Field(
        default=None,
        description="Number of windows to read at once; `client.concurrency` when absent, and "
        "never more than that.",
    )
    unchanging: bool = Field(
        default=False,
        description="Whether it is known that the time of a row never changes, and that none is "
        "deleted while the listing is read. Otherwise what has changed meanwhile is asked for "
        "behind the windows.",
    )


_Value = Annotated[Annotated[str, Tag(TEXT)] | Annotated[bool | int | float, Tag(NUMBER)], BY_SHAPE]


class ValueLanesConfig(FormatModel):
    """Listings for several values of a parameter at once."""

    by: Literal["values"] = Field(
        description="Values of a query parameter, of which each row belongs to one for good."
    )
    param: Name = Field(description="Query parameter that carries the value, as `workflowId`.")
    resource_field: Name | None = Field(
        default=None,
        alias="from",
        description="Resource of this config and field of its rows that has the values, as "
        "`workflows.id`. It is listed first.",
    )
    values: list[_Value] | None = Field(
        default=None, min_length=1, description="The values themselves, in place of `from`."
    )
    at_once: Count | None = Field(
        default=None,
        description="Number of values to read at once; `client.concurrency` when absent, and "
        "never more than that.",
    )


def _by(value: Any) -> str:
    by = value.get("by") if isinstance(value, dict) else getattr(value, "by", None)
    if isinstance(by, str):
        return f"<{by}>"
    return MAPPING if isinstance(value, dict) else shape_of(value)


def _by_missing(value: Any) -> Any:
    raise fault("has no `by`; known: `pages`, `key`, `time`, `values`")


AnyLanes = Annotated[
    Annotated[PageLanesConfig, Tag("<pages>")]
    | Annotated[KeyLanesConfig, Tag("<key>")]
    | Annotated[TimeLanesConfig, Tag("<time>")]
    | Annotated[ValueLanesConfig, Tag("<values>")]
    | Annotated[PythonObject, BeforeValidator(_by_missing), Tag(MAPPING)],
    Discriminator(_by),
]
"""How a listing is read in lanes."""
