"""The tenants of a config as dlt's source has them: a parent whose rows nobody has to list."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import dlt
import msgspec
from dlt.extract import DltResource

from headrace.config.built.tenants import TENANTS
from headrace.core.exceptions import ConfigError
from headrace.dlt_source.items import EndOfRows, ParentRows
from headrace.dlt_source.mirrored_api import ApisOfTenants
from headrace.reading.listing_ends import ListingEnd
from headrace.reading.tenant_apis import TenantApis


def tenants_resource(apis: TenantApis) -> DltResource:
    """Makes the resource whose rows are the tenants; none of them is loaded.

    Args:
        apis: What the APIs of the tenants are asked with.
    """

    def list_tenants() -> Iterator[Any]:
        yield ParentRows(
            [msgspec.Raw(msgspec.json.encode({apis.column: name})) for name in apis.names]
        )
        end = ListingEnd(None, is_one_page=True, are_distinct=True) if apis.are_all else None
        yield EndOfRows(is_whole=apis.are_all, end=end)

    resource: DltResource = dlt.resource(list_tenants, name=TENANTS, selected=False)()
    return resource


def moved_tenants(apis: TenantApis) -> dict[str, ConfigError]:
    """The tenants whose rows in the table of the running resource are of another API.

    Args:
        apis: What the APIs of the tenants are asked with.

    Returns:
        Their names, each with what to tell of it.
    """
    known = ApisOfTenants.of_running_resource()
    found = {}
    for name in apis.names:
        # One whose secret is not there fails by itself.
        with suppress(ConfigError):
            client = apis.config(name).client
            if (error := known.fault(name, client.base_url, client.moved_from or ())) is not None:
                found[name] = error
    return found


def all_tenants_are_asked(apis: TenantApis, *, have_all_worked: bool) -> bool:
    """Whether the table of the running resource has rows of no other tenants than those asked.

    Args:
        apis: What the APIs of the tenants are asked with.
        have_all_worked: Whether it is known that none has failed, which is then noted.
    """
    known = ApisOfTenants.of_running_resource()
    if have_all_worked:
        for name in apis.names:
            known.note(name, apis.config(name).client.base_url)
    return known.names <= set(apis.names)
