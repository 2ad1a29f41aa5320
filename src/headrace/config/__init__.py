"""The config: dlt's REST API source format with Headrace's keys, read, checked and completed."""

from headrace.config.auth import (
    ApiKeyAuthConfig,
    BearerAuthConfig,
    HttpBasicAuthConfig,
    OAuth2ClientCredentialsConfig,
)
from headrace.config.client import ClientConfig, PipelineConfig, ViewsConfig
from headrace.config.json_schema import config_json_schema
from headrace.config.loading import load_config, load_destination, load_without_client
from headrace.config.overrides import apply_overrides
from headrace.config.paginators import CursorPaginatorConfig, SinglePagePaginatorConfig
from headrace.config.parents import ParentConfig, in_order_of_dependence
from headrace.config.parsing import parse_config
from headrace.config.reading import read_document
from headrace.config.source import EndpointConfig, ExternalResource, ResourceConfig, SourceConfig
from headrace.config.substitution import SubstitutedValues, substitute_secrets

__all__ = [
    "ApiKeyAuthConfig",
    "BearerAuthConfig",
    "ClientConfig",
    "CursorPaginatorConfig",
    "EndpointConfig",
    "ExternalResource",
    "HttpBasicAuthConfig",
    "OAuth2ClientCredentialsConfig",
    "ParentConfig",
    "PipelineConfig",
    "ResourceConfig",
    "SinglePagePaginatorConfig",
    "SourceConfig",
    "SubstitutedValues",
    "ViewsConfig",
    "apply_overrides",
    "config_json_schema",
    "in_order_of_dependence",
    "load_config",
    "load_destination",
    "load_without_client",
    "parse_config",
    "read_document",
    "substitute_secrets",
]
