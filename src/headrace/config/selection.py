"""Picks resources out of a config by their names."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from headrace.config import ExternalResource, ResourceConfig, SourceConfig
from headrace.core.exceptions import ConfigError, Fault
from headrace.core.nearest import did_you_mean


def select_resources(config: SourceConfig, names: Collection[str]) -> SourceConfig:
    """The config to load the named resources only; as it is when no name is given.

    Args:
        config: to pick from.
        names: of resources.

    Raises:
        ConfigError: the config has no resource of such a name.
    """
    if not names:
        return config
    known = [resource.name for resource in config.resources]
    faults = [Fault("resources", _unknown(name, known)) for name in names if name not in known]
    if faults:
        raise ConfigError(faults)
    return replace(config, chosen=tuple(known_name for known_name in known if known_name in names))


def listed_resources(config: SourceConfig) -> list[ResourceConfig]:
    """The resources to load that the config itself describes, without those made in Python."""
    return [
        each
        for each in config.resources
        if not isinstance(each, ExternalResource)
        and (each.name in config.chosen if config.chosen else _is_selected(each))
    ]


def _is_selected(resource: ResourceConfig) -> bool:
    return resource.hints.get("selected") is not False


def bound_backfill(config: SourceConfig, until: str) -> SourceConfig:
    """The config whose first sync loads no row below a key, or older than a time.

    Args:
        config: to be bounded.
        until: a key, or an ISO time.

    Raises:
        ConfigError: no resource is kept up with, so each sync loads all there is.
    """
    tails = [each for each in listed_resources(config) if each.tail]
    if not tails:
        message = (
            "the backfill of no resource can be bounded; that needs an `endpoint.incremental` "
            "with `row_order: desc`"
        )
        raise ConfigError([Fault("resources", message)])
    return replace(config, resources=tuple(_bounded(each, until) for each in config.resources))


def _bounded(
    resource: ResourceConfig | ExternalResource, until: str
) -> ResourceConfig | ExternalResource:
    if isinstance(resource, ExternalResource) or resource.tail is None:
        return resource
    settings = replace(resource.tail.settings, backfill_until=until)
    return replace(resource, tail=replace(resource.tail, settings=settings))


def _unknown(name: str, known: list[str]) -> str:
    hint = did_you_mean(name, known).strip() or f"there are: {', '.join(known)}."
    return f"there is no resource `{name}`; {hint}"
