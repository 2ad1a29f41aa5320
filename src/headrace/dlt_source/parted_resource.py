"""A resource in stretches: which ones it has, and what each of them brings."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any, TypeVar, cast

from headrace.config import ResourceConfig
from headrace.core.exceptions import ConfigError, Fault
from headrace.core.figures import Figures
from headrace.core.quick_dataclasses import dataclass
from headrace.core.secrets.redaction import Redactor
from headrace.dlt_source.resource_tree import ResourceTree
from headrace.dlt_source.source import as_in_first_sync
from headrace.reading.asked_rows import ParentRow, ParentValues
from headrace.reading.client import Client
from headrace.reading.client_settings import client_settings
from headrace.reading.fan_out import FanOut
from headrace.reading.fetched_page import FetchedPage
from headrace.reading.keep_up.asking import SinglesPolicy
from headrace.reading.keep_up.legs import LegEnd
from headrace.reading.lanes.values import ListedValues, each_once
from headrace.reading.listing import Listing
from headrace.reading.plain_pages import ChildPages
from headrace.reading.side_listings import ListingOutcome, SideListings
from headrace.reading.stretches.keys import KeyStretchReader, plan_key_stretches
from headrace.reading.stretches.page_plan import plan_page_stretches
from headrace.reading.stretches.pages import PageStretchReader
from headrace.reading.stretches.planning import (
    StretchPlan,
    parents_of,
    parents_parted,
    values_parted,
    windows_parted,
)
from headrace.reading.stretches.stretch import (
    KeyStretch,
    PageStretch,
    ParentStretch,
    Stretch,
    ValueStretch,
    WholeStretch,
    WindowStretch,
)
from headrace.reading.tenant_sides import TenantSides
from headrace.reading.windowed_listing import ListedWindow, WindowedListing
from headrace.sansio.windows import WindowLanes

Item = TypeVar("Item")

_MOST_WAITING = 32 * 1024 * 1024
_ONE_STRETCH = (
    "`{name}` is read in one lane: nothing in its config says how the listing can be parted. "
    "`endpoint.lanes` does, or `incremental.step`"
)
_SECRET_VALUE = (
    "a secret is among the values, and would travel to other machines with what each of them "
    "reads: load it with `headrace run`, or have `tenants`, each with its own secret"
)
_TOKEN = (
    "`{name}` goes on from a token of the API (`incremental.token_path`), which one chain of pages "
    "ends with: load it with `headrace run`"
)
_TENANTS_STATE = (
    "`{name}` has an `incremental`, whose state is kept for each of the `tenants`: load it with "
    "`headrace run`, which reads many of them at once, or leave `incremental` out for all its rows"
)
_CHILD_CURSOR = (
    "`{name}` depends on `{parent}` and has an `incremental`, whose values are kept for each of "
    "its parents: load it with `headrace run`, or leave `incremental` out for all of its rows"
)


@dataclass(frozen=True, slots=True)
class StretchRead:
    """How a stretch ended, behind its pages.

    Args:
        settled: The place up to which windows had shown all that will come; None where they all
            had, and without windows.
    """

    settled: int | None = None


StretchItem = FetchedPage | ListingOutcome | LegEnd | StretchRead
"""What comes of a stretch: pages, how the listings of single rows of the parent ended, the end."""


@dataclass(frozen=True, slots=True)
class PartedResource:
    """A resource in stretches.

    Args:
        tree: The resources of its config.
        resource: The resource.
        clock: Gives the time, in seconds since 1970.
    """

    tree: ResourceTree
    resource: ResourceConfig
    clock: Callable[[], float] = time.time

    @property
    def name(self) -> str:
        """The name of the resource."""
        return self.resource.name

    @property
    def _figures(self) -> Figures:
        return self.tree.figures

    def refuse_unparted(self) -> None:
        """Refuses a resource that cannot be read in stretches.

        Raises:
            ConfigError: It cannot.
        """
        resource, message = self.resource, None
        if resource.token is not None:
            message = _TOKEN.format(name=self.name)
        elif self.tree.apis is not None and (resource.tail or resource.cursor):
            message = _TENANTS_STATE.format(name=self.name)
        elif resource.parent is not None and resource.cursor is not None:
            message = _CHILD_CURSOR.format(name=self.name, parent=resource.parent.resource)
        if message is not None:
            raise ConfigError([Fault(f"resources.{self.name}", message)], resource=self.name)

    async def plan(self, client: Client, wanted: int) -> StretchPlan:
        """Parts the resource into stretches; the API is asked for what has to be known.

        Args:
            client: The client to ask with.
            wanted: How many stretches there are at most.

        Raises:
            ConfigError: The resource cannot be read in stretches.
            RequestError, PageError: A request failed.
        """
        self.refuse_unparted()
        resource, tree = self.resource, self.tree
        if resource.parent is not None:
            rows = [
                tree.children(resource).values(row)
                async for some in tree.rows(resource.parent.resource).rows(client, self._figures)
                for row in some
            ]
            return StretchPlan(parents_parted(rows, wanted))
        by_values = tree.by_values(resource)
        if by_values is not None:
            values = by_values.values
            if isinstance(values, ListedValues):
                values, _ = await values.read(client, self._figures.of(self.name))
            else:
                self._refuse_secrets(values, by_values.listing.credentials.secrets)
            return StretchPlan(values_parted(each_once(values), wanted))
        if resource.tail is not None:
            keys = await plan_key_stretches(
                tree.listing(resource),
                resource.tail,
                client,
                self._figures.of(self.name),
                wanted,
                self.clock,
            )
            return StretchPlan(keys.stretches, keys.notes)
        listing = as_in_first_sync(tree.listing(resource), resource, None)
        if isinstance(listing, Listing) and listing.lanes is not None:
            figures = self._figures.of(self.name)
            return await plan_page_stretches(listing, listing.lanes, client, figures, wanted)
        if isinstance(listing, WindowedListing):
            return StretchPlan(windows_parted(listing, wanted))
        return StretchPlan([WholeStretch()], [_ONE_STRETCH.format(name=self.name)])

    def _refuse_secrets(self, values: Sequence[Any], secrets: Iterable[str]) -> None:
        """Refuses values that are secrets: they would go with the stretches."""
        clean = Redactor(secrets).clean
        if any(clean(str(value)) != str(value) for value in values):
            place = f"resources.{self.name}.endpoint.lanes.values"
            raise ConfigError([Fault(place, _SECRET_VALUE)], resource=self.name)

    async def items(
        self, stretch: Stretch, client: Client, *, keeps_failures: bool
    ) -> AsyncGenerator[StretchItem, None]:
        """Reads a stretch.

        Args:
            stretch: The stretch.
            client: The client to ask with.
            keeps_failures: Whether a listing of a row of the parent that fails is told of as an
                item, and does not end the others.

        Raises:
            HeadraceError: It failed.
        """
        match stretch:
            case ParentStretch() if keeps_failures:
                items = self._side_listings(stretch, client)
            case WindowStretch():
                items = self._windows(stretch, client)
            case KeyStretch():
                items = self._keys(stretch, client, may_fail=keeps_failures)
            case _:
                items = self._pages(stretch, client)
        async with aclosing(items):
            async for item in items:
                yield item

    async def _pages(self, stretch: Stretch, client: Client) -> AsyncGenerator[StretchItem, None]:
        resource, tree = self.resource, self.tree
        pages: AsyncIterator[FetchedPage]
        match stretch:
            case ParentStretch():
                pages = self._children(stretch).pages(client, self._figures)
            case ValueStretch():
                by_values = tree.by_values(resource)
                assert by_values is not None
                own = replace(by_values, values=stretch.values)
                pages = own.pages(client, self._figures.of(self.name))
            case PageStretch():
                listing = as_in_first_sync(tree.listing(resource), resource, None)
                assert isinstance(listing, Listing)
                assert listing.lanes is not None
                reader = PageStretchReader(listing, listing.lanes, stretch)
                pages = reader.pages(client, self._figures.of(self.name))
            case _:
                pages = tree.pages(resource).pages(client, self._figures)
        async with aclosing(cast(AsyncGenerator[FetchedPage, None], pages)) as fetched:
            async for page in fetched:
                yield page
        yield StretchRead()

    def _children(self, stretch: ParentStretch) -> ChildPages:
        return self.tree.child_pages(self.resource, _GivenParents(parents_of(stretch)))

    async def _side_listings(
        self, stretch: ParentStretch, client: Client
    ) -> AsyncGenerator[StretchItem, None]:
        pages, figures = self._children(stretch), self._figures.of(self.name)
        tenants = pages.children.tenants
        side: SideListings | TenantSides = (
            SideListings(pages.children)
            if tenants is None
            else TenantSides(pages.children, tenants)
        )
        async with aclosing(pages.asked(client, self._figures)) as all_asked:
            async for some in all_asked:
                streams = (side.of_row(each, client, figures) for each in some)
                merged: AsyncGenerator[FetchedPage | ListingOutcome, None]
                async with aclosing(_merged(streams, pages.at_once)) as merged:
                    async for item in merged:
                        yield item
        # What one tenant's server says is no reason not to load the tenants of other stretches.
        may_fail = tenants is not None and not tenants.are_all
        if side.of_config is not None and not side.has_worked and not may_fail:
            raise side.of_config
        pages.children.judge_single_pages(figures)
        yield StretchRead()

    async def _keys(
        self, stretch: KeyStretch, client: Client, *, may_fail: bool
    ) -> AsyncGenerator[StretchItem, None]:
        resource, tail = self.resource, self.resource.tail
        assert tail is not None
        reader = KeyStretchReader(
            self.tree.listing(resource),
            tail,
            stretch,
            self._figures.of(self.name),
            concurrency=client_settings(self.tree.config).concurrency,
            clock=self.clock,
            started=self.clock(),
            singles=SinglesPolicy(may_fail, False, {}),
        )
        items = cast(AsyncGenerator[FetchedPage | LegEnd, None], reader.items(client))
        async with aclosing(items):
            async for item in items:
                yield item

    async def _windows(
        self, stretch: WindowStretch, client: Client
    ) -> AsyncGenerator[StretchItem, None]:
        whole = as_in_first_sync(self.tree.listing(self.resource), self.resource, None)
        assert isinstance(whole, WindowedListing)
        by_time = self.resource.cursor.lanes if self.resource.cursor is not None else None
        at_once = 1 if by_time is None else by_time.at_once
        figures = self._figures.of(self.name)
        lanes = WindowLanes(whole.settings, stretch.low, stretch.high, stretch.within)
        each = replace(whole, asks_ahead=at_once == 1)

        def streams() -> list[AsyncIterator[FetchedPage | ListedWindow]]:
            walks = iter(lanes.take, None)
            return [each.walked(walk, client, figures) for walk in walks]

        async with aclosing(_merged(streams(), at_once)) as items:
            async for item in items:
                if isinstance(item, FetchedPage):
                    yield item
                else:
                    lanes.progress.pass_to(item.window.high, item.asked_at)
        settled = lanes.progress.settled
        yield StretchRead(settled=settled if settled < stretch.high else None)


def _merged(streams: Iterable[AsyncIterator[Item]], at_once: int) -> AsyncGenerator[Item, None]:
    fan: FanOut[Item] = FanOut(
        iter(streams),
        at_once=at_once,
        most_bytes=_MOST_WAITING,
        size=lambda item: item.size if isinstance(item, FetchedPage) else 0,
    )
    return fan.items()


@dataclass(frozen=True, slots=True)
class _GivenParents:
    """The rows of the parent that a stretch has.

    Args:
        values: What is needed of each row.
    """

    values: list[ParentValues]

    async def rows(
        self, client: Client, figures: Figures
    ) -> AsyncIterator[Sequence[ParentRow | ParentValues]]:
        """All of them at once."""
        yield self.values
