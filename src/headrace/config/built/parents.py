"""Resources that depend on another one: each row of the parent gives them a listing of their own.

Works on the document as written; meaning as in dlt's REST API source.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Any

from headrace.config.checks.placeholders import CONTEXTS, names_in, resolves
from headrace.config.checks.showing import Path, listed, nearest
from headrace.config.format.fields import is_python_object
from headrace.core.json_path import JsonPath

_BODIES = ("params", "json", "data", "headers")
_ESCAPE = "for a literal brace write `{{` or `}}`"
_RESOURCES, _INCREMENTAL = CONTEXTS
_FORM = "`{resources.NAME.FIELD}`"
_VALUE = "`{incremental.start_value}`"
_VALUES = ("start_value", "last_value", "initial_value", "end_value", "cursor_path")


@dataclass(frozen=True, slots=True)
class ParentField:
    """A placeholder that takes a field of the parent's row.

    Args:
        placeholder: its name, as it stands in braces.
        resource: the parent's name.
        path: where the field is in the row.
    """

    placeholder: str
    resource: str
    path: JsonPath


@dataclass(frozen=True, slots=True)
class ParentConfig:
    """Where a dependent resource gets its listings from.

    Args:
        resource: the parent's name.
        fields: of its rows that the requests hold.
        include: of its rows that are copied into each row of the dependent resource.
    """

    resource: str
    fields: tuple[ParentField, ...]
    include: tuple[str, ...] = ()


def build_parent(resource: Mapping[str, Any]) -> ParentConfig | None:
    """The parent of a resource without faults; None where it depends on none.

    Args:
        resource: merged with the defaults.
    """
    fields = parent_fields(resource["endpoint"])
    if not fields:
        return None
    include = tuple(resource.get("include_from_parent") or ())
    return ParentConfig(fields[0].resource, fields, include)


def parent_fields(endpoint: Mapping[str, Any]) -> tuple[ParentField, ...]:
    """What an endpoint asks of a parent's rows; the malformed is left out.

    Args:
        endpoint: merged with the defaults.
    """
    found: dict[str, ParentField] = {}
    for _, name in _names(endpoint):
        _, resource, field = (*name.split(".", 2), "", "")[:3]
        if name.startswith(_RESOURCES) and field and (path := _json_path(field)):
            found[name] = ParentField(name, resource, path)
    for name, param in _params(endpoint).items():
        parent = param.get("resource") if resolves(param) else None
        if isinstance(parent, str) and (path := _json_path(param.get("field"))):
            found[name] = ParentField(name, parent, path)
    return tuple(found.values())


def holds_incremental_values(endpoint: Mapping[str, Any]) -> bool:
    """Whether a request holds a value of an incremental by a placeholder.

    Args:
        endpoint: merged with the defaults; may be wrong in any way.
    """
    return any(name.startswith(_INCREMENTAL) for _, name in _names(endpoint))


def parent_faults(resources: Sequence[tuple[str, Mapping[str, Any]]]) -> Iterator[tuple[int, str]]:
    """Parents that are not there, and resources that wait for each other.

    Args:
        resources: name and merged keys of each, in order; no keys of those made in Python.

    Yields:
        The place of the resource, and a message.
    """
    names = [name for name, _ in resources]
    parents: dict[str, str] = {}
    for index, (name, resource) in enumerate(resources):
        fields = parent_fields(resource.get("endpoint") or {})
        asked = list(dict.fromkeys(field.resource for field in fields))
        if len(asked) > 1:
            yield index, f"depends on {listed(asked)}, but a resource can have one parent only"
        elif asked and asked[0] not in names:
            near = nearest(asked[0], names)
            suggestion = f"did you mean `{near}`?" if near else f"there are: {listed(names)}"
            yield (
                index,
                f"depends on `{asked[0]}`, which is no resource of this config; {suggestion}",
            )
        elif asked:
            parents[name] = asked[0]
    try:
        TopologicalSorter({name: [parent] for name, parent in parents.items()}).prepare()
    except CycleError as error:
        circle = list(dict.fromkeys(error.args[1]))
        yield names.index(circle[0]), f"waits for itself: {listed(circle)} depend on each other"


def request_faults(resource: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    """Placeholders and params of one resource that cannot be filled.

    Args:
        resource: merged with the defaults; may be wrong in any other way.

    Yields:
        The path below the resource, and a message.
    """
    endpoint = resource.get("endpoint")
    if not isinstance(endpoint, Mapping):
        return
    here: Path = ("endpoint",)
    for path, name in _names(endpoint):
        message = _fault_of(name, endpoint, is_in_path=path == ("path",))
        if message:
            yield (*here, *path), message
    for key in _BODIES:
        yield from (
            ((*here, *path), f"holds a brace without its partner; {_ESCAPE}")
            for path, text in _texts(_filled_later(endpoint, key), (key,))
            if names_in(text) is None
        )
    written = endpoint.get("path")
    in_path = names_in(written) if isinstance(written, str) else None
    for name, param in _params(endpoint).items():
        if resolves(param):
            yield from _resolve_faults(name, param, in_path, (*here, "params", name))
    if resource.get("include_from_parent") and not parent_fields(endpoint):
        yield (
            ("include_from_parent",),
            f"needs a parent: name one with {_FORM}, for example in `endpoint.path`",
        )


def in_order_of_dependence(parents: Iterable[tuple[str, str | None]]) -> list[str]:
    """Names of resources, each behind the one that it depends on.

    Args:
        parents: name of each resource and of its parent, without circles.
    """
    graph = {name: [parent] if parent else [] for name, parent in parents}
    return list(TopologicalSorter(graph).static_order())


def _fault_of(name: str, endpoint: Mapping[str, Any], *, is_in_path: bool) -> str | None:
    if name.startswith(_RESOURCES):
        _, resource, field = (*name.split(".", 2), "", "")[:3]
        if not (resource and field):
            return f"`{{{name}}}` names no field of a parent: write {_FORM}"
        if _json_path(field) is None:
            return f"`{{{name}}}`: `{field}` is no JSONPath"
        return None
    if name.startswith(_INCREMENTAL):
        if endpoint.get("incremental") is None:
            return f"`{{{name}}}` needs `endpoint.incremental`"
        # What stands behind the value is a field of it, as in `{incremental.end_value.year}`.
        value = re.split(r"[.\[]", name.removeprefix(_INCREMENTAL), maxsplit=1)[0]
        if value not in _VALUES:
            return f"`{{{name}}}` is no value of an incremental; there are: {listed(_VALUES)}"
        return None
    if is_in_path:
        return None  # a param, which is bound elsewhere
    # Its name is not told: it could be a secret with braces in it.
    return f"holds braces around what is no placeholder: write {_FORM} or {_VALUE}; {_ESCAPE}"


def _resolve_faults(
    name: str, param: Mapping[str, Any], in_path: Sequence[str] | None, here: Path
) -> Iterator[tuple[Path, str]]:
    for key in ("resource", "field"):
        if not isinstance(param.get(key), str) or not param[key]:
            yield here, f"`type: resolve` needs `{key}`: the parent's name, and a field of its rows"
            return
    if _json_path(param["field"]) is None:
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


def _params(endpoint: Mapping[str, Any]) -> Mapping[str, Any]:
    params = endpoint.get("params")
    return params if isinstance(params, Mapping) else {}


def _names(endpoint: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    """The placeholders of an endpoint: where each stands, and its name."""
    for key in ("path", *_BODIES):
        for path, text in _texts(_filled_later(endpoint, key), (key,)):
            yield from ((path, name) for name in names_in(text) or ())


def _filled_later(endpoint: Mapping[str, Any], key: str) -> Any:
    """The value of a key, without the params that go into the path as they are."""
    value, path = endpoint.get(key), endpoint.get("path")
    if key != "params" or not isinstance(value, Mapping) or not isinstance(path, str):
        return value
    in_path = names_in(path) or ()
    return {name: param for name, param in value.items() if name not in in_path}


def _texts(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping) and not is_python_object(value):
        if resolves(value) or value.get("type") == "incremental":
            return
        for key, inner in value.items():
            yield from _texts(key, path)
            yield from _texts(inner, (*path, key))
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield from _texts(inner, (*path, index))


def _json_path(text: Any) -> JsonPath | None:
    try:
        return JsonPath(text) if isinstance(text, str) and text else None
    except ValueError:
        return None
