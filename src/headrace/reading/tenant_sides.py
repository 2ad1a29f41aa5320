"""The listings of several tenants, where one tenant that fails does not end the others."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import replace
from typing import cast

from headrace.config.built.tenants import TENANTS
from headrace.core.exceptions import HeadraceError
from headrace.core.figures import ResourceFigures
from headrace.reading.asked_rows import AskedRow
from headrace.reading.children import ChildListings, OfTenants
from headrace.reading.client import Client, Clients
from headrace.reading.fetched_page import FetchedPage
from headrace.reading.side_listings import ListingOutcome, SideListings
from headrace.reading.spooled_pages import SpooledPages
from headrace.reading.tenant_rows import is_of_all_tenants, tenant_of, told_of_tenant


class TenantSides:
    """The listings of a resource for several tenants in one load.

    What one tenant's server does says nothing of those of the others: each is judged by itself.
    Whatever goes wrong with a tenant is its own failure, its credentials included.

    Args:
        listings: The listings.
        tenants: What they are for each tenant.
        holds_back: Whether the rows of a listing are wanted only if all of them come.
        has_worked: Whether a listing of the resource is known to have worked.

    Attributes:
        has_worked: Whether one has worked by now; of whole listings of tenants, in this load.
    """

    def __init__(
        self,
        listings: ChildListings,
        tenants: OfTenants,
        *,
        holds_back: bool = False,
        has_worked: bool = False,
    ) -> None:
        self._tenants = tenants
        self._method = listings.listing.request.method
        self._holds_back = holds_back
        self._are_whole = listings.parent.resource == TENANTS
        self._have_worked = has_worked
        self.has_worked = has_worked and not self._are_whole
        self._errors: dict[str, HeadraceError] = {}
        self._sides: dict[str, SideListings] = {}

    @property
    def of_config(self) -> HeadraceError | None:
        """What ends the load, as none has worked; None where nothing does."""
        names = [name for name in self._tenants.apis.names if name in self._errors]
        if not names:
            return None
        error = self._errors[names[0]]
        if len(names) == 1 or not self._are_whole:
            return error
        return error.located(f"all {len(names):,} tenants failed, `{names[0]}` first: {error}")

    async def of_row(
        self, asked: AskedRow, client: Client, figures: ResourceFigures
    ) -> AsyncIterator[FetchedPage | ListingOutcome]:
        """Lists what belongs to a tenant, to one row of a tenant's, or to a batch of them.

        Args:
            asked: The row or the batch, and how its request is made.
            client: The clients of all tenants.
            figures: Where to count requests, pages and rows.

        Yields:
            The pages, and the outcome behind them.

        Raises:
            ConfigError: The rows of no tenant can be loaded.
        """
        items = self._of_tenant(asked, cast(Clients, client), figures)
        if not self._holds_back:
            async for item in items:
                yield item
            return
        with SpooledPages() as held:
            async for item in items:
                if isinstance(item, FetchedPage):
                    held.add(item)
                    continue
                if item.error is None:
                    for page in held.pages():
                        yield page
                else:
                    figures.rows -= held.rows
                held.clear()
                yield item

    async def _of_tenant(
        self, asked: AskedRow, clients: Clients, figures: ResourceFigures
    ) -> AsyncGenerator[FetchedPage | ListingOutcome, None]:
        name = tenant_of(asked, self._tenants.column)
        try:
            async with clients.of(name) as client:
                side = self._side(name)
                async for item in side.of_row(asked, client, figures):
                    if isinstance(item, ListingOutcome):
                        if item.error is None:
                            self.has_worked = True
                        else:
                            item = replace(item, error=told_of_tenant(item.error, name))
                            self._note(name, item.error if self._are_whole else side.of_config)
                    yield item
        except HeadraceError as error:
            if is_of_all_tenants(error):
                raise
            told = told_of_tenant(error, name)
            self._note(name, told)
            request = f"{self._method} {error.url}" if error.url else ""
            yield ListingOutcome(asked, told, request=request)

    def _side(self, name: str) -> SideListings:
        if name not in self._sides:
            side = SideListings(self._tenants.of(name), has_worked=self._have_worked)
            self._sides[name] = side
        return self._sides[name]

    def _note(self, name: str, error: HeadraceError | None) -> None:
        if error is not None:
            self._errors.setdefault(name, error)
