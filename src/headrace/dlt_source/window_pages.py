"""The pages of an incremental of dlt that asks for its range window by window."""

from __future__ import annotations

from collections.abc import Generator, Iterator, MutableMapping
from contextlib import closing
from typing import Any

import dlt
from dlt.extract.incremental import Incremental

from headrace.core.events import log_resource_listed
from headrace.core.figures import ResourceFigures
from headrace.core.json_path import JsonPath
from headrace.core.quick_dataclasses import dataclass
from headrace.dlt_source.current_sync import EarlierReading
from headrace.dlt_source.dlt_pipe import yields_are_counted
from headrace.dlt_source.incremental import (
    CursorFilter,
    CursorValues,
    RunningCursor,
    WindowRange,
    WindowRows,
    compare_in_order,
    forget_ended_windows,
    last_day_counted_in,
    leave_to_merge,
    may_load_in_parts,
    saved_windows,
    whole_range,
)
from headrace.dlt_source.page_sources import PageStream, limited, size_of
from headrace.dlt_source.request_mark import request_mark
from headrace.dlt_source.running_resource import RunningResource
from headrace.http.lanes import Lanes
from headrace.reading.fetched_page import FetchedPage
from headrace.reading.keep_up.legs import LegEnd
from headrace.reading.lanes.windows import LanedWindows
from headrace.reading.window_legs import REACHED, SETTLED, WindowLegs
from headrace.reading.windowed_listing import WindowedListing
from headrace.sansio.windows import WindowSettings

_ONE_READER = (
    "the windows of `{name}` are read one after the other, and not at once as `lanes` says: {why}"
)
_FUNCTIONS = (
    "functions that the resource was given (`processing_steps`, `add_map`, a transformer, a model) "
    "see its rows before the incremental does"
)
_NOT_MERGED = (
    "its rows are not merged in this load, and one that changes meanwhile would be there twice"
)


def window_pages(
    resource: RunningResource, lanes: Lanes, cursor: RunningCursor, settings: WindowSettings
) -> PageStream:
    """What the values of an incremental ask for, window by window; its state learns how far.

    Args:
        resource: The running resource.
        lanes: What to fetch with.
        cursor: The incremental, as dlt has bound it for this run.
        settings: How its range is parted.
    """
    injected = cursor.injected
    if resource.load_id is not None:
        leave_to_merge(injected, dlt.current.resource())
    values = CursorValues.of_load(injected)
    within = whole_range(settings, injected) if resource.wants_dicts else None
    keeps_state = resource.load_id is not None and resource.settings.limit_rows is None
    state = dlt.current.resource_state() if keeps_state else {}
    saved = saved_windows(state, injected.cursor_path)
    mark = request_mark(resource.settings.base_url or "", cursor.template)
    ours = WindowRange.of_load(values, settings, lag=injected.lag, saved=saved, request=mark)
    ours.note(resource.figures)
    windows = WindowedListing(
        resource.name,
        settings,
        ours.low,
        ours.high,
        cursor.listing_of(resource.listing, values),
        wanted=resource.settings.limit_rows,
    )
    listing = _laned(resource, lanes, cursor, windows, ours) or windows
    pages = _windowed(resource, lanes, listing, _WindowKeeper(ours, state, injected.cursor_path))
    is_again = ours.is_resumed and dlt.current.resource().write_disposition == "append"
    cut = WindowRows(
        settings,
        injected.cursor_path,
        within=within,
        resumed_at=ours.low if is_again else None,
    )
    pages = cut.pages(pages, resource.figures)
    with last_day_counted_in(injected, settings):
        if resource.wants_dicts:
            compare_in_order(injected)
            return PageStream(pages)
        return PageStream(_passing(pages, injected, resource, keeps_state=keeps_state))


def _laned(
    resource: RunningResource,
    lanes: Lanes,
    cursor: RunningCursor,
    windows: WindowedListing,
    asked: WindowRange,
) -> LanedWindows | None:
    """The windows read at once; None where they are read one after the other."""
    by_time = cursor.config.lanes
    is_cut_off = resource.settings.limit_rows is not None or yields_are_counted()
    if by_time is None or is_cut_off:
        return None
    why = None
    if resource.wants_dicts:
        # What catches up must not move the state on, which dlt's own step would.
        why = _FUNCTIONS
    elif by_time.catches_up and dlt.current.resource().write_disposition != "merge":
        why = _NOT_MERGED
    if why is not None:
        resource.figures.note(_ONE_READER.format(name=resource.name, why=why))
        return None
    return LanedWindows(
        windows,
        min(by_time.at_once, lanes.concurrency),
        JsonPath(cursor.injected.cursor_path),
        resource.listing.accounting.keys,
        end=None if asked.backfill is None else asked.high,
        catches_up=by_time.catches_up,
    )


def _passing(
    pages: Iterator[FetchedPage],
    injected: Incremental[Any],
    resource: RunningResource,
    *,
    keeps_state: bool,
) -> Iterator[FetchedPage]:
    """The pages without the rows that the incremental leaves out.

    Those that catch up leave its state as it is after the windows: what came with none of them has
    a time behind that.
    """
    apart = CursorFilter.beside(injected)
    passing = CursorFilter.in_place_of(injected, has_parent=False, keeps_state=keeps_state)
    return ((apart if page.catches_up else passing).page(page, resource.figures) for page in pages)


@dataclass(frozen=True, slots=True)
class _WindowKeeper:
    """Keeps how far the windows of a load have been listed.

    Args:
        range: The range that they are parts of.
        state: The state of the resource, which is changed in place.
        cursor_path: The path of the cursor.
    """

    range: WindowRange
    state: MutableMapping[str, Any]
    cursor_path: str

    def keep(self, end: LegEnd) -> None:
        """Keeps what the end of a leg tells."""
        saved = saved_windows(self.state, self.cursor_path)
        reached, settled = end.state[REACHED], end.state[SETTLED]
        self.range.keep(saved, reached, settled=settled, is_last=end.is_last)
        forget_ended_windows(self.state)


def _windowed(
    resource: RunningResource,
    lanes: Lanes,
    listing: WindowedListing | LanedWindows,
    keeper: _WindowKeeper,
) -> Iterator[FetchedPage]:
    legs, figures, limit = resource.sync.legs, resource.figures, resource.settings.limit_rows
    parts = (
        legs.settings is not None and limit is None and may_load_in_parts(dlt.current.resource())
    )
    fetching = WindowLegs(listing, figures, legs.is_over if parts else None)
    buffer_bytes = 1 if limit is not None or yields_are_counted() else None

    def begin() -> Generator[FetchedPage | LegEnd]:
        if resource.sync.earlier is not None:
            return _read_before(resource.sync.earlier, figures, keeper.range.settings)
        return lanes.read(fetching.items, size_of, buffer_bytes)

    def pages(items: Iterator[FetchedPage | LegEnd]) -> Iterator[FetchedPage]:
        for item in items:
            if isinstance(item, LegEnd):
                keeper.keep(item)
                if item.is_last:
                    log_resource_listed(figures)
            else:
                yield item

    name = dlt.current.resource().name if parts else resource.name
    with closing(legs.items(name, begin) if parts else begin()) as items:
        yield from limited(pages(items), limit, figures)


def _read_before(
    earlier: EarlierReading, figures: ResourceFigures, settings: WindowSettings
) -> Generator[FetchedPage | LegEnd]:
    yield from earlier.pages(figures)
    yield earlier.windows_end(settings)
