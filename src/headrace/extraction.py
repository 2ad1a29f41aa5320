"""What a resource does while dlt runs it: lists pages and hands their rows over, in batches."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, cast

import dlt
import msgspec
from dlt.extract.items_transform import LimitItem
from dlt.extract.pipe import Pipe

from headrace.config.tail import TailConfig
from headrace.exceptions import RowError
from headrace.figures import ResourceFigures
from headrace.gone import gone_rows
from headrace.handover import UNREADABLE, Batch, Handover
from headrace.legs import LegEnd, Legs
from headrace.listing import FetchedPage, Listing
from headrace.live_table import current_load_id
from headrace.rows import BatchIds
from headrace.running import RunningSync, running_sync
from headrace.tailing import LegBounds, TailLane
from headrace.wire.lanes import Lanes

# Where the resource's state keeps what is known of its listing.
TAIL = "tail"


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
) -> Iterator[Any]:
    """The function of a dlt resource: lists, types, and yields what dlt loads.

    In a pipeline run it yields Arrow tables, and lists of dicts for rows that need dlt's own
    normalizer. Outside of a run, and where functions of the user wait for dicts (`add_map`,
    transformers, a pydantic model as `columns`), it yields lists of dicts, as dlt's source does.

    Args:
        listing: of the resource.
        lanes: to fetch with.
        settings: how to hand the rows over.
        tail: how the listing is kept up with; None to list all of it. Outside of a run, and with
            a limit, it is listed from the top: what is known is kept for a run alone.

    Raises:
        HeadraceError: the listing failed, or a row cannot be loaded.
    """
    load_id = current_load_id()
    sync = RunningSync() if load_id is None else running_sync(dlt.current.pipeline().pipeline_name)
    if sync.witness is not None:
        sync.witness.meet(listing.name, tail)
        # What is seen is to be found again in the tables, by its ids.
        settings = replace(settings, row_ids=True)
    in_legs = tail is not None and load_id is not None and settings.limit_rows is None
    if sync.replay is not None:
        pages = sync.replay.pages(listing.name)
    elif tail is not None and in_legs:
        pages = _leg_pages(listing, lanes, settings, tail, sync)
    else:
        pages = _pages(listing, lanes, settings, sync.figures.of(listing.name))
    batches = _batches(pages, settings, sync.figures.of(listing.name))
    see = partial(sync.witness.see, listing.name) if sync.witness else _see_nothing
    if load_id is None or _dicts_expected():
        for batch in batches:
            if batch.unreadable:
                raise RowError(f"resource `{listing.name}`: a row {UNREADABLE}")
            see(batch, None)
            if batch.rows:
                yield [msgspec.json.decode(row) for row in batch.rows]
            if batch.gone:
                yield gone_rows(listing.name, batch.gone)
        return
    handover = Handover(
        listing,
        load_id,
        row_ids=settings.row_ids,
        strict=settings.strict,
        keys_are_unique=_keys_are_unique(listing.name, settings, sync, in_legs=in_legs),
        page_by_page=_yields_are_counted(),
        figures=sync.figures,
        see=see,
    )
    yield from handover.items(batches)


def _see_nothing(batch: Batch, ids: BatchIds | None) -> None:
    """Nobody looks on."""


def _keys_are_unique(
    resource: str, settings: ExtractionSettings, sync: RunningSync, *, in_legs: bool
) -> bool:
    if sync.replay is not None:
        return sync.replay.has_unique_keys(resource)
    return in_legs and not _may_repeat(settings, sync.legs)


def _batches(
    pages: Iterator[FetchedPage | LegEnd], settings: ExtractionSettings, figures: ResourceFigures
) -> Iterator[Batch]:
    """The pages in batches worth typing at once; one page each where the yields are counted."""
    page_by_page = _yields_are_counted()
    batch = Batch()
    with closing(cast(Generator[FetchedPage | LegEnd], pages)):
        for page in pages:
            if isinstance(page, LegEnd):
                batch.gone = page.gone
                continue
            batch.add(page)
            figures.loaded_rows += len(page.rows) + len(page.unreadable)
            is_full = len(batch.rows) >= settings.batch_rows or batch.size >= settings.batch_bytes
            if page_by_page or is_full:
                yield batch
                batch = Batch()
        if batch.pages or batch.gone:
            yield batch


def _pages(
    listing: Listing, lanes: Lanes, settings: ExtractionSettings, figures: ResourceFigures
) -> Iterator[FetchedPage]:
    """The whole listing."""
    # Where the end may come at any page, none is asked for before it is wanted.
    ahead = 1 if _yields_are_counted() or settings.limit_rows is not None else None
    with closing(
        lanes.read(lambda client: listing.pages(client, figures), lambda page: page.size, ahead)
    ) as pages:
        yield from _limited(pages, settings.limit_rows)


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
        lane = TailLane(listing, tail, state.get(TAIL) or {}, bounds, figures)
        return lanes.read(lane.items, _size_of)

    # The user may have given it another name than the config, even twice.
    with closing(sync.legs.items(dlt.current.resource().name, begin)) as items:
        for item in items:
            yield item
            if isinstance(item, LegEnd):
                state[TAIL] = item.state
                figures.listings_ended += item.is_last


def _may_repeat(settings: ExtractionSettings, legs: Legs) -> bool:
    """Whether one load may hold a row twice: with ids the last one counts."""
    return legs.settings is None and settings.row_ids


def _size_of(item: FetchedPage | LegEnd) -> int:
    return item.size if isinstance(item, FetchedPage) else 0


def _yields_are_counted() -> bool:
    return any(isinstance(step, LimitItem) for step in _running_pipe().steps)


def _limited(pages: Iterator[FetchedPage], limit: int | None) -> Iterator[FetchedPage]:
    """The pages up to so many rows, the last one cut."""
    if limit is None:
        yield from pages
        return
    for page in pages:
        cut = replace(page, rows=page.rows[:limit])
        yield cut
        limit -= len(cut.rows)
        if limit <= 0:
            return


def _running_pipe() -> Pipe:
    return cast(Pipe, dlt.current.pipe())


def _dicts_expected() -> bool:
    """Whether somebody's functions come between this resource and the load."""
    own = _running_pipe()
    if any(not isinstance(step, LimitItem) for step in own.steps[1:]):
        return True
    return any(
        other._pipe.parent is not None and other._pipe.parent.name == own.name
        for other in dlt.current.source().resources.extracted
    )
