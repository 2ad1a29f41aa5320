"""The key `tenants`: one config for many accounts of one API."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, Tag

from headrace.config.format.fields import BY_SHAPE, LIST, MAPPING, FormatModel, Name

COLUMN = "tenant"
"""The column that names the tenant of a row, where the config names no other one."""


class TenantModel(FormatModel):
    """One tenant: its name, and what is its own in the config."""

    name: Name = Field(description="Name of the tenant, which each of its rows gets.")
    values: dict[Name, Any] | None = Field(
        default=None,
        alias="set",
        description="Values of the config that are the tenant's own, by their dotted paths, as "
        "`headrace run --set` has them: `client.base_url`, `resources.NAME.endpoint.params.site`.",
    )
    secrets: dict[Name, Name] | None = Field(
        default=None,
        description="Names of the tenant's secrets, by the names in the config: with `API_KEY: "
        "ACME_API_KEY`, `${API_KEY}` is this tenant's `${ACME_API_KEY}`.",
    )


class TenantsModel(FormatModel):
    """The tenants, in the config or in a file, and the column that names them."""

    column: Name = Field(
        default=COLUMN, description="Name of the column that names the tenant of a row."
    )
    tenants: list[TenantModel] | None = Field(
        default=None, alias="list", description="The tenants, where they stand in the config."
    )
    file: Name | None = Field(
        default=None,
        description="A file with the tenants, beside the config: CSV with the columns `name`, "
        "`set.PATH` and `secrets.NAME`, or JSON, JSON Lines or YAML with a list of them.",
    )
    table: Name | None = Field(
        default=None,
        description="A table of the destination with the tenants, as `dataset.table`, or one of "
        "the pipeline's own dataset: the columns `name`, and `set` and `secrets` as JSON.",
    )
    query: Name | None = Field(
        default=None, description="SQL for the destination, that gives the same columns."
    )


AnyTenants = Annotated[
    Annotated[list[TenantModel], Tag(LIST)] | Annotated[TenantsModel, Tag(MAPPING)], BY_SHAPE
]
