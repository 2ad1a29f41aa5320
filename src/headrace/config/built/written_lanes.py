"""What the checks of all lanes look at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headrace.config.built.merging import MergedResource
from headrace.config.format.paginators import paginator_kind
from headrace.config.format.places import Path

LANES: Path = ("endpoint", "lanes")
WITHOUT = "or leave `lanes` out"
OF_PARENT = (
    "is for a resource that depends on no other: what belongs to the rows of a parent is read at "
    "once in any case, as `client.concurrency` says; leave `lanes` out"
)


def written_lanes(resource: MergedResource, by: str) -> Mapping[str, Any] | None:
    """The lanes of a resource as they are written; None where it is parted by something else.

    Args:
        resource: The resource.
        by: What it should be parted by.
    """
    lanes = resource.endpoint.get("lanes")
    return lanes if isinstance(lanes, Mapping) and lanes.get("by") == by else None


def is_one(at_once: object) -> bool:
    """Whether only one part of a listing is read at once.

    Args:
        at_once: How many, as written.
    """
    return at_once in (1, "1")


def paginator_as_mapping(resource: MergedResource) -> tuple[Any, str]:
    """The paginator of a resource, a name alone as a mapping too, and its kind.

    Args:
        resource: The resource.
    """
    written = resource.paginator
    paginator = {"type": written} if isinstance(written, str) else written
    return paginator, paginator_kind(paginator) if paginator is not None else ""
