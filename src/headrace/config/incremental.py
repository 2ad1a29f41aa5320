"""The keys of `endpoint.incremental`: how later syncs ask for the new and the changed only."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, Tag

from headrace.config.fields import (
    BY_SHAPE,
    MAPPING,
    TEXT,
    FormatModel,
    JsonPath,
    PythonObject,
    RowCondition,
    Seconds,
    TaggedObject,
)
from headrace.config.hints import ColumnNames


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
    time_path: str | None = Field(
        default=None,
        description="JSONPath of a row's time, for a lookback or a time to go back to, where the "
        "key is none.",
    )
