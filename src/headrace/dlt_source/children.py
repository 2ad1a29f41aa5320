"""A resource that depends on another one: a listing for each of its parent's rows, side by side."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Callable, Generator, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from weakref import WeakKeyDictionary

import dlt
import pyarrow as pa
from dlt.extract.incremental import Incremental

from headrace.config.built.cursor import CursorConfig
from headrace.core.events import log_resource_begins
from headrace.core.figures import ResourceFigures
from headrace.dlt_source.dlt_pipe import running_pipe
from headrace.dlt_source.gathering import Gathering, size_of
from headrace.dlt_source.handover import hand_over, new_row_ids
from headrace.dlt_source.incremental import (
    CursorFilter,
    CursorValues,
    ParentCursors,
    SharedCursor,
    leave_to_merge,
)
from headrace.dlt_source.items import LoadedRows, ParentRows, rows_of
from headrace.dlt_source.page_sources import PageStream, kept_pages, limited
from headrace.dlt_source.running_resource import ExtractionSettings, RunningResource
from headrace.http.lanes import Lanes
from headrace.reading.children import AskedRow, ChildListings, ParentRow
from headrace.reading.fan_out import FanOut
from headrace.reading.listing import Client, FetchedPage
from headrace.sansio.rows import RowIds

Cursors = SharedCursor | ParentCursors

# How many loads are remembered: two pipelines may run one resource at the same time.
_MOST_LOADS = 8


@dataclass(slots=True)
class _Load:
    """What the calls within one load have in common.

    Args:
        ids: The ids for the rows; by their order the last version of a key is known.
        rows_left: The number of rows that are still to be loaded; None for any number.
        kept_rows_are_loaded: Whether the rows that were kept have been loaded.
    """

    ids: RowIds = field(default_factory=new_row_ids)
    rows_left: int | None = None
    kept_rows_are_loaded: bool = False


@dataclass(slots=True)
class _Gathered:
    """Rows of a parent that yields them one by one.

    Args:
        rows: Those that have come and are being asked for.
        cursors: Which part of their listings is asked for; None for all of them.
        keys: What tells those rows from others, each with its place; for the cursors alone.
        places: The places of the rows that are to come.
    """

    rows: Gathering
    cursors: Cursors | None
    keys: deque[tuple[int, str]] = field(default_factory=deque)
    places: Iterator[int] = field(default_factory=count)

    def key_of(self, place: int) -> str:
        """What tells a row from others; those before it are forgotten."""
        while self.keys[0][0] < place:
            self.keys.popleft()
        return self.keys[0][1]


class ChildExtraction:
    """The function of a dependent resource, which dlt calls with each item of its parent.

    Args:
        listings: The listings to fetch, one for each row of the parent.
        lanes: What to fetch with.
        settings: How to hand the rows over.
        cursor: Which part of the listings is asked for; None for all of them.
        parent_is_ours: Whether the parent passes its rows on beside what dlt loads.
        dependents: The names of the resources of ours that depend on this one.
        buffer_bytes: The size of the pages, in bytes, that may wait for those of an earlier row.
    """

    def __init__(
        self,
        listings: ChildListings,
        lanes: Lanes,
        settings: ExtractionSettings,
        *,
        cursor: CursorConfig | None,
        parent_is_ours: bool,
        dependents: frozenset[str] = frozenset(),
        buffer_bytes: int = 32 * 1024 * 1024,
    ) -> None:
        self._listings = listings
        self._lanes = lanes
        self._settings = settings
        self._cursor = cursor
        self._parent_is_ours = parent_is_ours
        self._dependents = dependents
        self._buffer_bytes = buffer_bytes
        self._loads: dict[str | None, _Load] = {}
        self._gathered: WeakKeyDictionary[object, _Gathered] = WeakKeyDictionary()
        self._cursors: WeakKeyDictionary[object, Cursors] = WeakKeyDictionary()

    def items(self, parent: Any, injected: Incremental[Any] | None = None) -> Iterator[Any]:
        """What dlt gets for an item that the parent yields.

        Args:
            parent: Rows in any form that a dlt resource may yield.
            injected: The incremental, as dlt has bound it for this item; None without one.

        Raises:
            PipeException: A row has no place in the order of the incremental.
            HeadraceError: A listing failed, or a row cannot be loaded.
        """
        # Not within the generator: dlt has bound the incremental for this very item, and the
        # binding of the next item would take its place.
        cursors = None if injected is None else self._cursors_for(injected)
        if not isinstance(parent, Mapping):
            return self._items(parent, cursors)
        # As they come, or two generators that dlt has not begun would not know of each other.
        pipe = running_pipe()
        if (gathered := self._gathered.get(pipe)) is not None:
            self._gather(gathered, parent, cursors)
            return iter(())
        if not self._gathers():
            return self._items(parent, cursors)
        gathered = self._gathered[pipe] = self._new_gathered(cursors)
        self._gather(gathered, parent, cursors)
        return self._gathered_items(pipe, gathered)

    def _gathers(self) -> bool:
        """Whether single rows of the parent are gathered: with a limit, one may be enough."""
        return (
            not self._parent_is_ours
            and self._settings.limit_rows is None
            and self._running().sync.kept_rows is None
        )

    def _new_gathered(self, cursors: Cursors | None) -> _Gathered:
        figures = self._running().figures

        def listed(row: AskedRow, client: Client) -> AsyncIterator[FetchedPage]:
            return self._listings.of_row(row, client, figures)

        return _Gathered(Gathering(self._lanes, listed, self._buffer_bytes), cursors)

    def _gather(self, gathered: _Gathered, parent: Any, cursors: Cursors | None) -> None:
        row = dict(parent)
        key = self._listings.key(row) if cursors else ""
        place = next(gathered.places)
        if cursors is not None:
            gathered.keys.append((place, key))
        gathered.rows.add(self._asked(row, place, key, cursors))

    def _gathered_items(self, pipe: object, gathered: _Gathered) -> Iterator[Any]:
        try:
            resource = self._running()
            load = self._load(resource.load_id)

            def handed(pages: Iterator[FetchedPage]) -> Iterator[Any]:
                passing = _filtered(pages, gathered.key_of, gathered.cursors, resource.figures)
                return hand_over(resource, PageStream(passing, ids=load.ids))

            yield from gathered.rows.items(handed)
        finally:
            self._gathered.pop(pipe, None)

    def _running(self) -> RunningResource:
        listing = self._listings.listing
        return RunningResource.now(listing, self._settings, dependents=self._dependents)

    def _cursors_for(self, injected: Incremental[Any]) -> Cursors | None:
        """The cursors of this load, the same for all items."""
        pipe = running_pipe()
        if pipe in self._cursors:
            injected.advance(None)
            return self._cursors[pipe]
        resource = self._running()
        if resource.sync.kept_rows is not None:
            injected.advance(None)
            return None
        if resource.load_id is not None:
            leave_to_merge(injected, dlt.current.resource())
        per_parent = self._cursor is not None and self._cursor.per_parent
        if resource.wants_dicts and not per_parent:
            # Functions of the user come first, then dlt's own step.
            return SharedCursor(CursorValues.of_load(injected), None)
        keeps_state = self._settings.limit_rows is None
        if per_parent:
            self._cursors[pipe] = ParentCursors(injected, keeps_state=keeps_state)
        else:
            passing = CursorFilter.in_place_of(injected, has_parent=True, keeps_state=keeps_state)
            self._cursors[pipe] = SharedCursor(passing.values, passing)
        return self._cursors[pipe]

    def _items(self, parent: Any, cursors: Cursors | None) -> Iterator[Any]:
        if isinstance(parent, LoadedRows) or (
            self._parent_is_ours and isinstance(parent, pa.Table)
        ):
            return
        rows = rows_of(parent)
        resource = self._running()
        load = self._load(resource.load_id)
        if resource.sync.kept_rows is not None:
            yield from self._kept(resource, load)
        elif rows:
            pages = self._pages(rows, resource.figures, load, cursors)
            yield from hand_over(resource, PageStream(pages, ids=load.ids))

    def _kept(self, resource: RunningResource, load: _Load) -> Iterator[Any]:
        """The rows that were kept of all listings, with the first item of the parent."""
        if load.kept_rows_are_loaded:
            return
        load.kept_rows_are_loaded = True
        if resource.is_loaded:
            pages = kept_pages(resource).pages
            yield from hand_over(resource, PageStream(pages, ids=load.ids))
        elif resource.dependents:
            yield ParentRows(())

    def _load(self, load_id: str | None) -> _Load:
        if load_id is None:
            return _Load(rows_left=self._settings.limit_rows)
        if load_id not in self._loads:
            while len(self._loads) >= _MOST_LOADS:
                self._loads.pop(next(iter(self._loads)))
            log_resource_begins(self._listings.listing.name)
            self._loads[load_id] = _Load(rows_left=self._settings.limit_rows)
        return self._loads[load_id]

    def _pages(
        self,
        rows: list[ParentRow],
        figures: ResourceFigures,
        load: _Load,
        cursors: Cursors | None,
    ) -> Generator[FetchedPage]:
        if load.rows_left == 0:
            return
        # In this thread: dlt's state is not there for others.
        keys = [self._listings.key(row) for row in rows] if cursors else []
        asked = [
            self._asked(row, place, keys[place] if keys else "", cursors)
            for place, row in enumerate(rows)
        ]

        def lane(client: Client) -> AsyncIterator[FetchedPage]:
            streams = (self._listings.of_row(each, client, figures) for each in asked)
            return FanOut(
                streams,
                at_once=self._lanes.concurrency,
                most_bytes=self._buffer_bytes,
                size=size_of,
            ).items()

        with closing(self._lanes.read(lane, size_of)) as pages:
            wanted = _counted_off(limited(pages, load.rows_left, figures), load)
            yield from _filtered(wanted, keys.__getitem__, cursors, figures)

    def _asked(self, row: ParentRow, place: int, key: str, cursors: Cursors | None) -> AskedRow:
        if cursors is None or self._cursor is None:
            return AskedRow(row, place)
        return AskedRow(row, place, cursors.values(key).filler(self._cursor))


def _counted_off(pages: Iterator[FetchedPage], load: _Load) -> Iterator[FetchedPage]:
    for page in pages:
        if load.rows_left is not None:
            load.rows_left -= len(page.rows)
        yield page


def _filtered(
    pages: Iterator[FetchedPage],
    key_of: Callable[[int], str],
    cursors: Cursors | None,
    figures: ResourceFigures,
) -> Iterator[FetchedPage]:
    """The pages without the rows that an incremental leaves out."""
    place, passing = -1, None
    for page in pages:
        if cursors is not None and page.rows and page.place != place:
            place, passing = page.place, cursors.filter_of(key_of(page.place))
        yield page if passing is None else passing.page(page, figures)
