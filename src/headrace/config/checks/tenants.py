"""Resources of a config with tenants that cannot be loaded for several tenants."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from headrace.config.built.source import (
    EndpointConfig,
    ExternalResource,
    ResourceConfig,
    SourceConfig,
)
from headrace.core.exceptions import Fault

_REPLACE = (
    "with `tenants`, `replace` would drop the rows of a tenant that could not be read; write "
    "`write_disposition: merge` and a `primary_key`"
)
_TAIL = (
    "with `tenants`, rows that are gone stay in a table that is kept up with, and are named in "
    "`_headrace_gone`: leave it out, or say `keep`"
)
_MADE_WITH_DLT = "is made in Python with dlt, and knows nothing of tenants; load it on its own"
_CALLED = "is made in Python, where no tenant can be added to it: write what it gives"


def faults_of_resources(config: SourceConfig, column: str) -> Iterator[Fault]:
    """Find what no config with tenants can have.

    Args:
        config: The config of one of the tenants, sound by itself.
        column: The column that names the tenant of a row.
    """
    if config.client.session is not None:
        message = "one session for all tenants would send what is one tenant's to the others"
        yield Fault("client.session", message)
    if config.pipeline_settings.views:
        yield Fault("pipeline.views", "joins rows by their keys, which tenants have in common")
    for each in config.resources:
        place = f"resources.{each.name}"
        if isinstance(each, ExternalResource):
            yield Fault(place, _MADE_WITH_DLT)
        else:
            yield from (Fault(f"{place}.{key}", told) for key, told in _faults(each, column))


def _faults(resource: ResourceConfig, column: str) -> Iterator[tuple[str, str]]:
    hints, parent = resource.hints, resource.parent
    disposition = hints.get("write_disposition")
    strategy = disposition.get("strategy") if isinstance(disposition, Mapping) else None
    kind = disposition.get("disposition") if isinstance(disposition, Mapping) else disposition
    if kind == "replace":
        yield "write_disposition", _REPLACE
    elif strategy == "scd2":
        yield "write_disposition", "with `tenants`, `scd2` would end rows of a tenant that failed"
    for key in ("write_disposition", "primary_key", "merge_key", "columns"):
        if callable(hints.get(key)):
            yield key, _CALLED
    if column in (resource.primary_key or ()):
        yield "primary_key", f"has `{column}`, the column that is added to it: {_other(column)}"
    if resource.missing_rows is not None and resource.tail is not None:
        yield "missing_rows", _TAIL
    if resource.token is not None:
        yield "endpoint.incremental", "a token of the API cannot be kept for several tenants"
    if resource.lanes is not None:
        yield "endpoint.lanes", "values of a parameter cannot be listed beside several tenants"
    if parent is not None and resource.cursor is not None and not resource.cursor.per_parent:
        yield "endpoint.incremental", "with `tenants` it needs `per_parent: true`"
    for name, nested in (hints.get("nested_hints") or {}).items():
        keys: Any = nested if isinstance(nested, Mapping) else {}
        if keys.get("primary_key") or keys.get("merge_key"):
            yield f"nested_hints.{name}", "a nested table has no column for the tenant in its key"


def _other(column: str) -> str:
    return f"name another one, as `tenants: {{column: {column}_name, list: [...]}}`"


def differences(tenant: SourceConfig, first: SourceConfig) -> Iterator[Fault]:
    """Find where what a tenant has of its own makes other tables, or another way to read.

    Args:
        tenant: The config of a tenant.
        first: That of another one.
    """
    for own, other in zip(tenant.resources, first.resources, strict=True):
        if isinstance(own, ResourceConfig) and _way(own) != _way(other):
            yield Fault(
                f"resources.{own.name}.endpoint",
                "what this tenant has of its own makes its resource another one than that of the "
                "other tenants: `path` and `params` must hold the same placeholders, and `rows` "
                "must be the same",
            )


def _way(resource: ResourceConfig | ExternalResource) -> Any:
    if isinstance(resource, ExternalResource):
        return None
    parent, endpoint = resource.parent, resource.endpoint
    fields = (
        ()
        if parent is None
        else tuple((each.placeholder, str(each.path)) for each in parent.fields)
    )
    has = (resource.cursor is None, resource.token is None, resource.tail is None)
    return (resource.name, fields, has, _rows(endpoint), resource.primary_key)


def _rows(endpoint: EndpointConfig) -> Any:
    return None if endpoint.rows is None else endpoint.rows.model_dump(mode="json")
