"""`endpoint.rows`: how rows are made of what is no object with the names of its fields in it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

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
from headrace.core.each_row import EachRow, Place
from headrace.core.json_path import JsonPath as CompiledPath

Names = Annotated[
    Annotated[JsonPath, Tag(TEXT)] | Annotated[list[Name], Field(min_length=1), Tag(LIST)],
    Discriminator(lambda value: LIST if shape_of(value) == LIST else TEXT),
]


class EachConfig(FormatModel):
    """What rows are made of each listed row."""

    path: JsonPath = Field(
        description="JSONPath, within a listed row, of the elements that rows are made of: a list, "
        "or with `key_as` an object of lists or of elements."
    )
    key_as: Name | None = Field(
        default=None,
        description="Field for the key of each element: `path` leads to an object of them.",
    )
    index_as: Name | None = Field(
        default=None, description="Field for the place of each element in its list, from 0."
    )
    fields_: dict[Name, JsonPath] | None = Field(
        default=None,
        alias="fields",
        min_length=1,
        description="Fields of a row, each with its JSONPath within the element: nothing else of "
        "it is kept anywhere; all of the element when absent.",
    )
    of_row: dict[Name, JsonPath] | None = Field(
        default=None,
        description="Fields that are taken of the listed row, each with its JSONPath in that.",
    )

    @model_validator(mode="after")
    def _can_be_made(self) -> EachConfig:
        names = [*(self.fields_ or ()), *(self.of_row or ()), self.key_as, self.index_as]
        given = [name for name in names if name is not None]
        twice = [name for at, name in enumerate(given) if name in given[:at]]
        if twice:
            raise fault(f"`{twice[0]}` is given twice; each field needs its own name")
        for path in (self.path, *(self.fields_ or {}).values(), *(self.of_row or {}).values()):
            place = place_of(path)
            if not place or isinstance(place[0], int):
                raise fault(
                    f"`{path}` must lead from a field to one place, for example `error.name` or "
                    "`source[0].name`"
                )
        try:
            self.as_each_row()
        except ValueError as error:
            raise fault(f"cannot be made: {error}") from None
        return self

    def as_each_row(self, also: Iterable[Place] = ()) -> EachRow:
        """What each listed row is taken apart into.

        Args:
            also: The places of what is wanted of the listed row besides.
        """
        return EachRow(
            place_of(self.path),
            self.key_as,
            self.index_as,
            None
            if self.fields_ is None
            else {name: place_of(path) for name, path in self.fields_.items()},
            {name: place_of(path) for name, path in (self.of_row or {}).items()},
            tuple(dict.fromkeys(also)),
        )


def place_of(path: Any) -> Place:
    """The place that a path of the format leads to.

    Args:
        path: The path; it leads to one place.
    """
    return CompiledPath(path).place or ()


class RowsConfig(FormatModel):
    """What becomes of lists, an object of rows, plain values, parts of rows, and their fields."""

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
    each: EachConfig | None = Field(
        default=None,
        description="Makes rows of parts of each listed row, as of the lines of an order, in place "
        "of the listed row.",
    )

    without: list[Name] | None = Field(
        default=None,
        min_length=1,
        description="Fields that are left out of each row: they are kept nowhere.",
    )

    @property
    def is_no_shape(self) -> bool:
        """Whether the rows are objects already."""
        return self.names is None and self.key_as is None and self.value_as is None

    @model_validator(mode="after")
    def _go_together(self) -> RowsConfig:
        if self.each is not None and self.without is not None:
            raise fault("give either `each`, whose `fields` are all that is kept, or `without`")
        if self.each is not None:
            others = (self.names, self.values, self.key_as, self.value_as)
            if any(each is not None for each in others):
                raise fault("give either `each`, or `names`, `key_as` and `value_as`")
            return self
        if self.names is None and self.values is not None:
            raise fault("`values` are named by `names`, which is missing")
        if self.is_no_shape and self.without is None:
            raise fault("says nothing: give `names`, `key_as`, `value_as`, `each` or `without`")
        if self.names is not None and (self.key_as is not None or self.value_as is not None):
            raise fault("give either `names`, for rows that are lists, or `key_as` and `value_as`")
        if self.key_as is not None and self.key_as == self.value_as:
            raise fault("`key_as` and `value_as` must be two fields")
        if isinstance(self.names, list) and len(set(self.names)) < len(self.names):
            raise fault("`names` has a name twice; each column needs its own")
        return self
