"""A range that grows with time, parted into lanes: what an engine's stream reads batch by batch."""

from __future__ import annotations

from dataclasses import replace

from headrace.backfill.lanes import Lane, parted_resource
from headrace.core.exceptions import ConfigError, Fault
from headrace.dlt_source.parted_resource import PartedResource
from headrace.dlt_source.source import as_in_first_sync
from headrace.reading.stretches.planning import parts, windows_parted
from headrace.reading.travelling import load_travelled
from headrace.reading.windowed_listing import WindowedListing

# No batch is the last one of a range without an end.
_NEVER = 2**62
_NO_WINDOWS = (
    "`{name}` cannot be followed as a stream: that takes an `incremental` with `start_param`, "
    "`end_param` and `step`, by which the API is asked for a range. Read it as a batch, or keep up "
    "with it by `headrace run`"
)


def places_to_follow(
    text: str, resource: str | None, lag: float, secrets: str | None = None
) -> tuple[int, int]:
    """Where a stream begins, and how far it has come by now.

    Args:
        text: As in `plan_lanes`.
        resource: As in `plan_lanes`.
        lag: So many seconds stay out, for rows that the API shows late.
        secrets: As in `plan_lanes`.

    Returns:
        Two places on the scale of the incremental.

    Raises:
        ConfigError: The resource has no windows of an incremental.
    """
    parted = parted_resource(load_travelled(text, secrets), resource)
    listing, scale = _windows(parted), _windows(parted).settings.scale
    low = scale.floored(listing.low)
    if _has_end(parted):
        return low, listing.high
    return low, max(low, scale.floored(listing.high - scale.distance(lag)))


def lanes_between(
    text: str,
    resource: str | None,
    low: int,
    high: int,
    lanes: int,
    secrets: str | None = None,
) -> list[Lane]:
    """Parts what lies between two places into lanes; they depend on nothing else.

    Args:
        text: As in `plan_lanes`.
        resource: As in `plan_lanes`.
        low: The place where the batch begins.
        high: The place where it ends; what lies there belongs to the next batch.
        lanes: How many lanes there are at most.
        secrets: As in `plan_lanes`.

    Raises:
        ConfigError: The resource has no windows of an incremental.
    """
    if low >= high:
        return []
    parted = parted_resource(load_travelled(text, secrets), resource)
    whole = _windows(parted)
    within = (whole.settings.scale.floored(whole.low), whole.high if _has_end(parted) else _NEVER)
    windows = windows_parted(replace(whole, low=low, high=high), lanes)
    own = [type(each)(each.low, each.high, within) for each in windows]
    return [Lane(number, tuple(some)) for number, some in enumerate(parts(own, lanes))]


def _has_end(parted: PartedResource) -> bool:
    cursor = parted.resource.cursor
    return cursor is not None and cursor.has_end


def _windows(parted: PartedResource) -> WindowedListing:
    resource = parted.resource
    listing = None
    if resource.parent is None and resource.lanes is None:
        listing = as_in_first_sync(parted.tree.listing(resource), resource, None)
    if not isinstance(listing, WindowedListing):
        told = _NO_WINDOWS.format(name=parted.name)
        raise ConfigError([Fault(f"resources.{parted.name}", told)], resource=parted.name)
    return listing
