"""`endpoint.rows`: how rows are made of what is no object with the names of its fields in it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Discriminator, Field, Tag, model_validator

from headrace.config.format.fields import (
    LIST,
    TEXT,
    FormatModel,
    JsonPath,
    Name,
    fault,
    shape_of,
)

Names = Annotated[
    Annotated[JsonPath, Tag(TEXT)] | Annotated[list[Name], Field(min_length=1), Tag(LIST)],
    Discriminator(lambda value: LIST if shape_of(value) == LIST else TEXT),
]


class RowsConfig(FormatModel):
    """What becomes of lists, of an object of rows, and of plain values."""

    names: Names | None = Field(
        default=None,
        description="JSONPath of the names of the columns in the page (texts, or objects with a "
        "`name`), or a list of them; each row is a list of values.",
    )
    values: JsonPath | None = Field(
        default=None,
        description="JSONPath of the values within a row, in the order of `names`; the row itself "
        "when absent.",
    )
    key_as: Name | None = Field(
        default=None,
        description="Field for the key of each row: `data_selector` leads to an object of rows.",
    )
    value_as: Name | None = Field(
        default=None, description="Field for each value: rows are texts, numbers, and the like."
    )

    @model_validator(mode="after")
    def _go_together(self) -> RowsConfig:
        if self.names is None and self.values is not None:
            raise fault("`values` are named by `names`, which is missing")
        if self.names is None and self.key_as is None and self.value_as is None:
            raise fault("says nothing: give `names`, `key_as` or `value_as`")
        if self.names is not None and (self.key_as is not None or self.value_as is not None):
            raise fault("give either `names`, for rows that are lists, or `key_as` and `value_as`")
        if self.key_as is not None and self.key_as == self.value_as:
            raise fault("`key_as` and `value_as` must be two fields")
        if isinstance(self.names, list) and len(set(self.names)) < len(self.names):
            raise fault("`names` has a name twice; each column needs its own")
        return self
