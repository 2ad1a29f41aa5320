"""A resource with an incremental of dlt's: later syncs ask from where the last one has ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from headrace.config.built.parents import parent_fields
from headrace.config.built.tail import is_tail
from headrace.config.checks.placeholders import names_in
from headrace.config.checks.showing import Path
from headrace.config.format.incremental import CursorModel, IncrementalConfig, IncrementalParam
from headrace.core.dlt_door.objects import is_incremental
from headrace.core.json_path import JsonPath

_NOT_FOR_DLT = ("type", "start_param", "end_param", "convert", "transform", "per_parent")


@dataclass(frozen=True, kw_only=True)
class CursorConfig:
    """How dlt's incremental of a resource is made, and what its requests hold of it.

    Args:
        incremental: the very `dlt.sources.incremental` that the user made; None for none.
        arguments: to make one with otherwise.
        start_param: the query parameter for the start of the range; None for none.
        end_param: that for its end.
        convert: makes of a value what is sent; None to send it as it is.
        per_parent: whether each row of the parent has a cursor of its own.
    """

    incremental: Any = None
    arguments: Mapping[str, Any] = field(default_factory=dict)
    start_param: str | None = None
    end_param: str | None = None
    convert: Callable[[Any], Any] | None = None
    per_parent: bool = False


def is_incremental_param(param: object) -> bool:
    """Whether a param holds the start of an incremental: as a mapping, or as dlt's object."""
    if isinstance(param, Mapping) and not is_incremental(param):
        return param.get("type") == "incremental"
    return is_incremental(param)


def build_cursor(endpoint: Mapping[str, Any]) -> CursorConfig | None:
    """The incremental of an endpoint without faults; None where it has none, or a tail.

    Args:
        endpoint: merged with the defaults.
    """
    for name, param in _params(endpoint).items():
        if is_incremental(param):
            return CursorConfig(incremental=param, start_param=name)
        if is_incremental_param(param):
            return _built(param, IncrementalParam.model_validate(param), name)
    written = endpoint.get("incremental")
    if written is None or is_tail(endpoint):
        return None
    model = IncrementalConfig.model_validate(written)
    return _built(written, model, model.start_param, model.end_param, bool(model.per_parent))


def _built(
    written: Mapping[str, Any],
    model: CursorModel,
    start_param: str | None,
    end_param: str | None = None,
    per_parent: bool = False,
) -> CursorConfig:
    # Values stay as they were written: pydantic may have changed the type of what it read.
    values = ("initial_value", "end_value", "primary_key", "last_value_func")
    arguments = {
        key: written[key] if key in values else getattr(model, key)
        for key in written
        if written[key] is not None and key not in _NOT_FOR_DLT
    }
    convert = model.transform if model.convert is None else model.convert
    return CursorConfig(
        arguments=arguments,
        start_param=start_param,
        end_param=end_param,
        convert=convert,
        per_parent=per_parent,
    )


def cursor_faults(endpoint: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    """What is wrong between the keys of incrementals, each right by itself.

    Args:
        endpoint: merged with the defaults; may be wrong in any other way.

    Yields:
        The path below the endpoint, and a message.
    """
    written = endpoint.get("incremental")
    params = {name: each for name, each in _params(endpoint).items() if is_incremental_param(each)}
    path = endpoint.get("path")
    in_path = (names_in(path) or []) if isinstance(path, str) else []
    for place, (name, param) in enumerate(params.items()):
        here: Path = ("params", name)
        first = next(iter(params))
        if place:
            yield here, f"an endpoint can have one incremental only, and has that of `{first}`"
        if is_incremental(param) and name in in_path:
            yield here, f"cannot be filled in as `{{{name}}}`; write `{{incremental.start_value}}`"
        if is_incremental(param) and param.end_value is not None:
            yield (
                here,
                "has an `end_value`, but a param only begins a range; write the incremental as "
                "`endpoint.incremental`, with the param's name as `start_param`",
            )
        if isinstance(param, Mapping) and not is_incremental(param):
            yield from (((*here, *below), message) for below, message in _own_faults(param))
    if not isinstance(written, Mapping):
        return
    if params:
        yield (
            ("incremental",),
            f"an endpoint can have one incremental only, and has that of the param "
            f"`{next(iter(params))}`; where this one is of `resource_defaults`, say "
            "`incremental: null`",
        )
    if is_tail(endpoint):
        return
    yield from ((("incremental", *below), message) for below, message in _own_faults(written))
    if written.get("per_parent") and not parent_fields(endpoint):
        yield ("incremental", "per_parent"), "needs a parent: the resource depends on none"


def _own_faults(written: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    path = written.get("cursor_path")
    if isinstance(path, str):
        try:
            JsonPath(path)
        except ValueError:
            yield (
                ("cursor_path",),
                f"`{path}` is no JSONPath; write one like `updated_at` or `meta.updated_at`",
            )
    if written.get("end_value") is not None and written.get("initial_value") is None:
        yield ("end_value",), "needs an `initial_value`: a range with an end has a beginning"
    if written.get("convert") is not None and written.get("transform") is not None:
        yield ("transform",), "is the old name of `convert`; give one of them"


def _params(endpoint: Mapping[str, Any]) -> Mapping[str, Any]:
    params = endpoint.get("params")
    return params if isinstance(params, Mapping) else {}
