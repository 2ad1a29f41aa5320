"""What is part of the format but not built yet: one table, from which later work deletes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from headrace.config.showing import Path

UNBUILT: Mapping[str, tuple[str, ...]] = {
    "resource": ("processing_steps", "parent_table_name"),
    "endpoint": ("response_actions",),
}


def find_unbuilt(document: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    """Find what a document uses of the unbuilt.

    Args:
        document: the config as written; may be wrong in any other way.

    Yields:
        Where it stands, and a message.
    """
    for path, resource in written_resources(document):
        yield from _unbuilt_keys(resource, path, "resource")
        endpoint = resource.get("endpoint")
        if isinstance(endpoint, dict):
            below: Path = (*path, "endpoint")
            yield from _unbuilt_keys(endpoint, below, "endpoint")


def written_resources(document: Mapping[str, Any]) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The mappings that describe resources, the defaults first.

    Args:
        document: the config as written.

    Yields:
        Where each stands, and the mapping.
    """
    defaults = document.get("resource_defaults")
    if isinstance(defaults, dict):
        yield ("resource_defaults",), defaults
    resources = document.get("resources")
    for index, resource in enumerate(resources if isinstance(resources, (list, tuple)) else ()):
        if isinstance(resource, dict):
            yield ("resources", index), resource


def _unbuilt_keys(mapping: Mapping[str, Any], path: Path, place: str) -> Iterator[tuple[Path, str]]:
    for key in UNBUILT[place]:
        if mapping.get(key) is not None:
            yield (*path, key), f"`{key}` is part of the format but is not built yet; leave it out"
