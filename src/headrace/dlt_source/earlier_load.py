"""A resource that loads what was read of it before: whether it may, and that it does so once."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import Any

import dlt

from headrace.core.exceptions import ConfigError, Fault
from headrace.core.quick_dataclasses import dataclass
from headrace.dlt_source.child_loads import ChildLoad
from headrace.dlt_source.current_sync import EarlierReading
from headrace.dlt_source.failed_requests import record_of
from headrace.dlt_source.handover import hand_over
from headrace.dlt_source.incremental import RunningCursor
from headrace.dlt_source.page_sources import PageStream
from headrace.dlt_source.running_resource import RunningResource
from headrace.dlt_source.saved_state import EARLIER

# Each is a few bytes of a state that goes with every load.
_MOST_KNOWN = 1_000
_LOADED = "`{name}`: this backfill has been loaded before, so none of its rows was loaded once more"
_HAS_STATE = (
    "`{name}` has been loaded before, up to {value}: the rows of a backfill below that would be "
    "left out. Commit with `--full-refresh`, which drops its tables and what is known of it, or "
    "into another pipeline (`pipeline.name`) and dataset"
)


@dataclass(frozen=True, slots=True)
class EarlierLoad:
    """The load of what was read before of the running resource.

    Args:
        resource: The resource.
        earlier: What was read.
        state: The state of the resource.
    """

    resource: RunningResource
    earlier: EarlierReading
    state: MutableMapping[str, Any]

    @classmethod
    def of(cls, resource: RunningResource) -> EarlierLoad | None:
        """The load of a running resource; None where the sync loads nothing that was read before.

        Args:
            resource: The resource.
        """
        earlier = resource.sync.earlier
        return None if earlier is None else cls(resource, earlier, dlt.current.resource_state())

    def is_wanted(self, cursor: RunningCursor | None = None) -> bool:
        """Whether what was read is of this resource, and not in its table yet.

        Args:
            cursor: The incremental of the resource; None without one.

        Raises:
            ConfigError: The resource has been loaded by its incremental before.
        """
        if not self._is_of_it:
            return False
        if self._is_loaded:
            self.resource.figures.note(_LOADED.format(name=self.resource.name))
            return False
        injected = None if cursor is None else cursor.injected
        if injected is not None and injected.start_value != injected.initial_value:
            name = self.resource.name
            told = _HAS_STATE.format(name=name, value=injected.start_value)
            raise ConfigError([Fault(f"resources.{name}", told)], resource=name)
        return True

    def of_children(self, load: ChildLoad) -> Iterator[Any]:
        """What dlt gets of a resource that depends on another one.

        Args:
            load: Its load.

        Raises:
            HeadraceError: A row cannot be loaded, or a failed listing cannot be put on record.
        """
        if not self.is_wanted():
            return
        pages = self.earlier.pages(self.resource.figures)
        yield from hand_over(self.resource, PageStream(pages, ids=load.ids))
        record = record_of(self.resource)
        for key, failure in self.earlier.failed():
            record.add(key, failure)
        yield from record.changes()
        self.note_loaded()

    def note_loaded(self) -> None:
        """Notes in the state, which is committed with the rows, that they have been loaded."""
        if self._is_of_it and not self._is_loaded:
            self.state[EARLIER] = [*self._loaded[1 - _MOST_KNOWN :], self.earlier.id]

    @property
    def _is_of_it(self) -> bool:
        return self.resource.is_loaded and self.earlier.has(self.resource.name)

    @property
    def _is_loaded(self) -> bool:
        return self.earlier.id in self._loaded

    @property
    def _loaded(self) -> list[str]:
        """The ids of what has been loaded, the latest one last."""
        known: list[str] = self.state.get(EARLIER, [])
        return known
