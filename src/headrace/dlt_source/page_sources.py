"""Where the pages of a resource come from in a run: one function for each way.

kept_pages    a repair: the rows that an earlier listing showed were kept
tail_pages    a listing that is kept up with, one leg of it
range_pages   the part of a listing that an incremental of dlt asks for
token_pages   what has changed since a token that the API named
all_pages     the whole listing

The part that an incremental asks for window by window comes from `window_pages`, and what is new of
several tenants from `tenant_pages`.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any, cast

import dlt

from headrace.config.built.tail import TailConfig
from headrace.config.built.token import TokenConfig
from headrace.core.events import log_resource_listed
from headrace.core.figures import ResourceFigures
from headrace.core.quick_dataclasses import dataclass
from headrace.dlt_source.current_sync import EarlierReading
from headrace.dlt_source.dlt_pipe import yields_are_counted
from headrace.dlt_source.failed_requests import FailedRequests
from headrace.dlt_source.incremental import (
    CursorFilter,
    RunningCursor,
    compare_in_order,
    leave_to_merge,
    may_end_early,
)
from headrace.dlt_source.kept_token import KeptToken
from headrace.dlt_source.missing_rows_state import note_gone_rows
from headrace.dlt_source.running_resource import RunningResource
from headrace.dlt_source.saved_state import keep_lane_state, lane_state_in
from headrace.http.lanes import Lanes
from headrace.reading.fetched_page import FetchedPage
from headrace.reading.keep_up.asking import SinglesPolicy
from headrace.reading.keep_up.lane import LegBounds, TailLane
from headrace.reading.keep_up.legs import LegEnd, Legs
from headrace.reading.lanes.values import ValueListing
from headrace.reading.listing import Listing
from headrace.reading.tenant_tails import WholeListings
from headrace.reading.token_listing import TokenListing, TokenPlace
from headrace.sansio.rows import RowIds


@dataclass(frozen=True, slots=True)
class PageStream:
    """Pages on their way to dlt, and what is known of them all before the first one is there.

    Args:
        pages: The pages; behind those of a leg comes its end.
        keys_are_unique: Whether it is known that no key comes twice.
        page_by_page: Whether no page is wanted before the one before it is done with.
        ids: The ids for the rows, where the same load has other rows of the resource; None to make
            new ones.
    """

    pages: Iterator[FetchedPage | LegEnd]
    keys_are_unique: bool = False
    page_by_page: bool = False
    ids: RowIds | None = None


def kept_pages(resource: RunningResource) -> PageStream:
    """The rows that were kept of an earlier listing, in place of those that the API lists.

    Args:
        resource: The running resource, of a sync that has kept rows.
    """
    kept = resource.sync.kept_rows
    if kept is None or not resource.is_loaded:
        return PageStream(no_pages())
    return PageStream(kept.pages(resource.name), kept.has_unique_keys(resource.name))


def all_pages(
    resource: RunningResource,
    lanes: Lanes,
    listing: Listing | ValueListing | WholeListings | None = None,
) -> PageStream:
    """The whole listing.

    Args:
        resource: The running resource.
        lanes: What to fetch with.
        listing: The listing, if it is not the one of the resource.
    """
    return PageStream(_listed(resource, lanes, listing or resource.listing, may_end=False))


def range_pages(resource: RunningResource, lanes: Lanes, cursor: RunningCursor) -> PageStream:
    """What the values of an incremental ask for, without the rows that it leaves out.

    Where functions of the user come first, the step that dlt has put into the pipe leaves them out.

    Args:
        resource: The running resource.
        lanes: What to fetch with.
        cursor: The incremental, as dlt has bound it for this run.
    """
    if resource.load_id is not None:
        leave_to_merge(cursor.injected, dlt.current.resource())
    may_end = may_end_early(cursor.injected)
    # With a limit the load is one to look at: what it leaves out must come with the next one.
    keeps_state = resource.settings.limit_rows is None
    listing = resource.listing.filled(cursor.template, cursor.fill)
    pages = _listed(resource, lanes, listing, may_end=may_end)
    if resource.wants_dicts:
        compare_in_order(cursor.injected)
        # dlt's own step may close the listing behind any page.
        return PageStream(pages, page_by_page=may_end)
    passing = CursorFilter.in_place_of(cursor.injected, has_parent=False, keeps_state=keeps_state)
    return PageStream(passing.pages(pages, resource.figures))


def token_pages(
    resource: RunningResource, lanes: Lanes, config: TokenConfig, place: TokenPlace
) -> PageStream:
    """What has changed since the token of the last sync; the state learns the next one.

    Args:
        resource: The running resource.
        lanes: What to fetch with.
        config: How the config describes the token.
        place: Where pages name it, and how it is sent.
    """
    limit, base_url = resource.settings.limit_rows, resource.settings.base_url
    keeps_state = resource.load_id is not None and limit is None
    state = dlt.current.resource_state() if keeps_state else {}
    appends = dlt.current.resource().write_disposition == "append"
    kept = KeptToken(state, place, base_url or "", appends, resource.name, resource.figures)
    listing = TokenListing(
        replace(resource.listing, token_path=place.path, token_of=place.read),
        place,
        kept.begin(),
        config.expired,
        not appends,
        kept.begin_anew,
    )

    def pages() -> Iterator[FetchedPage]:
        last = None
        for page in _listed(resource, lanes, listing, may_end=False):
            last = page
            yield page
        if keeps_state:
            kept.learn(last)

    return PageStream(pages())


def tail_pages(
    resource: RunningResource,
    lanes: Lanes,
    tail: TailConfig,
    record: FailedRequests,
    *,
    notes_gone: bool = False,
) -> PageStream:
    """One leg of a listing that is kept up with; at its end the resource's state learns of it.

    Args:
        resource: The running resource.
        lanes: What to fetch with.
        tail: How the listing is kept up with.
        record: The requests for single rows that failed.
        notes_gone: Whether rows that are gone are to leave their table, or to be marked.
    """
    legs = resource.sync.legs
    # With row ids one load may hold a row twice, since by them the last version counts.
    may_repeat = legs.settings is None and resource.settings.row_ids
    pages = _leg(resource, lanes, tail, record, may_repeat=may_repeat, notes_gone=notes_gone)
    return PageStream(pages, keys_are_unique=not may_repeat and tail.keeps_keys_apart)


def no_pages() -> Generator[FetchedPage]:
    """The pages of a resource of which nothing is to be loaded."""
    yield from ()


def _leg(
    resource: RunningResource,
    lanes: Lanes,
    tail: TailConfig,
    record: FailedRequests,
    *,
    may_repeat: bool,
    notes_gone: bool,
) -> Iterator[FetchedPage | LegEnd]:
    state: dict[str, Any] = dlt.current.resource_state()
    figures, legs = resource.figures, resource.sync.legs
    name = dlt.current.resource().name

    def begin() -> Generator[FetchedPage | LegEnd]:
        if resource.sync.earlier is not None:
            return _read_before(resource.sync.earlier, figures, tail, lane_state_in(state))
        bounds = leg_bounds(legs, may_repeat=may_repeat, concurrency=lanes.concurrency)
        singles = SinglesPolicy(resource.may_miss_requests, record.have_worked, record.tries)
        known = lane_state_in(state)
        lane = TailLane(resource.listing, tail, known, bounds, figures, singles)
        return lanes.read(lane.items, size_of)

    # The user may have given it another name than the config, even twice.
    with closing(legs.items(name, begin)) as items:
        for item in items:
            yield item
            if isinstance(item, LegEnd):
                keep_lane_state(state, item.state)
                record.learn(item.singles)
                if item.gone and notes_gone and resource.load_id is not None:
                    note_gone_rows(state, resource.load_id)
                figures.listings_ended += item.is_last
                if item.is_last:
                    log_resource_listed(figures)


def _read_before(
    earlier: EarlierReading, figures: ResourceFigures, tail: TailConfig, known: dict[str, Any]
) -> Generator[FetchedPage | LegEnd]:
    yield from earlier.pages(figures)
    yield earlier.tail_end(tail, known)


def leg_bounds(legs: Legs, *, may_repeat: bool, concurrency: int) -> LegBounds:
    """When the legs of a listing that is kept up with end.

    Args:
        legs: The legs of the sync.
        may_repeat: Whether a row may be loaded more than once in a leg.
        concurrency: The number of requests under way at once.
    """
    return LegBounds(
        legs.started, legs.is_over, legs.clock, may_repeat=may_repeat, concurrency=concurrency
    )


def _listed(
    resource: RunningResource,
    lanes: Lanes,
    listing: Listing | TokenListing | ValueListing | WholeListings,
    *,
    may_end: bool,
) -> Iterator[FetchedPage]:
    figures, limit = resource.figures, resource.settings.limit_rows
    # Where the end may come at any page, none is asked for before it is wanted: one page fills a
    # buffer of one byte.
    buffer_bytes = 1 if may_end or limit is not None or yields_are_counted() else None
    if buffer_bytes is not None and isinstance(listing, Listing):
        listing = replace(listing, lanes=None)
    elif buffer_bytes is not None and isinstance(listing, ValueListing):
        listing = replace(listing, at_once=1)
    earlier = resource.sync.earlier
    listed = (
        lanes.read(lambda client: listing.pages(client, figures), size_of, buffer_bytes)
        if earlier is None
        else earlier.pages(figures)
    )
    with closing(cast(Any, listed)) as pages:
        yield from limited(pages, limit, figures)
    log_resource_listed(figures)


def limited(
    pages: Iterator[FetchedPage], limit: int | None, figures: ResourceFigures
) -> Iterator[FetchedPage]:
    """The pages up to a number of rows, the last page cut.

    Args:
        pages: The pages of a listing.
        limit: The number of rows; None for all of them.
        figures: Where it notes that the limit was reached.
    """
    if limit is None:
        yield from pages
        return
    for page in pages:
        cut = replace(page, rows=page.rows[:limit])
        limit -= len(cut.rows)
        figures.limited = limit <= 0
        yield cut
        if limit <= 0:
            return


def size_of(item: FetchedPage | LegEnd) -> int:
    """The size of a page, in bytes; 0 for the end of a leg."""
    return item.size if isinstance(item, FetchedPage) else 0
