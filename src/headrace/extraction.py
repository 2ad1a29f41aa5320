"""What a resource does while dlt runs it: lists pages and hands their rows over, in batches."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any, cast

import dlt
import msgspec
from dlt.extract.items_transform import LimitItem
from dlt.extract.pipe import Pipe

from headrace.exceptions import RowError
from headrace.figures import Figures, ResourceFigures, watched
from headrace.handover import UNREADABLE, Batch, Handover
from headrace.listing import FetchedPage, Listing
from headrace.live_table import current_load_id
from headrace.wire.lanes import Lanes


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


def extract_rows(listing: Listing, lanes: Lanes, settings: ExtractionSettings) -> Iterator[Any]:
    """The function of a dlt resource: lists, types, and yields what dlt loads.

    In a pipeline run it yields Arrow tables, and lists of dicts for rows that need dlt's own
    normalizer. Outside of a run, and where functions of the user wait for dicts (`add_map`,
    transformers, a pydantic model as `columns`), it yields lists of dicts, as dlt's source does.

    Args:
        listing: of the resource.
        lanes: to fetch with.
        settings: how to hand the rows over.

    Raises:
        HeadraceError: the listing failed, or a row cannot be loaded.
    """
    load_id = current_load_id()
    figures = Figures() if load_id is None else watched(dlt.current.pipeline().pipeline_name)
    batches = _batches(listing, lanes, settings, figures.of(listing.name))
    if load_id is None or _dicts_expected():
        for batch in batches:
            if batch.unreadable:
                raise RowError(f"resource `{listing.name}`: a row {UNREADABLE}")
            yield [msgspec.json.decode(row) for row in batch.rows]
        return
    handover = Handover(
        listing, load_id, row_ids=settings.row_ids, strict=settings.strict, figures=figures
    )
    yield from handover.items(batches)


def _batches(
    listing: Listing, lanes: Lanes, settings: ExtractionSettings, figures: ResourceFigures
) -> Iterator[Batch]:
    """The pages in batches worth typing at once; one page each where the yields are counted."""
    page_by_page = any(isinstance(step, LimitItem) for step in _running_pipe().steps)
    # Where the end may come at any page, none is asked for before it is wanted.
    ahead = 1 if page_by_page or settings.limit_rows is not None else None
    batch = Batch()
    with closing(
        lanes.read(lambda client: listing.pages(client, figures), lambda page: page.size, ahead)
    ) as pages:
        for page in _limited(pages, settings.limit_rows):
            batch.add(page)
            figures.loaded_rows += len(page.rows) + len(page.unreadable)
            is_full = len(batch.rows) >= settings.batch_rows or batch.size >= settings.batch_bytes
            if page_by_page or is_full:
                yield batch
                batch = Batch()
        if batch.rows:
            yield batch


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
