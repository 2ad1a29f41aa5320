"""Makes from a config what reads its resources: listings, request templates, leg settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from headrace.config import EndpointConfig, ResourceConfig, SourceConfig
from headrace.config.format.paginators import (
    AutoPaginatorConfig,
    CursorPaginatorConfig,
    OffsetPaginatorConfig,
    PageNumberPaginatorConfig,
)
from headrace.config.format.placeholders import with_json_texts
from headrace.core.json_path import JsonPath
from headrace.core.secrets.redaction import hold_secrets
from headrace.reading.counting import RowCount
from headrace.reading.credentials import Authentications
from headrace.reading.decoders import decoder_of, row_maker_of, row_shape_of
from headrace.reading.graphql_errors import refusing_errors
from headrace.reading.keep_up.legs import LegSettings
from headrace.reading.lanes.values import ListedValues, ValueListing
from headrace.reading.listing import Listing
from headrace.reading.paginators import PaginatorFactory
from headrace.reading.request_template import RequestTemplate
from headrace.reading.response_actions import ResponseActions
from headrace.reading.token_listing import TokenPlace, without_values
from headrace.sansio.paging import Accounting, RowKeys, TotalPlace


def build_listing(
    config: SourceConfig, resource: ResourceConfig, authentications: Authentications | None = None
) -> Listing:
    """Makes the listing of a resource.

    The request of a resource that depends on another one, or that has an incremental, still has its
    placeholders: they are filled for each row of the parent, or when the state is known.

    Args:
        config: The config that the resource is part of.
        resource: The resource, as the config describes it.
        authentications: The credentials of the whole config; None to make new ones.
    """
    endpoint = resource.endpoint
    template = request_template(endpoint)
    is_filled = resource.parent is None and resource.cursor is None
    request = without_values(template).filled({}) if is_filled else template.unfilled
    authentications = authentications or Authentications.of_config(config)
    credentials = authentications.of(endpoint.auth)
    hold_secrets(credentials, [*credentials.secrets, *config.secrets])
    actions = endpoint.response_actions
    hook = ResponseActions(resource.name, actions).take if actions else None
    keys, proves_whole = _row_keys(resource), needs_proof(config, resource)
    row_count = _row_count(endpoint)
    return Listing(
        resource.name,
        request,
        credentials,
        endpoint.data_selector,
        PaginatorFactory(
            config.client, endpoint, credentials, keys, looks_past_totals=proves_whole
        ).new,
        refusing_errors(hook) if endpoint.is_graphql else hook,
        skipped=frozenset(
            each.status for each in actions if each.verdict == "skip" and each.status
        ),
        accounting=replace(accounting(endpoint, keys), proves_whole=proves_whole),
        decoder=decoder_of(endpoint.decoder),
        row_shape=row_shape_of(endpoint.rows, endpoint.rows_wrapped_at),
        row_maker=row_maker_of(endpoint.rows, resource.tail),
        row_count=row_count.filled(lambda template: template.filled({}))
        if row_count and is_filled
        else row_count,
        lanes=endpoint.lanes,
    )


def listing_by_values(
    config: SourceConfig,
    resource: ResourceConfig,
    listing: Listing,
    authentications: Authentications | None = None,
) -> ValueListing | None:
    """Makes the listing of a resource that is listed by the values of a parameter.

    Args:
        config: The config that the resource is part of.
        resource: The resource, as the config describes it.
        listing: Its listing, without the parameter.
        authentications: The credentials of the whole config; None to make new ones.

    Returns:
        None where it is one listing.
    """
    lanes = resource.lanes
    if lanes is None:
        return None
    values: Sequence[Any] | ListedValues
    if lanes.resource is None or lanes.path is None:
        values = lanes.values or ()
    else:
        source = next(
            each
            for each in config.resources
            if isinstance(each, ResourceConfig) and each.name == lanes.resource
        )
        listed = build_listing(config, source, authentications)
        values = ListedValues(replace(listed, lanes=None), lanes.path, resource.name)
    written = resource.hints.get("write_disposition")
    disposition = written.get("disposition") if isinstance(written, Mapping) else written
    keeps_each_once = disposition == "merge" and resource.primary_key is not None
    return ValueListing(
        listing, lanes.param, values, lanes.at_once, keeps_each_once=keeps_each_once
    )


def needs_proof(config: SourceConfig, resource: ResourceConfig) -> bool:
    """Whether it must be known of a resource's listing that it is whole.

    So it is where rows that are missing in it are marked or deleted, or rows of a resource that
    depends on it or is listed by its values.

    Args:
        config: The config.
        resource: A resource of it.
    """
    if resource.missing_rows is not None:
        return True
    return any(
        resource.name in (each.parent and each.parent.resource, each.lanes and each.lanes.resource)
        and needs_proof(config, each)
        for each in config.resources
        if isinstance(each, ResourceConfig)
    )


def token_place(
    config: SourceConfig, resource: ResourceConfig, listing: Listing
) -> TokenPlace | None:
    """Where the pages of a resource name the token of the next sync, and how it is sent.

    Args:
        config: The config that the resource is part of.
        resource: The resource, as the config describes it.
        listing: Its listing.

    Returns:
        None where it goes on from no token.
    """
    token = resource.token
    if token is None:
        return None
    factory = PaginatorFactory(config.client, resource.endpoint, listing.credentials)
    return TokenPlace(
        token.path,
        request_template(resource.endpoint),
        token.start_param,
        token.is_link,
        factory.secrets,
    )


def accounting(endpoint: EndpointConfig, keys: RowKeys | None) -> Accounting:
    """How the rows of a listing are counted.

    Args:
        endpoint: The endpoint, as the config describes it.
        keys: Reads the keys of its rows; None where no primary key is known.
    """
    paginator, total = endpoint.paginator, endpoint.total
    selector = endpoint.data_selector
    # Of a selector that takes rows out of items, or some of these, a number is that of the items.
    is_of_items = total is None and selector is not None and JsonPath(selector).steps is None
    is_told = endpoint.total_is_told and (total is None or total.path is None)
    settings = Accounting(is_told=is_told and not is_of_items, keys=keys)
    match paginator:
        case OffsetPaginatorConfig():
            settings = replace(
                settings,
                follows_keys=True,
                before=paginator.offset,
                short_hint="Check `paginator.limit` and `paginator.offset_param`.",
            )
            if settings.is_told and total is None and paginator.total_path is not None:
                place = TotalPlace(JsonPath(paginator.total_path))
                settings = replace(settings, total=place, total_key="paginator.total_path")
        case PageNumberPaginatorConfig():
            begins_later = paginator.page is not None and paginator.page != paginator.base_page
            settings = replace(
                settings,
                follows_keys=True,
                is_told=settings.is_told and not begins_later,
                short_hint="Check `paginator.base_page` and `paginator.total_path`.",
            )
        case CursorPaginatorConfig():
            settings = replace(
                settings,
                short_hint="Check `paginator.cursor_path`, and `has_more_path` or `stop_condition` "
                "where they are there.",
            )
        case AutoPaginatorConfig():
            settings = replace(settings, follows_keys=True)
    if total is not None and total.path is None:
        path = None if total.selector is None else JsonPath(total.selector)
        settings = replace(
            settings,
            total=TotalPlace(path, (total.header or "").lower()),
            total_key="endpoint.total",
        )
    return settings


def _row_keys(resource: ResourceConfig) -> RowKeys | None:
    # A function may change the key before it is one, and that of rows which are made of parts of
    # the listed ones is not in these.
    makes_rows = resource.endpoint.rows is not None and resource.endpoint.rows.each is not None
    if (
        resource.primary_key is None
        or makes_rows
        or any(kind != "filter" for kind, _ in resource.steps)
    ):
        return None
    parent = resource.parent
    # Those of the parent are put in when the row has come.
    added = [parent.added(field) for field in parent.include] if parent is not None else []
    names = [name for name in resource.primary_key if name not in added]
    if not names:
        return None
    try:
        return RowKeys(names)
    except ValueError:
        return None


def _row_count(endpoint: EndpointConfig) -> RowCount | None:
    total = endpoint.total
    if total is None or total.path is None:
        return None
    selector = JsonPath("$" if total.selector is None else total.selector)
    template = RequestTemplate(
        total.method,
        total.path,
        params={
            name: with_json_texts(value, mappings_too=True)
            for name, value in (total.params or {}).items()
        },
        headers=endpoint.headers,
        json=total.json_body,
    )
    return RowCount(template, selector)


def request_template(endpoint: EndpointConfig) -> RequestTemplate:
    """Makes the template of an endpoint's requests.

    Args:
        endpoint: The endpoint, as the config describes it.
    """
    return RequestTemplate(
        endpoint.method,
        endpoint.path,
        params=endpoint.params,
        headers=endpoint.headers,
        json=endpoint.json,
        data=endpoint.data,
    )


def leg_settings(config: SourceConfig) -> LegSettings:
    """The bounds that a config sets for a leg.

    Args:
        config: The config.
    """
    pipeline = config.pipeline_settings
    return LegSettings(most_bytes=pipeline.leg_bytes, least_seconds=pipeline.leg_seconds)
