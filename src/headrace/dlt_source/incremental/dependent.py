"""The cursors of a dependent resource: one for all rows of its parent, or one for each."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import dlt
from dlt.extract.incremental import Incremental

from headrace.dlt_source.incremental.cursor_filter import CursorFilter
from headrace.dlt_source.incremental.dlt_step import CursorState, StateElsewhere
from headrace.dlt_source.incremental.values import CursorValues

PER_PARENT = "incremental_per_parent"
"""Where a resource's state keeps them."""


class SharedCursor:
    """One cursor for all rows of the parent, as dlt has it.

    Args:
        values: that all requests of a load hold.
        judge: of all rows; None where dlt's own step judges them.
    """

    def __init__(self, values: CursorValues, passing: CursorFilter | None) -> None:
        self._values = values
        self._filter = passing

    def values(self, key: str) -> CursorValues:
        """What the requests for a row of the parent hold.

        Args:
            key: of the row.
        """
        return self._values

    def filter_of(self, key: str) -> CursorFilter | None:
        """Judges the rows for a row of the parent; None where dlt's own step does.

        Args:
            key: of the row.
        """
        return self._filter


class ParentCursors:
    """One cursor for each row of the parent.

    Made in dlt's thread, while the resource runs.

    Args:
        injected: what dlt has injected, which lets all rows pass from now on.
        keeps_state: whether the next load begins where this one ends.
    """

    def __init__(self, injected: Incremental[Any], *, keeps_state: bool) -> None:
        # A copy is not bound to the pipe of this load, which is free to go when the load is over.
        self._injected = injected.copy()
        self._states: dict[str, CursorState] = {}
        # A range with an end has no state.
        if injected.end_value is None:
            state = dlt.current.resource_state(injected.resource_name or "")
            cursors = state.setdefault(PER_PARENT, {})
            states = cursors.setdefault(injected.cursor_path, {})
            self._states = states if keeps_state else deepcopy(states)
        injected.advance(None)

    def values(self, key: str) -> CursorValues:
        """What the requests for a row of the parent hold.

        Args:
            key: of the row.
        """
        twin = StateElsewhere.like(self._injected, self._states.get(key))
        return CursorFilter(twin, has_parent=True).values

    def filter_of(self, key: str) -> CursorFilter:
        """Judges the rows for a row of the parent, and keeps their state.

        Args:
            key: of the row.
        """
        twin = StateElsewhere.like(self._injected, self._states.get(key))
        self._states.setdefault(key, twin.kept)
        return CursorFilter(twin, has_parent=True)
