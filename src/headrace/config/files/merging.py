"""A resource with what `resource_defaults` says where it says nothing itself, as dlt does it.

Works on the document as written and keeps every value that is not merged as the same object.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headrace.config.checks.placeholders import names_one_entity

_MERGED_DEEPLY = ("json", "params")


def merged_resource(
    resource: str | Mapping[str, Any], defaults: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Put a resource and the defaults together.

    The resource's keys win. In `endpoint` also by key; only its `params` and `json` are merged
    key by key. `columns` are merged hint by hint where both are plain mappings or lists.

    Args:
        resource: as written; a text is its name and path.
        defaults: `resource_defaults` as written.

    Returns:
        A new mapping whose `endpoint` is a mapping with a `path`.
    """
    own = _as_written_out(resource)
    base = dict(defaults or {})
    columns = _merged_columns(own.get("columns"), base.get("columns"))
    merged = {**base, **own, "endpoint": merged_endpoint(resource, defaults)}
    if columns is not None:
        merged["columns"] = columns
    return merged


def merged_endpoint(
    resource: str | Mapping[str, Any], defaults: Mapping[str, Any] | None
) -> dict[str, Any]:
    """The endpoint of a merged resource.

    Args:
        resource: as written; may be wrong in any way.
        defaults: `resource_defaults` as written; may be wrong in any way.

    Returns:
        A new mapping; its `path` is the resource's name where the resource gives none.
    """
    own = _as_written_out(resource)
    own_endpoint = _as_mapping(own.get("endpoint"))
    if own_endpoint.get("path") is None:
        own_endpoint["path"] = own.get("name")
    endpoint = _merged_keys(own_endpoint, _as_mapping((defaults or {}).get("endpoint")))
    _complete_single_entity(endpoint)
    return endpoint


def _as_written_out(resource: str | Mapping[str, Any]) -> dict[str, Any]:
    return {"name": resource} if isinstance(resource, str) else dict(resource)


def _as_mapping(endpoint: Any) -> dict[str, Any]:
    if isinstance(endpoint, str):
        return {"path": endpoint}
    return dict(endpoint) if isinstance(endpoint, dict) else {}


def _merged_keys(own: Mapping[str, Any], base: Mapping[str, Any]) -> dict[str, Any]:
    merged = {**base, **own}
    for key in _MERGED_DEEPLY:
        parts = (base.get(key), own.get(key))
        if any(isinstance(part, dict) for part in parts):
            merged[key] = {
                name: value
                for part in parts
                if isinstance(part, dict)
                for name, value in part.items()
            }
    return merged


def _merged_columns(own: Any, base: Any) -> dict[str, Any] | None:
    """The columns of both, or None where there is nothing to merge."""
    if not (own and base and isinstance(own, (list, dict)) and isinstance(base, (list, dict))):
        return None
    merged = columns_by_name(base)
    for name, column in columns_by_name(own).items():
        before = merged.get(name, {})
        if before and column.get("data_type") and not before.get("data_type"):
            # A column that gets its type here moves to the end, as in dlt's schemas.
            del merged[name]
        merged[name] = {**before, **column}
    return merged


def columns_by_name(columns: Any) -> dict[str, dict[str, Any]]:
    """Columns as a mapping whose hints hold the name as well.

    Args:
        columns: a mapping by name, or a list.
    """
    if isinstance(columns, dict):
        return {name: {**(hints or {}), "name": name} for name, hints in columns.items()}
    return {column["name"]: dict(column) for column in columns}


def _complete_single_entity(endpoint: dict[str, Any]) -> None:
    path = endpoint.get("path")
    if isinstance(path, str) and names_one_entity(path):
        if endpoint.get("data_selector") is None:
            endpoint["data_selector"] = "$"
        if endpoint.get("paginator") is None:
            endpoint["paginator"] = "single_page"
