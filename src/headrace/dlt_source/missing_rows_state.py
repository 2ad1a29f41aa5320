"""What a resource keeps in its state of rows that are missing, and of the loads that showed it.

The ids of loads are times, and a clock may be set back, or be another machine's. So nothing is
concluded from the order of two ids alone: the state has the loads in the order in which they came.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from dataclasses import asdict, fields
from typing import Any

from headrace.core.quick_dataclasses import dataclass

_CLAIM, _GONE, _PARENTS = "all_rows", "gone_rows", "listed_parents"
_SINCE, _LATEST = "loads_since_found", "latest_load"


@dataclass(frozen=True, slots=True)
class AllRowsClaim:
    """What a load says that has brought all rows of a listing.

    Args:
        load_id: The id of the load.
        until: The greatest id of the loads up to this one.
        is_one_page: Whether all came with one answer, so that none could move past the reader.
        are_distinct: Whether no row came twice, so that the next listing can confirm this one.
        listing: What tells the listing from another one that the config may have had before.
        confirms: The id of the load before, where that listed the same and its claim may be
            confirmed by this one.
        confirms_until: The greatest id of the loads up to that one.
    """

    load_id: str
    until: str
    is_one_page: bool
    are_distinct: bool
    listing: str
    confirms: str | None = None
    confirms_until: str | None = None

    def may_be_confirmed_by(self, load_id: str, listing: str) -> bool:
        """Whether the next load may show that this one has had all rows.

        Args:
            load_id: The id of the next load.
            listing: What tells its listing from others.
        """
        # Rows that both have brought have the later id, which must not look like the earlier one.
        return self.are_distinct and self.listing == listing and self.load_id < load_id


def claim_in(resource_state: Mapping[str, Any]) -> AllRowsClaim | None:
    """The claim of the last load of a resource; None where it made none.

    Args:
        resource_state: The state of the resource.
    """
    saved = resource_state.get(_CLAIM) or {}
    names = {each.name for each in fields(AllRowsClaim)}
    return AllRowsClaim(**saved) if saved.keys() == names else None


def take_claim(resource_state: MutableMapping[str, Any]) -> AllRowsClaim | None:
    """Takes the claim of the last load out of the state, as the running one may contradict it.

    Args:
        resource_state: The state of the resource.
    """
    claim = claim_in(resource_state)
    resource_state.pop(_CLAIM, None)
    return claim


def keep_claim(resource_state: MutableMapping[str, Any], claim: AllRowsClaim) -> None:
    """Keeps the claim of the running load.

    Args:
        resource_state: The state of the resource.
        claim: The claim.
    """
    resource_state[_CLAIM] = asdict(claim)


def keep_latest(resource_state: MutableMapping[str, Any], load_id: str) -> str:
    """Keeps the greatest id of the loads of a resource, the running one among them.

    Args:
        resource_state: The state of the resource.
        load_id: The id of the running load.

    Returns:
        The greatest id.
    """
    resource_state[_LATEST] = max(load_id, resource_state.get(_LATEST) or load_id)
    return str(resource_state[_LATEST])


def loads_of_gone_rows(resource_state: Mapping[str, Any]) -> list[str]:
    """The ids of the loads that have found rows to be gone by their own path, in their order.

    Args:
        resource_state: The state of a resource that is kept up with.
    """
    return list(resource_state.get(_GONE) or ())


def loads_of_listed_parents(resource_state: Mapping[str, Any]) -> list[str]:
    """The ids of the loads that have brought all that belongs to some rows of a parent.

    Args:
        resource_state: The state of a resource that depends on another one.
    """
    return list(resource_state.get(_PARENTS) or ())


def loads_since(resource_state: Mapping[str, Any], load_id: str) -> tuple[str, ...]:
    """The ids of the loads of a resource from one of these on that have found something.

    Args:
        resource_state: The state of the resource.
        load_id: The id of that load.
    """
    loads = list(resource_state.get(_SINCE) or ())
    return tuple(loads[loads.index(load_id) :]) if load_id in loads else (load_id,)


def note_load(resource_state: MutableMapping[str, Any], load_id: str) -> None:
    """Notes that a load is running, where what earlier ones have found is not dealt with.

    Args:
        resource_state: The state of the resource.
        load_id: The id of the load.
    """
    if loads := resource_state.get(_SINCE):
        resource_state[_SINCE] = [*(each for each in loads if each != load_id), load_id]


def note_gone_rows(resource_state: MutableMapping[str, Any], load_id: str) -> None:
    """Notes that the running load has found rows to be gone.

    Args:
        resource_state: The state of the resource.
        load_id: The id of the load.
    """
    _note_found(resource_state, _GONE, load_id)


def note_listed_parents(resource_state: MutableMapping[str, Any], load_id: str) -> None:
    """Notes that the running load has brought all that belongs to some rows of a parent.

    Args:
        resource_state: The state of the resource.
        load_id: The id of the load.
    """
    _note_found(resource_state, _PARENTS, load_id)


def forget_found(resource_state: MutableMapping[str, Any]) -> None:
    """Forgets what loads have found, as that is dealt with.

    Args:
        resource_state: The state of the resource.
    """
    for key in (_GONE, _PARENTS, _SINCE):
        resource_state.pop(key, None)


def _note_found(resource_state: MutableMapping[str, Any], key: str, load_id: str) -> None:
    resource_state[key] = [*(resource_state.get(key) or ()), load_id]
    resource_state[_SINCE] = [*(resource_state.get(_SINCE) or ())]
    if load_id not in resource_state[_SINCE]:
        resource_state[_SINCE] = [*resource_state[_SINCE], load_id]
