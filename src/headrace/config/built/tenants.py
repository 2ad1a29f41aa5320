"""What a config with tenants makes of its resources: each row names its tenant.

A tenant is what a row of a parent is to a resource that depends on it: something that a listing is
asked for by. So resources that depend on no other depend on the tenants, which nobody has to list,
and those that depend on another one know the tenant of each row of it. Where the state is kept
apart by the rows of a parent, where listings that fail go on record, and where rows of one parent
are told from those of another, tenants are so kept apart as well. The other way, a dlt resource for
each tenant and resource, was given up: dlt 1.31 looks through all of a source's resources for each
of them, and calls itself once more for each one that has ended, which ends at Python's limit of
1,000. A listing that is kept up with depends on nothing: it has a lane of its own for each tenant,
and its state knows them by their names.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from headrace.config.built.missing_rows import MissingRows
from headrace.config.built.parents import TENANT, ParentConfig, ParentField
from headrace.config.built.source import (
    ExternalResource,
    ResourceConfig,
    SourceConfig,
    TenantsConfig,
)
from headrace.core.json_path import JsonPath

TENANTS = "_headrace_tenants"
"""The name of the parent whose rows are the tenants."""


def with_tenants(config: SourceConfig, tenants: TenantsConfig) -> SourceConfig:
    """Has each row of a config name its tenant.

    Args:
        config: The config of one of the tenants.
        tenants: All of them.

    Returns:
        The config for all of them.
    """
    own = [each.config for each in tenants.tenants if each.config is not None]
    return replace(
        config,
        resources=tuple(_with_column(each, tenants.column) for each in config.resources),
        secrets=config.secrets.union(*(each.secrets for each in own)),
        looked_up=tuple(dict.fromkeys(found for each in own for found in each.looked_up)),
        tenants=tenants,
    )


def only_tenants(config: SourceConfig, names: Iterable[str]) -> SourceConfig:
    """Narrows a config down to some of its tenants.

    Args:
        config: A config with tenants.
        names: Their names; each is one of the config's.
    """
    assert config.tenants is not None
    wanted = set(names)
    chosen = tuple(each for each in config.tenants.tenants if each.name in wanted)
    return replace(config, tenants=replace(config.tenants, tenants=chosen, are_all=False))


def _with_column(
    resource: ResourceConfig | ExternalResource, column: str
) -> ResourceConfig | ExternalResource:
    if isinstance(resource, ExternalResource):
        return resource
    key, tail, cursor = resource.primary_key, resource.tail, resource.cursor
    missing = resource.missing_rows
    return replace(
        resource,
        hints=_hints(resource.hints, column),
        primary_key=None if key is None else (*key, column),
        parent=resource.parent if tail is not None else _parent(resource.parent, column),
        tail=None if tail is None else replace(tail, row_key=(*tail.row_key, column)),
        cursor=None if cursor is None else replace(cursor, per_parent=True),
        missing_rows=missing and _missing_rows(missing, resource.parent, column),
    )


def _missing_rows(missing: MissingRows, parent: ParentConfig | None, column: str) -> MissingRows:
    """With the tenant among what tells to which row of a parent a row belongs."""
    if parent is not None and not missing.parent_columns:
        return missing
    return replace(missing, parent_columns=(*missing.parent_columns, column))


def _parent(parent: ParentConfig | None, column: str) -> ParentConfig:
    tenant = ParentField(TENANT, parent.resource if parent else TENANTS, JsonPath(column))
    if parent is None:
        return ParentConfig(TENANTS, (tenant,))
    return replace(parent, fields=(*parent.fields, tenant))


def _hints(hints: Mapping[str, Any], column: str) -> dict[str, Any]:
    written = hints.get("columns") or {}
    columns = {each["name"]: each for each in written} if isinstance(written, list) else written
    own = {"name": column, "data_type": "text", "nullable": False, **(columns.get(column) or {})}
    changed = {**hints, "columns": {**columns, column: own}}
    for name in ("primary_key", "merge_key"):
        if key := hints.get(name):
            changed[name] = [*([key] if isinstance(key, str) else key), column]
        elif any(isinstance(each, Mapping) and each.get(name) for each in columns.values()):
            own[name] = True
    return changed
