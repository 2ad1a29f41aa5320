"""From a document to a `SourceConfig`, or to all that is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

from headrace.config.built.cursor import build_cursor, cursor_faults, is_incremental_param
from headrace.config.built.parents import build_parent, parent_faults, request_faults
from headrace.config.built.source import (
    EndpointConfig,
    ExternalResource,
    ResourceConfig,
    SourceConfig,
)
from headrace.config.built.tail import build_tail, replaced_children, tail_faults
from headrace.config.checks.faults import FaultCollector
from headrace.config.checks.placeholders import bind_path, resolves
from headrace.config.checks.secrecy import secrets_in
from headrace.config.checks.showing import Path, at, kind
from headrace.config.checks.stop_conditions import looks_for_rows, place_of_paginator
from headrace.config.files.auth_lookups import DEFAULT_SECTIONS, with_completed_auths
from headrace.config.files.merging import columns_by_name, merged_endpoint, merged_resource
from headrace.config.files.substitution import SubstitutedValues
from headrace.config.format.auth import AnyAuth
from headrace.config.format.document import STEP_KINDS, ResourceModel, SourceDocument
from headrace.config.format.endpoint import EndpointModel
from headrace.config.format.fields import (
    NO_HEADER_NAME,
    is_header_name,
    is_python_object,
)
from headrace.config.format.hints import function_faults
from headrace.config.format.paginators import AnyPaginator, paginator_faults
from headrace.config.format.response_actions import build_actions
from headrace.core.dlt_door.auths import Sections
from headrace.core.dlt_door.objects import is_resource
from headrace.core.exceptions import ConfigError, Fault

_NOT_FOR_DLT = frozenset(
    {"endpoint", "include_from_parent", "processing_steps", "parent_table_name"}
)
_ROWS_ARE_ELSEWHERE = (
    "the rows are not part of `response`; use `rows`, their number, for example `rows == 0`"
)
_NOTHING_SUBSTITUTED = SubstitutedValues()
_KEYS_OF_AUTHS = {
    "api_key": "api_key",
    "username": "http_basic",
    "password": "http_basic",
    "client_id": "oauth2_client_credentials",
    "client_secret": "oauth2_client_credentials",
}
_SHOW_NO_INPUT = ConfigDict(hide_input_in_errors=True)
_PAGINATOR: TypeAdapter[Any] = TypeAdapter(AnyPaginator, config=_SHOW_NO_INPUT)
_AUTH: TypeAdapter[Any] = TypeAdapter(AnyAuth, config=_SHOW_NO_INPUT)


def parse_config(
    document: Mapping[str, Any],
    substituted: SubstitutedValues = _NOTHING_SUBSTITUTED,
    sections: Sections | None = DEFAULT_SECTIONS,
) -> SourceConfig:
    """Check a config and complete it.

    Args:
        document: as given to `rest_api_source`, or read from a file with its secrets put in.
            Python objects in it are kept as they are.
        substituted: the values that `substitute_secrets` put in; no message shows them.
        sections: of dlt's settings, where dlt looks for what an `auth` leaves out; None for those
            of the running dlt source.

    Returns:
        The config, every resource merged with the defaults.

    Raises:
        ConfigError: everything that is wrong, at once.
    """
    if not isinstance(document, Mapping):
        raise ConfigError([Fault("", f"expected a mapping; got {kind(document)}")])
    auths = with_completed_auths(document, sections)
    document = auths.document
    faults = FaultCollector(document, substituted)
    for path, message in auths.faults:
        faults.add(path, message)
    untyped = list(_untyped_auths(document))
    for path, message in untyped:
        faults.add(path, message)
    source: SourceDocument | None = None
    try:
        source = SourceDocument.model_validate(document)
    except ValidationError as error:
        skip = [path for path, _ in (*untyped, *auths.faults)]
        faults.add_invalid(error, SourceDocument, skip)
    for path, message in _contradictions(document):
        faults.add(path, message)
    if source is None or not faults.is_empty:
        raise faults.error()
    return SourceConfig(
        client=source.client,
        resources=tuple(_resource(document, index) for index in range(len(source.resources))),
        pipeline=source.pipeline,
        secrets=secrets_in(document, substituted),
    )


def _contradictions(document: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    """What is wrong between keys that are right each by itself."""
    yield from _names_given_twice(document)
    client = document.get("client")
    if isinstance(client, dict):
        yield from _half_given(client, ("client",))
    for path, resource in _written_resources(document):
        if isinstance(endpoint := resource.get("endpoint"), dict):
            yield from _half_given(endpoint, (*path, "endpoint"))
            yield from _untyped_params(endpoint.get("params"), (*path, "endpoint", "params"))
    for index, resource in enumerate(_listed_resources(document)):
        if is_python_object(resource):
            if not is_resource(resource):
                message = f"expected a name, a mapping or a dlt resource; got {kind(resource)}"
                yield ("resources", index), message
        elif isinstance(resource, (str, dict)):
            yield from _wrong_when_merged(document, index, resource)
    merged = _merged_resources(document)
    for index, message in parent_faults(merged):
        yield ("resources", index), message
    for index, message in replaced_children(merged):
        yield ("resources", index, "write_disposition"), message


def _written_resources(document: Mapping[str, Any]) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The mappings that describe resources, the defaults first, each with where it stands."""
    defaults = document.get("resource_defaults")
    if isinstance(defaults, dict):
        yield ("resource_defaults",), defaults
    for index, resource in enumerate(_listed_resources(document)):
        if isinstance(resource, dict):
            yield ("resources", index), resource


def _listed_resources(document: Mapping[str, Any]) -> list[Any]:
    resources = document.get("resources")
    return list(resources) if isinstance(resources, (list, tuple)) else []


def _merged_resources(document: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Name and keys of each resource, merged with the defaults; no keys of those that are dlt's."""
    defaults = document.get("resource_defaults")
    defaults = defaults if isinstance(defaults, dict) else {}
    merged: list[tuple[str, dict[str, Any]]] = []
    for resource in _listed_resources(document):
        if isinstance(resource, (str, dict)):
            own = resource if isinstance(resource, dict) else {"name": resource}
            whole = {**defaults, **own, "endpoint": merged_endpoint(resource, defaults)}
            merged.append((str(own.get("name")), whole))
        else:
            merged.append((str(getattr(resource, "name", "")), {}))
    return merged


def _names_given_twice(document: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    first: dict[str, int] = {}
    for index, resource in enumerate(_listed_resources(document)):
        name = resource.get("name") if isinstance(resource, dict) else resource
        if is_resource(resource):
            name = resource.name
        if not isinstance(name, str):
            continue
        if name in first:
            path: Path = ("resources", index)
            path = (*path, "name") if isinstance(resource, dict) else path
            yield path, f"resources[{first[name]}] has this name already; each needs its own"
        first.setdefault(name, index)


def _untyped_auths(document: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    """Authentications without a `type` that are plainly meant to be something else than bearer."""
    places: list[tuple[Path, Any]] = [(("client",), document.get("client"))]
    for path, resource in _written_resources(document):
        places.append(((*path, "endpoint"), resource.get("endpoint")))
    for path, place in places:
        auth = place.get("auth") if isinstance(place, dict) else None
        if isinstance(auth, dict) and auth.get("type") is None and "token" not in auth:
            for key, meant in _KEYS_OF_AUTHS.items():
                if key in auth:
                    message = f"has no `type`, which means `bearer`; did you mean `type: {meant}`?"
                    yield (*path, "auth"), message
                    break


def _half_given(mapping: Mapping[str, Any], path: Path) -> Iterator[tuple[Path, str]]:
    for place, message in paginator_faults(mapping.get("paginator")):
        yield (*path, "paginator", *place), message
    auth = mapping.get("auth")
    if isinstance(auth, dict) and auth.get("location") not in ("query", "param"):
        name = auth.get("name") if auth.get("type") == "api_key" else None
        if isinstance(name, str) and name and not is_header_name(name):
            yield (*path, "auth", "name"), NO_HEADER_NAME


def _untyped_params(params: Any, path: Path) -> Iterator[tuple[Path, str]]:
    for name, value in params.items() if isinstance(params, dict) else ():
        if isinstance(value, dict) and value.get("type") not in ("resolve", "incremental"):
            message = "a mapping as a param needs `type: resolve` or `type: incremental`"
            yield (*path, name), message


def _wrong_when_merged(
    document: Mapping[str, Any], index: int, resource: str | dict[str, Any]
) -> Iterator[tuple[Path, str]]:
    defaults = document.get("resource_defaults")
    defaults = defaults if isinstance(defaults, dict) else None
    endpoint = merged_endpoint(resource, defaults)
    path: Path = ("resources", index, "endpoint")
    if endpoint.get("json") is not None and endpoint.get("data") is not None:
        yield (*path, "data"), "give either `json` or `data`, not both"
    place = place_of_paginator(document, index)
    paginator = at(document, place) if place else None
    own = resource if isinstance(resource, dict) else {}
    merged = {**(defaults or {}), **own, "endpoint": endpoint}
    # What is one row by its path is one page as well.
    listed_by = endpoint.get("paginator") if paginator is None else paginator
    for below, message in (
        *function_faults(merged),
        *tail_faults(merged, listed_by),
        *request_faults(merged),
    ):
        yield ("resources", index, *below), message
    if place and looks_for_rows(
        at(document, (*place, "stop_condition")), endpoint.get("data_selector")
    ):
        yield (*place, "stop_condition"), _ROWS_ARE_ELSEWHERE
    for below, message in cursor_faults(endpoint):
        yield (*path, *below), message
    params = endpoint.get("params")
    if isinstance(endpoint.get("path"), str):
        try:
            bind_path(endpoint["path"], params if isinstance(params, dict) else {})
        except PydanticCustomError as error:
            yield (*path, "path"), error.message()


def _resource(document: Mapping[str, Any], index: int) -> ResourceConfig | ExternalResource:
    written = document["resources"][index]
    if is_resource(written):
        return ExternalResource(index=index, name=written.name, resource=written)
    merged = merged_resource(written, document.get("resource_defaults"))
    hints = {key: _copied(value) for key, value in merged.items() if key not in _NOT_FOR_DLT}
    typed = ResourceModel.model_validate(
        {**hints, "processing_steps": merged.get("processing_steps")}
    )
    for key in ("max_table_nesting", "selected", "parallelized"):
        # Numbers and switches may have come as the text of a `${NAME}`.
        if isinstance(hints.get(key), str):
            hints[key] = getattr(typed, key)
        elif key in hints and hints[key] is None:
            del hints[key]
    for nested in (
        hints["nested_hints"].values() if isinstance(hints.get("nested_hints"), dict) else ()
    ):
        # dlt completes the columns of a table, but not those of nested ones.
        if isinstance(nested.get("columns"), dict | list):
            nested["columns"] = columns_by_name(nested["columns"])
    place = place_of_paginator(document, index)
    return ResourceConfig(
        index=index,
        name=str(merged["name"]),
        endpoint=_endpoint(merged["endpoint"], document["client"]),
        hints=hints,
        parent=build_parent(merged),
        cursor=build_cursor(merged["endpoint"]),
        steps=tuple(
            (kind, step)
            for each in typed.processing_steps or ()
            for kind in STEP_KINDS
            if (step := getattr(each, kind)) is not None
        ),
        tail=build_tail(merged, at(document, place) if place else None),
    )


def _copied(value: Any) -> Any:
    """Plain values anew: dlt writes into hints that it gets, and a YAML anchor shares them."""
    if type(value) is dict:
        return {key: _copied(each) for key, each in value.items()}
    return [_copied(each) for each in value] if type(value) is list else value


def _endpoint(merged: Mapping[str, Any], client: Mapping[str, Any]) -> EndpointConfig:
    path, params = bind_path(merged["path"], merged.get("params") or {})
    params = {
        # It keeps its place in the query.
        name: None if is_incremental_param(value) else value
        for name, value in params.items()
        if not resolves(value)
    }
    typed = EndpointModel.model_validate({**merged, "path": path, "params": params})
    paginator = merged.get("paginator")
    if paginator is None:
        paginator = client.get("paginator")
    # An endpoint's null means no authentication, not the client's.
    auth = merged["auth"] if "auth" in merged else client.get("auth")
    return EndpointConfig(
        path=path,
        method=typed.method,
        params=typed.params or {},
        json=typed.json_body,
        data=typed.data,
        headers=typed.headers or {},
        data_selector=typed.data_selector,
        paginator=_paginator(paginator),
        auth=None if auth is None else _AUTH.validate_python(auth),
        response_actions=build_actions(typed.response_actions),
    )


def _paginator(written: Any) -> Any:
    if written is None:
        written = "auto"
    return _PAGINATOR.validate_python({"type": written} if isinstance(written, str) else written)
