"""Switches in query parameters, sent as a file writes them: `true`, and not Python's `True`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def with_switches_as_written(document: Mapping[str, Any]) -> dict[str, Any]:
    """Gives a document in which switches among query parameters are text.

    Some servers read `true` alone. A config in Python keeps its booleans, which are sent as dlt
    sends them.

    Args:
        document: The document as read from a file; it may be wrong in any way, and stays as it is.
    """
    changed = dict(document)
    defaults, resources = document.get("resource_defaults"), document.get("resources")
    if isinstance(defaults, Mapping):
        changed["resource_defaults"] = _resource(defaults)
    if isinstance(resources, list):
        changed["resources"] = [
            _resource(each) if isinstance(each, Mapping) else each for each in resources
        ]
    return changed


def _resource(resource: Mapping[str, Any]) -> dict[str, Any]:
    return _with(resource, "endpoint", _endpoint)


def _endpoint(endpoint: Mapping[str, Any]) -> dict[str, Any]:
    counted = _with(endpoint, "total", lambda total: _with(total, "params", _params))
    return _with(counted, "params", _params)


def _params(params: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: [_text(each) for each in value] if isinstance(value, list) else _text(value)
        for name, value in params.items()
    }


def _with(mapping: Mapping[str, Any], key: str, change: Any) -> dict[str, Any]:
    value = mapping.get(key)
    return {**mapping, key: change(value)} if isinstance(value, Mapping) else dict(mapping)


def _text(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value
