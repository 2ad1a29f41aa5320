"""From a merged resource to what the other rooms use of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from pydantic import ValidationError

from headrace.config.built.cursor import build_cursor, is_incremental_param
from headrace.config.built.graphql import build_graphql
from headrace.config.built.lanes import build_lanes
from headrace.config.built.lanes_by_values import build_lanes_by_values
from headrace.config.built.merging import MergedResource, TypedKeys, columns_by_name
from headrace.config.built.missing_rows import build_missing_rows
from headrace.config.built.parents import build_parent
from headrace.config.built.source import EndpointConfig, ResourceConfig
from headrace.config.built.tail import (
    build_tail,
    is_tail,
    listed_row_columns,
    primary_key_columns,
)
from headrace.config.built.token import build_token
from headrace.config.format.client import ClientConfig
from headrace.config.format.decoders import AnyDecoderConfig
from headrace.config.format.document import STEP_KINDS
from headrace.config.format.paginators import AutoPaginatorConfig, OffsetPaginatorConfig
from headrace.config.format.placeholders import bind_path, resolves, with_json_texts
from headrace.config.format.response_actions import build_actions
from headrace.core.dlt_door.objects import is_offset_paginator

_NOT_FOR_DLT = frozenset(
    {"endpoint", "include_from_parent", "processing_steps", "parent_table_name", "missing_rows"}
)


def build_resource(
    resource: MergedResource, typed: TypedKeys, client: ClientConfig, names: Sequence[str]
) -> ResourceConfig:
    """Build a resource that the config describes.

    Args:
        resource: The resource, without faults.
        typed: Its keys, typed.
        client: The client, whose paginator and authentication hold where the endpoint names none.
        names: The names of all resources of the config.
    """
    steps = typed.resource.processing_steps or ()
    return ResourceConfig(
        index=resource.index,
        name=resource.name,
        endpoint=_endpoint(resource.endpoint, typed, client),
        hints=_hints(resource.keys, typed) | _replacing_parts(resource),
        parent=build_parent(resource.keys, typed.endpoint.batch),
        cursor=build_cursor(resource.endpoint, typed.endpoint, client.concurrency),
        token=build_token(resource.endpoint, typed.endpoint),
        steps=tuple(
            (kind, step)
            for each in steps
            for kind in STEP_KINDS
            if (step := getattr(each, kind)) is not None
        ),
        tail=build_tail(
            resource, typed.endpoint.incremental, typed.endpoint.lanes, client.concurrency
        ),
        primary_key=primary_key_columns(resource.keys),
        lanes=build_lanes_by_values(typed.endpoint.lanes, client.concurrency, names),
        missing_rows=build_missing_rows(typed.resource.missing_rows, resource.keys),
    )


def _hints(keys: Mapping[str, Any], typed: TypedKeys) -> dict[str, Any]:
    """The keyword arguments for `dlt.resource`, as the user gave them."""
    hints = {key: _copied(value) for key, value in keys.items() if key not in _NOT_FOR_DLT}
    for key in ("max_table_nesting", "selected", "parallelized"):
        # Numbers and switches may have come as the text of a `${NAME}`.
        if isinstance(hints.get(key), str):
            hints[key] = getattr(typed.resource, key)
        elif key in hints and hints[key] is None:
            del hints[key]
    nested_hints = hints.get("nested_hints")
    for nested in nested_hints.values() if isinstance(nested_hints, dict) else ():
        # dlt completes the columns of a table, but not those of nested ones.
        if isinstance(nested.get("columns"), dict | list):
            nested["columns"] = columns_by_name(nested["columns"])
    return hints


def _replacing_parts(resource: MergedResource) -> dict[str, Any]:
    """Has a merge replace all rows that are made of a listed row that comes again.

    It may have fewer parts by then.
    """
    disposition = resource.keys.get("write_disposition")
    strategy = disposition.get("strategy") if isinstance(disposition, Mapping) else None
    columns = listed_row_columns(resource) if is_tail(resource.endpoint) else None
    if columns is None or resource.keys.get("merge_key") or strategy not in (None, "delete-insert"):
        return {}
    return {"merge_key": list(columns)}


def _copied(value: Any) -> Any:
    """Plain values anew: dlt writes into hints that it gets, and a YAML anchor shares them."""
    if type(value) is dict:
        return {key: _copied(each) for key, each in value.items()}
    return [_copied(each) for each in value] if type(value) is list else value


def _endpoint(written: Mapping[str, Any], typed: TypedKeys, client: ClientConfig) -> EndpointConfig:
    endpoint = typed.endpoint
    path, params = bind_path(written["path"], written.get("params") or {})
    own, selector = endpoint.paginator, endpoint.data_selector
    graphql = build_graphql(endpoint.graphql, selector) if endpoint.graphql else None
    wrapped_at: str | None = None
    if graphql is not None:
        own = graphql.paginator if own is None else own
        if selector is None:
            selector, wrapped_at = graphql.data_selector, graphql.wrapped_at
        if endpoint.rows is not None and wrapped_at is not None:
            # What the user says of rows is said of those within.
            selector, wrapped_at = f"{selector}[*].{wrapped_at}", None
    paginator = client.paginator if own is None else own
    return EndpointConfig(
        path=path,
        method=endpoint.method if graphql is None else "POST",
        params={
            # An incremental's param keeps its place in the query.
            name: None if is_incremental_param(value) else with_json_texts(value, mappings_too=True)
            for name, value in params.items()
            if not resolves(value)
        },
        json=with_json_texts(endpoint.json_body) if graphql is None else graphql.json,
        data=with_json_texts(endpoint.data),
        headers=with_json_texts(endpoint.headers or {}),
        data_selector=selector,
        rows=endpoint.rows,
        decoder=cast("AnyDecoderConfig | None", endpoint.decoder),
        paginator=_paginator(paginator),
        rows_wrapped_at=wrapped_at,
        is_graphql=graphql is not None,
        lanes=build_lanes(endpoint.lanes, client.concurrency, _paginator(paginator)),
        # An endpoint's null means no authentication, not the client's.
        auth=endpoint.auth if "auth" in endpoint.model_fields_set else client.auth,
        response_actions=build_actions(endpoint.response_actions),
        total=endpoint.total,
        total_is_told=endpoint.total is not None or "total" not in endpoint.model_fields_set,
    )


def _paginator(paginator: Any) -> Any:
    """The paginator as a model, where there is one that means the same."""
    if paginator is None:
        return AutoPaginatorConfig(type="auto")
    if not is_offset_paginator(paginator):
        return paginator
    # dlt's own passes over rows where a server gives fewer than the limit asks for.
    try:
        return OffsetPaginatorConfig(
            type="offset",
            limit=paginator.limit,
            offset=paginator.initial_value,
            offset_param=None if paginator.param_body_path else paginator.param_name,
            offset_body_path=paginator.param_body_path,
            limit_param=None if paginator.limit_body_path else paginator.limit_param,
            limit_body_path=paginator.limit_body_path,
            total_path=paginator.total_path,
            maximum_offset=paginator.maximum_value,
            stop_after_empty_page=bool(paginator.stop_after_empty_page),
            has_more_path=paginator.has_more_path,
        )
    except ValidationError:
        return paginator
