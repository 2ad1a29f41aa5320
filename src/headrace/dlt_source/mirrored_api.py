"""Which API the rows of a table are of, so that two are not mixed in one table.

It is kept in the state of the resource, which is committed together with the rows.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, MutableMapping
from contextlib import suppress
from ipaddress import ip_address
from typing import Any

import dlt
from dlt.extract import DltResource

from headrace.core.exceptions import ConfigError, Fault
from headrace.http.url import DEFAULT_PORTS, host_and_port, origin

_API, _APIS = "api", "tenant_apis"
_LOOPBACK = "loopback"
_OTHER_PLACE = (
    "with and without they would be mixed in one table. Give this config another `pipeline.name` "
    "or `pipeline.dataset`; or, if the loaded rows are not wanted any more: headrace run CONFIG "
    "--full-refresh, which drops them"
)
_SHOWN = {_LOOPBACK: "this machine (loopback)"}


def refuse_other_api(
    resource: DltResource,
    resource_state: MutableMapping[str, Any],
    base_url: str,
    moved_from: Collection[str],
) -> None:
    """Refuses to load rows of one API into a table that holds those of another one.

    Args:
        resource: The resource that runs.
        resource_state: Its state, which learns of the API.
        base_url: The base URL of the API.
        moved_from: Hosts where that API was before, as `host` or `host:port`.

    Raises:
        ConfigError: The rows in the table are of another API, and are not replaced as a whole.
    """
    now = api_of(base_url)
    known = resource_state.get(_API, now)
    same = {now, *(_api(*host_and_port(each)) for each in moved_from)}
    if known not in same and resource.write_disposition != "replace":
        raise ConfigError([Fault("client.base_url", _message(resource.name, known, now))])
    if resource_state.get(_API) != now:
        resource_state[_API] = now


def refuse_mixed(
    resource: DltResource, resource_state: Mapping[str, Any], *, are_of_tenants: bool
) -> None:
    """Refuses to load rows of tenants into a table of rows that are of none, and the other way.

    Args:
        resource: The resource that runs.
        resource_state: Its state.
        are_of_tenants: Whether its rows are those of tenants.

    Raises:
        ConfigError: The rows in the table are of the other kind.
    """
    other = _API if are_of_tenants else _APIS
    if resource_state.get(other):
        known = "name no tenant" if are_of_tenants else "are those of tenants"
        message = f"the loaded rows of `{resource.name}` {known}: {_OTHER_PLACE}"
        raise ConfigError([Fault("tenants", message)], resource=resource.name)


class ApisOfTenants:
    """Which APIs the rows of the tenants in a table are of.

    Args:
        resource_name: The name of the resource that runs.
        resource_state: Its state.
    """

    def __init__(self, resource_name: str, resource_state: MutableMapping[str, Any]) -> None:
        self._name = resource_name
        self._state = resource_state

    @classmethod
    def of_running_resource(cls) -> ApisOfTenants:
        """Those of the resource whose function is running now."""
        return cls(dlt.current.resource().name, dlt.current.resource_state())

    def fault(self, tenant: str, base_url: str, moved_from: Collection[str]) -> ConfigError | None:
        """Why rows of a tenant may not be loaded; None where they may.

        Args:
            tenant: The name of the tenant.
            base_url: The base URL of its API.
            moved_from: Hosts where that API was before, as `host` or `host:port`.
        """
        now = api_of(base_url)
        known = self._known.get(tenant, now)
        if known in (now, *(_api(*host_and_port(each)) for each in moved_from)):
            return None
        shown, shown_known = _SHOWN.get(now, now), _SHOWN.get(known, known)
        message = (
            f"leads to {shown}, but the loaded rows of `{self._name}` of tenant `{tenant}` came "
            f"from {shown_known}: two accounts would be mixed under one name. Give the other one a "
            "name of its own; or, if it is the same API that has moved, list its old host as "
            f"`client.moved_from: [{known}]`"
        )
        return ConfigError([Fault("client.base_url", message)], resource=self._name)

    def note(self, tenant: str, base_url: str) -> None:
        """Notes which API the rows of a tenant are of, once some of it have come.

        Args:
            tenant: The name of the tenant.
            base_url: The base URL of its API.
        """
        now = api_of(base_url)
        if self._known.get(tenant) != now:
            self._state.setdefault(_APIS, {})[tenant] = now

    @property
    def names(self) -> set[str]:
        """The names of the tenants that have brought rows."""
        return set(self._known)

    @property
    def _known(self) -> Mapping[str, str]:
        known: Mapping[str, str] = self._state.get(_APIS) or {}
        return known


def api_of(base_url: str) -> str:
    """What tells one API from another: its host, and a port that is not the usual one.

    The scheme does not, as an API that moves from http to https stays the same. All addresses of
    this machine are one: servers that run here for a while get whatever port is free.

    Args:
        base_url: The base URL of the API.
    """
    scheme, host, port = origin(base_url)
    return _api(host, None if port == DEFAULT_PORTS.get(scheme) else port)


def _api(host: str, port: int | None) -> str:
    name = host.rstrip(".")
    if name == _LOOPBACK or _is_loopback(name):
        return _LOOPBACK
    shown = f"[{name}]" if ":" in name else name
    return shown if port is None else f"{shown}:{port}"


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    with suppress(ValueError):
        return ip_address(host).is_loopback
    return False


def _message(resource: str, known: str, now: str) -> str:
    return (
        f"leads to {_SHOWN.get(now, now)}, but the loaded rows of `{resource}` "
        f"came from {_SHOWN.get(known, known)}: two APIs would be mixed in one table. To load "
        "both, give this one another `pipeline.name` or `pipeline.dataset`. If it is the same "
        f"API that has moved, list its old host as `client.moved_from: [{known}]`. If the loaded "
        "rows are not wanted any more: headrace run CONFIG --full-refresh, which drops them"
    )
