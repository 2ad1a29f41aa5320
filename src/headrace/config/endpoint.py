"""The keys of `endpoint`: what is asked for, and where in the answer the rows are."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, Tag

from headrace.config.auth import AnyAuth
from headrace.config.fields import (
    BY_SHAPE,
    LIST,
    MAPPING,
    TEXT,
    FormatModel,
    HeaderName,
    HeaderValue,
    JsonPath,
    PythonObject,
    RowCondition,
    Seconds,
    TaggedObject,
)
from headrace.config.hints import ColumnNames
from headrace.config.paginators import AnyPaginator

Method = Annotated[
    Literal["GET", "POST", "PUT", "PATCH", "DELETE"],
    BeforeValidator(lambda value: value.upper() if isinstance(value, str) else value),
]


class LookbackConfig(FormatModel):
    """Late rows are found by listing some way below the newest seen row."""

    lookback: Seconds = Field(description="Seconds below the newest seen row.")


class IncrementalConfig(FormatModel):
    """How later syncs ask for the new and the changed only."""

    cursor_path: str = Field(description="JSONPath of the key in a row.")
    initial_value: Any = Field(default=None, description="Where the first sync begins.")
    end_value: Any = Field(default=None, description="Where a bounded sync ends.")
    start_param: str | None = Field(default=None, description="Query parameter of the start.")
    end_param: str | None = Field(default=None, description="Query parameter of the end.")
    last_value_func: Annotated[
        Annotated[Literal["min", "max"], Tag(TEXT)] | TaggedObject, BY_SHAPE
    ] = Field(default="max", description="How the last value is found.")
    primary_key: ColumnNames | None = Field(default=None, description="Key to deduplicate by.")
    row_order: Literal["asc", "desc"] | None = Field(
        default=None, description="Order of the listing; desc is newest first."
    )
    allow_external_schedulers: bool | None = Field(
        default=None, description="Take the range from a scheduler, Airflow for one."
    )
    lag: float | None = Field(default=None, description="How far to go back behind the last value.")
    on_cursor_value_missing: Literal["raise", "include", "exclude"] | None = Field(
        default=None, description="What to do with a row without the key."
    )
    range_start: Literal["open", "closed"] | None = Field(
        default=None, description="Whether the start belongs to the range."
    )
    range_end: Literal["open", "closed"] | None = Field(
        default=None, description="Whether the end belongs to the range."
    )
    convert: PythonObject = Field(default=None, description="Function over the values sent.")
    transform: PythonObject = Field(default=None, description="Old name of `convert`.")
    settled_when: RowCondition | None = Field(
        default=None,
        description="Python expression over a row's fields; true once it can change no more.",
    )
    refresh_path: str | None = Field(default=None, description="Path of one row, /items/{id}.")
    refresh_selector: JsonPath | None = Field(
        default=None, description="JSONPath of the row in that answer; the whole when absent."
    )
    touches: tuple[str, ...] | None = Field(
        default=None, description="Fields that name an older row which this one changes."
    )
    late_rows: (
        Annotated[
            Annotated[Literal["probe", "none"], Tag(TEXT)]
            | Annotated[LookbackConfig, Tag(MAPPING)],
            BY_SHAPE,
        ]
        | None
    ) = Field(default=None, description="How rows that were hidden at first are found.")


class ResponseActionConfig(FormatModel):
    """What to do with an answer of a certain kind."""

    status_code: int | str | None = Field(default=None, description="HTTP status that it has.")
    content: str | None = Field(default=None, description="Text that it holds.")
    action: (
        Annotated[
            Annotated[str, Tag(TEXT)] | Annotated[list[PythonObject], Tag(LIST)] | TaggedObject,
            BY_SHAPE,
        ]
        | None
    ) = Field(default=None, description="`ignore`, or Python functions.")


ResponseAction = Annotated[Annotated[ResponseActionConfig, Tag(MAPPING)] | TaggedObject, BY_SHAPE]


class EndpointModel(FormatModel):
    """An endpoint as written."""

    path: str | None = Field(
        default=None, description="Path below base_url; the resource's name when absent."
    )
    method: Method = Field(default="GET", description="HTTP method.")
    params: dict[str, Any] | None = Field(default=None, description="Query parameters.", repr=False)
    json_body: dict[str, Any] | None = Field(
        default=None, alias="json", description="JSON body of the request.", repr=False
    )
    data: Any = Field(default=None, description="Form or raw body of the request.", repr=False)
    headers: dict[HeaderName, HeaderValue] | None = Field(
        default=None, description="Headers, over those of the client.", repr=False
    )
    data_selector: JsonPath | None = Field(
        default=None, description="JSONPath of the rows in the page; found when absent."
    )
    paginator: AnyPaginator | None = Field(default=None, description="How the listing goes on.")
    auth: AnyAuth | None = Field(
        default=None, description="How requests are authenticated; null for not at all."
    )
    response_actions: list[ResponseAction] | None = Field(
        default=None, description="What to do with answers of certain kinds."
    )
    incremental: IncrementalConfig | None = Field(
        default=None, description="How later syncs ask for the new and the changed only."
    )
