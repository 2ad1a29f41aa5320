"""All that is wrong between the keys of a config, each of which is right by itself."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic_core import PydanticCustomError

from headrace.config.built.merging import MergedResource
from headrace.config.checks.auths import auth_faults, tls_faults
from headrace.config.checks.batches import batch_faults
from headrace.config.checks.cursors import cursor_faults, merge_faults
from headrace.config.checks.decoders import decoder_faults, row_shape_faults
from headrace.config.checks.graphql import graphql_faults
from headrace.config.checks.hints import function_faults
from headrace.config.checks.lanes import lanes_faults
from headrace.config.checks.lanes_by_key import key_lanes_faults
from headrace.config.checks.lanes_by_time import lanes_by_time_faults
from headrace.config.checks.lanes_by_values import lanes_by_values_faults
from headrace.config.checks.made_rows import made_rows_faults
from headrace.config.checks.missing_rows import missing_rows_faults
from headrace.config.checks.paginators import body_faults, looks_for_rows, paginator_faults
from headrace.config.checks.parents import parent_faults, request_faults
from headrace.config.checks.skips import skip_faults
from headrace.config.checks.tails import replaced_children, tail_faults
from headrace.config.checks.tokens import token_faults
from headrace.config.checks.windows import window_faults
from headrace.config.format.fields import is_python_object
from headrace.config.format.placeholders import bind_path, stands_for_value
from headrace.config.format.places import Path, value_at
from headrace.config.format.wording import kind_of
from headrace.core.dlt_door.objects import is_resource

_ROWS_ARE_ELSEWHERE = (
    "the rows are not part of `response`; use `rows`, their number, for example `rows == 0`"
)
# As dlt names tables: what is no letter or digit becomes an underscore.
_OWN_TABLE = re.compile(r"[^a-z0-9]+(dlt|headrace)", re.IGNORECASE)
_NAME_IS_TAKEN = (
    "names beginning with `_dlt` and `_headrace` are those of tables that dlt and Headrace keep "
    "beside yours, so no rows can go to `{name}`; give the resource another `table_name`"
)
_KEYS_OF_PARAMS = {
    "resolve": {"resource", "field"},
    "incremental": {"cursor_path", "initial_value"},
}
"""By the type of a param that is a mapping: keys that say that it is meant."""
_TYPES_BY_KEY = {
    "api_key": "api_key",
    "refresh_token": "oauth2_refresh_token",
    "function": "signature",
    "token_path": "login",
    "token_header": "login",
    "username": "http_basic",
    "password": "http_basic",
    "client_id": "oauth2_client_credentials",
    "client_secret": "oauth2_client_credentials",
}
"""By a key of an `auth`: the type that it belongs to."""


def faults_between_keys(
    document: Mapping[str, Any], resources: Sequence[MergedResource]
) -> Iterator[tuple[Path, str]]:
    """What is wrong between the keys of a document.

    Args:
        document: The config as written; it may be wrong in any other way.
        resources: Its resources, merged with the defaults, in order.

    Yields:
        The path in the document, and a message.
    """
    yield from _names_given_twice(document, resources)
    yield from _names_of_own_tables(document, resources)
    client = document.get("client")
    if isinstance(client, dict):
        yield from _request_faults(client, ("client",))
        yield from ((("client", *below), message) for below, message in tls_faults(client))
    for path, endpoint in _written_endpoints(document):
        if isinstance(endpoint, dict):
            yield from _request_faults(endpoint, path)
            yield from _untyped_params(endpoint.get("params"), (*path, "params"))
    for resource in resources:
        written = document["resources"][resource.index]
        if resource.keys:
            yield from _faults_when_merged(document, resource)
        elif is_python_object(written) and not is_resource(written):
            message = f"expected a name, a mapping or a dlt resource; got {kind_of(written)}"
            yield ("resources", resource.index), message
    for index, message in parent_faults(resources):
        yield ("resources", index), message
    has_row_ids = value_at(document, ("pipeline", "row_ids")) not in (False, "false")
    for resource in resources:
        for below, message in (
            *lanes_by_time_faults(resource, has_row_ids=has_row_ids),
            *lanes_by_values_faults(resource, resources),
        ):
            yield ("resources", resource.index, *below), message
    for index, message in replaced_children(resources):
        yield ("resources", index, "write_disposition"), message
    for index, message in missing_rows_faults(document, resources):
        yield ("resources", index, "missing_rows"), message


def untyped_auths(document: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    """Authentications without a `type` that are plainly meant to be something else than bearer.

    Args:
        document: The config as written; it may be wrong in any other way.

    Yields:
        The path in the document, and a message.
    """
    for path, holder in ((("client",), document.get("client")), *_written_endpoints(document)):
        auth = holder.get("auth") if isinstance(holder, dict) else None
        if isinstance(auth, dict) and auth.get("type") is None and "token" not in auth:
            meant = next((kind for key, kind in _TYPES_BY_KEY.items() if key in auth), None)
            if meant is not None:
                message = f"has no `type`, which means `bearer`; did you mean `type: {meant}`?"
                yield (*path, "auth"), message


def _numbers_in(value: Any) -> Iterator[float]:
    if isinstance(value, float):
        yield value
    elif isinstance(value, (dict, list)):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _numbers_in(inner)


def _is_no_json(number: float) -> bool:
    return not math.isfinite(number)


def _written_endpoints(document: Mapping[str, Any]) -> Iterator[tuple[Path, Any]]:
    """What is written as `endpoint`, that of the defaults first, with the path to it."""
    resources = document.get("resources")
    count = len(resources) if isinstance(resources, (list, tuple)) else 0
    holders: list[Path] = [("resource_defaults",), *(("resources", at) for at in range(count))]
    for holder in holders:
        yield (*holder, "endpoint"), value_at(document, (*holder, "endpoint"))


def _names_given_twice(
    document: Mapping[str, Any], resources: Sequence[MergedResource]
) -> Iterator[tuple[Path, str]]:
    first: dict[str, int] = {}
    for resource in resources:
        written = document["resources"][resource.index]
        name = written.name if is_resource(written) else resource.keys.get("name")
        if not isinstance(name, str):
            continue
        if name in first:
            path: Path = ("resources", resource.index)
            path = (*path, "name") if isinstance(written, dict) else path
            yield path, f"resources[{first[name]}] has this name already; each needs its own"
        first.setdefault(name, resource.index)


def _names_of_own_tables(
    document: Mapping[str, Any], resources: Sequence[MergedResource]
) -> Iterator[tuple[Path, str]]:
    for resource in resources:
        written = document["resources"][resource.index]
        table = written.table_name if is_resource(written) else resource.keys.get("table_name")
        key = "name" if table is None or is_resource(written) else "table_name"
        name = resource.keys.get("name") if table is None else table
        if isinstance(name, str) and _OWN_TABLE.match(name):
            path: Path = ("resources", resource.index)
            path = (*path, key) if isinstance(written, dict) else path
            yield path, _NAME_IS_TAKEN.format(name=name)


def _request_faults(holder: Mapping[str, Any], path: Path) -> Iterator[tuple[Path, str]]:
    """Faults of the `paginator` and the `auth` in the client or an endpoint."""
    for below, message in paginator_faults(holder.get("paginator")):
        yield (*path, "paginator", *below), message
    for below, message in auth_faults(holder.get("auth")):
        yield (*path, "auth", *below), message


def _untyped_params(params: Any, path: Path) -> Iterator[tuple[Path, str]]:
    for name, value in params.items() if isinstance(params, dict) else ():
        if isinstance(value, dict) and not stands_for_value(value):
            meant = next((kind for kind, keys in _KEYS_OF_PARAMS.items() if keys <= set(value)), "")
            if meant:
                message = f"did you mean `type: {meant}`? Any other mapping is sent as JSON"
                yield (*path, name), message
            if any(map(_is_no_json, _numbers_in(value))):
                yield (*path, name), "holds NaN or an infinite number, which JSON does not know"


def _faults_when_merged(
    document: Mapping[str, Any], resource: MergedResource
) -> Iterator[tuple[Path, str]]:
    here: Path = ("resources", resource.index)
    endpoint = resource.endpoint
    if endpoint.get("json") is not None and endpoint.get("data") is not None:
        yield (*here, "endpoint", "data"), "give either `json` or `data`, not both"
    for below, message in (
        *function_faults(resource.keys),
        *tail_faults(resource),
        *made_rows_faults(resource),
        *skip_faults(resource),
        *request_faults(resource),
        *((("endpoint", *path), message) for path, message in graphql_faults(endpoint)),
        *batch_faults(resource),
        *lanes_faults(resource),
        *key_lanes_faults(resource),
        *merge_faults(resource.keys),
        *token_faults(resource),
    ):
        yield (*here, *below), message
    place = resource.paginator_path
    for below, message in decoder_faults(endpoint, resource.paginator, place or ()):
        yield (*here, *below) if below[0] == "endpoint" else below, message
    for below, message in row_shape_faults(endpoint):
        yield (*here, *below), message
    if place and looks_for_rows(
        value_at(document, (*place, "stop_condition")), endpoint.get("data_selector")
    ):
        yield (*place, "stop_condition"), _ROWS_ARE_ELSEWHERE
    if place:
        body = endpoint.get("json") if endpoint.get("graphql") is None else endpoint["graphql"]
        for below, message in body_faults(resource.paginator, body):
            yield (*place, *below), message
    for below, message in (*cursor_faults(endpoint), *window_faults(endpoint)):
        yield (*here, "endpoint", *below), message
    params = endpoint.get("params")
    if isinstance(endpoint.get("path"), str):
        try:
            bind_path(endpoint["path"], params if isinstance(params, dict) else {})
        except PydanticCustomError as error:
            yield (*here, "endpoint", "path"), error.message()
