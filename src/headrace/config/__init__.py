"""The config: dlt's REST API source format with Headrace's keys, read, checked and completed."""

from headrace.config.built.parents import ParentConfig, in_order_of_dependence
from headrace.config.built.source import (
    EndpointConfig,
    ExternalResource,
    ResourceConfig,
    SourceConfig,
    TenantConfig,
    TenantsConfig,
)
from headrace.config.files.overrides import apply_overrides
from headrace.config.files.reading import read_document
from headrace.config.files.tenants import Tenant, tenant_column, tenants_of
from headrace.config.format.auth import (
    ApiKeyAuthConfig,
    BearerAuthConfig,
    HttpBasicAuthConfig,
    HttpDigestAuthConfig,
    LoginAuthConfig,
    OAuth2ClientCredentialsConfig,
    OAuth2RefreshTokenConfig,
    SignatureAuthConfig,
)
from headrace.config.format.client import ClientConfig, PipelineConfig, ViewsConfig
from headrace.config.format.json_schema import config_json_schema
from headrace.config.format.paginators import CursorPaginatorConfig, SinglePagePaginatorConfig
from headrace.config.loading import (
    config_of_call,
    config_of_tenant,
    document_of_tenant,
    load_config,
)
from headrace.config.parsing import parse_config
from headrace.config.secrets.substitution import SubstitutedValues, substitute_secrets

__all__ = [
    "ApiKeyAuthConfig",
    "BearerAuthConfig",
    "ClientConfig",
    "CursorPaginatorConfig",
    "EndpointConfig",
    "ExternalResource",
    "HttpBasicAuthConfig",
    "HttpDigestAuthConfig",
    "LoginAuthConfig",
    "OAuth2ClientCredentialsConfig",
    "OAuth2RefreshTokenConfig",
    "ParentConfig",
    "PipelineConfig",
    "ResourceConfig",
    "SignatureAuthConfig",
    "SinglePagePaginatorConfig",
    "SourceConfig",
    "SubstitutedValues",
    "Tenant",
    "TenantConfig",
    "TenantsConfig",
    "ViewsConfig",
    "apply_overrides",
    "config_json_schema",
    "config_of_call",
    "config_of_tenant",
    "document_of_tenant",
    "in_order_of_dependence",
    "load_config",
    "parse_config",
    "read_document",
    "substitute_secrets",
    "tenant_column",
    "tenants_of",
]
