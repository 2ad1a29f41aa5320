"""Which API the rows of a table are of, so that two are not mixed in one table.

It is kept in the state of the resource, which is committed together with the rows.
"""

from __future__ import annotations

from collections.abc import Collection, MutableMapping
from contextlib import suppress
from ipaddress import ip_address
from typing import Any

from dlt.extract import DltResource

from headrace.core.exceptions import ConfigError, Fault
from headrace.http.url import DEFAULT_PORTS, host_and_port, origin

_API = "api"
_LOOPBACK = "loopback"
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
