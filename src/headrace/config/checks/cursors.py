"""Incrementals of dlt's kind that cannot work, although each of their keys is right by itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from headrace.config.built.cursor import is_incremental_param
from headrace.config.built.parents import params_of, parent_fields
from headrace.config.built.tail import is_tail
from headrace.config.format.placeholders import names_in
from headrace.config.format.places import Path
from headrace.core.dlt_door.objects import is_incremental
from headrace.core.json_path import JsonPath
from headrace.core.value_order import Kind, Placed, compare, placed


def cursor_faults(endpoint: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    """What is wrong between the keys of incrementals.

    Args:
        endpoint: The merged keys as written; they may be wrong in any other way.

    Yields:
        The path below the endpoint, and a message.
    """
    written = endpoint.get("incremental")
    params = {
        name: each for name, each in params_of(endpoint).items() if is_incremental_param(each)
    }
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


def merge_faults(keys: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    """A merge that would delete rows which the incremental knows and leaves out.

    A merge by a `merge_key` deletes all rows of the key's values. Where the cursor is part of it,
    those at the newest value are among them, and have to come along.

    Args:
        keys: The merged keys of a resource as written; they may be wrong in any other way.

    Yields:
        The path below the resource, and a message.
    """
    written = keys.get("write_disposition")
    disposition = written.get("disposition") if isinstance(written, Mapping) else written
    strategy = written.get("strategy") if isinstance(written, Mapping) else None
    if disposition != "merge" or strategy not in (None, "delete-insert"):
        return
    merge_key = keys.get("merge_key")
    columns = merge_key if isinstance(merge_key, (list, tuple)) else [merge_key]
    names = {_as_column(each) for each in columns if isinstance(each, str)}
    for path, each in _incrementals_in(keys.get("endpoint")):
        read = partial(getattr, each) if is_incremental(each) else each.get
        cursor = read("cursor_path", None)
        if read("primary_key", None) and isinstance(cursor, str) and _as_column(cursor) in names:
            yield (
                (*path, "primary_key"),
                f"leaves out rows at the newest `{cursor}` that were loaded before, but the merge "
                "deletes them, since the `merge_key` holds that field; leave `primary_key` out of "
                "the incremental",
            )


def _incrementals_in(endpoint: Any) -> Iterator[tuple[Path, Any]]:
    if isinstance(endpoint, Mapping):
        written = endpoint.get("incremental")
        if isinstance(written, Mapping):
            yield ("endpoint", "incremental"), written
        for name, param in params_of(endpoint).items():
            if is_incremental_param(param):
                yield ("endpoint", "params", name), param


def _as_column(name: str) -> str:
    """A name as it may be written in more than one way: `updatedAt`, `updated_at`."""
    return name.removeprefix("$.").replace(".", "").replace("_", "").lower()


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
    yield from _faults_of_values(written)
    if written.get("convert") is not None and written.get("transform") is not None:
        yield ("transform",), "is the old name of `convert`; give one of them"


def _faults_of_values(written: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    """Values that have no place in the order of the cursor, as far as the config shows it."""
    function = written.get("last_value_func")
    if function not in (None, "max", "min", max, min):
        return
    places: dict[str, Placed] = {}
    for key in ("initial_value", "end_value"):
        value = written.get(key)
        place = None if value is None else placed(value)
        if place is not None:
            places[key] = place
        elif isinstance(value, str):
            yield (
                (key,),
                "can be read in more than one way; write a date as `2026-08-31`, and a number "
                "without commas",
            )
    start, end = places.get("initial_value"), places.get("end_value")
    if start and end:
        ahead = compare(end, start)
        if ahead is None:
            yield ("end_value",), f"is {end.kind}, and `initial_value` is {start.kind}"
        elif ahead > 0 if function in ("min", min) else ahead < 0:
            yield ("end_value",), "lies before `initial_value`, at which the range begins"
    if written.get("lag") and start and isinstance(start.raw, str) and start.kind is not Kind.TIME:
        yield (
            ("lag",),
            f"goes back from times and from numbers, but `initial_value` is {start.kind}; write a "
            "number without quotes, where the API sends numbers, or leave `lag` out",
        )
