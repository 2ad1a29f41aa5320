"""What is part of the format but not built yet: one table, from which later work deletes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from headrace.config.fields import is_dlt_instance
from headrace.config.placeholders import names_in
from headrace.config.showing import Path
from headrace.config.tail import WITH_START_PARAM, is_tail

UNBUILT: Mapping[str, tuple[str, ...]] = {
    "resource": ("processing_steps", "parent_table_name"),
    "endpoint": ("response_actions",),
    "incremental": WITH_START_PARAM,
    "param type": ("incremental",),
    "placeholder": ("path", "params", "json", "data", "headers"),
}


def find_unbuilt(document: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    """Find what a document uses of the unbuilt.

    Args:
        document: the config as written; may be wrong in any other way.

    Yields:
        Where it stands, and a message.
    """
    for path, resource in written_resources(document):
        yield from _unbuilt_keys(resource, path, "resource")
        endpoint = resource.get("endpoint")
        if isinstance(endpoint, dict):
            below: Path = (*path, "endpoint")
            yield from _unbuilt_keys(endpoint, below, "endpoint")
            yield from _unbuilt_params(endpoint.get("params"), (*below, "params"))
            yield from _unbuilt_incremental(endpoint.get("incremental"), (*below, "incremental"))
            for key in UNBUILT["placeholder"] if endpoint.get("incremental") is not None else ():
                yield from _unbuilt_placeholders(endpoint.get(key), (*below, key))


def written_resources(document: Mapping[str, Any]) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The mappings that describe resources, the defaults first.

    Args:
        document: the config as written.

    Yields:
        Where each stands, and the mapping.
    """
    defaults = document.get("resource_defaults")
    if isinstance(defaults, dict):
        yield ("resource_defaults",), defaults
    resources = document.get("resources")
    for index, resource in enumerate(resources if isinstance(resources, (list, tuple)) else ()):
        if isinstance(resource, dict):
            yield ("resources", index), resource


def _unbuilt_keys(mapping: Mapping[str, Any], path: Path, place: str) -> Iterator[tuple[Path, str]]:
    for key in UNBUILT[place]:
        if mapping.get(key) is not None:
            yield (*path, key), f"`{key}` is part of the format but is not built yet; leave it out"


def _unbuilt_incremental(incremental: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if incremental is not None and not is_tail(incremental):
        yield (
            path,
            "an `incremental` with a `start_param` is part of the format but is not built yet; "
            "built: a listing that is newest first, `{cursor_path: id, row_order: desc}`",
        )


def _unbuilt_params(params: Any, path: Path) -> Iterator[tuple[Path, str]]:
    for name, value in params.items() if isinstance(params, dict) else ():
        kind = value.get("type") if isinstance(value, dict) else None
        if is_dlt_instance(value, "dlt.extract.incremental", "Incremental"):
            kind = "incremental"
        if isinstance(kind, str) and kind in UNBUILT["param type"]:
            message = f"a param of type `{kind}` is part of the format but is not built yet"
            yield (*path, name), f"{message}; built: plain values"


def _unbuilt_placeholders(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _unbuilt_placeholders(key, (*path, key))
            yield from _unbuilt_placeholders(inner, (*path, key))
    elif isinstance(value, (list, tuple)):
        for index, inner in enumerate(value):
            yield from _unbuilt_placeholders(inner, (*path, index))
    elif isinstance(value, str):
        for name in names_in(value) or ():
            if name.startswith("incremental."):
                yield path, f"`{{{name}}}` is part of the format but is not built yet"
