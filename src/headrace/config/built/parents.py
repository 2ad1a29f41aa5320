"""Resources that depend on another one: each row of the parent gives them a listing of their own.

The keys mean what they mean in dlt's REST API source, section "Define resource relationships".
What is read here are the keys as written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from graphlib import TopologicalSorter
from typing import Any

from headrace.config.format.batch import BatchConfig
from headrace.config.format.fields import is_python_object
from headrace.config.format.placeholders import (
    INCREMENTAL_CONTEXT,
    PARENT_CONTEXT,
    literal_json,
    names_in,
    resolves,
    stands_for_value,
)
from headrace.config.format.places import Path
from headrace.core.json_path import JsonPath
from headrace.core.quick_dataclasses import dataclass

TENANT = "headrace.tenant"
"""The name under which the tenant stands among the values that belong to a row of a parent."""

BODY_KEYS = ("params", "json", "data", "headers", "graphql")
"""Keys of an endpoint, beside `path`, in whose texts placeholders are filled in."""


@dataclass(frozen=True, slots=True)
class ParentField:
    """A placeholder that a field of the parent's row fills in.

    Args:
        placeholder: Its name, as it stands in braces: `resources.users.id`, or the name of a
            param of `type: resolve`.
        resource: The name of the parent.
        path: Where the field is in a row of the parent.
    """

    placeholder: str
    resource: str
    path: JsonPath


@dataclass(frozen=True, slots=True)
class ParentBatching:
    """How the values of several rows of a parent go into one request.

    Args:
        size: How many values one request carries at most.
        field: The field of the parent that they are values of, as written.
        separator: What stands between them in a text.
        parent_key: Where a row of the answer names the value that it belongs to; None where rows
            are not taken back to their parents.
    """

    size: int
    field: str
    separator: str = ","
    parent_key: JsonPath | None = None


@dataclass(frozen=True, slots=True)
class ParentConfig:
    """Where a dependent resource gets its listings from.

    Args:
        resource: The name of the parent.
        fields: The fields of its rows that requests carry.
        include: The names of fields of its rows that are copied into each row of the dependent
            resource.
        batching: How the rows are asked for several at a time; None for each by itself.
    """

    resource: str
    fields: tuple[ParentField, ...]
    include: tuple[str, ...] = ()
    batching: ParentBatching | None = None

    @property
    def tenant_column(self) -> str | None:
        """The field of the parent's rows that names their tenant; None where there are none."""
        found = (str(each.path) for each in self.fields if each.placeholder == TENANT)
        return next(found, None)

    def added(self, field: str) -> str:
        """The name that a field of the parent has in the rows that it is copied into.

        Args:
            field: The name of the field in the parent's rows.
        """
        return f"_{self.resource}_{field}"


def build_parent(
    resource: Mapping[str, Any], batch: int | BatchConfig | None = None
) -> ParentConfig | None:
    """Find the parent of a resource.

    Args:
        resource: The merged keys as written, of a resource without faults.
        batch: What it says of asking for several rows of the parent at a time.

    Returns:
        The parent; None where the resource depends on none.
    """
    fields = parent_fields(resource["endpoint"])
    if not fields:
        return None
    include = tuple(resource.get("include_from_parent") or ())
    batching = None if batch is None else _batching(batch, fields)
    return ParentConfig(fields[0].resource, fields, include, batching)


def _batching(batch: int | BatchConfig, fields: Iterable[ParentField]) -> ParentBatching:
    if isinstance(batch, int):
        batch = BatchConfig(size=batch)
    field = batch.field or str(next(iter(fields)).path)
    key = None if batch.parent_key is None else JsonPath(batch.parent_key)
    return ParentBatching(batch.size, field, batch.separator, key)


def parent_fields(endpoint: Mapping[str, Any]) -> tuple[ParentField, ...]:
    """Find the fields of a parent's rows that an endpoint asks for.

    Args:
        endpoint: The merged keys as written; they may be wrong in any way.

    Returns:
        The fields, each once. A placeholder that names none is left out.
    """
    found: dict[str, ParentField] = {}
    for _, name in placeholders_in(endpoint):
        _, resource, field = (*name.split(".", 2), "", "")[:3]
        if name.startswith(PARENT_CONTEXT) and field and (path := json_path_or_none(field)):
            found[name] = ParentField(name, resource, path)
    for name, param in params_of(endpoint).items():
        parent = param.get("resource") if resolves(param) else None
        if isinstance(parent, str) and (path := json_path_or_none(param.get("field"))):
            found[name] = ParentField(name, parent, path)
    return tuple(found.values())


def holds_incremental_values(endpoint: Mapping[str, Any]) -> bool:
    """Whether a placeholder of an endpoint stands for a value of its incremental.

    Args:
        endpoint: The merged keys as written; they may be wrong in any way.
    """
    return any(name.startswith(INCREMENTAL_CONTEXT) for _, name in placeholders_in(endpoint))


def in_order_of_dependence(parents: Iterable[tuple[str, str | None]]) -> list[str]:
    """Order resources so that each comes after the one that it depends on.

    Args:
        parents: The name of each resource with that of its parent, or None; without circles.

    Returns:
        The names of the resources.
    """
    graph = {name: [parent] if parent else [] for name, parent in parents}
    return list(TopologicalSorter(graph).static_order())


def params_of(endpoint: Mapping[str, Any]) -> Mapping[str, Any]:
    """The query parameters of an endpoint.

    Args:
        endpoint: The merged keys as written; they may be wrong in any way.

    Returns:
        What stands as `params`; empty where that is no mapping.
    """
    params = endpoint.get("params")
    return params if isinstance(params, Mapping) else {}


def placeholders_in(endpoint: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    """Find the placeholders of an endpoint that are filled in request by request.

    Args:
        endpoint: The merged keys as written; they may be wrong in any way.

    Yields:
        The path below the endpoint, and the name that stands between the braces.
    """
    for key in ("path", *BODY_KEYS):
        for path, text in request_texts(endpoint, key):
            yield from ((path, name) for name in names_in(text) or ())


def request_texts(endpoint: Mapping[str, Any], key: str) -> Iterator[tuple[Path, str]]:
    """Find the texts in which placeholders are filled in request by request.

    The params that go into the path as they are do not belong to them, nor do params that stand
    for a parent's field or an incremental.

    Args:
        endpoint: The merged keys as written; they may be wrong in any way.
        key: The key of the endpoint to look below.

    Yields:
        The path below the endpoint, and the text; keys of mappings count as texts as well.
    """
    value, path = endpoint.get(key), endpoint.get("path")
    if key == "graphql":
        # The braces of the query are its own.
        variables = value.get("variables") if isinstance(value, Mapping) else None
        yield from _texts_and_keys(variables, (key, "variables"))
        return
    if key == "params" and isinstance(value, Mapping) and isinstance(path, str):
        in_path = names_in(path) or ()
        value = {
            name: param
            for name, param in value.items()
            if name not in in_path and not stands_for_value(param)
        }
    yield from _texts_and_keys(value, (key,))


def json_path_or_none(text: object) -> JsonPath | None:
    """Read a JSONPath.

    Args:
        text: What was written in its place; it may be wrong in any way.

    Returns:
        The path; None where the text is none.
    """
    try:
        return JsonPath(text) if isinstance(text, str) and text else None
    except ValueError:
        return None


def _texts_and_keys(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        document = literal_json(value)
        if document is None:
            yield path, value
        else:
            yield from ((path, text) for _, text in _texts_and_keys(document, path))
    elif isinstance(value, Mapping) and not is_python_object(value):
        for key, inner in value.items():
            if isinstance(key, str):
                # A name is never read as JSON.
                yield path, key
            yield from _texts_and_keys(inner, (*path, key))
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield from _texts_and_keys(inner, (*path, index))
