"""Narrows a config down: to some of its resources, or to a part of their history."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from headrace.config import ExternalResource, ResourceConfig, SourceConfig
from headrace.config.built.tenants import only_tenants
from headrace.config.checks.missing_rows import NEEDS_ROW_IDS
from headrace.core.exceptions import ConfigError, Fault
from headrace.core.nearest import did_you_mean


def select_resources(config: SourceConfig, names: Collection[str]) -> SourceConfig:
    """Narrow a config down to the resources with certain names.

    Args:
        config: The config to choose from.
        names: The names of the resources to load; where there are none, all are loaded that the
            config selects.

    Returns:
        The narrowed config.

    Raises:
        ConfigError: The config has no resource with one of the names, or one cannot be loaded with
            its settings.
    """
    if not names:
        return config
    known = [resource.name for resource in config.resources]
    faults = [Fault("resources", _unknown(name, known)) for name in names if name not in known]
    if faults:
        raise ConfigError(faults)
    if not config.pipeline_settings.row_ids:
        faults = [
            Fault(f"resources.{each.name}.missing_rows", NEEDS_ROW_IDS)
            for each in config.resources
            if isinstance(each, ResourceConfig) and each.name in names and each.missing_rows
        ]
    if faults:
        raise ConfigError(faults)
    return replace(config, chosen=tuple(known_name for known_name in known if known_name in names))


def select_tenants(config: SourceConfig, names: Collection[str]) -> SourceConfig:
    """Narrow a config down to the tenants with certain names.

    Args:
        config: The config to choose from.
        names: The names of the tenants to ask; all where there are none.

    Returns:
        The narrowed config.

    Raises:
        ConfigError: The config has no tenants, or none with one of the names.
    """
    if not names or config.tenants is None:
        refuse_unknown_tenants(names, ())
        return config
    refuse_unknown_tenants(names, [each.name for each in config.tenants.tenants])
    return only_tenants(config, names)


def refuse_unknown_tenants(names: Collection[str], known: Collection[str]) -> None:
    """See that there are tenants with certain names.

    Args:
        names: The names.
        known: The names of all tenants; none where the config has no tenants.

    Raises:
        ConfigError: The config has no tenants, or none with one of the names.
    """
    if names and not known:
        message = "this config has none, so that there is none to choose from"
        raise ConfigError([Fault("tenants", message)])
    unknown = [name for name in names if name not in known]
    if unknown:
        hints = ((name, did_you_mean(name, known).strip()) for name in unknown)
        told = [f"there is no tenant `{name}`; {hint}".rstrip("; ") for name, hint in hints]
        raise ConfigError([Fault("tenants", each) for each in told])


def listed_resources(config: SourceConfig) -> list[ResourceConfig]:
    """The resources to load that the config itself describes, without those made in Python.

    Args:
        config: The config; resources chosen by name win over its `selected` keys.
    """
    return [
        each
        for each in config.resources
        if not isinstance(each, ExternalResource)
        and (each.name in config.chosen if config.chosen else _is_selected(each))
    ]


def _is_selected(resource: ResourceConfig) -> bool:
    return resource.hints.get("selected") is not False


def bound_backfill(config: SourceConfig, until: str) -> SourceConfig:
    """Bound how far back the first sync of a config goes.

    Args:
        config: The config.
        until: The lowest key to load, or the time of the oldest row to load, in ISO form.

    Returns:
        The config, in which the bound holds for each listing that is kept up with.

    Raises:
        ConfigError: No listing is kept up with, so that each sync loads all there is.
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
