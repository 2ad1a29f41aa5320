"""The keys of `endpoint.incremental`: how later syncs ask only for new and changed rows."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, Tag, model_validator
from pydantic.json_schema import SkipJsonSchema

from headrace.config.format.fields import (
    BY_SHAPE,
    MAPPING,
    NUMBER,
    TEXT,
    Count,
    FormatModel,
    JsonPath,
    PythonObject,
    RowCondition,
    Seconds,
    TaggedObject,
    fault,
)
from headrace.config.format.hints import ColumnNames
from headrace.core.durations import parse_duration


class LookbackConfig(FormatModel):
    """Late rows are found by listing again some time below the newest row seen."""

    lookback: Seconds = Field(
        description="How many seconds below the newest row seen to list again."
    )


def _duration(value: Any) -> Any:
    if isinstance(value, (int, float)) and not isinstance(value, bool) and value > 0:
        return float(value)
    found = parse_duration(value, "smhdw") if isinstance(value, str) else None
    if found is None:
        raise fault("expected a duration, as `1d`, `12h`, `30m`, `10s` or `2w`, or its seconds")
    return found.seconds


class SettlesAfterConfig(FormatModel):
    """Rows may still change for a while after they look as if they could not."""

    duration: Annotated[float, BeforeValidator(_duration)] = Field(
        description="For how long, as `1d`, `12h`, `30m`, or a number of seconds."
    )
    since: JsonPath = Field(description="JSONPath of the time in a row that it counts from.")
    when: RowCondition | None = Field(
        default=None,
        description="Python expression over the fields of a row; true of the rows that are meant. "
        "All are when absent.",
    )


class OwnListingConfig(FormatModel):
    """How the API lists rows of one kind: those that the listing hides, or that still change."""

    params: dict[str, Any] | None = Field(
        default=None,
        description="Query parameters, besides those of the endpoint, by which the API lists them.",
        repr=False,
    )
    path: str | None = Field(
        default=None, description="Path of that listing; the one of the endpoint when absent."
    )

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.params and not self.path:
            raise fault("say by which `params` or `path` the API lists them: `{status: running}`")
        return self


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


def _step(value: Any) -> Any:
    number = int(value) if isinstance(value, str) and value.strip().isdecimal() else value
    if isinstance(number, int) and not isinstance(number, bool) and number > 0:
        return number
    if isinstance(value, str) and parse_duration(value, "smhdw") is not None:
        return value.strip()
    raise fault(
        "expected a duration, as `1d`, `12h`, `30m`, `10s` or `2w`, or a whole number above 0; "
        "months and years differ in length: take days"
    )


def _status(value: Any) -> Any:
    number = int(value) if isinstance(value, str) and value.strip().isdecimal() else value
    if isinstance(number, bool) or not isinstance(number, int) or not 400 <= number <= 499:
        raise fault("must be the number of an HTTP status from 400 to 499, for example 410")
    return number


Status = Annotated[int, BeforeValidator(_status)]
Step = Annotated[
    Annotated[str, Tag(TEXT)] | Annotated[int, Tag(NUMBER)], BY_SHAPE, BeforeValidator(_step)
]


class CursorModel(FormatModel):
    """What incrementals have in common, whether they stand in a param or at the endpoint."""

    cursor_path: str = Field(
        default="",
        description="JSONPath of the field by which rows are ordered, as `id` or `updated_at`.",
    )
    initial_value: Any = Field(
        default=None, description="Value of that field at which the first sync begins."
    )
    last_value_func: Annotated[
        Annotated[Literal["min", "max"], Tag(TEXT)] | TaggedObject, BY_SHAPE
    ] = Field(
        default="max",
        description="Which value counts as the last one: `max`, `min`, or a Python function.",
    )
    primary_key: ColumnNames | None = Field(
        default=None, description="Columns by which rows of the same cursor value are told apart."
    )
    row_order: Literal["asc", "desc"] | None = Field(
        default=None, description="Order of the listing; `desc` is newest first."
    )
    allow_external_schedulers: bool | None = Field(
        default=None, description="Whether to take the range from a scheduler such as Airflow."
    )
    lag: int | float | None = Field(
        default=None,
        description="How far later syncs go back behind the last value: seconds, days of dates, or "
        "a number.",
    )
    on_cursor_value_missing: Literal["raise", "include", "exclude"] | None = Field(
        default=None, description="What to do with a row that lacks the field."
    )
    range_start: Literal["open", "closed"] | None = Field(
        default=None,
        description="Whether rows at the start value belong to the range (`closed`) or not "
        "(`open`).",
    )
    range_end: Literal["open", "closed"] | None = Field(
        default=None,
        description="Whether rows at the end value belong to the range (`closed`) or not (`open`).",
    )
    convert: Function = Field(
        default=None, description="Python function from a value to what is sent."
    )
    transform: Function = Field(default=None, description="Old name of `convert`.")


class IncrementalParam(CursorModel):
    """A query parameter that carries the start of an incremental."""

    type: Literal["incremental"]
    cursor_path: str = Field(
        description="JSONPath of the field by which rows are ordered, as `id` or `updated_at`."
    )
    end_value: SkipJsonSchema[_NotOfParam] = None
    start_param: SkipJsonSchema[_NotOfParam] = None
    end_param: SkipJsonSchema[_NotOfParam] = None


class IncrementalConfig(CursorModel):
    """How later syncs ask only for rows that are new or have changed."""

    token_path: JsonPath | None = Field(
        default=None,
        description="JSONPath, in the last page, of what the next sync is to send in place of a "
        "value of the rows: a sync token, or the URL of a delta link. Takes the place of "
        "`cursor_path`.",
    )
    token_expired: list[Status] | None = Field(
        default=None,
        description="Statuses by which the API says that it takes a token no more, so that all is "
        "listed anew; 410 when absent.",
    )
    end_value: Any = Field(
        default=None, description="Value at which the range ends; nothing is remembered then."
    )
    start_param: str | None = Field(
        default=None, description="Query parameter that carries the start of the range."
    )
    end_param: str | None = Field(
        default=None, description="Query parameter that carries the end of the range."
    )
    step: Step | None = Field(
        default=None,
        description="Length of the windows that the range is asked for in, one after the other: a "
        "duration as `1d`, `12h`, `30m`, `10s` or `2w`, or a whole number. Needs `range_end`.",
    )
    smallest_step: Step | None = Field(
        default=None,
        description="How small a window may get that the API refuses as too large; a day, a "
        "second, or 1 when absent.",
    )
    value_format: str | None = Field(
        default=None,
        description="How requests carry the ends of a window, as `strftime` takes it, `%d/%m/%Y`; "
        "`%s` are seconds since 1970. The form of `initial_value` when absent.",
    )
    most_rows: Count | None = Field(
        default=None,
        description="Number of rows beyond which the API does not list: a window with as many is "
        "halved.",
    )
    per_parent: bool | None = Field(
        default=None,
        description="Whether each row of the parent has a last value of its own; dlt has one for "
        "all.",
    )
    settled_when: RowCondition | None = Field(
        default=None,
        description="Python expression over the fields of a row; true once the row can no longer "
        "change.",
    )
    settles_after: SettlesAfterConfig | None = Field(
        default=None,
        description="Rows for which `settled_when` is true, and that are looked at again for a "
        "while all the same: `{duration: 1d, since: stoppedAt, when: status == 'crashed'}`.",
    )
    refresh_path: str | None = Field(
        default=None, description="Path of one row by its primary key, as `/items/{id}`."
    )
    refresh_selector: JsonPath | None = Field(
        default=None,
        description="JSONPath of the row in that answer; the whole answer when absent.",
    )
    touches: tuple[str, ...] | None = Field(
        default=None,
        description="Fields whose value is the key of an older row that changes with this one.",
    )
    late_rows: (
        Annotated[
            Annotated[Literal["probe", "none"], Tag(TEXT)]
            | Annotated[LookbackConfig, Tag(MAPPING)],
            BY_SHAPE,
        ]
        | None
    ) = Field(
        default=None,
        description="How rows are found that the listing hid at first: `probe` asks for missing "
        "keys, "
        "`{lookback: 60}` lists the last 60 seconds again, `none` does nothing.",
    )
    hidden: OwnListingConfig | None = Field(
        default=None,
        description="How the API lists the rows that the listing hides: "
        "`{params: {status: running}}`. They are read before the listing in each sync.",
    )
    open: OwnListingConfig | None = Field(
        default=None,
        description="How the API lists rows that still change, and that the listing does not hide: "
        "`{params: {status: waiting}}`. Where many are open, they are read by it.",
    )
    time_path: str | None = Field(
        default=None,
        description="JSONPath of the time of a row, for `lookback`, for `hidden` and for a time in "
        "`initial_value`, where the key itself is no time.",
    )
