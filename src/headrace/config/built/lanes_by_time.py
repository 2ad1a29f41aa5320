"""Windows of an incremental that are read at once."""

from __future__ import annotations

from headrace.config.format.lanes import TimeLanesConfig
from headrace.core.quick_dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LanesByTime:
    """How windows are read at once.

    Args:
        at_once: How many windows at most.
        catches_up: Whether what has changed meanwhile is asked for behind them.
    """

    at_once: int
    catches_up: bool = True


def build_lanes_by_time(lanes: object, concurrency: int) -> LanesByTime | None:
    """How an endpoint has its windows read at once.

    Args:
        lanes: What it says of lanes of any kind, typed.
        concurrency: How many requests may be under way at once.
    """
    if not isinstance(lanes, TimeLanesConfig):
        return None
    at_once = min(lanes.at_once or concurrency, concurrency)
    return LanesByTime(at_once, catches_up=not lanes.unchanging)
