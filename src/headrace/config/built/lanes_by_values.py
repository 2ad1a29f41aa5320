"""A listing for each value of a parameter, several of them read at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from headrace.config.format.lanes import ValueLanesConfig
from headrace.core.json_path import JsonPath
from headrace.core.quick_dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LanesByValues:
    """How a listing is parted by a parameter.

    Args:
        param: The query parameter.
        at_once: How many values are read at once at most.
        values: The values; None where another resource has them.
        resource: The name of that resource; None where the values are named.
        path: Where the value is in a row of it.
    """

    param: str
    at_once: int
    values: Sequence[Any] | None = None
    resource: str | None = None
    path: JsonPath | None = None


def source_of_values(written: str, names: Iterable[str]) -> tuple[str, str]:
    """The resource and the field that `from` names.

    Args:
        written: What is written there, as `workflows.id`.
        names: The names of all resources, which may have dots in them.

    Returns:
        Both; the field is empty where there is none.
    """
    known = [name for name in names if written.startswith(f"{name}.")]
    if known:
        name = max(known, key=len)
        return name, written.removeprefix(f"{name}.")
    name, _, field = written.partition(".")
    return name, field


def build_lanes_by_values(
    lanes: object, concurrency: int, names: Iterable[str]
) -> LanesByValues | None:
    """How an endpoint has the values of a parameter read at once.

    Args:
        lanes: What it says of lanes of any kind, typed.
        concurrency: How many requests may be under way at once.
        names: The names of all resources of the config.
    """
    if not isinstance(lanes, ValueLanesConfig):
        return None
    at_once = min(lanes.at_once or concurrency, concurrency)
    if lanes.resource_field is None:
        return LanesByValues(lanes.param, at_once, tuple(lanes.values or ()))
    resource, field = source_of_values(lanes.resource_field, names)
    return LanesByValues(lanes.param, at_once, resource=resource, path=JsonPath(field))
