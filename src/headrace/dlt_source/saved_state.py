"""Where a resource's dlt state keeps what is known of its listing."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from contextlib import suppress
from typing import Any

from headrace.core.exceptions import StateError
from headrace.dlt_source.incremental import PER_PARENT, WINDOWS
from headrace.dlt_source.kept_token import TOKEN
from headrace.reading.keep_up.lane_state import LaneState
from headrace.sansio.tail import Ledger

_TAIL, _TENANTS = "tail", "tenants"
EARLIER = "backfill"
"""The key of a resource's state under which stands which backfills have been loaded."""

LISTING_STATES = (_TAIL, _TENANTS, "incremental", PER_PARENT, WINDOWS, TOKEN, EARLIER)
"""The keys of a resource's state that say which part of its listing has been loaded."""


def lane_state_in(resource_state: Mapping[str, Any]) -> dict[str, Any]:
    """What the last leg left for the lane that keeps up with the listing; empty at first.

    Args:
        resource_state: The state of the resource, as `dlt.current.resource_state()` gives it.
    """
    return resource_state.get(_TAIL) or {}


def keep_lane_state(resource_state: MutableMapping[str, Any], lane_state: dict[str, Any]) -> None:
    """Puts what a leg leaves into the state, which dlt commits together with the leg's rows.

    Args:
        resource_state: The state of the resource, as `dlt.current.resource_state()` gives it.
        lane_state: What the lane knows at the end of the leg.
    """
    resource_state[_TAIL] = lane_state


def tenant_states_in(resource_state: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """What is known of each tenant of a resource that is kept up with, by the tenant's name.

    Args:
        resource_state: The state of the resource, as `dlt.current.resource_state()` gives it.
    """
    return resource_state.get(_TENANTS) or {}


def keep_tenant_state(
    resource_state: MutableMapping[str, Any], tenant: str, lane_state: dict[str, Any]
) -> None:
    """Puts what a leg leaves of one tenant into the state.

    Args:
        resource_state: The state of the resource, as `dlt.current.resource_state()` gives it.
        tenant: The name of the tenant.
        lane_state: What its lane knows at the end of the leg.
    """
    keep_lane_state(resource_state.setdefault(_TENANTS, {}).setdefault(tenant, {}), lane_state)


def list_anew(resource_state: MutableMapping[str, Any], *, keeps_bound: bool) -> None:
    """Has the next sync list all of a resource, and not only what it does not know.

    Of a listing that is kept up with, the rows that can still change are followed on.

    Args:
        resource_state: The saved state of the resource, which is changed in place.
        keeps_bound: Whether rows below the bound of the first sync are still not wanted.
    """
    lane_state, tenants = lane_state_in(resource_state), tenant_states_in(resource_state)
    for each in LISTING_STATES:
        resource_state.pop(each, None)
    for name, state in tenants.items():
        list_anew(state, keeps_bound=keeps_bound)
        resource_state.setdefault(_TENANTS, {})[name] = state
    if not lane_state:
        return
    # Of a ledger of a later version nothing is known.
    with suppress(StateError):
        anew = LaneState.read(lane_state).anew(keeps_bound=keeps_bound)
        keep_lane_state(resource_state, anew.to_save(_no_cursor))


def _no_cursor(cursor: str) -> bool:
    return False


def saved_ledgers(states: Mapping[str, Any]) -> dict[str, Ledger]:
    """Reads the ledgers of the resources that are kept up with, by the name of the resource.

    Args:
        states: The state of each resource, by its name.

    Raises:
        StateError: A ledger was written by a later version.
    """
    ledgers: dict[str, Ledger] = {}
    for name, state in states.items():
        lane_state = lane_state_in(state)
        if not lane_state:
            continue
        try:
            ledgers[name] = LaneState.read(lane_state).ledger
        except StateError as error:
            error.located(resource=name)
            raise
    return ledgers
