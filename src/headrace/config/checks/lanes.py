"""Lanes that could not be read exactly."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from headrace.config.built.merging import MergedResource
from headrace.config.built.parents import parent_fields
from headrace.config.built.tail import is_tail
from headrace.config.built.written_lanes import LANES, WITHOUT, paginator_as_mapping, written_lanes
from headrace.config.format.places import Path

_BY_PAGES: Path = (*LANES, "by")
_OTHER_WAYS = {
    "step": "which parts the listing already",
    "token_path": "which asks for what has changed, page after page",
}
_ENDED_BY = ("stop_condition", "max_pages", "maximum_offset", "maximum_page", "has_more_path")


def lanes_faults(resource: MergedResource) -> Iterator[tuple[Path, str]]:
    """Find what keeps the lanes of a resource from being exact.

    Args:
        resource: The resource; it may be wrong in any other way.

    Yields:
        The path below the resource, and a message.
    """
    endpoint = resource.endpoint
    lanes = written_lanes(resource, "pages")
    if lanes is None:
        return
    if parent_fields(endpoint):
        yield (
            LANES,
            (
                "is for a resource that depends on no other: the listings of many rows of a parent "
                "are read at once anyway, as many as `client.concurrency` says; leave it out"
            ),
        )
        return
    if is_tail(endpoint):
        yield (
            _BY_PAGES,
            (
                "a listing that is kept up with goes on from a cursor, and `pages` have numbers; "
                "take `by: key` if its keys are numbers or times; leave `row_order: desc` out to "
                f"load all of it each time, {WITHOUT}"
            ),
        )
        return
    incremental = endpoint.get("incremental")
    for key, why in _OTHER_WAYS.items():
        if isinstance(incremental, Mapping) and incremental.get(key) is not None:
            yield LANES, f"does not go with `incremental.{key}`, {why}; {WITHOUT}"
    yield from _faults_of_paginator(resource, lanes)
    yield from _faults_of_keys(resource)


def _faults_of_paginator(
    resource: MergedResource, lanes: Mapping[str, Any]
) -> Iterator[tuple[Path, str]]:
    paginator, kind = paginator_as_mapping(resource)
    if kind not in ("<offset>", "<page_number>"):
        yield (
            _BY_PAGES,
            (
                "`pages` need numbers that can be worked out: the paginator `offset` or "
                "`page_number`. A cursor or a link to the next page stands in the page before it, "
                f"so pages come one by one. Name such a paginator if the API takes it, {WITHOUT}"
            ),
        )
        return
    for key in _ENDED_BY:
        if paginator.get(key) is not None:
            yield (
                _BY_PAGES,
                (
                    f"`paginator.{key}` is asked of one page after the other, and lanes end by the "
                    f"total: leave `{key}` out, {WITHOUT}"
                ),
            )
    if paginator.get("stop_after_empty_page") is False:
        yield (
            _BY_PAGES,
            (
                "where pages without rows lie between others (`stop_after_empty_page: false`), "
                f"nothing shows whether pages join; leave that key out, {WITHOUT}"
            ),
        )
    if paginator.get("total_path", "total") is None and not resource.endpoint.get("total"):
        yield (
            _BY_PAGES,
            (
                "`pages` need the number of all rows, to know which to ask for: say where the API "
                f"tells it (`endpoint.total`), {WITHOUT}"
            ),
        )
    if lanes.get("unchanging") in (True, "true"):
        return
    if kind == "<page_number>":
        yield (
            _BY_PAGES,
            (
                "pages with numbers of their own cannot overlap, so a row that is deleted "
                "meanwhile would take another one out of what is read, and nothing would show it. "
                "Say `unchanging: true` if none is deleted or moves while the listing is read; or "
                f"take `offset` if the API has it, {WITHOUT}"
            ),
        )
    elif paginator.get("limit") in (1, "1"):
        yield (
            _BY_PAGES,
            (
                "pages of one row cannot overlap: ask for more with `paginator.limit`, or say "
                "`unchanging: true` if no row is deleted or moves while the listing is read"
            ),
        )


def _faults_of_keys(resource: MergedResource) -> Iterator[tuple[Path, str]]:
    if not resource.keys.get("primary_key"):
        yield (
            LANES,
            (
                "is exact by the rows that two pages have in common, so rows need a key: name "
                f"their `primary_key`, {WITHOUT}"
            ),
        )
    rows = resource.endpoint.get("rows")
    if isinstance(rows, Mapping) and rows.get("each") is not None:
        yield (
            LANES,
            (
                "does not go with `rows.each`: the listed rows, of which rows are made, have a key "
                f"of their own that the config does not name; {WITHOUT}"
            ),
        )
    if any(
        isinstance(step, Mapping) and not set(step) <= {"filter"}
        for step in resource.keys.get("processing_steps") or ()
    ):
        yield (
            LANES,
            (
                "does not go with `processing_steps` that change rows, as the key may be one of "
                f"the things that they change; {WITHOUT}"
            ),
        )
