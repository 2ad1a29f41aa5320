"""What does not go with reading a listing in several places, each of which begins below a key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from headrace.config.built.merging import MergedResource
from headrace.config.built.page_size import page_size
from headrace.config.built.written_lanes import LANES, paginator_as_mapping, written_lanes
from headrace.config.format.places import Path
from headrace.core.exceptions import ExpressionError
from headrace.core.expressions.expression import Expression

_WITH_CURSORS = ("<cursor>", "<header_cursor>")


class Obstacle(NamedTuple):
    """What does not go with it.

    Args:
        path: The key that does not, below the resource.
        why: Why not.
        remedy: What to do about it.
    """

    path: Path
    why: str
    remedy: str


def key_lane_obstacles(resource: MergedResource) -> Iterator[Obstacle]:
    """Finds what keeps a listing from being read in several places.

    Args:
        resource: The resource, which has lanes by key; it may be wrong in any other way.
    """
    endpoint, lanes = resource.endpoint, written_lanes(resource, "key") or {}
    paginator, kind = paginator_as_mapping(resource)
    cursor, params = lanes.get("cursor"), endpoint.get("params")
    if cursor is not None and kind not in _WITH_CURSORS:
        yield Obstacle(
            (*LANES, "cursor"),
            "is made in place of one that a page names, which needs the paginator `cursor` or "
            "`header_cursor`",
            "give `below_param` if the API filters by key",
        )
    if isinstance(cursor, str) and "{limit}" in cursor and page_size(resource) is None:
        yield Obstacle(
            (*LANES, "cursor"),
            "has `{limit}` in it, and no page size is given",
            "name it as `paginator.limit`",
        )
    if isinstance(paginator, Mapping) and paginator.get("max_pages") is not None:
        yield Obstacle(
            (*LANES, "by"),
            "`paginator.max_pages` counts the pages of one chain, and `lanes` read several",
            "leave `max_pages` out",
        )
    if isinstance(paginator, Mapping) and "page" in _names_in(paginator.get("stop_condition")):
        yield Obstacle(
            (*LANES, "by"),
            "`paginator.stop_condition` asks for the number of a page, and each lane counts its "
            "own",
            "leave `page` out of it",
        )
    if endpoint.get("total") is not None:
        yield Obstacle(
            ("endpoint", "total"),
            "counts the rows of one chain of pages, and `lanes` read several",
            "leave `total` out",
        )
    if isinstance(params, Mapping) and lanes.get("below_param") in params:
        yield Obstacle(
            (*LANES, "below_param"),
            f"`{lanes['below_param']}` is one of `endpoint.params` already, and a lane has a value "
            "of its own for it",
            "leave it out there",
        )


def why_no_lanes(resource: MergedResource) -> str | None:
    """Why a listing cannot be read in several places, as a sentence; None where it can.

    Args:
        resource: The resource, which has lanes by key.
    """
    for each in key_lane_obstacles(resource):
        return f"`{'.'.join(map(str, each.path))}`: {each.why}"
    return None


def _names_in(condition: object) -> frozenset[str]:
    if not isinstance(condition, str):
        return frozenset()
    try:
        return frozenset(Expression(condition).used_names)
    except ExpressionError:
        return frozenset()
