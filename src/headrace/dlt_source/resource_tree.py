"""The pages of a config's resources as in a first sync, without a pipeline, with their parents."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any

from headrace.config import ExternalResource, ResourceConfig, SourceConfig
from headrace.config.built.tenants import TENANTS
from headrace.core.figures import Figures
from headrace.core.quick_dataclasses import dataclass
from headrace.core.secrets.redaction import hold_secrets
from headrace.dlt_source.incremental import CursorValues, range_of_first_sync
from headrace.dlt_source.items import rows_of
from headrace.dlt_source.passing_rows import RowPassing, RowSteps
from headrace.dlt_source.source import as_in_first_sync
from headrace.http.lanes import Lanes
from headrace.reading.asked_rows import ParentRow
from headrace.reading.build import build_listing, listing_by_values, request_template
from headrace.reading.children import ChildListings
from headrace.reading.client import Client
from headrace.reading.client_settings import client_settings
from headrace.reading.credentials import Authentications
from headrace.reading.lanes.values import ValueListing
from headrace.reading.listing import Listing
from headrace.reading.plain_pages import ChildPages, Pages, ParentRows, RootPages, RowsOfPages
from headrace.reading.tenant_apis import TenantApis
from headrace.reading.tenant_listings import TenantListings
from headrace.reading.tenant_pages import RowsPassing, TenantPages


@dataclass(frozen=True, slots=True)
class ResourceTree:
    """The resources of a config, with their parents.

    Args:
        config: The config.
        authentications: Its credentials.
        figures: Where each resource counts.
        limit_rows: So many rows are enough; None for all.
        apis: What the APIs of its tenants are asked with; None where it has none.
    """

    config: SourceConfig
    authentications: Authentications
    figures: Figures
    limit_rows: int | None
    apis: TenantApis | None = None

    @classmethod
    def of_config(cls, config: SourceConfig, figures: Figures) -> ResourceTree:
        """The resources of a config, all of whose rows are wanted.

        Args:
            config: The config.
            figures: Where each resource counts.
        """
        tenants = config.tenants
        apis = None if tenants is None else TenantApis(tenants, config.client.concurrency)
        if apis is not None:
            hold_secrets(apis, config.secrets)
        return cls(config, Authentications.of_config(config), figures, None, apis)

    def new_lanes(self) -> Lanes:
        """What all of it is fetched with."""
        settings = client_settings(self.config)
        return Lanes(settings) if self.apis is None else self.apis.lanes(settings)

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
        parent, apis = resource.parent, self.apis
        tenants = None if apis is None else TenantListings(apis, resource.name, parent)
        template = request_template(resource.endpoint)
        return ChildListings(self.listing(resource), template, parent, tenants=tenants)

    def pages_of_tenants(self, resource: ResourceConfig, apis: TenantApis) -> TenantPages:
        """The pages of a resource of all tenants.

        Args:
            resource: The resource, as the config describes it.
            apis: What the APIs of the tenants are asked with.
        """

        def of(name: str) -> RowsPassing:
            own = apis.own(name, resource.name)
            of_one = replace(
                self,
                config=apis.config(name),
                authentications=apis.authentications(name),
                apis=None,
            )
            return RowsPassing(of_one.pages(own), RowPassing.of(own, self.figures))

        return TenantPages(apis, resource.name, of)

    def _stopping_soon(self, listing: ValueListing) -> ValueListing:
        """The listing with no more pages under way than one for each value that is read."""
        at_once = listing.at_once if self.limit_rows is None else 1
        return replace(listing, at_once=at_once, most_waiting=0)

    def rows(self, name: str) -> ParentRows:
        """The rows of a resource, for those that depend on it.

        Args:
            name: The name of the resource.
        """
        if self.apis is not None and name == TENANTS:
            return _RowsOfTenants(self.apis)
        parent = next(each for each in self.config.resources if each.name == name)
        if self.apis is not None and isinstance(parent, ResourceConfig):
            all_pass = RowPassing(name, self.figures, RowSteps(()))
            return RowsOfPages(name, self.pages_of_tenants(parent, self.apis), all_pass)
        if isinstance(parent, ExternalResource):
            return _RowsOfDlt(parent.resource)
        passing = RowPassing.of(parent, self.figures)
        return RowsOfPages(name, self.pages(parent), passing)


@dataclass(frozen=True, slots=True)
class _RowsOfTenants:
    """The tenants, as the rows of the parent that all resources then have.

    Args:
        apis: What their APIs are asked with.
    """

    apis: TenantApis

    async def rows(self, client: Client, figures: Figures) -> AsyncIterator[Sequence[ParentRow]]:
        """All of them at once."""
        yield [{self.apis.column: name} for name in self.apis.names]


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
