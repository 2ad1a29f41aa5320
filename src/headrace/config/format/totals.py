"""`endpoint.total`: where the API tells how many rows a listing has."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from headrace.config.format.fields import (
    MAPPING,
    TEXT,
    FormatModel,
    HeaderName,
    JsonPath,
    Method,
    Name,
    fault,
    shape_of,
)


class TotalConfig(FormatModel):
    """The number of all rows: in each page, in a header of it, or at a path of its own."""

    selector: JsonPath | None = Field(
        default=None,
        description="JSONPath of the number, in each page or in the answer of `path`; the whole "
        "answer of `path` when absent.",
    )
    header: HeaderName | None = Field(
        default=None, description="Name of the header of each page that holds the number."
    )
    path: Name | None = Field(
        default=None,
        description="Path that answers with the number; it may hold the placeholders of the "
        "endpoint's own.",
    )
    method: Method = Field(default="GET", description="HTTP method of that request.")
    params: dict[str, Any] | None = Field(
        default=None, description="Query parameters of that request.", repr=False
    )
    json_body: dict[str, Any] | None = Field(
        default=None, alias="json", description="JSON body of that request.", repr=False
    )

    @model_validator(mode="after")
    def _names_one_place(self) -> TotalConfig:
        if self.header is not None and (self.path is not None or self.selector is not None):
            raise fault("give either `header` or `selector`, not both")
        if self.header is None and self.path is None and self.selector is None:
            raise fault(
                "names no place: give `selector` or `header` for a number in each page, or "
                "`path` for one that is asked for"
            )
        if self.path is None and (self.params is not None or self.json_body is not None):
            raise fault("`params` and `json` are those of `path`, which is missing")
        return self


def _selected(value: Any) -> Any:
    return {"selector": value}


AnyTotal = Annotated[
    Annotated[TotalConfig, BeforeValidator(_selected), Tag(TEXT)]
    | Annotated[TotalConfig, Tag(MAPPING)],
    Discriminator(lambda value: MAPPING if isinstance(value, TotalConfig) else shape_of(value)),
]
