"""Resources that depend on another one in a way that cannot work."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import Any

from headrace.config.built.merging import MergedResource
from headrace.config.built.parents import (
    BODY_KEYS,
    json_path_or_none,
    params_of,
    parent_fields,
    placeholders_in,
    request_texts,
)
from headrace.config.format.placeholders import (
    INCREMENTAL_CONTEXT,
    PARENT_CONTEXT,
    names_in,
    resolves,
)
from headrace.config.format.places import Path
from headrace.config.format.wording import listed
from headrace.core.nearest import did_you_mean

_ESCAPE = (
    "for a literal brace write `{{` or `}}`; a GraphQL query goes under `endpoint.graphql`, and "
    "JSON in a param may be a mapping"
)
_PARENT_EXAMPLE = "`{resources.NAME.FIELD}`"
_INCREMENTAL_EXAMPLE = "`{incremental.start_value}`"
_VALUE_NAMES = ("start_value", "last_value", "initial_value", "end_value", "cursor_path")
"""The attributes of dlt's incremental that its placeholders may name."""


def parent_faults(resources: Sequence[MergedResource]) -> Iterator[tuple[int, str]]:
    """Find parents that are not there, and resources that wait for each other.

    Args:
        resources: All resources of the config, in order; they may be wrong in any other way.

    Yields:
        The index of the resource, and a message.
    """
    names = [resource.name for resource in resources]
    parents: dict[str, str] = {}
    for index, resource in enumerate(resources):
        fields = parent_fields(resource.endpoint)
        asked = list(dict.fromkeys(field.resource for field in fields))
        if len(asked) > 1:
            yield index, f"depends on {listed(asked)}, but a resource can have one parent only"
        elif asked and asked[0] not in names:
            hint = did_you_mean(asked[0], names).strip() or f"there are: {listed(names)}"
            yield index, f"depends on `{asked[0]}`, which is no resource of this config; {hint}"
        elif asked:
            parents[resource.name] = asked[0]
    try:
        TopologicalSorter({name: [parent] for name, parent in parents.items()}).prepare()
    except CycleError as error:
        circle = list(dict.fromkeys(error.args[1]))
        yield names.index(circle[0]), f"waits for itself: {listed(circle)} depend on each other"


def request_faults(resource: MergedResource) -> Iterator[tuple[Path, str]]:
    """Find placeholders and params of one resource that cannot be filled in.

    Args:
        resource: The resource; it may be wrong in any other way.

    Yields:
        The path below the resource, and a message.
    """
    endpoint = resource.endpoint
    here: Path = ("endpoint",)
    for path, name in placeholders_in(endpoint):
        message = _fault_of(name, endpoint, is_in_path=path == ("path",))
        if message:
            yield (*here, *path), message
    for key in BODY_KEYS:
        yield from (
            ((*here, *path), f"holds a brace without its partner; {_ESCAPE}")
            for path, text in request_texts(endpoint, key)
            if names_in(text) is None
        )
    written = endpoint.get("path")
    in_path = names_in(written) if isinstance(written, str) else None
    for name, param in params_of(endpoint).items():
        if resolves(param):
            yield from _resolve_faults(name, param, in_path, (*here, "params", name))
    if resource.keys.get("include_from_parent") and not parent_fields(endpoint):
        yield (
            ("include_from_parent",),
            f"needs a parent: name one with {_PARENT_EXAMPLE}, for example in `endpoint.path`",
        )


def _fault_of(name: str, endpoint: Mapping[str, Any], *, is_in_path: bool) -> str | None:
    if name.startswith(PARENT_CONTEXT):
        _, resource, field = (*name.split(".", 2), "", "")[:3]
        if not (resource and field):
            return f"`{{{name}}}` names no field of a parent: write {_PARENT_EXAMPLE}"
        if json_path_or_none(field) is None:
            return f"`{{{name}}}`: `{field}` is no JSONPath"
        return None
    if name.startswith(INCREMENTAL_CONTEXT):
        if endpoint.get("incremental") is None:
            return f"`{{{name}}}` needs `endpoint.incremental`"
        # What stands behind the value is a field of it, as in `{incremental.end_value.year}`.
        value = re.split(r"[.\[]", name.removeprefix(INCREMENTAL_CONTEXT), maxsplit=1)[0]
        if value not in _VALUE_NAMES:
            return f"`{{{name}}}` is no value of an incremental; there are: {listed(_VALUE_NAMES)}"
        return None
    if is_in_path:
        return None  # The name of a param, which `bind_path` looks for.
    # The message does not name it: it could be part of a secret that has braces in it.
    return (
        f"holds braces around what is no placeholder: write {_PARENT_EXAMPLE} or "
        f"{_INCREMENTAL_EXAMPLE}; {_ESCAPE}"
    )


def _resolve_faults(
    name: str, param: Mapping[str, Any], in_path: Sequence[str] | None, here: Path
) -> Iterator[tuple[Path, str]]:
    for key in ("resource", "field"):
        if not isinstance(param.get(key), str) or not param[key]:
            yield here, f"`type: resolve` needs `{key}`: the parent's name, and a field of its rows"
            return
    if json_path_or_none(param["field"]) is None:
        yield (*here, "field"), f"`{param['field']}` is no JSONPath"
    for key in param:
        if key not in ("type", "resource", "field"):
            yield (*here, key), "is not known; keys: `type`, `resource`, `field`"
    if in_path is not None and name not in in_path:
        yield (
            here,
            f"is not named in the path: put `{{{name}}}` there, or write "
            f"`{{resources.{param['resource']}.{param['field']}}}` as the param's value",
        )
