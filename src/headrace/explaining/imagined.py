"""Pages as the API may send them, for the paginators of a config to say what they ask for next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import msgspec

from headrace.config import CursorPaginatorConfig, ResourceConfig, SourceConfig
from headrace.config.format.paginators import (
    HeaderCursorPaginatorConfig,
    HeaderLinkPaginatorConfig,
    JsonLinkPaginatorConfig,
    OffsetPaginatorConfig,
    PageNumberPaginatorConfig,
)
from headrace.core.defaults import LINK_HEADER
from headrace.core.exceptions import HeadraceError
from headrace.core.exchange import Headers, Request
from headrace.core.json_path import JsonPath
from headrace.explaining.marks import link, mark
from headrace.http.url import join_url
from headrace.reading.build import build_listing
from headrace.sansio.lanes.plan import plan_pages
from headrace.sansio.paging import Page

_USUAL_ROWS = 100
_MANY = 1_000_000
_BOUNDS: Mapping[str, None] = {"max_pages": None, "stop_condition": None}


def following_requests(
    config: SourceConfig, resource: ResourceConfig, first: Request, count: int
) -> list[Request]:
    """The first pages of a listing as they will be asked for, by the paginator that will ask.

    Args:
        config: The config.
        resource: A resource of it.
        first: What its endpoint asks for.
        count: How many pages to ask for.

    Returns:
        The request for each of the first pages; fewer where that cannot be said before one has
        come.
    """
    paginator = build_listing(config, _unbounded(resource)).new_paginator()
    asked = [paginator.first_request(first)]
    if (numbers := _numbers_at_once(resource, count)) is not None:
        return [asked[0], *(paginator.at_cursor(asked[0], number) for number in numbers)]
    while len(asked) < count:
        page = _page(config, resource, asked[-1], len(asked))
        try:
            following = None if page is None else paginator.next_request(asked[-1], page)
        except HeadraceError:
            following = None
        if following is None:
            break
        asked.append(following)
    return asked


def _numbers_at_once(resource: ResourceConfig, count: int) -> tuple[int, ...] | None:
    """The offsets behind page 1 where pages that are asked for at once overlap; None elsewhere."""
    lanes, paginator = resource.endpoint.lanes, resource.endpoint.paginator
    is_laned = lanes is not None and lanes.at_once > 1 and resource.primary_key is not None
    if lanes is None or not is_laned or not isinstance(paginator, OffsetPaginatorConfig):
        return None
    plan = plan_pages(
        start=lanes.start,
        left_out=lanes.left_out,
        size=paginator.limit,
        total=_MANY,
        at_once=lanes.at_once,
        page_bytes=1,
        by_offset=lanes.by_offset,
        overlaps=not lanes.is_unchanging,
    )
    return plan.starts[1:count] if plan is not None and plan.overlap else None


def _unbounded(resource: ResourceConfig) -> ResourceConfig:
    """The resource without what ends its listing early: no page is there to be judged."""
    paginator = resource.endpoint.paginator
    if not hasattr(paginator, "model_copy"):
        return resource
    endless = paginator.model_copy(update=_BOUNDS)
    return replace(resource, endpoint=replace(resource.endpoint, paginator=endless))


def _page(
    config: SourceConfig, resource: ResourceConfig, request: Request, number: int
) -> Page | None:
    """A page that goes on as the config says that pages do; None where it cannot be made up."""
    paginator = resource.endpoint.paginator
    url = join_url(config.client.base_url, request.path)
    document: dict[str, Any] = {}
    headers: dict[str, str] = {}
    count = _USUAL_ROWS
    scheme, _, place = url.partition("://")
    origin = f"{scheme}://{place.partition('/')[0]}"
    match paginator:
        case CursorPaginatorConfig():
            cursor = mark(f"what page {number} has at {paginator.cursor_path}")
            put(document, paginator.cursor_path, cursor)
            count = paginator.limit or count
        case HeaderCursorPaginatorConfig():
            name = paginator.cursor_key
            headers[name] = mark(f"what page {number} has in its header {name}")
        case JsonLinkPaginatorConfig():
            url_of_next = link(origin, f"page {number} has at {paginator.next_url_path}")
            put(document, paginator.next_url_path, url_of_next)
        case HeaderLinkPaginatorConfig():
            name = paginator.link_header
            url_of_next = link(origin, f"page {number} has in its header {name}")
            is_usual = name.lower() == LINK_HEADER.lower()
            relation = f'<{url_of_next}>; rel="{paginator.links_next_key}"'
            headers[name] = relation if is_usual else url_of_next
        case OffsetPaginatorConfig():
            put(document, paginator.total_path, _MANY)
            count = paginator.limit
        case PageNumberPaginatorConfig():
            put(document, paginator.total_path, _MANY)
        case _:
            return None
    put(document, getattr(paginator, "has_more_path", None), True)
    rows = [_row(resource, number, index) for index in range(count)]
    return Page(document, document, Headers(headers), count, number, url, rows)


def _row(resource: ResourceConfig, number: int, index: int) -> msgspec.Raw:
    names = resource.primary_key or ("row",)
    return msgspec.Raw(msgspec.json.encode(dict.fromkeys(names, f"{number}.{index}")))


def put(document: dict[str, Any], path: Any, value: Any) -> None:
    """Puts a value where a path leads to; nowhere where it may lead to several places.

    Args:
        document: A JSON document.
        path: A JSONPath; None for none.
        value: The value.
    """
    place = None if path is None else JsonPath(path).place
    if not place:
        return
    at: Any = document
    for step, following in zip(place, [*place[1:], None], strict=True):
        inside: Any = value if following is None else [] if isinstance(following, int) else {}
        if isinstance(step, str):
            if following is None or not isinstance(at.get(step), dict | list):
                at[step] = inside
            at = at[step]
        else:
            if not at:
                at.extend([{}] * max(step, 0) + [inside])
            at = at[-1]
