"""Lanes by key that could not be read exactly."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from headrace.config.built.merging import MergedResource
from headrace.config.built.parents import parent_fields
from headrace.config.built.tail import is_tail, listed_key, page_size
from headrace.config.format.paginators import paginator_kind
from headrace.config.format.places import Path
from headrace.core.exceptions import ExpressionError
from headrace.core.expressions.expression import Expression

_HERE: Path = ("endpoint", "lanes")
_WITHOUT = "or leave `lanes` out"
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
    lanes = endpoint.get("lanes")
    if not isinstance(lanes, Mapping) or lanes.get("by") != "key":
        return
    if parent_fields(endpoint) or not is_tail(endpoint):
        yield (
            (*_HERE, "by"),
            "`key` is for a listing that is kept up with, newest first by its key "
            "(`incremental.row_order: desc` without `start_param`): what changed while the lanes "
            "were read is found by it. Keep up with the listing, part it by something else, "
            f"{_WITHOUT}",
        )
        return
    columns, path = listed_key(resource), endpoint["incremental"].get("cursor_path")
    if columns is not None and isinstance(path, str) and path not in columns:
        yield (*_HERE, "by"), f"{_KEYS_MOVE}; {_WITHOUT}"
    yield from _paginator_faults(resource, lanes)
    if endpoint.get("total") is not None:
        yield (
            ("endpoint", "total"),
            "counts the rows of one chain of pages, and `lanes` read several: leave `total` out, "
            f"{_WITHOUT}",
        )
    params = endpoint.get("params")
    if isinstance(params, Mapping) and lanes.get("below_param") in params:
        yield (
            (*_HERE, "below_param"),
            f"`{lanes['below_param']}` is one of `endpoint.params` already, and a lane has a value "
            f"of its own for it: leave it out there, {_WITHOUT}",
        )


def _paginator_faults(
    resource: MergedResource, lanes: Mapping[str, Any]
) -> Iterator[tuple[Path, str]]:
    written = resource.paginator
    paginator = {"type": written} if isinstance(written, str) else written
    kind = paginator_kind(paginator) if paginator is not None else ""
    cursor = lanes.get("cursor")
    if cursor is not None and kind not in _WITH_CURSORS:
        yield (
            (*_HERE, "cursor"),
            "is made in place of one that a page names, which needs the paginator `cursor` or "
            f"`header_cursor`; give `below_param` if the API filters by key, {_WITHOUT}",
        )
    if isinstance(cursor, str) and "{limit}" in cursor and page_size(resource) is None:
        yield (
            (*_HERE, "cursor"),
            "has `{limit}` in it, and no page size is given: name it as `paginator.limit`, "
            f"{_WITHOUT}",
        )
    if not isinstance(paginator, Mapping):
        return
    if paginator.get("max_pages") is not None:
        yield (
            (*_HERE, "by"),
            "`paginator.max_pages` counts the pages of one chain, and `lanes` read several: leave "
            f"`max_pages` out, {_WITHOUT}",
        )
    if "page" in _names_in(paginator.get("stop_condition")):
        yield (
            (*_HERE, "by"),
            "`paginator.stop_condition` asks for the number of a page, and each lane counts its "
            f"own: leave `page` out of it, {_WITHOUT}",
        )


def _names_in(condition: object) -> frozenset[str]:
    if not isinstance(condition, str):
        return frozenset()
    try:
        return frozenset(Expression(condition).used_names)
    except ExpressionError:
        return frozenset()
