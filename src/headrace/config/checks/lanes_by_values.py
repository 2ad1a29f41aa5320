"""Lanes over the values of a parameter that could pass over rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from headrace.config.built.cursor import is_incremental_param
from headrace.config.built.lanes_by_values import source_of_values
from headrace.config.built.merging import MergedResource
from headrace.config.built.parents import json_path_or_none, params_of, parent_fields
from headrace.config.built.written_lanes import LANES, OF_PARENT, written_lanes
from headrace.config.format.places import Path
from headrace.config.format.wording import listed
from headrace.core.nearest import did_you_mean

_INCREMENTAL = (
    "does not go with `endpoint.incremental`: that goes on from one place in one listing, and "
    "each value has a listing of its own. Leave one of them out; `by: time` reads windows at once"
)
_GRAPHQL = "sends a query parameter, and a GraphQL query has variables; leave `lanes` out"
_EITHER = (
    "needs the values, in one of two ways: `from: workflows.id`, a field of another resource, or "
    "`values: [a, b]`"
)
_BOTH = "says the values once more, which `values` names already; leave one of them out"
_SENT_TWICE = "is sent by `params` already: leave it out there"
_FIELD = "name another resource of this config, and a field of it, as `workflows.id`"
_PYTHON = "`{}` is made in Python: only what this config lists can be asked for values"
_NOT_WHOLE = (
    "`{}` {}, so what is listed of it are not all values; write another resource that lists it "
    "whole, as `{{name: all_{}, selected: false, ...}}`"
)


def lanes_by_values_faults(
    resource: MergedResource, resources: Sequence[MergedResource]
) -> Iterator[tuple[Path, str]]:
    """What is wrong with lanes over the values of a parameter.

    Args:
        resource: The resource; it may be wrong in any other way.
        resources: All resources of the config.

    Yields:
        The path below the resource, and a message.
    """
    endpoint = resource.endpoint
    lanes = written_lanes(resource, "values")
    if lanes is None:
        return
    if parent_fields(endpoint):
        yield (*LANES, "by"), OF_PARENT
    elif endpoint.get("incremental") is not None or _has_incremental_param(endpoint):
        yield (*LANES, "by"), _INCREMENTAL
    if endpoint.get("graphql") is not None:
        yield (*LANES, "by"), _GRAPHQL
    if lanes.get("param") in params_of(endpoint):
        yield (*LANES, "param"), _SENT_TWICE
    if lanes.get("from") is None and lanes.get("values") is None:
        yield (*LANES, "by"), _EITHER
    elif lanes.get("from") is not None and lanes.get("values") is not None:
        yield (*LANES, "from"), _BOTH
    elif isinstance(lanes.get("from"), str):
        for message in _source_faults(lanes["from"], resource, resources):
            yield (*LANES, "from"), message


def _source_faults(
    written: str, resource: MergedResource, resources: Sequence[MergedResource]
) -> Iterator[str]:
    names = [each.name for each in resources]
    name, field = source_of_values(written, names)
    if not field or json_path_or_none(field) is None:
        yield _FIELD
        return
    if name not in names:
        hint = did_you_mean(name, names).strip() or f"there are: {listed(names)}"
        yield f"`{name}` is no resource of this config; {hint}"
        return
    if name == resource.name:
        yield f"`{name}` is this resource itself: {_FIELD}"
        return
    source = next(each for each in resources if each.name == name)
    if not source.keys:
        yield _PYTHON.format(name)
        return
    why = _why_not_whole(source.endpoint)
    if why is not None:
        yield _NOT_WHOLE.format(name, why, name)


def _why_not_whole(endpoint: Mapping[str, Any]) -> str | None:
    if parent_fields(endpoint):
        return "depends on another resource"
    lanes = endpoint.get("lanes")
    if isinstance(lanes, Mapping) and lanes.get("by") == "values":
        return "is listed by values itself"
    if endpoint.get("incremental") is not None or _has_incremental_param(endpoint):
        return "is asked for what is new alone, by its `incremental`"
    return None


def _has_incremental_param(endpoint: Mapping[str, Any]) -> bool:
    return any(is_incremental_param(each) for each in params_of(endpoint).values())
