"""A range that grows, parted into lanes: what an engine's stream reads batch by batch."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from headrace.backfill.lanes import Lane, asked, parted_resource
from headrace.config.built.tail import TailConfig
from headrace.core.exceptions import ConfigError, Fault
from headrace.dlt_source.parted_resource import PartedResource
from headrace.dlt_source.source import as_in_first_sync
from headrace.reading.client import Client
from headrace.reading.stretches.key_plan import KeyPlanner
from headrace.reading.stretches.key_range import KeyRange
from headrace.reading.stretches.planning import parts, windows_parted
from headrace.reading.stretches.stretch import Stretch
from headrace.reading.travelling import load_travelled
from headrace.reading.windowed_listing import WindowedListing
from headrace.sansio.tail.keys import KeyKind, read_key

Answer = TypeVar("Answer")

# No batch is the last one of a range without an end.
_NEVER = 2**62
# The place below all keys.
_BOTTOM = -_NEVER
_NO_RANGE = (
    "`{name}` cannot be followed as a stream: that takes an `incremental` with `start_param`, "
    "`end_param` and `step`, or `row_order: desc` and `lanes` with `by: key`, by which the API is "
    "asked for a range. Read it as a batch, or keep up with it by `headrace run`"
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
        Two places: on the scale of the incremental, or keys of a listing that is kept up with, of
        which the first is none of the range.

    Raises:
        ConfigError: The resource cannot be asked for a range.
    """
    parted = parted_resource(load_travelled(text, secrets), resource)
    if parted.resource.tail is not None:
        return _keys_to_follow(parted, parted.resource.tail, lag)
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
        high: The place where it ends; of windows what lies there belongs to the next batch, of
            keys to this one.
        lanes: How many lanes there are at most.
        secrets: As in `plan_lanes`.

    Raises:
        ConfigError: The resource cannot be asked for a range.
    """
    if low >= high:
        return []
    parted = parted_resource(load_travelled(text, secrets), resource)
    if parted.resource.tail is not None:
        stretches = _asked(
            parted,
            parted.resource.tail,
            lambda keys: keys.between(None if low == _BOTTOM else low, high, lanes),
        )
        return _as_lanes(stretches, lanes)
    whole = _windows(parted)
    within = (whole.settings.scale.floored(whole.low), whole.high if _has_end(parted) else _NEVER)
    windows = windows_parted(replace(whole, low=low, high=high), lanes)
    own = [type(each)(each.low, each.high, within) for each in windows]
    return _as_lanes(own, lanes)


def _as_lanes(stretches: Sequence[Stretch], lanes: int) -> list[Lane]:
    return [Lane(number, tuple(some)) for number, some in enumerate(parts(stretches, lanes))]


def _keys_to_follow(parted: PartedResource, tail: TailConfig, lag: float) -> tuple[int, int]:
    """Where the keys of a listing begin, and the newest one that it shows."""
    until = tail.settings.backfill_until
    first = None if until is None else read_key(until, KeyKind.INTEGER)
    low = _BOTTOM if first is None else int(first) - 1
    before = time.time() - lag if lag else None
    newest = _asked(parted, tail, lambda keys: keys.newest(before))
    return low, low if newest is None else max(low, newest)


def _asked(
    parted: PartedResource, tail: TailConfig, ask: Callable[[KeyRange], Awaitable[Answer]]
) -> Answer:
    """Has something asked of a listing that is kept up with.

    Raises:
        ConfigError: It has no ranges of keys.
    """
    lanes = tail.settings.lanes
    if lanes is None or tail.settings.keys_move or lanes.why_not is not None:
        raise _no_range(parted)
    tree, listing = parted.tree, parted.tree.listing(parted.resource)

    def asking(client: Client) -> Awaitable[Answer]:
        figures = tree.figures.of(parted.name)
        planner = KeyPlanner(listing, tail, lanes, client, figures, time.time)
        return ask(KeyRange(parted.name, planner, lanes))

    return asked(tree.new_lanes(), asking)


def _no_range(parted: PartedResource) -> ConfigError:
    told = _NO_RANGE.format(name=parted.name)
    return ConfigError([Fault(f"resources.{parted.name}", told)], resource=parted.name)


def _has_end(parted: PartedResource) -> bool:
    cursor = parted.resource.cursor
    return cursor is not None and cursor.has_end


def _windows(parted: PartedResource) -> WindowedListing:
    resource = parted.resource
    listing = None
    if resource.parent is None and resource.lanes is None:
        listing = as_in_first_sync(parted.tree.listing(resource), resource, None)
    if not isinstance(listing, WindowedListing):
        raise _no_range(parted)
    return listing
