"""A listing that is kept up with for several tenants: a lane for each, in the legs of one sync.

The lanes are read side by side, and what they bring comes tenant by tenant: so what belongs to a
tenant's leg, and the state that it leaves, go into the same load.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing
from dataclasses import field, replace
from functools import partial
from typing import Any

from headrace.config.built.parents import TENANT, ParentConfig, ParentField
from headrace.config.built.tail import TailConfig
from headrace.config.built.tenants import TENANTS
from headrace.core.exceptions import ConfigError, HeadraceError, StateError
from headrace.core.figures import ResourceFigures
from headrace.core.json_path import JsonPath
from headrace.core.quick_dataclasses import dataclass
from headrace.reading.asked_rows import AskedRow
from headrace.reading.children import ChildListings
from headrace.reading.client import Clients
from headrace.reading.fan_out import FanOut
from headrace.reading.fetched_page import FetchedPage
from headrace.reading.keep_up.asking import SinglesPolicy
from headrace.reading.keep_up.lane import LegBounds, TailLane
from headrace.reading.keep_up.legs import LegEnd
from headrace.reading.tenant_apis import TenantApis
from headrace.reading.tenant_listings import TenantListings
from headrace.reading.tenant_rows import is_of_all_tenants, rows_of_tenant, told_of_tenant
from headrace.sansio.rows.tenant_column import TenantColumn

_MOST_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class TenantEnd:
    """The end of what one tenant has brought to a leg.

    Args:
        name: Its name.
        end: What its lane leaves; None where it failed.
        error: Why it failed; None where it did not.
        request: The request that failed, without secrets; empty where none did.
    """

    name: str
    end: LegEnd | None
    error: HeadraceError | None = None
    request: str = ""


TenantItem = FetchedPage | TenantEnd


@dataclass(frozen=True, slots=True)
class TenantLegs:
    """What is known of the tenants when a sync begins.

    Args:
        config: How the listing is kept up with.
        states: What the last leg has left of each tenant, by its name.
        bounds: When legs end.
        figures: Where to count.
        singles_of: What to do about requests for single rows of a tenant that fail.
        refused: The tenants that may not be asked, each with the reason.
    """

    config: TailConfig
    states: Mapping[str, dict[str, Any]]
    bounds: LegBounds
    figures: ResourceFigures
    singles_of: Callable[[str], SinglesPolicy]
    refused: Mapping[str, ConfigError] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TenantTails:
    """The listings of a resource that is kept up with, one for each tenant.

    Args:
        apis: What the tenants' APIs are asked with.
        resource: The name of the resource.
    """

    apis: TenantApis
    resource: str

    async def items(
        self, legs: TenantLegs, clients: Clients
    ) -> AsyncGenerator[FetchedPage | TenantEnd | LegEnd, None]:
        """Fetches what is new of all tenants.

        Args:
            legs: What is known of them.
            clients: The clients to ask with.

        Yields:
            The rows to load; behind those of each tenant its end; and behind those of a leg its
            end, which holds no state of its own.
        """
        names, bounds = self.apis.names, legs.bounds
        fan: FanOut[TenantItem] = FanOut(
            (self._of_tenant(name, legs, clients) for name in names),
            at_once=bounds.concurrency,
            most_bytes=_MOST_BYTES,
            size=size_of_item,
        )
        size, ended, began = 0, 0, time.monotonic()
        async with aclosing(fan.items()) as items:
            async for item in items:
                yield item
                if isinstance(item, FetchedPage):
                    size += item.size
                    continue
                ended += item.end is None or item.end.is_last
                if item.end is not None and not item.end.is_last:
                    yield LegEnd({}, (), is_last=False, go_on=item.end.go_on)
                elif ended < len(names) and bounds.is_over(size, time.monotonic() - began):
                    is_on_disk = asyncio.Event()
                    loop = asyncio.get_running_loop()
                    go_on = partial(loop.call_soon_threadsafe, is_on_disk.set)
                    yield LegEnd({}, (), is_last=False, go_on=go_on)
                    await is_on_disk.wait()
                else:
                    continue
                size, began = 0, time.monotonic()
        yield LegEnd({}, (), is_last=True)

    async def _of_tenant(
        self, name: str, legs: TenantLegs, clients: Clients
    ) -> AsyncGenerator[TenantItem, None]:
        column = TenantColumn(self.apis.column, name)
        try:
            if name in legs.refused:
                raise legs.refused[name]
            own = self.apis.own(name, self.resource)
            async with clients.of(name) as client:
                lane = TailLane(
                    self.apis.listing(name, own),
                    legs.config,
                    legs.states.get(name) or {},
                    legs.bounds,
                    legs.figures,
                    legs.singles_of(name),
                )
                async for item in lane.items(client):
                    if isinstance(item, LegEnd):
                        yield TenantEnd(name, item)
                    else:
                        rows = rows_of_tenant(item.rows, column, self.resource)
                        yield replace(item, rows=rows)
        except HeadraceError as error:
            if isinstance(error, StateError) or is_of_all_tenants(error):
                raise
            request = f"GET {error.url}" if error.url else ""
            yield TenantEnd(name, None, told_of_tenant(error, name), request)

    def whole(self) -> WholeListings:
        """All listings from their top to their end."""
        column = self.apis.column
        parent = ParentConfig(TENANTS, (ParentField(TENANT, TENANTS, JsonPath(column)),))
        first = TenantListings(self.apis, self.resource, parent)
        return WholeListings(self.apis, first)


@dataclass(frozen=True, slots=True)
class WholeListings:
    """The listings of a resource for all tenants, from their top to their end.

    Args:
        apis: What the tenants' APIs are asked with.
        tenants: What the listings are for each tenant.
    """

    apis: TenantApis
    tenants: TenantListings

    async def pages(self, client: Any, figures: ResourceFigures) -> AsyncIterator[FetchedPage]:
        """Lists all of them, in the order of the tenants.

        Args:
            client: The clients of the tenants.
            figures: Where to count requests, pages and rows.

        Raises:
            HeadraceError: A listing failed.
        """
        streams = (
            self._of_tenant(name, place, client, figures)
            for place, name in enumerate(self.apis.names)
        )
        fan: FanOut[FetchedPage] = FanOut(
            streams, at_once=self.apis.at_once, most_bytes=0, size=lambda page: 1
        )
        async with aclosing(fan.items()) as pages:
            async for page in pages:
                yield page

    async def _of_tenant(
        self, name: str, place: int, clients: Clients, figures: ResourceFigures
    ) -> AsyncGenerator[FetchedPage, None]:
        asked = AskedRow({self.apis.column: name}, place)
        try:
            own: ChildListings = self.tenants.of(name)
            async with clients.of(name) as client:
                async for page in own.of_row(asked, client, figures):
                    yield page
        except HeadraceError as error:
            raise told_of_tenant(error, name) from None


def size_of_item(item: object) -> int:
    """The size of a page in bytes; 0 for an end."""
    return item.size if isinstance(item, FetchedPage) else 0
