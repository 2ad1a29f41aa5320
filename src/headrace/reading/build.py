"""Makes from a config what reads its resources: listings, request templates, leg settings."""

from __future__ import annotations

from headrace.config import EndpointConfig, ResourceConfig, SourceConfig
from headrace.core.secrets.redaction import hold_secrets
from headrace.reading.credentials import Authentications
from headrace.reading.keep_up.legs import LegSettings
from headrace.reading.listing import Listing
from headrace.reading.paginators import PaginatorFactory
from headrace.reading.request_template import RequestTemplate
from headrace.reading.response_actions import ResponseActions


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
    request = template.filled({}) if is_filled else template.unfilled
    authentications = authentications or Authentications.of_config(config)
    credentials = authentications.of(endpoint.auth)
    hold_secrets(credentials, [*credentials.secrets, *config.secrets])
    actions = endpoint.response_actions
    return Listing(
        resource.name,
        request,
        credentials,
        endpoint.data_selector,
        PaginatorFactory(config.client, endpoint, credentials).new,
        ResponseActions(resource.name, actions).take if actions else None,
    )


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
