"""How a listing is read in lanes."""

from __future__ import annotations

from typing import Any

from headrace.config.format.lanes import PageLanesConfig
from headrace.config.format.paginators import OffsetPaginatorConfig, PageNumberPaginatorConfig
from headrace.core.json_path import JsonPath
from headrace.core.quick_dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PageLanesSettings:
    """Lanes of pages that have numbers.

    Args:
        at_once: How many pages may be asked for at once.
        is_unchanging: Whether rows are neither deleted nor moved while the listing is read.
        by_offset: Whether a page has the number of the rows before it, and not one of its own.
        start: The number of the first page that is asked for.
        left_out: How many rows, or pages, the listing has before that one.
        total_path: Where the paginator says that pages tell a total: of rows where pages are asked
            for by offset, else of pages, or of rows all the same. None where it names no place.
    """

    at_once: int
    is_unchanging: bool
    by_offset: bool
    start: int
    left_out: int
    total_path: JsonPath | None


def build_lanes(lanes: Any, concurrency: int, paginator: Any) -> PageLanesSettings | None:
    """Makes of what a config says of lanes by pages what is read by.

    Args:
        lanes: What it says, of lanes of any kind; None for nothing.
        concurrency: How many requests may be under way at once.
        paginator: The paginator of the listing, as a model.
    """
    if not isinstance(lanes, PageLanesConfig):
        return None
    at_once = min(lanes.at_once or concurrency, concurrency)
    if isinstance(paginator, OffsetPaginatorConfig):
        start = left_out = paginator.offset
    elif isinstance(paginator, PageNumberPaginatorConfig):
        start = paginator.base_page if paginator.page is None else paginator.page
        left_out = start - paginator.base_page
    else:
        return None
    path = paginator.total_path
    return PageLanesSettings(
        at_once,
        lanes.unchanging,
        isinstance(paginator, OffsetPaginatorConfig),
        start,
        left_out,
        None if path is None else JsonPath(path),
    )
