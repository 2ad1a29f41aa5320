"""The pages of a config's resources as in a first sync, without a pipeline, with their parents."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any

from headrace.config import ExternalResource, ResourceConfig, SourceConfig
from headrace.core.figures import Figures
from headrace.core.quick_dataclasses import dataclass
from headrace.dlt_source.incremental import CursorValues, range_of_first_sync
from headrace.dlt_source.items import rows_of
from headrace.dlt_source.passing_rows import RowPassing
from headrace.dlt_source.source import as_in_first_sync
from headrace.reading.asked_rows import ParentRow
from headrace.reading.build import build_listing, listing_by_values, request_template
from headrace.reading.children import ChildListings
from headrace.reading.client import Client
from headrace.reading.client_settings import client_settings
from headrace.reading.credentials import Authentications
from headrace.reading.lanes.values import ValueListing
from headrace.reading.listing import Listing
from headrace.reading.plain_pages import ChildPages, Pages, ParentRows, RootPages, RowsOfPages


@dataclass(frozen=True, slots=True)
class ResourceTree:
    """The resources of a config, with their parents.

    Args:
        config: The config.
        authentications: Its credentials.
        figures: Where each resource counts.
        limit_rows: So many rows are enough; None for all.
    """

    config: SourceConfig
    authentications: Authentications
    figures: Figures
    limit_rows: int | None

    def pages(self, resource: ResourceConfig) -> Pages:
        """The pages of a resource.

        Args:
            resource: The resource, as the config describes it.
        """
        listing = self.listing(resource)
        if resource.parent is None:
            by_values = self.by_values(resource)
            if by_values is not None:
                return RootPages(resource.name, self._stopping_soon(by_values))
            return RootPages(resource.name, as_in_first_sync(listing, resource, self.limit_rows))
        return self.child_pages(resource, self.rows(resource.parent.resource))

    def listing(self, resource: ResourceConfig) -> Listing:
        """The listing of a resource.

        Args:
            resource: The resource, as the config describes it.
        """
        listing = build_listing(self.config, resource, self.authentications)
        if self.limit_rows is not None:
            # Pages far down the listing would be asked for in vain.
            listing = replace(listing, lanes=None)
        return listing

    def by_values(self, resource: ResourceConfig) -> ValueListing | None:
        """The listing of a resource by the values of a parameter; None where it is one listing.

        Args:
            resource: The resource, as the config describes it.
        """
        listing = self.listing(resource)
        return listing_by_values(self.config, resource, listing, self.authentications)

    def child_pages(self, resource: ResourceConfig, parents: ParentRows) -> ChildPages:
        """The pages of a dependent resource.

        Args:
            resource: The resource, as the config describes it.
            parents: The rows of its parent.
        """
        cursor, fill, parts = resource.cursor, None, None
        if cursor is not None:
            fill = CursorValues.of_first_sync(cursor).filler(cursor)
            parts = range_of_first_sync(cursor)
        return ChildPages(
            self.children(resource),
            parents,
            client_settings(self.config).concurrency,
            fill,
            parts,
            self.limit_rows,
        )

    def children(self, resource: ResourceConfig) -> ChildListings:
        """The listings of a dependent resource.

        Args:
            resource: The resource, as the config describes it.
        """
        assert resource.parent is not None
        template = request_template(resource.endpoint)
        return ChildListings(self.listing(resource), template, resource.parent)

    def _stopping_soon(self, listing: ValueListing) -> ValueListing:
        """The listing with no more pages under way than one for each value that is read."""
        at_once = listing.at_once if self.limit_rows is None else 1
        return replace(listing, at_once=at_once, most_waiting=0)

    def rows(self, name: str) -> ParentRows:
        """The rows of a resource, for those that depend on it.

        Args:
            name: The name of the resource.
        """
        parent = next(each for each in self.config.resources if each.name == name)
        if isinstance(parent, ExternalResource):
            return _RowsOfDlt(parent.resource)
        passing = RowPassing.of(parent, self.figures)
        return RowsOfPages(name, self.pages(parent), passing)


@dataclass(frozen=True, slots=True)
class _RowsOfDlt:
    """The rows of a parent that is made in Python with dlt.

    Args:
        resource: The resource.
    """

    resource: Any

    async def rows(self, client: Client, figures: Figures) -> AsyncIterator[Sequence[ParentRow]]:
        """All of them, as many at a time as it yields."""
        for item in self.resource:
            yield rows_of(item)
