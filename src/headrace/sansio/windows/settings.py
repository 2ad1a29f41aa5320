"""How a range is parted into windows, and what of it may still get rows."""

from __future__ import annotations

from typing import Any

from headrace.core.quick_dataclasses import dataclass
from headrace.sansio.windows.scale import DAY, HOUR, Scale, ScaleKind

# What an API shows of the last hour may not be all yet; without a zone, whose last hour is it?
_SETTLED = HOUR
_SETTLED_ANYWHERE = DAY
# A range that is asked for while rows change ends so far ahead that what changes meanwhile is in
# it, also where a clock is slow.
_AHEAD = 2 * HOUR
_AHEAD_ANYWHERE = DAY


@dataclass(frozen=True, slots=True)
class WindowSettings:
    """How a range is parted.

    Args:
        scale: What the windows are measured on.
        step: The length of a window.
        smallest: The length of the smallest one.
        is_closed: Whether the API counts what is at the end of a window to it.
        most_rows: The largest number of rows that the API lists of one window; None for any.
    """

    scale: Scale
    step: int
    smallest: int
    is_closed: bool
    most_rows: int | None = None

    @property
    def overlaps(self) -> bool:
        """Whether two windows have an instant in common: between closed ones none may be missed."""
        return self.is_closed and self.scale.is_of_times

    def end_now(self, seconds: float) -> int:
        """The end of a range that has none: behind today, or the present.

        Args:
            seconds: The present, in seconds since 1970.
        """
        now = self.scale.floored(self.scale.place_of_time(seconds))
        return now + 1 if self.scale.kind is ScaleKind.DATES else now

    def end_ahead(self, seconds: float) -> int:
        """An end behind the present, so that what changes while the range is read is in it.

        Args:
            seconds: The present, in seconds since 1970.
        """
        if self.scale.kind is ScaleKind.DATES:
            return self.end_now(seconds) + 1
        ahead = _AHEAD if self.scale.is_aware else _AHEAD_ANYWHERE
        unit = self.scale.unit
        return -(-(self.scale.place_of_time(seconds) + ahead) // unit) * unit

    def end_at(self, end_value: Any) -> int | None:
        """The end of a range that has one; None where it cannot be read.

        Args:
            end_value: The value at its end.
        """
        is_counted = self.is_closed and not self.scale.is_of_times
        end = self.scale.read_end(end_value, is_counted=is_counted)
        return None if end is None else -(-end // self.scale.unit) * self.scale.unit

    def settled(self, seconds: float) -> int:
        """Up to where the API has shown all that will come, as far as can be known.

        A window that has just passed may still get rows: some APIs show them minutes later, and a
        time without a zone passes half a day earlier in one place than in another.

        Args:
            seconds: The present, in seconds since 1970.
        """
        if self.scale.kind is ScaleKind.DATES:
            return self.scale.place_of_time(seconds) - max(1, self.step)
        wait = _SETTLED if self.scale.is_aware else _SETTLED_ANYWHERE
        return self.scale.floored(self.scale.place_of_time(seconds) - max(wait, self.step))

    def changed_since(self, seconds: float) -> int:
        """From where on the rows are that change from a moment on.

        An API may show a change later than it says, as it may a row.

        Args:
            seconds: The moment, in seconds since 1970.
        """
        if self.scale.kind is ScaleKind.DATES:
            return self.scale.place_of_time(seconds) - 1
        wait = _SETTLED if self.scale.is_aware else _SETTLED_ANYWHERE
        return self.scale.floored(self.scale.place_of_time(seconds) - wait)
