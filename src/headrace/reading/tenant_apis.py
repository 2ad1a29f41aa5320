"""What the API of each tenant is asked with."""

from __future__ import annotations

from functools import lru_cache, partial

from headrace.config import ResourceConfig, SourceConfig, TenantConfig, TenantsConfig
from headrace.core.dlt_door.settings import runtime_number
from headrace.core.secrets.shipping import stays_here
from headrace.http.client_pool import ClientPool
from headrace.http.lanes import Lanes
from headrace.http.settings import ClientSettings
from headrace.http.tls import tls_context
from headrace.reading.build import build_listing
from headrace.reading.client_settings import Runtime, client_settings
from headrace.reading.credentials import Authentications
from headrace.reading.listing import Listing

# So many tenants are kept ready: more than are asked at the same time.
_MOST_READY = 64


@stays_here
class TenantApis:
    """What the APIs of the tenants are asked with; all resources of a source share it.

    Args:
        tenants: The tenants that are asked.
        at_once: How many of them are asked at the same time, and how many requests may be under way
            over all of them.
    """

    def __init__(self, tenants: TenantsConfig, at_once: int) -> None:
        self.at_once = at_once
        self.column = tenants.column
        self.are_all = tenants.are_all
        self._tenants = {each.name: each for each in tenants.tenants}
        self.settings = lru_cache(_MOST_READY)(self._settings)
        # One takes most of a megabyte, and is the same for all tenants where `client.tls` is.
        self._contexts = lru_cache(_MOST_READY)(tls_context)
        self._authentications: dict[str, Authentications] = {}
        self._runtime: Runtime = lru_cache(runtime_number)

    @property
    def names(self) -> list[str]:
        """The names of the tenants, in the order of the config."""
        return list(self._tenants)

    def __contains__(self, name: str) -> bool:
        return name in self._tenants

    def config(self, name: str) -> SourceConfig:
        """The config as it is for one tenant alone.

        Args:
            name: Its name.

        Raises:
            ConfigError: A secret of it is not there.
        """
        tenant: TenantConfig = self._tenants[name]
        if tenant.config is None:
            assert tenant.error is not None
            raise tenant.error
        return tenant.config

    def _settings(self, name: str) -> ClientSettings:
        """The settings with which the API of one tenant is asked.

        Args:
            name: Its name.

        Raises:
            ConfigError: They cannot be used.
        """
        return client_settings(self.config(name), self._runtime, self._contexts)

    def lanes(self, settings: ClientSettings) -> Lanes:
        """What all resources fetch with.

        Args:
            settings: Those of one of the tenants.
        """
        new_pool = partial(ClientPool, self.settings, self.at_once)
        return Lanes(settings, new_pool=new_pool)

    def own(self, name: str, resource: str) -> ResourceConfig:
        """A resource as it is for one tenant alone.

        Args:
            name: The name of the tenant.
            resource: The name of the resource.

        Raises:
            ConfigError: A secret of the tenant is not there.
        """
        return next(
            each
            for each in self.config(name).resources
            if isinstance(each, ResourceConfig) and each.name == resource
        )

    def listing(self, name: str, resource: ResourceConfig) -> Listing:
        """The listing of a resource for one tenant.

        Args:
            name: The name of the tenant.
            resource: The resource as it is for this tenant.
        """
        return build_listing(self.config(name), resource, self.authentications(name))

    def authentications(self, name: str) -> Authentications:
        """The credentials of one tenant, the same ones for all of its resources.

        Args:
            name: Its name.

        Raises:
            ConfigError: A secret of it is not there.
        """
        if name not in self._authentications:
            self._authentications[name] = Authentications.of_config(self.config(name))
        return self._authentications[name]
