"""The keys of `endpoint.incremental`: how later syncs ask for the new and the changed only."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, Tag
from pydantic.json_schema import SkipJsonSchema

from headrace.config.format.fields import (
    BY_SHAPE,
    MAPPING,
    TEXT,
    FormatModel,
    JsonPath,
    PythonObject,
    RowCondition,
    Seconds,
    TaggedObject,
    fault,
)
from headrace.config.format.hints import ColumnNames


class LookbackConfig(FormatModel):
    """Late rows are found by listing some way below the newest seen row."""

    lookback: Seconds = Field(description="Seconds below the newest seen row.")


def _function(value: Any) -> Any:
    if value is not None and not callable(value):
        raise fault(
            "expected a function; functions need Python: give the config to `rest_api_source`"
        )
    return value


def _only_on_the_endpoint(value: Any) -> Any:
    if value is not None:
        raise fault(
            "is no key of a param, which begins a range and does not end it; write it under "
            "`endpoint.incremental`, with the param's name as `start_param`"
        )
    return value


Function = Annotated[PythonObject, BeforeValidator(_function)]
_NotOfParam = Annotated[Any, BeforeValidator(_only_on_the_endpoint)]


class CursorModel(FormatModel):
    """What dlt's incrementals have in common, wherever they stand."""

    cursor_path: str = Field(description="JSONPath of the key in a row.")
    initial_value: Any = Field(default=None, description="Where the first sync begins.")
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
    lag: int | float | None = Field(
        default=None, description="How far to go back behind the last value."
    )
    on_cursor_value_missing: Literal["raise", "include", "exclude"] | None = Field(
        default=None, description="What to do with a row without the key."
    )
    range_start: Literal["open", "closed"] | None = Field(
        default=None, description="Whether the start belongs to the range."
    )
    range_end: Literal["open", "closed"] | None = Field(
        default=None, description="Whether the end belongs to the range."
    )
    convert: Function = Field(default=None, description="Function over the values sent.")
    transform: Function = Field(default=None, description="Old name of `convert`.")


class IncrementalParam(CursorModel):
    """A query parameter that holds the start of an incremental."""

    type: Literal["incremental"]
    end_value: SkipJsonSchema[_NotOfParam] = None
    start_param: SkipJsonSchema[_NotOfParam] = None
    end_param: SkipJsonSchema[_NotOfParam] = None


class IncrementalConfig(CursorModel):
    """How later syncs ask for the new and the changed only."""

    end_value: Any = Field(default=None, description="Where a bounded sync ends.")
    start_param: str | None = Field(default=None, description="Query parameter of the start.")
    end_param: str | None = Field(default=None, description="Query parameter of the end.")
    per_parent: bool | None = Field(
        default=None,
        description="A cursor for each row of the parent, where dlt has one for all of them.",
    )
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
    time_path: str | None = Field(
        default=None,
        description="JSONPath of a row's time, for a lookback or a time to go back to, where the "
        "key is none.",
    )
