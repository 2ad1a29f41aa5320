"""What a lane knows between two legs, in the form that goes into a resource's state."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from headrace.core.quick_dataclasses import dataclass
from headrace.sansio.tail import Ledger, from_state, to_state

_LEDGER, _FIELDS = "ledger", "fields"


@dataclass(frozen=True, slots=True)
class LaneState:
    """What is known of a listing at the end of a leg.

    Args:
        ledger: The ledger of the listing: what has been listed, and which rows can still change.
        fields: The names of the fields that listed rows have had so far.
        fault: Why what was saved of the ledger cannot be read, so that the listing is read from its
            top again; None where nothing is wrong.
    """

    ledger: Ledger
    fields: Collection[str]
    fault: str | None = None

    @classmethod
    def read(cls, saved: Mapping[str, Any]) -> LaneState:
        """Reads what an earlier leg has saved.

        Args:
            saved: The dictionary that `to_save` made; an empty one before the first leg.

        Raises:
            StateError: The ledger was written by a later version.
        """
        if not saved:
            return cls(Ledger(), ())
        parts = saved if isinstance(saved, Mapping) else {}
        read, fields = from_state(parts.get(_LEDGER) or {}), parts.get(_FIELDS)
        return cls(read.ledger, fields if isinstance(fields, list) else (), read.fault)

    def anew(self, *, keeps_bound: bool) -> LaneState:
        """Gives what is still known where the whole listing is to be read again, from its top.

        Args:
            keeps_bound: Whether rows below the bound of the first sync are still not wanted.
        """
        return LaneState(self.ledger.anew(keeps_bound=keeps_bound), self.fields)

    def to_save(self, may_be_kept: Callable[[str], bool]) -> dict[str, Any]:
        """Gives a dictionary of plain JSON values for the resource's state.

        Args:
            may_be_kept: Tells whether a cursor may be saved: one with a secret in it may not.
        """
        return {_LEDGER: to_state(self.ledger, may_be_kept), _FIELDS: sorted(self.fields)}
