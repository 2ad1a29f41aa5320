"""Looks at the first rows of a listing without loading anything."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import Any

import msgspec
from dlt.common.destination.capabilities import DestinationCapabilitiesContext
from dlt.common.schema import Schema

from headrace.config import ResourceConfig, SourceConfig
from headrace.exceptions import RowError
from headrace.figures import ResourceFigures
from headrace.listing import FetchedPage
from headrace.live_table import LiveTable
from headrace.rows import MainRoad
from headrace.source import SOURCE_NAME, build_listing, build_resources, client_settings
from headrace.wire.lanes import Lanes


@dataclass(frozen=True, slots=True)
class Sample:
    """The beginning of a listing.

    Args:
        resource: its name.
        asked: method and URL of the first request, fit to be shown.
        first_page_rows: how many rows the first page brought.
        has_more: whether there are pages beyond those that were read.
        rows: by column name, typed as the table would hold them; nested values as they came.
    """

    resource: str
    asked: str
    first_page_rows: int
    has_more: bool
    rows: list[dict[str, Any]]


def take_sample(config: SourceConfig, resource: ResourceConfig, count: int) -> Sample:
    """Reads a listing from its first page until there are enough rows.

    Args:
        config: that the resource is part of.
        resource: to look at.
        count: of rows to return at most; one page is read in any case.

    Raises:
        HeadraceError: the listing does not answer as the config expects.
    """
    listing = build_listing(resource)
    # Room for one byte: no page is asked for before it is wanted.
    lanes = Lanes(client_settings(config), buffer_bytes=1)
    pages: list[FetchedPage] = []
    rows: list[msgspec.Raw] = []
    with closing(
        lanes.read(lambda client: listing.pages(client, ResourceFigures()), lambda page: page.size)
    ) as fetched:
        for page in fetched:
            pages.append(page)
            rows.extend(page.rows)
            if len(rows) >= count:
                break
    return Sample(
        resource=resource.name,
        asked=pages[0].asked,
        first_page_rows=len(pages[0].rows),
        has_more=not pages[-1].is_last,
        rows=_typed(config, resource, rows[:count]),
    )


def _typed(
    config: SourceConfig, resource: ResourceConfig, rows: list[msgspec.Raw]
) -> list[dict[str, Any]]:
    (dlt_resource,) = (
        each for each in build_resources(config) if each.name == resource.hints["name"]
    )
    table = LiveTable(
        Schema(SOURCE_NAME), dlt_resource, DestinationCapabilitiesContext.generic_capabilities()
    )
    road = MainRoad(table.fields(), table.required, table.refuses)
    typed: list[dict[str, Any]] = []
    for row in rows:
        parted = road.part([row])
        typed.extend(parted.table.to_pylist())
        for side_row in parted.side_rows:
            typed.append(
                {table.column_name(name): value for name, value in side_row.values.items()}
            )
        for rejected in parted.rejected:
            raise RowError(
                f"resource `{resource.name}`: a row would go to quarantine: {rejected.reason}. "
                "Check `primary_key` and `columns`."
            )
    return typed
