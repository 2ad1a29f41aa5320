"""The windows of a dependent resource: those of one range, or of one for each row of the parent."""

from __future__ import annotations

import time
from collections.abc import Mapping, MutableMapping
from copy import deepcopy
from dataclasses import field, replace
from typing import Any

from headrace.config.built.cursor import CursorConfig
from headrace.core.quick_dataclasses import dataclass
from headrace.dlt_source.incremental.values import CursorValues
from headrace.dlt_source.incremental.windows import WindowRange, WindowRows
from headrace.reading.asked_rows import AskedRange
from headrace.reading.windowed_listing import WindowPassed
from headrace.sansio.windows import WindowSettings

_PARENTS = "parents"


def range_of_first_sync(cursor: CursorConfig) -> AskedRange | None:
    """The range of a first load, when there is no state yet.

    Args:
        cursor: The incremental as the config describes it.

    Returns:
        None where it does not ask window by window.
    """
    if cursor.windows is None:
        return None
    values = CursorValues.of_first_sync(cursor)
    return _asked_range(WindowRange.of_load(values, cursor.windows), values, cursor)


def _asked_range(asked: WindowRange, values: CursorValues, cursor: CursorConfig) -> AskedRange:
    return AskedRange(
        asked.settings,
        asked.low,
        asked.high,
        lambda start, end: values.of_window(start, end).filler(cursor),
    )


@dataclass(slots=True)
class _Settled:
    """What the windows of a range had shown when they were asked for; it may be listed twice.

    Args:
        range: The range.
        place: The place up to which they had shown all that will come.
    """

    range: WindowRange
    place: int

    def meet(self, passed: WindowPassed) -> None:
        """Learns of a window that has been listed."""
        if passed.settled < passed.reached:
            self.place = min(self.place, passed.settled)


@dataclass(slots=True)
class ChildWindows:
    """What is asked for in this load, and kept of it for the next one.

    Args:
        settings: How each range is parted.
        cursor: The incremental as the config describes it.
        lag: How far a load goes back behind the last value.
        saved: What is kept, which is changed in place; None where nothing is kept.
        end_value: The value at the end of the range; None where it has no end.
        rows: Leaves out the rows of a window that another one brings.
        now: The present, in seconds since 1970, for all ranges of the load.

    Attributes:
        began_with: What was kept as the sync began, by which one cursor for all rows of the parent
            goes; None where nothing is kept.
    """

    settings: WindowSettings
    cursor: CursorConfig
    lag: float | None
    saved: MutableMapping[str, Any] | None
    end_value: Any
    rows: WindowRows
    now: float = field(default_factory=time.time)
    began_with: Mapping[str, Any] | None = field(init=False)
    _asked: dict[str, _Settled] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.began_with = deepcopy(self.saved)

    def of_row(self, key: str, values: CursorValues, *, is_repeated: bool = False) -> AskedRange:
        """The range that is asked for by a row of the parent.

        Args:
            key: The key of the parent's row.
            values: The values of its incremental when the load begins.
            is_repeated: Whether its listing failed before, and begins where it did then.

        Raises:
            ConfigError: A value has no place among those of the windows.
        """
        values = replace(values, end_value=self.end_value)
        saved = None
        if self.saved is not None and not is_repeated:
            saved = self._saved(key) if self.cursor.per_parent else self.began_with
        asked = WindowRange.of_load(values, self.settings, lag=self.lag, saved=saved, now=self.now)
        parts = _asked_range(asked, values, self.cursor)
        if is_repeated:
            return parts
        settled = self._asked[key] = _Settled(asked, asked.high)
        return replace(parts, on_passed=settled.meet)

    def failed(self, key: str) -> None:
        """Has the next load begin with a row of the parent where this one did.

        Args:
            key: The key of the parent's row.
        """
        self._asked.pop(key, None)

    def keep(self) -> None:
        """Keeps that all that was asked for by now has been listed."""
        first = min((each.place for each in self._asked.values()), default=0)
        for key, settled in self._asked.items() if self.saved is not None else ():
            asked = settled.range
            if asked.backfill is None:
                # What one range has not shown yet, all have to ask for where they share the place.
                place = settled.place if self.cursor.per_parent else first
                asked.keep(self._saved(key), asked.high, settled=place, is_last=True)
        self._asked.clear()

    def _saved(self, key: str) -> MutableMapping[str, Any]:
        assert self.saved is not None
        if not self.cursor.per_parent:
            return self.saved
        parents: MutableMapping[str, Any] = self.saved.setdefault(_PARENTS, {})
        found: MutableMapping[str, Any] = parents.setdefault(key, {})
        return found
