"""Leaves out what no row wanted can be in: an engine asks for a range of what orders a listing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from headrace.backfill.lanes import Lane, parted_resource
from headrace.core.quick_dataclasses import dataclass
from headrace.dlt_source.parted_resource import PartedResource
from headrace.dlt_source.plain_columns import PlainTableColumns
from headrace.dlt_source.source import as_in_first_sync, build_resources
from headrace.reading.stretches.stretch import KeyStretch, Stretch, WindowStretch
from headrace.reading.travelling import load_travelled
from headrace.reading.windowed_listing import WindowedListing
from headrace.sansio.windows.scale import Scale

# An API may count the ends of its windows in, and may not know fractions of a second.
_SECONDS_MORE = 1.0


@dataclass(frozen=True, slots=True)
class Bounds:
    """Between which values a column is wanted, both counted in.

    Args:
        low: The lowest value: a whole number, or a time with a zone; None for no bound.
        high: The highest one.
    """

    low: int | datetime | None = None
    high: int | datetime | None = None


def within_bounds(
    text: str,
    resource: str | None,
    lanes: Sequence[Lane],
    wanted: Mapping[str, Bounds],
    secrets: str | None = None,
) -> list[Lane]:
    """Leaves out the stretches that have no row within bounds; the others keep all of theirs.

    Args:
        text: As in `plan_lanes`.
        resource: As in `plan_lanes`.
        lanes: What `plan_lanes` gave.
        wanted: The bounds, by the names of columns; where a column does not order the listing, its
            bounds leave nothing out.
        secrets: As in `plan_lanes`.
    """
    parted = parted_resource(load_travelled(text, secrets), resource)
    column = _ordering_column(parted)
    bounds = None if column is None else wanted.get(column)
    if bounds is None:
        return list(lanes)
    may_have = _test(parted, bounds)
    narrowed = (
        Lane(lane.number, tuple(each for each in lane.stretches if may_have(each)))
        for lane in lanes
    )
    return [lane for lane in narrowed if lane.stretches]


def _ordering_column(parted: PartedResource) -> str | None:
    """The column of the field by which the listing is parted."""
    resource = parted.resource
    steps: tuple[str, ...] | None = None
    if resource.tail is not None and not resource.tail.settings.keys_move:
        steps = resource.tail.in_table(resource.tail.key.steps)
    elif resource.cursor is not None and resource.cursor.windows is not None:
        path = str(resource.cursor.arguments.get("cursor_path", ""))
        steps = (path,) if path.isidentifier() else None
    if not steps:
        return None
    resources = build_resources(parted.tree.config)
    (hinted,) = (each for each in resources if each.name == resource.hints["name"])
    return PlainTableColumns(hinted).name_of(steps)


def _test(parted: PartedResource, bounds: Bounds) -> Callable[[Stretch], bool]:
    scale = None
    if parted.resource.cursor is not None:
        listing = as_in_first_sync(parted.tree.listing(parted.resource), parted.resource, None)
        scale = listing.settings.scale if isinstance(listing, WindowedListing) else None

    def may_have(stretch: Stretch) -> bool:
        match stretch:
            case KeyStretch():
                return _overlaps(_whole(stretch.low), _whole(stretch.high), bounds.low, bounds.high)
            case WindowStretch() if scale is not None:
                more = scale.distance(_SECONDS_MORE) if scale.is_of_times else 1
                low, high = _place(scale, bounds.low), _place(scale, bounds.high)
                return (low is None or stretch.high + more >= low) and (
                    high is None or stretch.low - more <= high
                )
        return True

    return may_have


def _overlaps(above: int | None, upto: int | None, low: Any, high: Any) -> bool:
    """Whether whole numbers above one, up to another, may lie between bounds."""
    is_below = isinstance(low, int) and upto is not None and upto < low
    is_above = isinstance(high, int) and above is not None and above >= high
    return not (is_below or is_above)


def _whole(key: str | None) -> int | None:
    try:
        return None if key is None else int(key)
    except ValueError:
        return None


def _place(scale: Scale, value: int | datetime | None) -> int | None:
    if isinstance(value, datetime):
        # What is no instant may be any of several.
        if not scale.is_aware:
            return None
        return scale.read(value.astimezone(UTC).isoformat())
    return None if value is None or scale.is_of_times else scale.read(value)
