"""Reads the first rows of a listing without loading anything.

The rows are requested and typed by the code that a sync uses, so a config that gives a good sample
can be loaded.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import Any

import msgspec
from dlt.common.destination.capabilities import DestinationCapabilitiesContext
from dlt.common.schema import Schema

from headrace.config import ExternalResource, ResourceConfig, SourceConfig
from headrace.core.exceptions import HeadraceError, RowError
from headrace.core.figures import ResourceFigures
from headrace.core.quick_dataclasses import dataclass
from headrace.core.secrets.redaction import Redactor
from headrace.dlt_source.by_call import SOURCE_NAME
from headrace.dlt_source.incremental import CursorValues, judge_as_first_sync, range_of_first_sync
from headrace.dlt_source.items import ParentRows, rows_of
from headrace.dlt_source.source import as_in_first_sync, build_resources
from headrace.dlt_source.table import ResourceTable
from headrace.dlt_source.table_columns import TableColumns
from headrace.http.lanes import Lanes
from headrace.reading.asked_rows import AskedRow, ParentBatch, ParentRow
from headrace.reading.build import build_listing, listing_by_values, request_template
from headrace.reading.children import ChildListings
from headrace.reading.client import Client
from headrace.reading.client_settings import client_settings
from headrace.reading.credentials import Authentications
from headrace.reading.fetched_page import FetchedPage
from headrace.reading.listing import Listing
from headrace.reading.parent_batches import ParentBatches


@dataclass(frozen=True, slots=True)
class Sample:
    """The beginning of a listing.

    Args:
        resource: The name of the resource.
        asked: The method and URL of the first request, without secrets; None where no request was
            made, because the resource depends on one that has no rows.
        parent: The name of the resource that it depends on; None where it depends on none. The
            sample begins with what belongs to the first row of that resource.
        first_page_rows: The number of rows on the first page.
        has_more: Whether there are pages beyond those that were read.
        rows: The rows, by column name, with values of the types that the table would hold. Lists,
            and the rows that hold them, have values as the API sent them; secrets are masked.
        guess: The paginator that was guessed from the first page, as a config would name it; None
            where nothing was guessed.
        pages: The number of pages that were read.
        total: The number of all rows, as the API tells it; None where it does not.
        written: What the answers are written in, as a sentence, where that was guessed.
        skipped: Why it is passed over, as a sentence, where the API does not have it here.
    """

    resource: str
    asked: str | None
    parent: str | None
    first_page_rows: int
    has_more: bool
    rows: list[dict[str, Any]]
    guess: str | None = None
    pages: int = 1
    total: int | None = None
    written: str | None = None
    skipped: str | None = None

    @property
    def columns(self) -> list[str]:
        """The columns of all rows, in the order in which they appear."""
        return list(dict.fromkeys(name for row in self.rows for name in row))


def take_sample(
    config: SourceConfig,
    resource: ResourceConfig,
    count: int,
    *,
    most_pages: int | None = None,
    judges_rows: bool = False,
) -> Sample:
    """Reads a listing from its first page until there are enough rows.

    Args:
        config: The config that the resource is part of.
        resource: The resource to look at.
        count: The largest number of rows to return. One page is read in any case.
        most_pages: The largest number of pages to read, even if they hold fewer rows than `count`;
            None for any number. Where the paginator is guessed, a second page is read in any case:
            only then is it known that the guess leads on.
        judges_rows: Whether an incremental of dlt's kind is to see that it can compare the rows.

    Returns:
        The rows and what is known of the listing.

    Raises:
        HeadraceError: The listing does not answer as the config expects.
    """
    authentications = Authentications.of_config(config)
    listing = build_listing(config, resource, authentications)
    with _located(resource.name, listing):
        figures = ResourceFigures()
        pages = _first_pages(config, resource, authentications, listing, count, most_pages, figures)
        first = pages[0] if pages else None
        found = any(page.rows for page in pages)
        redactor = Redactor(listing.credentials.secrets)
        if judges_rows and resource.cursor is not None and not resource.steps:
            judge_as_first_sync(resource.cursor, resource.name, pages)
        return Sample(
            resource=resource.name,
            asked=str(first.request) if first else None,
            parent=resource.parent.resource if resource.parent else None,
            first_page_rows=len(first.rows) if first else 0,
            has_more=bool(pages) and not pages[-1].is_last,
            rows=[
                {name: _masked(value, redactor) for name, value in row.items()}
                for row in _typed(config, resource, listing, pages, count)
            ],
            guess=first.guess if first else None,
            pages=len(pages),
            total=first.total if first else None,
            written=first.written if first else None,
            skipped=figures.notes[0] if figures.skipped and not found else None,
        )


@contextmanager
def _located(resource: str, listing: Listing) -> Iterator[None]:
    """Names the resource in each error that the block raises, and masks the secrets in it."""
    try:
        yield
    except HeadraceError as error:
        told = str(error)
        if f"resource `{resource}`" not in told:
            told = f"resource `{resource}`: {told}"
        error.located(Redactor(listing.credentials.secrets).clean(told), resource=resource)
        raise


def _first_pages(
    config: SourceConfig,
    resource: ResourceConfig,
    authentications: Authentications,
    listing: Listing,
    count: int,
    most: int | None,
    figures: ResourceFigures,
) -> list[FetchedPage]:
    # With room for one byte, no page is requested before the one before it has been taken.
    lanes = Lanes(client_settings(config), buffer_bytes=1)
    wanted = count if most is None else 1
    pages: list[FetchedPage] = []
    found = 0
    with closing(
        lanes.read(
            lambda client: _pages(config, resource, authentications, client, wanted, figures),
            lambda page: page.size,
        )
    ) as fetched:
        for page in fetched:
            pages.append(page)
            found += len(page.rows)
            if page.unreadable:
                raise RowError(
                    f"{page.request}: a row would go to quarantine: {page.unreadable[0].reason}.",
                    url=page.request.url,
                    row=_shown_row(page.unreadable[0].row, listing),
                )
            if (found >= count or len(pages) == most) and not _is_to_be_proved(pages):
                break
    return pages


def _is_to_be_proved(pages: list[FetchedPage]) -> bool:
    return len(pages) == 1 and pages[0].guess is not None and not pages[0].is_last


async def _pages(
    config: SourceConfig,
    resource: ResourceConfig,
    authentications: Authentications,
    client: Client,
    wanted: int,
    figures: ResourceFigures,
) -> AsyncIterator[FetchedPage]:
    # For a look at a few rows no pages are wanted beside the first ones.
    listing = replace(build_listing(config, resource, authentications), lanes=None)
    if resource.parent is None:
        by_values = listing_by_values(config, resource, listing, authentications)
        one_by_one = None if by_values is None else replace(by_values, at_once=1)
        asked = one_by_one or as_in_first_sync(listing, resource, wanted)
        async for page in asked.pages(client, figures):
            yield page
        return
    template, cursor = request_template(resource.endpoint), resource.cursor
    children = ChildListings(listing, template, resource.parent)
    fill = parts = None
    if cursor is not None:
        values = CursorValues.of_first_sync(cursor)
        fill, parts = values.filler(cursor), range_of_first_sync(cursor)
    parent_rows = _parent_rows(config, resource.parent.resource, authentications, client, figures)
    async for row in _rows_or_batches(children, parent_rows):
        asked_row = AskedRow(row, 0, fill, range=parts, wanted=wanted)
        async for page in children.of_row(asked_row, client, figures):
            yield page


async def _rows_or_batches(
    children: ChildListings, rows: AsyncIterator[ParentRow]
) -> AsyncIterator[ParentRow | ParentBatch]:
    if children.parent.batching is None:
        async for row in rows:
            yield row
        return
    batches = ParentBatches(children.parent)
    async for row in rows:
        values = children.values(row)
        for batch in () if batches.has_no_value(values) else batches.add(values):
            yield batch
    for batch in batches.rest():
        yield batch


async def _parent_rows(
    config: SourceConfig,
    name: str,
    authentications: Authentications,
    client: Client,
    figures: ResourceFigures,
) -> AsyncIterator[dict[str, Any]]:
    parent = next(each for each in config.resources if each.name == name)
    if isinstance(parent, ExternalResource):
        for item in parent.resource:
            for row in rows_of(item):
                yield row
        return
    async for page in _pages(config, parent, authentications, client, 1, figures):
        for row in rows_of(ParentRows(page.rows)):
            yield row


def _typed(
    config: SourceConfig,
    resource: ResourceConfig,
    listing: Listing,
    pages: list[FetchedPage],
    count: int,
) -> list[dict[str, Any]]:
    (dlt_resource,) = (
        each for each in build_resources(config) if each.name == resource.hints["name"]
    )
    table = ResourceTable(
        Schema(SOURCE_NAME), dlt_resource, DestinationCapabilitiesContext.generic_capabilities()
    )
    road = table.main_road()
    typed: list[dict[str, Any]] = []
    for row, told in [(row, page.request) for page in pages for row in page.rows][:count]:
        typed_batch = road.type_rows([row])
        typed.extend(typed_batch.table.to_pylist())
        for side_row in typed_batch.side_rows:
            fields = _fields(side_row.values, table.columns)
            typed.append({table.columns.name_of(path): value for path, value in fields})
        for rejected in typed_batch.rejected:
            raise RowError(
                f"{told}: a row would go to quarantine: {rejected.reason}. "
                "Check `primary_key`, `columns` and `endpoint.data_selector`.",
                url=told.url,
                row=_shown_row(rejected.row, listing),
            )
    return typed


def _fields(
    values: Mapping[str, Any], columns: TableColumns, above: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Any]]:
    """The fields of a row that dlt's normalizer takes, by the columns that it makes of them."""
    for name, value in values.items():
        path = (*above, name)
        if isinstance(value, Mapping) and columns.flattens(path):
            yield from _fields(value, columns, path)
        else:
            yield path, value


def _shown_row(row: msgspec.Raw, listing: Listing) -> str:
    # The secrets are asked for now: a token may have come while the listing was read.
    return Redactor(listing.credentials.secrets).clean(bytes(row).decode("utf-8", "replace"))


def _masked(value: Any, redactor: Redactor) -> Any:
    """The value with its secrets masked: a server may send a secret back in a row."""
    if isinstance(value, str):
        return redactor.clean(value)
    if isinstance(value, dict):
        return {name: _masked(inner, redactor) for name, inner in value.items()}
    if isinstance(value, list):
        return [_masked(inner, redactor) for inner in value]
    return value
