"""The pages of a resource of all tenants, for a reader without a pipeline."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import replace
from typing import cast

from headrace.core.exceptions import HeadraceError
from headrace.core.figures import Figures
from headrace.core.quick_dataclasses import dataclass
from headrace.reading.client import Client, Clients
from headrace.reading.fan_out import FanOut
from headrace.reading.fetched_page import FetchedPage
from headrace.reading.plain_pages import Pages, Passing
from headrace.reading.tenant_apis import TenantApis
from headrace.reading.tenant_rows import rows_of_tenant, told_of_tenant
from headrace.sansio.rows.tenant_column import TenantColumn


@dataclass(frozen=True, slots=True)
class RowsPassing:
    """Pages, and what decides on their rows.

    Args:
        source: The pages.
        passing: Decides on their rows.
    """

    source: Pages
    passing: Passing


@dataclass(frozen=True, slots=True)
class TenantPages:
    """The pages of a resource of all tenants, side by side; no more than one of each waits.

    Args:
        apis: What the tenants' APIs are asked with.
        resource: The name of the resource.
        of: Gives its pages of one tenant.
    """

    apis: TenantApis
    resource: str
    of: Callable[[str], RowsPassing]

    async def pages(self, client: Client, figures: Figures) -> AsyncGenerator[FetchedPage, None]:
        """Lists all of them, in the order of the tenants.

        Args:
            client: The clients of all tenants.
            figures: Where each resource counts.

        Raises:
            HeadraceError: A tenant's listing failed.
        """
        clients = cast(Clients, client)
        fan: FanOut[FetchedPage] = FanOut(
            (self._of_tenant(name, clients, figures) for name in self.apis.names),
            at_once=self.apis.at_once,
            most_bytes=0,
            size=lambda page: 1,
        )
        async with aclosing(fan.items()) as pages:
            async for page in pages:
                yield page

    async def _of_tenant(
        self, name: str, clients: Clients, figures: Figures
    ) -> AsyncGenerator[FetchedPage, None]:
        column = TenantColumn(self.apis.column, name)
        try:
            own = self.of(name)
            async with clients.of(name) as client:
                pages = cast(AsyncGenerator[FetchedPage, None], own.source.pages(client, figures))
                async with aclosing(pages):
                    async for page in pages:
                        passed = own.passing.page(page)
                        rows = rows_of_tenant(passed.rows, column, self.resource)
                        yield replace(passed, rows=rows)
                        if own.passing.is_over:
                            return
        except HeadraceError as error:
            raise told_of_tenant(error, name) from None
