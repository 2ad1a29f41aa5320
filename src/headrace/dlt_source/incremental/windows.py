"""The range that a resource lists window by window: where it begins, and what is kept of it.

dlt's state has the greatest value of the rows that came. Where windows are empty that would be too
little: they would be asked for at each sync, for ever. So the end of the last window is kept beside
it, but never one that may still get rows (`WindowSettings.settled`): what has just passed is asked
for again.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import Any, cast

from dlt.extract import DltResource
from dlt.extract.exceptions import DataItemRequiredForDynamicTableHints
from dlt.extract.incremental import Incremental

from headrace.core.exceptions import ConfigError, Fault
from headrace.core.figures import ResourceFigures
from headrace.core.json_path import JsonPath
from headrace.core.quick_dataclasses import dataclass
from headrace.destination.dlt_schema import columns_with
from headrace.dlt_source.incremental.values import CursorValues
from headrace.reading.fetched_page import FetchedPage
from headrace.sansio.rows.cursor_reader import CursorReader
from headrace.sansio.windows import ScaleKind, Window, WindowCut, WindowSettings
from headrace.sansio.windows.scale import HOUR

WINDOWS = "windows"
"""The key of a resource's state under which it stands how far its windows have been listed."""
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_REACHED, _RANGE, _OF = "reached", "range", "of"
_OUTSIDE = (
    "{rows:,} rows of `{name}` lie outside of the window that was asked for, and were left out: "
    "does the API filter by `incremental.start_param` and `end_param`, and by the same field as "
    "`cursor_path`?"
)
_OTHER = (
    "`{name}`: an earlier run listed its range up to {reached} by another request (`base_url`, "
    "`path`, `params`, `json` or `data` have changed), so all of the range is listed. Rows "
    "that are appended come once more then"
)
_YET_TO_COME = (
    "`{name}`: nothing was asked for, since its windows begin at {begins}, which is yet to come. "
    "Check `incremental.initial_value`, the values at `cursor_path`, and the clock of this machine"
)
_ZONES = (
    "times of `{name}` come {theirs}, and windows are asked for {ours}: a row at the seam of two "
    "may come twice. Write `initial_value` as the API writes its times"
)


@dataclass(frozen=True, slots=True)
class WindowRange:
    """The range of one load.

    Args:
        settings: How it is parted.
        low: The place where it begins.
        high: The place where it ends.
        now: The present, in seconds since 1970.
        backfill: The two ends as the config has them, where the range has an end.
        is_resumed: Whether an earlier run has listed such a range up to where this one begins.
        request: A mark of what is asked for.
        reached_by_other: Up to where an earlier run has listed it by another request; None where
            none has.
    """

    settings: WindowSettings
    low: int
    high: int
    now: float
    backfill: tuple[str, str] | None = None
    is_resumed: bool = False
    request: str | None = None
    reached_by_other: int | None = None

    @classmethod
    def of_load(
        cls,
        values: CursorValues,
        settings: WindowSettings,
        *,
        lag: float | None = None,
        saved: Mapping[str, Any] | None = None,
        now: float | None = None,
        request: str | None = None,
    ) -> WindowRange:
        """The range that a load asks for.

        Args:
            values: The values of the incremental as the load begins.
            settings: How the range is parted.
            lag: How far it goes back behind the last value; the values are back so far already.
            saved: What an earlier load has kept of its windows; None where nothing is kept.
            now: The present, in seconds since 1970; None for that of this machine.
            request: A mark of what is asked for; None where nothing is kept.

        Raises:
            ConfigError: A value has no place among those of the windows.
        """
        scale, moment = settings.scale, time.time() if now is None else now
        low = _place(settings, values.start_value, "the value that this sync begins at")
        reached = scale.read((saved or {}).get(_REACHED))
        if values.end_value is None:
            high = settings.end_now(moment)
            if reached is not None and (saved or {}).get(_RANGE) is None:
                low = max(low, reached - scale.lag(lag or 0))
            return cls(settings, low, high, moment)
        _place(settings, values.end_value, "`end_value`")
        end = settings.end_at(values.end_value) or 0
        backfill = (str(values.initial_value), str(values.end_value))
        if reached is None or (saved or {}).get(_RANGE) != [*backfill]:
            return cls(settings, low, end, moment, backfill, request=request)
        if (saved or {}).get(_OF, request) != request:
            return cls(
                settings, low, end, moment, backfill, request=request, reached_by_other=reached
            )
        low = max(low, reached)
        return cls(settings, low, end, moment, backfill, is_resumed=True, request=request)

    def note(self, figures: ResourceFigures) -> None:
        """Notes what is not as expected: that all is listed again, or nothing is asked for.

        Args:
            figures: Where to note it.
        """
        scale = self.settings.scale
        if self.reached_by_other is not None:
            reached = scale.shown(self.reached_by_other)
            figures.note(_OTHER.format(name=figures.resource, reached=reached))
        # What has just come may bear a time that is a little ahead of this machine's.
        ahead = HOUR if scale.is_of_times else 0
        if self.backfill is None and self.low > self.high + ahead:
            begins = scale.shown(self.low)
            figures.note(_YET_TO_COME.format(name=figures.resource, begins=begins))

    def keep(
        self, saved: MutableMapping[str, Any], reached: int, *, settled: int, is_last: bool
    ) -> None:
        """Keeps how far the windows have been listed.

        A range with an end is loaded whole by each run, as in dlt. What is kept of one is there for
        the next run where this one does not come to the end.

        Args:
            saved: What is kept, which is changed in place.
            reached: The place up to which all windows have been listed.
            settled: The place up to which they had shown all that will come, by the clock of the
                API, where it tells one: that of this machine may be fast.
            is_last: Whether that is the end of the range.
        """
        scale = self.settings.scale
        if self.backfill is not None:
            saved.clear()
            if not is_last:
                saved.update({_RANGE: [*self.backfill], _REACHED: scale.shown(reached)})
                saved.update({} if self.request is None else {_OF: self.request})
            return
        settled = min(settled, self.settings.settled(self.now))
        before = None if _RANGE in saved else scale.read(saved.get(_REACHED))
        if before is None or settled > before:
            saved.pop(_RANGE, None)
            saved[_REACHED] = scale.shown(settled)


def _place(settings: WindowSettings, value: Any, what: str) -> int:
    place = settings.scale.read(value)
    if place is None:
        raise ConfigError(
            [
                Fault(
                    "endpoint.incremental.step",
                    f"{what} is `{value}`, which is none of the {settings.scale.kind} that windows "
                    "are counted in: write `initial_value` as the API writes the field",
                )
            ]
        )
    return place


def whole_range(settings: WindowSettings, incremental: Incremental[Any]) -> tuple[int, int]:
    """Where the range of an incremental begins and ends, whatever of it has been listed before.

    Args:
        settings: How its range is parted.
        incremental: The incremental.

    Raises:
        ConfigError: A value has no place among those of the windows.
    """
    end = incremental.end_value
    low = _place(settings, incremental.initial_value, "`initial_value`")
    high = settings.end_now(time.time()) if end is None else settings.end_at(end)
    return low, low if high is None else high


def may_load_in_parts(resource: DltResource) -> bool:
    """Whether the rows of a resource may come in several loads, with the same table as of one.

    A table that is replaced has the last load alone, `scd2` retires what a load lacks, and a merge
    by a `merge_key` deletes what an earlier load has brought of the same key.

    Args:
        resource: The running resource.
    """
    try:
        table = resource.compute_table_schema()
    except DataItemRequiredForDynamicTableHints:
        return False
    if table.get("write_disposition") == "append":
        return True
    is_by_key = table.get("x-merge-strategy") in (None, "delete-insert", "upsert", "insert-only")
    is_merged = table.get("write_disposition") == "merge" and is_by_key
    return is_merged and not columns_with(table, "merge_key")


def saved_windows(
    resource_state: MutableMapping[str, Any], cursor_path: str
) -> MutableMapping[str, Any]:
    """What the state of a resource keeps of its windows.

    Args:
        resource_state: The state of the resource, which gets a place for it.
        cursor_path: The path of the cursor.
    """
    kept: MutableMapping[str, Any] = resource_state.setdefault(WINDOWS, {})
    found: MutableMapping[str, Any] = kept.setdefault(cursor_path, {})
    return found


def forget_ended_windows(resource_state: MutableMapping[str, Any]) -> None:
    """Leaves nothing in a state of ranges that have been listed to their end.

    Args:
        resource_state: The state of the resource, which is changed in place.
    """
    left = {path: kept for path, kept in resource_state.get(WINDOWS, {}).items() if kept}
    if left:
        resource_state[WINDOWS] = left
    else:
        resource_state.pop(WINDOWS, None)


@contextmanager
def last_day_counted_in(incremental: Incremental[Any], settings: WindowSettings) -> Iterator[None]:
    """Has steps that are made meanwhile let the rows of all of the last day pass.

    dlt takes a day at the end of a range for its midnight, and would leave out what comes behind
    it. The incremental is as before afterwards: dlt makes that of the next load of it.

    Args:
        incremental: The incremental, bound for this load, before it has seen a row.
        settings: How its range is parted.
    """
    scale, end, range_end = settings.scale, incremental.end_value, incremental.range_end
    place = None
    # A time is meant as it stands, whatever form requests carry it in.
    is_day = scale.value_format is None or _DAY.fullmatch(str(end)) is not None
    if end is not None and settings.is_closed and scale.kind is ScaleKind.DATES and is_day:
        place = settings.end_at(end)
    if place is None:
        yield
        return
    incremental.end_value, incremental.range_end = scale.shown(place), "open"
    try:
        yield
    finally:
        incremental.end_value, incremental.range_end = end, range_end


class WindowRows:
    """Leaves out the rows of a window that another one brings.

    Args:
        settings: How the range is parted.
        cursor_path: The path of the cursor in a row.
        within: The two places between which rows are looked at, since functions of the user may
            make other values of the field, in other units; None to look at all.
        resumed_at: The place up to which an earlier run has listed, whose rows would come twice;
            None where none would.
    """

    def __init__(
        self,
        settings: WindowSettings,
        cursor_path: str,
        *,
        within: tuple[int, int] | None = None,
        resumed_at: int | None = None,
    ) -> None:
        self._settings = settings
        self._reader = CursorReader(JsonPath(cursor_path))
        self._whole = None if within is None else WindowCut(Window(*within), settings)
        self._resumed_at = resumed_at
        self._outside = 0

    def pages(
        self, pages: Iterator[FetchedPage], figures: ResourceFigures
    ) -> Iterator[FetchedPage]:
        """Gives the pages without those rows.

        Args:
            pages: The pages.
            figures: Where to count the rows that are left out.
        """
        with closing(cast(Any, pages)):
            for page in pages:
                yield self.page(page, figures)

    def page(self, page: FetchedPage, figures: ResourceFigures) -> FetchedPage:
        """Gives a page without those rows.

        Args:
            page: The page, which knows its window.
            figures: Where to count the rows that are left out.
        """
        values = self._reader.values(page.rows) if page.window is not None else None
        if page.window is None or not values:
            return page
        self._note_zones(values, figures)
        window = page.window
        if window.low == self._resumed_at:
            window = replace(window, is_first=False)
        cut = WindowCut(window, self._settings)
        outside = cut.outside(values)
        if self._whole is not None:
            elsewhere = set(self._whole.outside(values))
            outside = [place for place in outside if place not in elsewhere]
        beyond = [place for place in outside if not cut.is_at_seam(values[place])]
        if beyond:
            self._outside += len(beyond)
            note = _OUTSIDE.format(rows=self._outside, name=figures.resource)
            before = _OUTSIDE.format(rows=self._outside - len(beyond), name=figures.resource)
            figures.notes[:] = [each for each in figures.notes if each != before]
            figures.note(note)
        if not outside:
            return page
        figures.known += len(outside)
        left_out = set(outside)
        rows = [row for place, row in enumerate(page.rows) if place not in left_out]
        return replace(page, rows=rows)

    def _note_zones(self, values: list[Any], figures: ResourceFigures) -> None:
        """Notes where a row at a seam cannot be told, as only one of the two names its zone."""
        scale, first = self._settings.scale, values[0]
        if not self._settings.overlaps or scale.is_written_alike(first):
            return
        ways = ("with a zone", "without one")
        theirs, ours = reversed(ways) if scale.is_aware else ways
        figures.note(_ZONES.format(name=figures.resource, theirs=theirs, ours=ours))
