"""Lanes by key that could not be read exactly."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from headrace.config.built.merging import MergedResource
from headrace.config.built.parents import parent_fields
from headrace.config.built.tail import is_tail, listed_key, page_size
from headrace.config.checks.written_lanes import LANES, WITHOUT, paginator_as_mapping, written_lanes
from headrace.config.format.places import Path
from headrace.core.exceptions import ExpressionError
from headrace.core.expressions.expression import Expression

_WITH_CURSORS = ("<cursor>", "<header_cursor>")


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
    if lanes is None:
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
    yield from _paginator_faults(resource, lanes)
    if endpoint.get("total") is not None:
        yield (
            ("endpoint", "total"),
            "counts the rows of one chain of pages, and `lanes` read several: leave `total` out, "
            f"{WITHOUT}",
        )
    params = endpoint.get("params")
    if isinstance(params, Mapping) and lanes.get("below_param") in params:
        yield (
            (*LANES, "below_param"),
            f"`{lanes['below_param']}` is one of `endpoint.params` already, and a lane has a value "
            f"of its own for it: leave it out there, {WITHOUT}",
        )


def _paginator_faults(
    resource: MergedResource, lanes: Mapping[str, Any]
) -> Iterator[tuple[Path, str]]:
    paginator, kind = paginator_as_mapping(resource)
    cursor = lanes.get("cursor")
    if cursor is not None and kind not in _WITH_CURSORS:
        yield (
            (*LANES, "cursor"),
            "is made in place of one that a page names, which needs the paginator `cursor` or "
            f"`header_cursor`; give `below_param` if the API filters by key, {WITHOUT}",
        )
    if isinstance(cursor, str) and "{limit}" in cursor and page_size(resource) is None:
        yield (
            (*LANES, "cursor"),
            "has `{limit}` in it, and no page size is given: name it as `paginator.limit`, "
            f"{WITHOUT}",
        )
    if not isinstance(paginator, Mapping):
        return
    if paginator.get("max_pages") is not None:
        yield (
            (*LANES, "by"),
            "`paginator.max_pages` counts the pages of one chain, and `lanes` read several: leave "
            f"`max_pages` out, {WITHOUT}",
        )
    if "page" in _names_in(paginator.get("stop_condition")):
        yield (
            (*LANES, "by"),
            "`paginator.stop_condition` asks for the number of a page, and each lane counts its "
            f"own: leave `page` out of it, {WITHOUT}",
        )


def _names_in(condition: object) -> frozenset[str]:
    if not isinstance(condition, str):
        return frozenset()
    try:
        return frozenset(Expression(condition).used_names)
    except ExpressionError:
        return frozenset()
