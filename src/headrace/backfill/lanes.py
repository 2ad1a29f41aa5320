"""Lanes: what one task of a backfill reads."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing
from dataclasses import replace
from typing import Any, TypeVar

import msgspec

from headrace.config import SourceConfig
from headrace.config.selection import listed_resources, select_resources
from headrace.core.exceptions import ConfigError, Fault
from headrace.core.figures import Figures
from headrace.dlt_source.parted_resource import PartedResource
from headrace.dlt_source.resource_tree import ResourceTree
from headrace.http.client import HttpClient
from headrace.http.lanes import Lanes
from headrace.reading.client_settings import client_settings
from headrace.reading.credentials import Authentications
from headrace.reading.stretches.planning import parts
from headrace.reading.stretches.stretch import Stretch

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
    tree = ResourceTree(chosen, Authentications.of_config(chosen), figures or Figures(), None)
    parted = PartedResource(tree, listed[0])
    parted.refuse_unparted()
    return parted


def plan_lanes(parted: PartedResource, wanted: int) -> tuple[list[Lane], Sequence[str]]:
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
    lanes = Lanes(client_settings(parted.tree.config))
    plan = asked(lanes, lambda client: parted.plan(client, wanted))
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


def shared_among(config: SourceConfig, workers: int) -> SourceConfig:
    """The config for one of several processes that ask the API at the same time.

    Each has its part of the rate limit, which all of them together keep to.

    Args:
        config: The config.
        workers: How many processes there are.
    """
    limit = config.client.rate_limit
    if workers == 1 or limit is None:
        return config
    # So many requests may begin at once: those of all processes must not be more than the limit.
    requests = max(1, limit.requests // workers)
    seconds = limit.seconds * requests * workers / limit.requests
    own = limit.model_copy(update={"requests": requests, "seconds": seconds})
    return replace(config, client=config.client.model_copy(update={"rate_limit": own}))
