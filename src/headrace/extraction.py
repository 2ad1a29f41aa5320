"""Runs inside dlt: pages in, Arrow tables out, and the rows of the side road beside them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, cast

import dlt
import msgspec
import pyarrow as pa
from dlt.extract.items_transform import LimitItem
from dlt.extract.pipe import Pipe

from headrace.exceptions import RowError
from headrace.figures import Figures, ResourceFigures, watched
from headrace.listing import FetchedPage, Listing
from headrace.live_table import LiveTable, current_load_id
from headrace.redaction import Redactor
from headrace.rows import MainRoad, RowIds
from headrace.wire.lanes import Lanes


@dataclass(frozen=True, slots=True)
class ExtractionSettings:
    """How rows are handed to dlt.

    Args:
        row_ids: add `_dlt_id` and `_dlt_load_id`, as dlt does to rows that it normalizes itself.
        limit_rows: stop after so many rows; no limit when None.
        batch_rows: rows typed at once, a page more or less.
        batch_bytes: or else bytes of pages.
    """

    row_ids: bool = True
    limit_rows: int | None = None
    batch_rows: int = 50_000
    batch_bytes: int = 16 * 1024 * 1024


@dataclass(slots=True)
class _Batch:
    rows: list[msgspec.Raw] = field(default_factory=list)
    size: int = 0

    def add(self, page: FetchedPage) -> None:
        self.rows.extend(page.rows)
        self.size += page.size


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
    figures = _running_figures(load_id).of(listing.name)
    batches = _batches(listing, lanes, settings, figures)
    try:
        if load_id is None or _dicts_expected():
            for batch in batches:
                yield [msgspec.json.decode(row) for row in batch.rows]
        else:
            yield from _typed(batches, load_id, settings, figures)
    except RowError as error:
        text = Redactor(listing.credentials.secrets).clean(str(error))
        raise RowError(f"resource `{listing.name}`: {text}") from None


def _typed(
    batches: Iterator[_Batch],
    load_id: str,
    settings: ExtractionSettings,
    figures: ResourceFigures,
) -> Iterator[Any]:
    table = LiveTable.of_running_resource()
    road = MainRoad(table.columns, table.required, table.name_of, table.infer)
    ids = RowIds(load_id)
    handed_over = False
    for batch in batches:
        parted = road.part(batch.rows)
        for row in parted.side_rows:
            table.require_coercible(row)
        figures.side_rows += len(parted.side_rows)
        arrow = parted.table
        if settings.row_ids:
            arrow = _with_ids(arrow, table, ids, load_id)
        if arrow.num_rows or parted.new_columns:
            yield _with_columns(arrow, table, parted.new_columns)
            handed_over = True
        if parted.side_rows:
            yield parted.side_rows
            handed_over = True
    if not handed_over and table.is_declared:
        # Declared columns exist even where the API has no rows.
        empty = road.part([]).table
        yield _with_ids(empty, table, ids, load_id) if settings.row_ids else empty


def _batches(
    listing: Listing, lanes: Lanes, settings: ExtractionSettings, figures: ResourceFigures
) -> Iterator[_Batch]:
    """The pages in batches worth typing at once; one page each where the yields are counted."""
    page_by_page = any(isinstance(step, LimitItem) for step in _running_pipe().steps)
    # Where the end may come at any page, none is asked for before it is wanted.
    ahead = 1 if page_by_page or settings.limit_rows is not None else None
    batch = _Batch()
    with closing(
        lanes.read(lambda client: listing.pages(client, figures), lambda page: page.size, ahead)
    ) as pages:
        for page in _limited(pages, settings.limit_rows):
            batch.add(page)
            figures.loaded_rows += len(page.rows)
            is_full = len(batch.rows) >= settings.batch_rows or batch.size >= settings.batch_bytes
            if page_by_page or is_full:
                yield batch
                batch = _Batch()
        if batch.rows:
            yield batch


def _limited(pages: Iterator[FetchedPage], limit: int | None) -> Iterator[FetchedPage]:
    """The pages up to so many rows, the last one cut."""
    if limit is None:
        yield from pages
        return
    for page in pages:
        cut = FetchedPage(page.rows[:limit], page.size)
        yield cut
        limit -= len(cut.rows)
        if limit <= 0:
            return


def _with_ids(arrow: pa.Table, table: LiveTable, ids: RowIds, load_id: str) -> pa.Table:
    for name, column in table.id_columns.items():
        is_row_id = column.get("row_key")
        values = ids.take(arrow.num_rows) if is_row_id else pa.repeat(load_id, arrow.num_rows)
        arrow = arrow.append_column(pa.field(name, pa.string(), nullable=False), values)
    return arrow


def _with_columns(arrow: pa.Table, table: LiveTable, names: list[str]) -> Any:
    """The table, marked with the columns that dlt has not seen yet.

    dlt looks at the columns of a resource's first table only, unless told of more.
    """
    hints = {**table.new_id_columns(arrow.column_names), **table.hints_for(names)}
    if not hints:
        return arrow
    return dlt.mark.with_hints(arrow, dlt.mark.make_hints(columns=hints))


def _running_figures(load_id: str | None) -> Figures:
    return Figures() if load_id is None else watched(dlt.current.pipeline().pipeline_name)


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
