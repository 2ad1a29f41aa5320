"""The first requests of a resource, made by what makes them in a sync; nothing is asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from headrace.config import ResourceConfig, SourceConfig
from headrace.config.built.parents import TENANT
from headrace.core.exceptions import ConfigError
from headrace.core.exchange import Request
from headrace.dlt_source.incremental.values import CursorValues
from headrace.dlt_source.source import as_in_first_sync
from headrace.explaining.explanation import ExplainedRequest
from headrace.explaining.imagined import following_requests
from headrace.explaining.marks import mark
from headrace.explaining.wording import Wording
from headrace.reading.build import build_listing, request_template
from headrace.reading.listing import Listing
from headrace.reading.request_template import JoinedValues, RequestTemplate
from headrace.reading.token_listing import without_values
from headrace.reading.windowed_listing import WindowedListing
from headrace.sansio.windows import WindowWalk

_PAGES = 3


def explained_requests(
    config: SourceConfig, resource: ResourceConfig, wording: Wording
) -> Iterator[ExplainedRequest]:
    """The first requests of a first sync, and the first one of the next sync.

    Args:
        config: The config.
        resource: A resource of it.
        wording: Says its requests in words.
    """
    first = first_request(config, resource)
    hidden = None if resource.tail is None else resource.tail.own_listings.get("hidden")
    if hidden is not None:
        path = first.path if hidden.path is None else hidden.path
        asked = replace(first, path=path, params={**first.params, **hidden.params})
        (asked,) = following_requests(config, resource, asked, 1)
        yield wording.request("before page 1", asked, None)
    pages = following_requests(config, resource, first, _PAGES)
    for number, page in enumerate(pages, start=1):
        yield wording.request(f"page {number}", page, pages[number - 2] if number > 1 else None)
    following = _of_next_sync(resource)
    if following is not None:
        (asked,) = following_requests(config, resource, following, 1)
        yield wording.request("next sync", asked, pages[0])


def first_request(config: SourceConfig, resource: ResourceConfig) -> Request:
    """What the endpoint of a resource asks for first in a first sync.

    Args:
        config: The config.
        resource: A resource of it.

    Raises:
        ConfigError: A placeholder cannot be filled.
    """
    listing = build_listing(config, resource)
    template = request_template(resource.endpoint)
    if resource.cursor is not None and not _fields(resource):
        asked = as_in_first_sync(listing, resource, None)
        return asked.request if isinstance(asked, Listing) else _of_first_window(asked)
    if resource.cursor is not None:
        values = CursorValues.of_first_sync(resource.cursor)
        return values.fill(template, resource.cursor, _fields(resource))
    request = without_values(template).filled(_fields(resource))
    lanes = resource.lanes
    if lanes is None:
        return request
    value = lanes.values[0] if lanes.values else mark(f"{lanes.path} of a row of {lanes.resource}")
    return request.with_param(lanes.param, value)


def _of_first_window(listing: WindowedListing) -> Request:
    window = WindowWalk(listing.settings, listing.low, listing.high).window
    ends = (None, None) if window is None else window.ends(listing.settings)
    return listing.listing_of(*ends).request


def _fields(resource: ResourceConfig) -> dict[str, Any]:
    """What stands for the fields of a row of the parent, by the names of the placeholders."""
    parent = resource.parent
    if parent is None:
        return {}
    values: dict[str, Any] = {
        each.placeholder: mark(f"{each.path} of a row of {parent.resource}")
        for each in parent.fields
        if each.placeholder != TENANT
    }
    batching = parent.batching
    if batching is None:
        return values
    for each in parent.fields:
        if str(each.path) == batching.field and each.placeholder in values:
            of_rows = f"up to {batching.size:,} values of {each.path} of {parent.resource}"
            values[each.placeholder] = JoinedValues((mark(of_rows),), batching.separator)
    return values


def _of_next_sync(resource: ResourceConfig) -> Request | None:
    """What the endpoint asks for in the next sync; None where that is the same, or not known."""
    template = request_template(resource.endpoint)
    if resource.token is not None:
        return _by_token(resource, template)
    cursor = resource.cursor
    if cursor is None or cursor.windows is not None or cursor.has_end:
        return None
    last = mark(newest_of(cursor.arguments))
    values = replace(CursorValues.of_first_sync(cursor), start_value=last)
    # A function of the user's is not called: it wants a value.
    plain = replace(cursor, convert=None)
    try:
        return values.fill(template, plain, _fields(resource))
    except ConfigError:
        return None


def newest_of(arguments: Mapping[str, Any]) -> str:
    """What the value is called at which a later sync begins.

    Args:
        arguments: The arguments of the incremental, by their names.
    """
    path = arguments.get("cursor_path", "cursor")
    lag = arguments.get("lag")
    which = {"max": "newest", "min": "lowest"}.get(arguments.get("last_value_func", "max"), "last")
    return f"the {which} {path} that is loaded" + (f", less {lag}" if lag else "")


def _by_token(resource: ResourceConfig, template: RequestTemplate) -> Request | None:
    token = resource.token
    assert token is not None
    value = mark(f"what the last page of the sync before had at {token.path}")
    request = without_values(template).filled(_fields(resource))
    if token.is_link:
        return replace(request, path=value, params={})
    if token.start_param is not None:
        return request.with_param(token.start_param, value)
    return None
