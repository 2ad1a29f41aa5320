"""Lanes by key that could not be read exactly."""

from __future__ import annotations

from collections.abc import Iterator

from headrace.config.built.key_lane_obstacles import key_lane_obstacles
from headrace.config.built.merging import MergedResource
from headrace.config.built.parents import parent_fields
from headrace.config.built.tail import is_tail, listed_key
from headrace.config.built.written_lanes import LANES, WITHOUT, is_one, written_lanes
from headrace.config.format.places import Path

_KEYS_MOVE = (
    "`key` needs rows that keep their keys, but `incremental.cursor_path` is not the primary key, "
    "so a row that changes is listed again at the top"
)


def key_lanes_faults(resource: MergedResource) -> Iterator[tuple[Path, str]]:
    """Find what keeps the lanes by key of a resource from being exact.

    Args:
        resource: The resource; it may be wrong in any other way.

    Yields:
        The path below the resource, and a message.
    """
    endpoint = resource.endpoint
    lanes = written_lanes(resource, "key")
    if lanes is None or is_one(lanes.get("at_once")):
        # Then it only says how a part of the listing would begin, and whoever reads one looks.
        return
    if parent_fields(endpoint) or not is_tail(endpoint):
        yield (
            (*LANES, "by"),
            "`key` is for a listing that is kept up with, newest first by its key "
            "(`incremental.row_order: desc` without `start_param`): what changed while the lanes "
            "were read is found by it. Keep up with the listing, part it by something else, "
            f"{WITHOUT}",
        )
        return
    columns, path = listed_key(resource), endpoint["incremental"].get("cursor_path")
    if columns is not None and isinstance(path, str) and path not in columns:
        yield (*LANES, "by"), f"{_KEYS_MOVE}; {WITHOUT}"
    for each in key_lane_obstacles(resource):
        yield each.path, f"{each.why}: {each.remedy}, {WITHOUT}"
