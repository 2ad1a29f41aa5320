"""Lanes: what one task of a backfill reads."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing, closing
from dataclasses import replace
from typing import Any, TypeVar

import msgspec

from headrace.config import SourceConfig
from headrace.config.built.parents import TENANT
from headrace.config.format.client import ClientConfig
from headrace.config.selection import listed_resources, select_resources
from headrace.core.arrow import pa
from headrace.core.exceptions import ConfigError, Fault
from headrace.core.figures import Figures
from headrace.core.quick_dataclasses import dataclass
from headrace.dlt_source.parted_resource import PartedResource
from headrace.dlt_source.plain_reading import read_resource, reader_of
from headrace.dlt_source.resource_tree import ResourceTree
from headrace.http.client import HttpClient
from headrace.http.lanes import Lanes
from headrace.reading.client import Client
from headrace.reading.fan_in import as_they_come
from headrace.reading.fetched_page import FetchedPage
from headrace.reading.plain_batches import ReadSettings
from headrace.reading.reader import Reader
from headrace.reading.stretches.planning import parts
from headrace.reading.stretches.stretch import ParentStretch, Stretch
from headrace.reading.travelling import load_travelled

Answer = TypeVar("Answer")

DEFAULT_LANES = 64
MOST_LANES = 1_000
"""So many lanes a plan has at most: orchestrators map over no more, and each has a fixed cost."""

_WHICH = "the config has several resources: name the one to read, one of {names}"
_COUNT = "`lanes` is {count}: expected a number from 1 to {most:,}"


class Lane(msgspec.Struct, frozen=True):
    """What one task reads, one stretch after the other.

    Args:
        number: Its number among those of the plan, from 0.
        stretches: The stretches.
    """

    number: int
    stretches: tuple[Stretch, ...]


def tenants_in(lane: Lane) -> set[str] | None:
    """The names of the tenants whose rows a lane has; None where the config has none.

    Args:
        lane: The lane.
    """
    parents = [each for each in lane.stretches if isinstance(each, ParentStretch)]
    if not any(TENANT in each.fields for each in parents):
        return None
    return {str(row[each.fields.index(TENANT)]) for each in parents for row in each.values}


def parted_resource(
    config: SourceConfig, resource: str | None, figures: Figures | None = None
) -> PartedResource:
    """The resource of a config that is read in stretches.

    Args:
        config: The config.
        resource: The name of the resource; None where the config has only one.
        figures: Where to count; None for figures that nobody sees.

    Raises:
        ConfigError: There is no such resource, or it cannot be read in stretches.
    """
    chosen = select_resources(config, [resource] if resource else [])
    listed = listed_resources(chosen)
    if len(listed) != 1:
        names = ", ".join(f"`{each.name}`" for each in config.resources)
        raise ConfigError([Fault("resources", _WHICH.format(names=names))])
    tree = ResourceTree.of_config(chosen, figures or Figures())
    parted = PartedResource(tree, listed[0])
    parted.refuse_unparted()
    return parted


def plan_lanes(
    text: str,
    resource: str | None = None,
    *,
    lanes: int = DEFAULT_LANES,
    secrets: str | None = None,
) -> tuple[list[Lane], Sequence[str]]:
    """Parts a resource into lanes for an engine that has each of them read somewhere.

    Args:
        text: The config as YAML or JSON, in which `${NAME}` stands for secrets, or the name of a
            connector.
        resource: The name of the resource; None where the config has only one.
        lanes: How many lanes there are at most.
        secrets: A function, written as `package.module:function`, from the NAME in `${NAME}` to its
            value; None looks where `dlt.secrets` does.

    Returns:
        The lanes, and what whoever plans should know.

    Raises:
        ConfigError: The config cannot be used.
        HeadraceError: A request failed.
    """
    return lanes_of(parted_resource(load_travelled(text, secrets), resource), lanes)


def schema_of(
    text: str, resource: str | None = None, *, rows: int = 1_000, secrets: str | None = None
) -> pa.Schema:
    """The schema that the first rows of a resource have, which all its lanes can be read by.

    Args:
        text: As in `plan_lanes`.
        resource: As in `plan_lanes`.
        rows: So many rows are looked at.
        secrets: As in `plan_lanes`.

    Returns:
        The schema; in its metadata is what the readers of lanes need.

    Raises:
        ConfigError: The config cannot be used.
        HeadraceError: A request failed.
    """
    config = load_travelled(text, secrets)
    with read_resource(config, resource, limit_rows=rows) as reader:
        return reader.portable_schema


def read_lane(
    text: str,
    resource: str | None,
    lane: Lane,
    *,
    schema: pa.Schema | None = None,
    workers: int = 1,
    secrets: str | None = None,
    batch_rows: int = 25_000,
    at_once: int | None = 1,
) -> Reader:
    """Reads a lane as Arrow, batch by batch, anywhere.

    Args:
        text: As in `plan_lanes`.
        resource: As in `plan_lanes`.
        lane: The lane.
        schema: The schema of all batches, as `schema_of` gives it; None for that of the first
            batch.
        workers: How many processes read lanes at the same time, which share the rate limit.
        secrets: As in `plan_lanes`.
        batch_rows: The number of rows at which a batch is full, a page more or less.
        at_once: How many of its stretches are read at the same time; None for as many as the
            config's `client.concurrency` has for each worker. The rows of several come in no order.

    Raises:
        ConfigError: The config cannot be used.
    """
    loaded = load_travelled(text, secrets, tenants=tenants_in(lane))
    config = shared_among(loaded, workers)
    parted = parted_resource(config, resource)
    settings = ReadSettings(batch_rows)
    at_once = config.client.concurrency if at_once is None else at_once
    pages = LanePages(parted, lane, at_once, seconds_between_requests(config))
    return reader_of(parted.tree, parted.resource, pages, settings, schema=schema)


@dataclass(frozen=True, slots=True)
class LanePages:
    """The pages of a lane.

    Args:
        parted: The resource.
        lane: The lane.
        at_once: How many of its stretches are read at the same time.
        seconds_behind: So long its end is held back, for the rate limit to hold for who reads next.
    """

    parted: PartedResource
    lane: Lane
    at_once: int = 1
    seconds_behind: float = 0.0

    async def pages(self, client: Client, figures: Figures) -> AsyncIterator[FetchedPage]:
        """Reads its stretches; those that are read at the same time as their pages come.

        Args:
            client: The client to ask with.
            figures: Those of the resource, which counts there.
        """
        streams = (
            self.parted.items(stretch, client, keeps_failures=False)
            for stretch in self.lane.stretches
        )
        async with aclosing(as_they_come(streams, self.at_once)) as items:
            async for item in items:
                if isinstance(item, FetchedPage):
                    yield item
        await asyncio.sleep(self.seconds_behind)


def lanes_of(parted: PartedResource, wanted: int) -> tuple[list[Lane], Sequence[str]]:
    """Parts a resource into lanes; asks the API for what has to be known.

    Args:
        parted: The resource.
        wanted: How many lanes there are at most.

    Returns:
        The lanes, and what whoever plans should know.

    Raises:
        ConfigError: The number is none that is possible.
        HeadraceError: A request failed.
    """
    if not 1 <= wanted <= MOST_LANES:
        told = _COUNT.format(count=wanted, most=MOST_LANES)
        raise ConfigError([Fault("", told)])
    plan = asked(parted.tree.new_lanes(), lambda client: parted.plan(client, wanted))
    return [
        Lane(number, tuple(some)) for number, some in enumerate(parts(plan.stretches, wanted))
    ], plan.notes


def asked(lanes: Lanes, ask: Callable[[HttpClient], Awaitable[Answer]]) -> Answer:
    """Has something asked of an API, and waits for the answer.

    Args:
        lanes: What to ask with.
        ask: Asks, given the client.
    """

    async def answers(client: HttpClient) -> Any:
        yield await ask(client)

    with closing(lanes.read(answers, lambda answer: 0)) as found:
        answer: Answer = next(found)
    return answer


def seconds_between_requests(config: SourceConfig) -> float:
    """How far apart the requests of a lane are kept by the rate limit; 0 without one.

    Whoever reads a lane begins with a request, and knows nothing of those before: so much time has
    to be left behind each lane. With tenants it is that of the slowest.

    Args:
        config: The config, as `shared_among` gives it.
    """
    tenants = () if config.tenants is None else config.tenants.tenants
    clients = [config.client, *(each.config.client for each in tenants if each.config is not None)]
    limits = [each.rate_limit for each in clients if each.rate_limit is not None]
    return max((limit.seconds / limit.requests for limit in limits), default=0.0)


def shared_among(config: SourceConfig, workers: int) -> SourceConfig:
    """The config for one of several processes that ask the API at the same time.

    Each has its part of the rate limit, which all of them together keep to, and of the requests
    that are under way at once, of which each has one at least.

    Args:
        config: The config.
        workers: How many processes there are.
    """
    if workers == 1:
        return config
    shared = replace(config, client=_shared(config.client, workers))
    if config.tenants is None:
        return shared
    tenants = tuple(
        replace(
            each,
            config=None
            if each.config is None
            else replace(each.config, client=_shared(each.config.client, workers)),
        )
        for each in config.tenants.tenants
    )
    return replace(shared, tenants=replace(config.tenants, tenants=tenants))


def _shared(client: ClientConfig, workers: int) -> ClientConfig:
    limit = client.rate_limit
    own: dict[str, Any] = {"concurrency": max(1, client.concurrency // workers)}
    if limit is not None:
        # So many requests may begin at once: those of all processes must not be more than the
        # limit, so that what is left over is for none.
        requests = limit.requests // workers
        seconds = limit.seconds if requests else limit.seconds * workers / limit.requests
        own["rate_limit"] = limit.model_copy(update={"requests": requests or 1, "seconds": seconds})
    return client.model_copy(update=own)
