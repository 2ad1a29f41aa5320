"""Incrementals of dlt's kind: a later sync asks from the value at which the last one ended.

The keys mean what they mean in dlt's REST API source, section "Incremental loading".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from headrace.config.built.lanes_by_time import LanesByTime, build_lanes_by_time
from headrace.config.built.parents import params_of
from headrace.config.built.tail import is_tail
from headrace.config.format.endpoint import EndpointModel
from headrace.config.format.incremental import CursorModel, IncrementalConfig, IncrementalParam
from headrace.config.format.lanes import TimeLanesConfig
from headrace.core.dlt_door.objects import is_incremental
from headrace.core.json_path import JsonPath
from headrace.sansio.windows import WindowSettings, scale_of, step_on
from headrace.sansio.windows.scale import SECOND

_NOT_FOR_DLT = frozenset(
    (
        *("type", "start_param", "end_param", "convert", "transform", "per_parent"),
        *("step", "smallest_step", "value_format", "most_rows"),
    )
)


@dataclass(frozen=True, kw_only=True)
class CursorConfig:
    """How dlt's incremental of a resource is made, and what requests carry of it.

    Args:
        incremental: The `dlt.sources.incremental` that the user made in Python; None where the
            config describes one.
        arguments: The keyword arguments to make one with, where the config describes it.
        start_param: The query parameter that carries the start of the range; None for none.
        end_param: The query parameter that carries its end; None for none.
        convert: A function from a value to what is sent; None to send it as it is.
        per_parent: Whether each row of the parent has a last value of its own.
        windows: How its range is parted into windows; None to ask for all of it at once.
        lanes: How many windows are read at once; None for one after the other.
    """

    incremental: Any = None
    arguments: Mapping[str, Any] = field(default_factory=dict)
    start_param: str | None = None
    end_param: str | None = None
    convert: Callable[[Any], Any] | None = None
    per_parent: bool = False
    windows: WindowSettings | None = None
    lanes: LanesByTime | None = None

    @property
    def has_end(self) -> bool:
        """Whether its range has an end, so that each load has all of it."""
        if self.incremental is not None:
            return getattr(self.incremental, "end_value", None) is not None
        return self.arguments.get("end_value") is not None


def is_incremental_param(param: object) -> bool:
    """Whether a param carries the start of an incremental.

    Args:
        param: The value of a param as written: a mapping, or an object of dlt's.
    """
    if isinstance(param, Mapping) and not is_incremental(param):
        return param.get("type") == "incremental"
    return is_incremental(param)


def build_cursor(
    endpoint: Mapping[str, Any], typed: EndpointModel, concurrency: int
) -> CursorConfig | None:
    """The incremental of an endpoint.

    Args:
        endpoint: The keys of an endpoint without faults as written, merged with the defaults.
        typed: The same keys, typed.
        concurrency: How many requests may be under way at once.

    Returns:
        None where the endpoint has no incremental, or one that keeps up with a listing.
    """
    typed_params = typed.params or {}
    for name, param in params_of(endpoint).items():
        if is_incremental(param):
            return CursorConfig(incremental=param, start_param=name)
        model = typed_params.get(name)
        if isinstance(model, IncrementalParam):
            return _cursor(param, model, name)
    incremental = typed.incremental
    if incremental is None or is_tail(endpoint) or incremental.token_path is not None:
        return None
    cursor = _cursor(
        endpoint["incremental"],
        incremental,
        incremental.start_param,
        incremental.end_param,
        per_parent=bool(incremental.per_parent),
    )
    written, lanes = with_step_of_lanes(endpoint), typed.lanes
    if isinstance(lanes, TimeLanesConfig) and incremental.step is None:
        incremental = incremental.model_copy(update={"step": lanes.step})
    return replace(
        cursor,
        windows=None if written is None else window_settings(written, incremental),
        lanes=build_lanes_by_time(lanes, concurrency),
    )


def with_step_of_lanes(endpoint: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The incremental of an endpoint, with the `step` that its lanes over time name.

    Args:
        endpoint: The merged keys as written; they may be wrong in any way.

    Returns:
        The keys of `incremental` as written; None where that is no mapping.
    """
    written: Any = endpoint.get("incremental")
    lanes: Any = endpoint.get("lanes")
    if not isinstance(written, Mapping) or is_incremental(written):
        return None
    is_by_time = isinstance(lanes, Mapping) and lanes.get("by") == "time"
    if not is_by_time or lanes.get("step") is None or written.get("step") is not None:
        return written
    return {**written, "step": lanes["step"]}


def window_settings(
    written: Mapping[str, Any], incremental: IncrementalConfig
) -> WindowSettings | None:
    """How an incremental parts its range into windows.

    Args:
        written: Its keys as written.
        incremental: The same keys, typed.

    Returns:
        None where it has no `step`.

    Raises:
        ScaleFault: Its values do not go together.
    """
    step = incremental.step
    if step is None:
        return None
    scale = scale_of(written.get("initial_value"), step, incremental.value_format)
    smallest = incremental.smallest_step
    default = SECOND if scale.is_of_times and scale.unit < SECOND else scale.unit
    return WindowSettings(
        scale,
        step_on(scale, step, "step"),
        default if smallest is None else step_on(scale, smallest, "smallest_step"),
        is_closed=incremental.range_end == "closed",
        most_rows=incremental.most_rows,
    )


def _cursor(
    written: Mapping[str, Any],
    model: CursorModel,
    start_param: str | None,
    end_param: str | None = None,
    *,
    per_parent: bool = False,
) -> CursorConfig:
    # Values stay as they were written: pydantic may have changed the type of what it read.
    values = ("initial_value", "end_value", "primary_key", "last_value_func")
    arguments = {
        key: written[key] if key in values else getattr(model, key)
        for key in written
        if written[key] is not None and key not in _NOT_FOR_DLT
    }
    arguments["cursor_path"] = JsonPath(model.cursor_path).quoted
    convert = model.transform if model.convert is None else model.convert
    return CursorConfig(
        arguments=arguments,
        start_param=start_param,
        end_param=end_param,
        convert=convert,
        per_parent=per_parent,
    )
