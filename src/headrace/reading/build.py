"""How a config's resources are to be listed: from the typed model to what asks for pages."""

from __future__ import annotations

from headrace.config import EndpointConfig, ResourceConfig, SourceConfig
from headrace.core.secrets.redaction import keep_secret
from headrace.reading.credentials import Authentications
from headrace.reading.keep_up.legs import LegSettings
from headrace.reading.listing import Listing
from headrace.reading.paginators import PaginatorFactory
from headrace.reading.request_template import RequestTemplate
from headrace.reading.response_actions import ResponseActions


def build_listing(
    config: SourceConfig, resource: ResourceConfig, authentications: Authentications | None = None
) -> Listing:
    """How the config wants a resource to be listed.

    Args:
        config: that the resource is part of.
        resource: as the config has it.
        authentications: of the whole config; new ones when None.
    """
    endpoint = resource.endpoint
    template = request_template(endpoint)
    # What a row of the parent, or the state, is to fill in is not there yet.
    is_filled = resource.parent is None and resource.cursor is None
    request = template.filled({}) if is_filled else template.unfilled
    authentications = authentications or Authentications.of_config(config)
    credentials = authentications.of(endpoint.auth)
    keep_secret([*credentials.secrets, *config.secrets])
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
    """What an endpoint asks for, with placeholders.

    Args:
        endpoint: as the config has it.
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
    """How long the config wants a leg to get."""
    pipeline = config.pipeline_settings
    return LegSettings(most_bytes=pipeline.leg_bytes, least_seconds=pipeline.leg_seconds)
