"""What the listings of a resource are for each tenant."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import field, replace

from headrace.config.built.parents import ParentConfig
from headrace.config.built.tenants import TENANTS
from headrace.core.exceptions import ConfigError
from headrace.core.quick_dataclasses import dataclass
from headrace.reading.build import request_template
from headrace.reading.children import ChildListings
from headrace.reading.tenant_apis import TenantApis
from headrace.sansio.rows.tenant_column import TenantColumn

# So many tenants are kept ready of each resource; to make one ready takes a tenth of a millisecond.
_MOST_READY = 64


@dataclass(slots=True)
class TenantListings:
    """What the listings of a resource are for each tenant.

    Args:
        apis: What the tenants' APIs are asked with.
        resource: The resource as it is for all tenants.
        parent: The parent by whose rows it is asked for; the tenants where it has no other one.
    """

    apis: TenantApis
    resource: str
    parent: ParentConfig
    _ready: OrderedDict[str, ChildListings] = field(default_factory=OrderedDict)
    _refused: dict[str, ConfigError] = field(default_factory=dict)

    @property
    def column(self) -> str:
        """The field of a row that names its tenant."""
        return self.apis.column

    @property
    def are_all(self) -> bool:
        """Whether the config has no other tenants than those that are asked."""
        return self.apis.are_all

    def __contains__(self, name: str) -> bool:
        return name in self.apis

    def refuse(self, refused: Mapping[str, ConfigError]) -> None:
        """Has some tenants not be asked, and all others be.

        Args:
            refused: The names of those, each with the reason.
        """
        self._refused = dict(refused)

    def of(self, name: str) -> ChildListings:
        """The listings for one tenant.

        Args:
            name: Its name.

        Raises:
            ConfigError: It cannot be asked: a secret of it is not there, say.
        """
        if name in self._refused:
            raise self._refused[name]
        found = self._ready.pop(name, None) or self._made(name)
        self._ready[name] = found
        while len(self._ready) > _MOST_READY:
            self._ready.popitem(last=False)
        return found

    def _made(self, name: str) -> ChildListings:
        own = self.apis.own(name, self.resource)
        listings = ChildListings(
            self.apis.listing(name, own),
            request_template(own.endpoint),
            self.parent,
            column=TenantColumn(self.column, name),
        )
        if self.parent.resource != TENANTS:
            return listings
        # Each is the whole listing of a tenant, and judged by itself.
        return replace(listings, single_pages=None)
