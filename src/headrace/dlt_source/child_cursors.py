"""Which part of the listings of a dependent resource a load asks for."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any
from weakref import WeakKeyDictionary

import dlt
from dlt.extract.incremental import Incremental

from headrace.config.built.cursor import CursorConfig
from headrace.dlt_source.dlt_pipe import feeders, running_pipe
from headrace.dlt_source.failed_listings import Cursors
from headrace.dlt_source.incremental import (
    ChildWindows,
    ParentCursors,
    SharedCursor,
    WindowRows,
    compare_in_order,
    go_on_with,
    last_day_counted_in,
    leave_to_merge,
    saved_windows,
    whole_range,
)
from headrace.dlt_source.running_resource import RunningResource


class ChildCursors:
    """The cursors of a dependent resource in its loads: the same for all items of one.

    Args:
        config: The incremental as the config describes it; None without one.
        keeps_state: Whether the next load begins where this one ends.
    """

    def __init__(self, config: CursorConfig | None, *, keeps_state: bool) -> None:
        self._config = config
        self._keeps_state = keeps_state
        self._cursors: WeakKeyDictionary[object, Cursors] = WeakKeyDictionary()
        # Where dlt's own step judges the rows: the incremental as it was bound for the first item.
        self._begun: WeakKeyDictionary[object, Incremental[Any]] = WeakKeyDictionary()

    def of(
        self, injected: Incremental[Any], running: Callable[[], RunningResource]
    ) -> Cursors | None:
        """The cursors of the load under way.

        Args:
            injected: The incremental, as dlt has bound it for an item of the parent.
            running: Gives the running resource.

        Returns:
            The cursors; None in a repair, which asks for nothing.
        """
        pipe = running_pipe()
        if pipe in self._cursors:
            self._go_on(pipe, injected)
            return self._cursors[pipe]
        resource = running()
        if not resource.sync.asks:
            injected.advance(None)
            return None
        if resource.load_id is not None:
            leave_to_merge(injected, dlt.current.resource())
        per_parent = self._config is not None and self._config.per_parent
        windows = self._windows(
            injected,
            keeps_state=self._keeps_state and resource.load_id is not None,
            sees_raw=resource.wants_dicts and not per_parent,
        )
        settings = None if self._config is None else self._config.windows
        with nullcontext() if settings is None else last_day_counted_in(injected, settings):
            cursors = self._new(injected, resource, pipe)
        cursors.windows = windows
        self._cursors[pipe] = cursors
        if isinstance(cursors, SharedCursor):
            self._begin_with_the_sync(cursors, injected, resource, pipe)
        return cursors

    def _begin_with_the_sync(
        self,
        cursors: SharedCursor,
        injected: Incremental[Any],
        resource: RunningResource,
        pipe: object,
    ) -> None:
        """Has all legs of a sync begin at the same values."""
        begun = resource.sync.begun_cursors
        name = dlt.current.resource().name
        if name in begun:
            cursors.go_on(begun[name], injected)
        if pipe in self._begun:
            go_on_with(self._begun[pipe], injected)
        begun.setdefault(name, cursors.begun(self._begun.get(pipe, injected)))

    def _new(self, injected: Incremental[Any], resource: RunningResource, pipe: object) -> Cursors:
        if self._config is not None and self._config.per_parent:
            return ParentCursors(injected, keeps_state=self._keeps_state)
        if not resource.wants_dicts:
            return SharedCursor(injected, keeps_state=self._keeps_state, filters=True)
        # Functions of the user come first, then dlt's own step.
        compare_in_order(injected)
        self._begun[pipe] = injected.copy(with_transient_state=True)
        go_on_with(self._begun[pipe], injected)
        return SharedCursor(injected, keeps_state=True, filters=False)

    def end_leg(self, cursors: Cursors | None, resource: RunningResource) -> None:
        """Keeps what the listings of a load have brought, when the parent has brought its rows.

        Args:
            cursors: The cursors of the load.
            resource: The running resource.
        """
        running = dlt.current.resource()
        begun = resource.sync.begun_cursors.get(running.name)
        if isinstance(cursors, SharedCursor) and begun is not None:
            is_last = feeders(running).isdisjoint(resource.sync.legs.unfinished)
            cursors.end_leg(begun, is_last=is_last)
        elif cursors is not None and cursors.windows is not None:
            cursors.windows.keep()

    def _go_on(self, pipe: object, injected: Incremental[Any]) -> None:
        begun = self._begun.get(pipe)
        if begun is None:
            injected.advance(None)
            return
        leave_to_merge(injected, dlt.current.resource())
        go_on_with(injected, begun)

    def _windows(
        self, injected: Incremental[Any], *, keeps_state: bool, sees_raw: bool
    ) -> ChildWindows | None:
        settings = None if self._config is None else self._config.windows
        if self._config is None or settings is None:
            return None
        end_value = injected.end_value
        within = whole_range(settings, injected) if sees_raw else None
        saved = None
        # As in dlt, a range with an end is loaded whole by each run.
        if keeps_state and end_value is None:
            state = dlt.current.resource_state(injected.resource_name or "")
            saved = saved_windows(state, injected.cursor_path)
        rows = WindowRows(settings, injected.cursor_path, within=within)
        return ChildWindows(settings, self._config, injected.lag, saved, end_value, rows)
