"""What a resource does while dlt runs it: lists pages and hands their rows over, in batches."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any, cast

import dlt
import msgspec

from headrace.config.built.tail import TailConfig
from headrace.core.events import tell_beginning, tell_listed
from headrace.core.exceptions import RowError
from headrace.core.figures import ResourceFigures
from headrace.core.secrets.redaction import keep_secret
from headrace.destination.secrets import destination_secrets
from headrace.dlt_source.current_sync import RunningSync, running_sync
from headrace.dlt_source.dlt_pipe import current_load_id, wants_dicts, yields_are_counted
from headrace.dlt_source.gone import gone_rows
from headrace.dlt_source.handover import UNREADABLE, Batch, Handover
from headrace.dlt_source.incremental import Judge, RunningCursor, may_end_early
from headrace.dlt_source.items import ParentRows
from headrace.dlt_source.saved_state import keep_lane_state, lane_state_in
from headrace.http.lanes import Lanes
from headrace.reading.keep_up.lane import LegBounds, TailLane
from headrace.reading.keep_up.legs import LegEnd, Legs
from headrace.reading.listing import FetchedPage, Listing
from headrace.sansio.rows import BatchIds, RowIds


@dataclass(frozen=True, slots=True)
class ExtractionSettings:
    """How rows are handed to dlt.

    Args:
        row_ids: add `_dlt_id` and `_dlt_load_id`, as dlt does to rows that it normalizes itself.
        strict: a row that cannot be loaded as it is is an error; else it goes to quarantine.
        limit_rows: stop after so many rows; no limit when None.
        batch_rows: rows typed at once, a page more or less.
        batch_bytes: or else bytes of pages.
    """

    row_ids: bool = True
    strict: bool = False
    limit_rows: int | None = None
    batch_rows: int = 25_000
    batch_bytes: int = 16 * 1024 * 1024


def extract_rows(
    listing: Listing,
    lanes: Lanes,
    settings: ExtractionSettings,
    tail: TailConfig | None = None,
    dependents: Collection[str] = (),
    cursor: RunningCursor | None = None,
) -> Iterator[Any]:
    """The function of a dlt resource: lists, types, and yields what dlt loads.

    In a pipeline run it yields Arrow tables, and lists of dicts for rows that need dlt's own
    normalizer. Outside of a run, and where functions of the user wait for dicts (`add_map`,
    transformers, a pydantic model as `columns`), it yields lists of dicts, as dlt's source does.

    Args:
        listing: of the resource.
        lanes: to fetch with.
        settings: how to hand the rows over.
        tail: how the listing is kept up with; None to list all of it. Outside of a run, with a
            limit, and where the rows are wanted for others only, it is listed from the top: what
            is known is kept for a run alone.
        dependents: names of the resources of ours that depend on it.
        cursor: which part of the listing is asked for; None for all of it.

    Raises:
        PipeException: a row has no place in the order of the cursor.
        HeadraceError: the listing failed, or a row cannot be loaded.
    """
    context = ExtractionContext.of_running_resource(listing, settings, tail, dependents)
    if context.load_id is not None and listing.name not in context.sync.figures.resources:
        tell_beginning(listing.name)
    in_legs = tail is not None and context.is_loaded and settings.limit_rows is None
    page_by_page = are_unique = False
    if context.sync.replay is not None:
        if cursor is not None:
            cursor.injected.advance(None)
        if context.dependents:
            # Their rows were kept as well, and come without those of the parent.
            yield ParentRows(())
        pages: Iterator[FetchedPage | LegEnd] = (
            context.sync.replay.pages(listing.name) if context.is_loaded else _nothing()
        )
        are_unique = context.is_loaded and context.sync.replay.has_unique_keys(listing.name)
    elif tail is not None and in_legs:
        pages = _leg_pages(listing, lanes, settings, tail, context.sync)
        are_unique = not _may_repeat(settings, context.sync.legs)
    elif cursor is not None:
        # dlt's own step may close the listing behind any page.
        page_by_page = context.wants_dicts and may_end_early(cursor.injected)
        pages = _range_pages(lanes, cursor, context)
    else:
        pages = _pages(listing, lanes, settings, context.figures)
    yield from context.hand_over(pages, keys_are_unique=are_unique, page_by_page=page_by_page)


@dataclass(frozen=True, slots=True)
class ExtractionContext:
    """What a resource finds when dlt runs it.

    Args:
        listing: that its rows come from.
        settings: how to hand them over.
        load_id: of the load; None outside of a run.
        sync: that the load is part of.
        is_loaded: whether there is a table for the rows, not just resources that depend on them.
        dependents: names of the resources of ours that depend on it and run as well.
    """

    listing: Listing
    settings: ExtractionSettings
    load_id: str | None = None
    sync: RunningSync = field(default_factory=RunningSync)
    is_loaded: bool = False
    dependents: frozenset[str] = frozenset()

    @classmethod
    def of_running_resource(
        cls,
        listing: Listing,
        settings: ExtractionSettings,
        tail: TailConfig | None = None,
        dependents: Collection[str] = (),
    ) -> ExtractionContext:
        """The context of the resource whose function is running now."""
        load_id = current_load_id()
        if load_id is None:
            return cls(listing, settings)
        pipeline = dlt.current.pipeline()
        keep_secret(destination_secrets(pipeline))
        sync = running_sync(pipeline.pipeline_name)
        resources = dlt.current.source().resources
        own = dlt.current.resource().name
        is_loaded = own in resources.selected
        if sync.witness is not None and is_loaded:
            sync.witness.meet(listing.name, tail)
            # What is seen is to be found again in the tables, by its ids.
            settings = replace(settings, row_ids=True)
        running = frozenset(each.name for each in resources.extracted).intersection(dependents)
        return cls(listing, settings, load_id, sync, is_loaded, running)

    @property
    def figures(self) -> ResourceFigures:
        """To count on."""
        return self.sync.figures.of(self.listing.name)

    @property
    def wants_dicts(self) -> bool:
        """Whether what comes behind the resource works on dicts, as dlt's own source yields."""
        return self.load_id is None or wants_dicts(self.dependents)

    def hand_over(
        self,
        pages: Iterator[FetchedPage | LegEnd],
        *,
        keys_are_unique: bool,
        ids: RowIds | None = None,
        page_by_page: bool = False,
    ) -> Iterator[Any]:
        """What dlt gets of pages.

        Args:
            pages: to hand over.
            keys_are_unique: whether it is known that no key is there twice.
            ids: for the rows, where the same load has others of the resource's.
            page_by_page: whether no page is wanted before the one before it is done with.

        Raises:
            RowError: a row cannot be loaded.
        """
        wants_dicts = self.wants_dicts
        feeds = bool(self.dependents) and not wants_dicts
        page_by_page = page_by_page or yields_are_counted()
        batches = _batches(
            pages, self.settings, self._count, grows=feeds, page_by_page=page_by_page
        )
        if feeds and not self.is_loaded:
            yield from self._passed_on(batches)
        elif wants_dicts or self.load_id is None:
            yield from self._dicts(batches)
        else:
            yield from Handover(
                self.listing,
                self.load_id,
                row_ids=self.settings.row_ids,
                strict=self.settings.strict,
                keys_are_unique=keys_are_unique,
                page_by_page=page_by_page,
                figures=self.sync.figures,
                see=self._see,
                ids=ids,
                feeds=feeds,
            ).items(batches)

    def _count(self, page: FetchedPage) -> None:
        rows = len(page.rows) + len(page.unreadable)
        if self.is_loaded:
            self.figures.loaded_rows += rows
        else:
            self.figures.passed_on += rows

    def _passed_on(self, batches: Iterator[Batch]) -> Iterator[Any]:
        yield from (ParentRows(batch.rows) for batch in batches)

    def _dicts(self, batches: Iterator[Batch]) -> Iterator[Any]:
        for batch in batches:
            if batch.unreadable:
                raise RowError(
                    f"resource `{self.listing.name}`: a row {UNREADABLE}",
                    resource=self.listing.name,
                )
            self._see(batch, None)
            if batch.rows:
                yield [msgspec.json.decode(row) for row in batch.rows]
            if batch.gone:
                yield gone_rows(self.listing.name, batch.gone)

    def _see(self, batch: Batch, ids: BatchIds | None) -> None:
        if self.sync.witness is not None and self.is_loaded:
            self.sync.witness.see(self.listing.name, batch, ids)


def _batches(
    pages: Iterator[FetchedPage | LegEnd],
    settings: ExtractionSettings,
    count: Callable[[FetchedPage], None],
    *,
    grows: bool,
    page_by_page: bool,
) -> Iterator[Batch]:
    """The pages in batches worth typing at once, or one page each.

    Where others wait for the rows the first batch is one page, and the next ones larger each.
    """
    most_rows = 1 if grows else settings.batch_rows
    batch = Batch()
    with closing(cast(Generator[FetchedPage | LegEnd], pages)):
        for page in pages:
            if isinstance(page, LegEnd):
                batch.gone = page.gone
                continue
            batch.add(page)
            count(page)
            is_full = len(batch.rows) >= most_rows or batch.size >= settings.batch_bytes
            if page_by_page or is_full:
                yield batch
                most_rows = min(settings.batch_rows, max(most_rows, 2 * len(batch.rows)))
                batch = Batch()
        if batch.pages or batch.gone:
            yield batch


def _nothing() -> Generator[FetchedPage | LegEnd]:
    yield from ()


def _pages(
    listing: Listing,
    lanes: Lanes,
    settings: ExtractionSettings,
    figures: ResourceFigures,
    *,
    may_end_early: bool = False,
) -> Iterator[FetchedPage]:
    """The whole listing."""
    # Where the end may come at any page, none is asked for before it is wanted.
    may_end_early |= yields_are_counted() or settings.limit_rows is not None
    ahead = 1 if may_end_early else None
    with closing(
        lanes.read(lambda client: listing.pages(client, figures), lambda page: page.size, ahead)
    ) as pages:
        yield from limited(pages, settings.limit_rows)
    tell_listed(figures)


def _range_pages(
    lanes: Lanes, cursor: RunningCursor, context: ExtractionContext
) -> Iterator[FetchedPage]:
    """What the values of an incremental ask for, without the rows that it leaves out.

    Where functions of the user come first, dlt's own step leaves them out.
    """
    may_end = may_end_early(cursor.injected)
    listing = replace(context.listing, request=cursor.request())
    judge = None
    if not context.wants_dicts:
        # With a limit the load is one to look at: what it leaves out must come with the next one.
        keeps_state = context.settings.limit_rows is None
        judge = Judge.beside(cursor.injected, has_parent=False, keeps_state=keeps_state)
    pages = _pages(listing, lanes, context.settings, context.figures, may_end_early=may_end)
    return pages if judge is None else judge.pages(pages, context.figures)


def _leg_pages(
    listing: Listing,
    lanes: Lanes,
    settings: ExtractionSettings,
    tail: TailConfig,
    sync: RunningSync,
) -> Iterator[FetchedPage | LegEnd]:
    """The pages of one leg; what is known at its end goes to the resource's state."""
    state: dict[str, Any] = dlt.current.resource_state()
    figures = sync.figures.of(listing.name)

    def begin() -> Generator[FetchedPage | LegEnd]:
        bounds = LegBounds(
            sync.legs.started,
            sync.legs.is_over,
            sync.legs.clock,
            may_repeat=_may_repeat(settings, sync.legs),
            concurrency=lanes.concurrency,
        )
        lane = TailLane(listing, tail, lane_state_in(state), bounds, figures)
        return lanes.read(lane.items, _size_of)

    # The user may have given it another name than the config, even twice.
    with closing(sync.legs.items(dlt.current.resource().name, begin)) as items:
        for item in items:
            yield item
            if isinstance(item, LegEnd):
                keep_lane_state(state, item.state)
                figures.listings_ended += item.is_last
                if item.is_last:
                    tell_listed(figures)


def _may_repeat(settings: ExtractionSettings, legs: Legs) -> bool:
    """Whether one load may hold a row twice: with ids the last one counts."""
    return legs.settings is None and settings.row_ids


def _size_of(item: FetchedPage | LegEnd) -> int:
    return item.size if isinstance(item, FetchedPage) else 0


def limited(pages: Iterator[FetchedPage], limit: int | None) -> Iterator[FetchedPage]:
    """The pages up to so many rows, the last one cut.

    Args:
        pages: of a listing.
        limit: how many rows; all when None.
    """
    if limit is None:
        yield from pages
        return
    for page in pages:
        cut = replace(page, rows=page.rows[:limit])
        yield cut
        limit -= len(cut.rows)
        if limit <= 0:
            return
