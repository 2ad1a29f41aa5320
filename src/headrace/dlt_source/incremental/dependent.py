"""The cursors of a dependent resource: one for all rows of its parent, or one for each row.

In dlt the whole resource has one cursor. What is older than the newest item of any parent row is
then not asked for any more, even if it came late or if its parent row is new. With `per_parent`
each row of the parent has a cursor of its own. Both classes have the same two methods, which name
a row of the parent by its key (`ChildListings.key`).
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import dlt
from dlt.extract.incremental import Incremental

from headrace.dlt_source.incremental.cursor_filter import CursorFilter
from headrace.dlt_source.incremental.dlt_step import CursorState, StateElsewhere
from headrace.dlt_source.incremental.values import CursorValues

PER_PARENT = "incremental_per_parent"
"""The key of the resource's state under which the cursors of the parent's rows are kept."""


class SharedCursor:
    """One cursor for all rows of the parent, as in dlt.

    Args:
        values: The values that all requests of the load hold.
        cursor_filter: The filter for all rows; None where dlt's own step in the pipe filters them.
    """

    def __init__(self, values: CursorValues, cursor_filter: CursorFilter | None) -> None:
        self._values = values
        self._filter = cursor_filter

    def values(self, key: str) -> CursorValues:
        """The values that the requests for one row of the parent hold.

        Args:
            key: The key of the parent's row.
        """
        return self._values

    def filter_of(self, key: str) -> CursorFilter | None:
        """The filter for what belongs to one row of the parent; None where dlt's own step filters.

        Args:
            key: The key of the parent's row.
        """
        return self._filter


class ParentCursors:
    """One cursor for each row of the parent.

    It must be made in dlt's thread while the resource runs: only there can the state be reached.

    Args:
        injected: The incremental that dlt has bound for this run; it lets all rows pass from now
            on.
        keeps_state: Whether the next load begins where this one ends.
    """

    def __init__(self, injected: Incremental[Any], *, keeps_state: bool) -> None:
        # Unlike the original, a copy holds no reference to the pipe of this load, which can so be
        # freed when the load is over.
        self._injected = injected.copy()
        self._states: dict[str, CursorState] = {}
        # As in dlt, a load with an end is a backfill: it neither reads nor changes the state.
        if injected.end_value is None:
            state = dlt.current.resource_state(injected.resource_name or "")
            cursors = state.setdefault(PER_PARENT, {})
            states = cursors.setdefault(injected.cursor_path, {})
            self._states = states if keeps_state else deepcopy(states)
        injected.advance(None)

    def values(self, key: str) -> CursorValues:
        """The values that the requests for one row of the parent hold.

        Args:
            key: The key of the parent's row.
        """
        twin = StateElsewhere.like(self._injected, self._states.get(key))
        return CursorFilter(twin, has_parent=True).values

    def filter_of(self, key: str) -> CursorFilter:
        """The filter for what belongs to one row of the parent, which keeps that row's state.

        Args:
            key: The key of the parent's row.
        """
        twin = StateElsewhere.like(self._injected, self._states.get(key))
        self._states.setdefault(key, twin.kept)
        return CursorFilter(twin, has_parent=True)
