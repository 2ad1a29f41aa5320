"""The cursors of a dependent resource: one for all rows of its parent, or one for each row.

In dlt the whole resource has one cursor. What is older than the newest item of any parent row is
then not asked for any more, even if it came late or if its parent row is new. With `per_parent`
each row of the parent has a cursor of its own. Both classes have the same two methods, which name
a row of the parent by its key (`ChildListings.key`).
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any, cast

import dlt
from dlt.extract.incremental import Incremental

from headrace.core.figures import ResourceFigures
from headrace.core.quick_dataclasses import dataclass
from headrace.dlt_source.incremental.child_windows import ChildWindows
from headrace.dlt_source.incremental.cursor_filter import CursorFilter
from headrace.dlt_source.incremental.dlt_step import CursorState, StateElsewhere
from headrace.dlt_source.incremental.ordered_step import go_on_with
from headrace.dlt_source.incremental.values import CursorValues
from headrace.reading.fetched_page import FetchedPage

PER_PARENT = "incremental_per_parent"
"""The key of the resource's state under which the cursors of the parent's rows are kept."""


@dataclass(slots=True)
class BegunCursor:
    """What one cursor for all rows of the parent began with in the first leg of a sync.

    Each leg is a load of its own, which would begin at the newest value of the legs before.

    Args:
        incremental: The incremental that decides on the rows.
        state: Its state as the sync began.
        windows: What was kept of its windows then; None where nothing is.
        now: The present for all windows, in seconds since 1970; None where there are none.
        latest: Its state behind the legs so far, which is kept with the last one: the parent's rows
            of later legs have not been asked for before.
    """

    incremental: Incremental[Any]
    state: CursorState
    windows: Mapping[str, Any] | None = None
    now: float | None = None
    latest: CursorState | None = None


class SharedCursor:
    """One cursor for all rows of the parent, as in dlt.

    Args:
        injected: The incremental that dlt has bound for this run, before it has seen a row.
        keeps_state: Whether the next load begins where this one ends.
        filters: Whether rows are filtered here; else dlt's own step in the pipe does that.

    Attributes:
        windows: The windows that each listing is asked for in; None to ask for all at once.
    """

    def __init__(self, injected: Incremental[Any], *, keeps_state: bool, filters: bool) -> None:
        self._injected = injected.copy()
        self._start = deepcopy(injected.get_state())
        self._keeps_state = keeps_state and injected.end_value is None
        self.windows: ChildWindows | None = None
        self._filter: CursorFilter | None = None
        if filters:
            self._filter = CursorFilter.in_place_of(
                injected, has_parent=True, keeps_state=keeps_state
            )
        self._values = self._filter.values if self._filter else CursorValues.of_load(injected)

    def begun(self, injected: Incremental[Any]) -> BegunCursor:
        """What a later leg of the same sync goes on with.

        Args:
            injected: The incremental of this load, where dlt's own step decides on the rows.
        """
        incremental = injected if self._filter is None else self._filter.incremental
        if self.windows is None:
            return BegunCursor(incremental, self._start)
        return BegunCursor(incremental, self._start, self.windows.began_with, self.windows.now)

    def go_on(self, begun: BegunCursor, injected: Incremental[Any]) -> None:
        """Has a later leg of a sync begin where its first one did.

        Args:
            begun: What the first leg began with.
            injected: The incremental of this load.
        """
        self._start = begun.state
        if self._filter is None:
            go_on_with(injected, begun.incremental)
            self._values = CursorValues.of_load(injected)
        else:
            go_on_with(self._filter.incremental, begun.incremental)
            self._values = self._filter.values = CursorValues.of_load(self._filter.incremental)
        if self.windows is not None and begun.now is not None:
            self.windows.began_with, self.windows.now = begun.windows, begun.now

    def end_leg(self, begun: BegunCursor, *, is_last: bool) -> None:
        """Keeps what the listings have brought, where no later leg brings rows of the parent.

        Else a sync that ends before them would have the next one ask for what belongs to these
        rows from the newest value of this leg.

        Args:
            begun: What the first leg began with.
            is_last: Whether the parent has no more rows to bring.
        """
        if is_last and self.windows is not None:
            self.windows.keep()
        if not self._keeps_state:
            return
        state = self._injected.get_state()
        if state != begun.state:
            begun.latest = deepcopy(state)
        kept = begun.latest or begun.state if is_last else begun.state
        cast(dict[str, Any], state).update(deepcopy(kept))

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

    @property
    def may_fail(self) -> bool:
        """Whether one listing may fail, and be asked again from where this load began."""
        return self._filter is not None

    def failed(self, key: str) -> CursorState | None:
        """Where the listing of a row has to begin in the next load, as it failed in this one.

        Args:
            key: The key of the parent's row.
        """
        return deepcopy(self._start)

    def ended(self, key: str) -> None:
        """Notes that the listing of a row has come to its end: the cursor is that of all rows."""

    def again(self, start: CursorState) -> RepeatedRange | None:
        """The cursor of a listing that has failed before, from where it was to begin then.

        Args:
            start: What `failed` gave.

        Returns:
            The cursor; None where rows are not filtered here.
        """
        return RepeatedRange(self._injected, start, self._filter) if self._filter else None


class RepeatedRange:
    """The cursor of a listing that has failed before, while the others have gone on.

    Args:
        injected: The incremental of the load.
        start: The state that the listing begins with.
        shared: The cursor of the others, which goes on with the rows of this one.
    """

    def __init__(
        self, injected: Incremental[Any], start: CursorState, shared: CursorFilter
    ) -> None:
        twin = StateElsewhere.like(injected, deepcopy(start))
        self._own = CursorFilter(twin, has_parent=True)
        self._shared = shared

    @property
    def values(self) -> CursorValues:
        """The values that the requests of the listing hold."""
        return self._own.values

    def page(self, page: FetchedPage, figures: ResourceFigures) -> FetchedPage:
        """Gives a page with the rows that pass, and lets the cursor of the others see it.

        Args:
            page: The next page of the listing.
            figures: Where to count the rows that do not pass.
        """
        passed = self._own.page(page, figures)
        self._shared.rows(page.rows)
        return passed


class ParentCursors:
    """One cursor for each row of the parent.

    It must be made in dlt's thread while the resource runs: only there can the state be reached.

    Args:
        injected: The incremental that dlt has bound for this run; it lets all rows pass from now
            on.
        keeps_state: Whether the next load begins where this one ends.

    Attributes:
        windows: The windows that each listing is asked for in; None to ask for all at once.
    """

    def __init__(self, injected: Incremental[Any], *, keeps_state: bool) -> None:
        # Unlike the original, a copy holds no reference to the pipe of this load, which can so be
        # freed when the load is over.
        self._injected = injected.copy()
        self.windows: ChildWindows | None = None
        self._states: dict[str, CursorState] = {}
        self._before: dict[str, CursorState | None] = {}
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
        self._before[key] = deepcopy(self._states.get(key))
        twin = StateElsewhere.like(self._injected, self._states.get(key))
        self._states.setdefault(key, twin.kept)
        return CursorFilter(twin, has_parent=True)

    may_fail = True

    def failed(self, key: str) -> None:
        """Has the listing of a row begin in the next load where it began in this one.

        Args:
            key: The key of the parent's row.
        """
        if self.windows is not None:
            self.windows.failed(key)
        if key not in self._before:
            return
        before = self._before[key]
        if before is None:
            self._states.pop(key, None)
        else:
            self._states[key] = before

    def ended(self, key: str) -> None:
        """Notes that the listing of a row has come to its end.

        Args:
            key: The key of the parent's row.
        """
        self._before.pop(key, None)

    def again(self, start: CursorState) -> None:
        """None: a row of the parent that failed has its own cursor still."""
