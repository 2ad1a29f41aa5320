"""A resource that depends on another one: a listing for each of its parent's rows, side by side."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from typing import Any
from weakref import WeakKeyDictionary

from dlt.extract.incremental import Incremental

from headrace.config.built.cursor import CursorConfig
from headrace.config.built.missing_rows import MissingRows
from headrace.core.arrow import pa
from headrace.core.figures import ResourceFigures
from headrace.core.quick_dataclasses import dataclass
from headrace.dlt_source.asked_parents import AskedParents, filtered
from headrace.dlt_source.child_cursors import ChildCursors
from headrace.dlt_source.child_loads import ChildLoad, ChildLoads
from headrace.dlt_source.dlt_pipe import running_pipe
from headrace.dlt_source.earlier_load import EarlierLoad
from headrace.dlt_source.failed_listings import Cursors, FailedListings
from headrace.dlt_source.gathering import Gathering, ListedItem, size_of
from headrace.dlt_source.handover import hand_over
from headrace.dlt_source.items import EndOfRows, LoadedRows, ParentRows, rows_of
from headrace.dlt_source.page_sources import PageStream, kept_pages, limited
from headrace.dlt_source.running_resource import ExtractionSettings, RunningResource
from headrace.dlt_source.tenants import all_tenants_are_asked
from headrace.http.lanes import Lanes
from headrace.reading.asked_rows import AskedRow, ParentRow, ParentValues
from headrace.reading.children import ChildListings
from headrace.reading.client import Client
from headrace.reading.fan_out import FanOut
from headrace.reading.fetched_page import FetchedPage
from headrace.reading.listing_ends import ListingEnd


@dataclass(slots=True)
class _Gathered:
    """Rows of a parent that yields them one by one.

    Args:
        rows: Those that have come and are being asked for.
        asked: What is known of them.
        count: How many rows have come.
    """

    rows: Gathering
    asked: AskedParents
    count: int = 0


class ChildExtraction:
    """The function of a dependent resource, which dlt calls with each item of its parent.

    Args:
        listings: The listings to fetch, one for each row of the parent.
        lanes: What to fetch with.
        settings: How to hand the rows over.
        cursor: Which part of the listings is asked for; None for all of them.
        parent_is_ours: Whether the parent passes its rows on beside what dlt loads.
        dependents: The names of the resources of ours that depend on this one.
        missing_rows: What becomes of rows that the API has no more; None where they stay.
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
        missing_rows: MissingRows | None = None,
        buffer_bytes: int = 32 * 1024 * 1024,
    ) -> None:
        self._listings = listings
        self._lanes = lanes
        self._settings = settings
        self._cursor = cursor
        self._parent_is_ours = parent_is_ours
        self._dependents = dependents
        self._missing_rows = missing_rows
        self._buffer_bytes = buffer_bytes
        self._loads = ChildLoads(
            listings, limit_rows=settings.limit_rows, missing_rows=missing_rows
        )
        self._gathered: WeakKeyDictionary[object, _Gathered] = WeakKeyDictionary()
        self._cursors = ChildCursors(cursor, keeps_state=settings.limit_rows is None)

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
        cursors = None if injected is None else self._cursors.of(injected, self._running)
        if isinstance(parent, EndOfRows):
            return self._end(parent, cursors)
        if isinstance(parent, ParentRows):
            return self._until_done(self._items(parent, cursors))
        if not isinstance(parent, Mapping):
            return self._items(parent, cursors)
        # As they come, or two generators that dlt has not begun would not know of each other.
        pipe = running_pipe()
        if (gathered := self._gathered.get(pipe)) is not None:
            self._gather(gathered, dict(parent))
            return iter(())
        if not self._gathers():
            return self._items(parent, cursors)
        gathered = self._gathered[pipe] = self._new_gathered(cursors)
        for row in self._left_of(gathered.asked.failed, [dict(parent)]):
            self._gather(gathered, row)
        self._gather(gathered, dict(parent))
        return self._gathered_items(pipe, gathered)

    def _until_done(self, items: Iterator[Any]) -> Iterator[Any]:
        """The items; the end of the parent, which dlt may take before them, waits for the last."""
        load = self._loads.of(self._running())
        load.under_way += 1

        def taken() -> Iterator[Any]:
            yield from items
            load.under_way -= 1

        return taken()

    def _gathers(self) -> bool:
        """Whether single rows of the parent are gathered: with a limit, one may be enough."""
        return (
            not self._parent_is_ours
            and self._settings.limit_rows is None
            and self._running().sync.asks
        )

    def _new_gathered(self, cursors: Cursors | None) -> _Gathered:
        resource = self._running()
        asked = self._new_asked(resource, self._loads.of(resource), cursors)
        listed = self._listed(asked.failed, resource.figures)
        return _Gathered(Gathering(self._lanes, listed, self._buffer_bytes), asked)

    def _gather(self, gathered: _Gathered, row: ParentRow | ParentValues) -> None:
        gathered.count += 1
        for asked in gathered.asked.add(row):
            gathered.rows.add(asked)

    def _listed(
        self, failed: FailedListings | None, figures: ResourceFigures
    ) -> Callable[[AskedRow, Client], AsyncIterator[ListedItem]]:
        listings = self._listings if failed is None else failed.side
        return lambda row, client: listings.of_row(row, client, figures)

    def _gathered_items(self, pipe: object, gathered: _Gathered) -> Iterator[Any]:
        try:
            resource = self._running()
            load = self._loads.of(resource)
            if load.claim is not None:
                load.claim.give_up(resource.figures)

            def handed(items: Iterator[ListedItem]) -> Iterator[Any]:
                passing = filtered(items, gathered.asked, resource.figures)
                return hand_over(resource, PageStream(passing, ids=load.ids))

            while True:
                yield from _none_until_full(gathered)
                for asked in gathered.asked.rest():
                    gathered.rows.add(asked)
                if not gathered.rows.has_some:
                    break
                yield from gathered.rows.items(handed)
            yield from _settled(gathered.asked.failed)
            _keep_windows(gathered.asked.cursors)
            self._listings.judge_single_pages(resource.figures)
        finally:
            self._gathered.pop(pipe, None)

    def _running(self) -> RunningResource:
        listing = self._listings.listing
        return RunningResource.now(listing, self._settings, dependents=self._dependents)

    def _items(self, parent: Any, cursors: Cursors | None) -> Iterator[Any]:
        if isinstance(parent, LoadedRows) or (
            self._parent_is_ours and isinstance(parent, pa.Table)
        ):
            return
        rows = rows_of(parent)
        if self._parent_is_ours and not rows and not isinstance(parent, ParentRows):
            # By it dlt learns the columns of a parent without rows.
            return
        resource = self._running()
        load = self._loads.of(resource)
        if not resource.sync.asks:
            yield from self._kept(resource, load)
            return
        resource = replace(resource, claim=load.claim)
        asked = self._new_asked(resource, load, cursors)
        if isinstance(parent, ParentRows):
            if load.claim is not None:
                keys = [self._listings.key(row) for row in rows]
                yield from load.claim.asked_for(keys, is_all=parent.have_all)
            all_asked = asked.of(rows, more_follow=True)
            yield from self._listed_items(all_asked, resource, load, asked)
            yield from self._whole_listings(all_asked, load)
            yield from _changes(asked.failed)
            return
        if load.claim is not None:
            load.claim.give_up(resource.figures)
        # Nothing tells the end of such a parent: what it may bring no more is asked for at once.
        left = self._left_of(asked.failed, rows)
        yield from self._listed_items(asked.of([*left, *rows]), resource, load, asked)
        yield from _settled(asked.failed)
        if self._cursor is not None and self._cursor.per_parent:
            _keep_windows(cursors)

    def _listed_items(
        self,
        all_asked: Sequence[AskedRow],
        resource: RunningResource,
        load: ChildLoad,
        asked: AskedParents,
    ) -> Iterator[Any]:
        if all_asked:
            pages = self._pages(all_asked, resource.figures, load, asked)
            yield from hand_over(resource, PageStream(pages, ids=load.ids))

    def _whole_listings(self, all_asked: Sequence[AskedRow], load: ChildLoad) -> Iterator[Any]:
        """What dlt gets to know which listings have come whole, where that is wanted."""
        wanted = self._missing_rows
        if load.claim is None or wanted is None or not wanted.parent_columns:
            return
        parents: dict[int, dict[str, Mapping[str, Any]]] = {}
        for each in all_asked:
            for row in each.rows:
                key, of_row = self._listings.key(row), self._listings.added(row)
                mine = {name: of_row[name] for name in wanted.parent_columns}
                parents.setdefault(each.place, {})[key] = mine
        yield from load.claim.listed(parents)

    def _left_of(
        self, failed: FailedListings | None, rows: Sequence[ParentRow]
    ) -> list[ParentValues]:
        """The rows off the record that are asked for beside some that the parent brings."""
        if failed is None or not failed.knows_some:
            return []
        return [values for _, values in failed.take_left({self._listings.key(r) for r in rows})]

    def _end(self, end: EndOfRows, cursors: Cursors | None) -> Iterator[Any]:
        """What is left to do when the parent has brought its rows."""
        resource = self._running()
        load = self._loads.of(resource)
        while load.under_way:
            # dlt takes items of several steps in turn.
            yield None
        claim = load.claim
        resource = replace(resource, claim=claim)
        asked = self._new_asked(resource, load, cursors)
        is_whole = end.is_whole and self._cursor is None and not resource.figures.skipped
        left: list[ParentValues] = []
        if asked.failed is not None and end.is_whole:
            asked.failed.forget_left()
        elif asked.failed is not None:
            left = self._left_of(asked.failed, ())
        all_asked = asked.of(left)
        yield from self._listed_items(all_asked, resource, load, asked)
        yield from self._whole_listings(all_asked, load)
        if asked.failed is not None:
            yield from _settled(asked.failed)
            is_whole = is_whole and not asked.failed.have_failed
        self._cursors.end_leg(cursors, resource)
        self._listings.judge_single_pages(resource.figures)
        if claim is not None and resource.load_id is not None:
            have_failed = asked.failed is not None and asked.failed.have_failed
            claim.end_parent(self._known_end(end, asked.failed), have_failed=have_failed)
            claim.make(resource.load_id, resource.figures)
        if resource.dependents and not resource.wants_dicts:
            # By an incremental the rows that have not changed do not come.
            lists_all = claim is not None and self._cursor is None
            yield EndOfRows(is_whole=is_whole, end=claim.end if claim and lists_all else None)

    def _known_end(self, end: EndOfRows, failed: FailedListings | None) -> ListingEnd | None:
        """How the parent has ended; None where its table has rows of others than it has brought."""
        tenants = self._listings.tenants
        if tenants is None or all_tenants_are_asked(tenants.apis, have_all_worked=failed is None):
            return end.end
        return None

    def _kept(self, resource: RunningResource, load: ChildLoad) -> Iterator[Any]:
        """The rows that were kept of all listings, with the first item of the parent."""
        if load.kept_rows_are_loaded:
            return
        load.kept_rows_are_loaded = True
        if (earlier := EarlierLoad.of(resource)) is not None:
            yield from earlier.of_children(load)
            if resource.dependents:
                yield ParentRows(())
            return
        if resource.is_loaded:
            pages = kept_pages(resource).pages
            yield from hand_over(resource, PageStream(pages, ids=load.ids))
        elif resource.dependents:
            yield ParentRows(())

    def _pages(
        self,
        all_asked: Sequence[AskedRow],
        figures: ResourceFigures,
        load: ChildLoad,
        asked: AskedParents,
    ) -> Generator[FetchedPage]:
        if load.rows_left == 0:
            return
        listed = self._listed(asked.failed, figures)

        def lane(client: Client) -> AsyncIterator[ListedItem]:
            streams = (listed(each, client) for each in all_asked)
            return FanOut(
                streams,
                at_once=self._lanes.concurrency,
                most_bytes=self._buffer_bytes,
                size=size_of,
            ).items()

        with closing(self._lanes.read(lane, size_of)) as items:
            wanted = items if load.rows_left is None else _counted_off(items, load, figures)
            yield from filtered(wanted, asked, figures, load.claim)

    def _new_asked(
        self, resource: RunningResource, load: ChildLoad, cursors: Cursors | None
    ) -> AskedParents:
        failed = load.failed if cursors is None or cursors.may_fail else None
        figures = resource.figures
        return AskedParents(
            self._listings, figures, self._cursor, cursors, failed, load.batches, load.places
        )


def _none_until_full(gathered: _Gathered) -> Iterator[None]:
    """None as long as the parent goes on and no batch is full: dlt then asks the parent first."""
    known = -1
    while (
        gathered.asked.batches is not None and not gathered.rows.has_some and known < gathered.count
    ):
        known = gathered.count
        yield None


def _keep_windows(cursors: Cursors | None) -> None:
    if cursors is not None and cursors.windows is not None:
        cursors.windows.keep()


def _changes(failed: FailedListings | None) -> Iterator[Any]:
    return iter(()) if failed is None else failed.record.changes()


def _settled(failed: FailedListings | None) -> Iterator[Any]:
    """The changes of the record, behind the last rows that are known to come for now."""
    if failed is not None:
        failed.refuse_what_never_worked()
        yield from failed.record.changes()


def _counted_off(
    items: Iterator[ListedItem], load: ChildLoad, figures: ResourceFigures
) -> Iterator[FetchedPage]:
    """The pages up to the limit of rows; with one, a listing that fails ends the load."""
    pages = (each for each in items if isinstance(each, FetchedPage))
    for page in limited(pages, load.rows_left, figures):
        assert load.rows_left is not None
        load.rows_left -= len(page.rows)
        yield page
