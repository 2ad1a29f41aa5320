"""Which window of a range is asked for next, and how it gets smaller where one is too large."""

from __future__ import annotations

from typing import Any

from headrace.core.quick_dataclasses import dataclass
from headrace.sansio.windows.scale import DAY, HOUR, Scale, ScaleKind

# After so many windows at a smaller size, twice that size is tried again.
_UNTIL_LARGER = 10
# What an API shows of the last hour may not be all yet; without a zone, whose last hour is it?
_SETTLED = HOUR
_SETTLED_ANYWHERE = DAY


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


@dataclass(frozen=True, slots=True)
class Window:
    """A part of a range.

    Args:
        low: The place on the scale where it begins.
        high: The place where the next one begins.
        number: Its number among those of the range, from 1.
        is_first: Whether the range begins with it.
        is_last: Whether the range ends with it.
    """

    low: int
    high: int
    number: int = 1
    is_first: bool = True
    is_last: bool = True

    def ends(self, settings: WindowSettings) -> tuple[Any, Any]:
        """The values that a request for it carries.

        Args:
            settings: How its range is parted.
        """
        scale = settings.scale
        includes = settings.is_closed and not scale.is_of_times
        return scale.write(self.low), scale.write(self.high - scale.unit * includes)

    def shown(self, settings: WindowSettings) -> str:
        """The window for people, as `2026-06-01 to 2026-07-02`.

        Args:
            settings: How its range is parted.
        """
        scale = settings.scale
        includes = settings.is_closed and not scale.is_of_times
        return f"{scale.shown(self.low)} to {scale.shown(self.high - scale.unit * includes)}"


class WindowWalk:
    """The way through a range, window by window.

    Args:
        settings: How the range is parted.
        low: The place on the scale where it begins.
        high: The place where it ends.
    """

    def __init__(self, settings: WindowSettings, low: int, high: int) -> None:
        self._settings = settings
        self._low = self._at = settings.scale.floored(low)
        self._high = high
        self._size = settings.step
        self._passed = self._passed_at_size = 0
        self._unsettled_from: int | None = None

    @property
    def window(self) -> Window | None:
        """The window to ask for; None at the end of the range."""
        if self._at >= self._high:
            return None
        end = min(self._at + self._size, self._high)
        return Window(
            self._at,
            end,
            number=self._passed + 1,
            is_first=self._at == self._low,
            is_last=end == self._high,
        )

    @property
    def reached(self) -> int:
        """The place up to which all windows have been passed."""
        return self._at

    @property
    def settled(self) -> int:
        """The place up to which all windows had shown what will come when they were asked for."""
        return self._at if self._unsettled_from is None else min(self._at, self._unsettled_from)

    @property
    def share(self) -> float:
        """Which part of the range has been passed, from 0 to 1."""
        whole = self._high - self._low
        return (self._at - self._low) / whole if whole > 0 else 1.0

    def pass_on(self, asked_at: float | None = None) -> None:
        """Goes on to the next window: all of this one was listed.

        Args:
            asked_at: When it was asked for by the clock of the API, in seconds since 1970; None
                where that is not known.
        """
        self._at = min(self._at + self._size, self._high)
        if asked_at is not None and (settled := self._settings.settled(asked_at)) < self._at:
            before = self._unsettled_from
            self._unsettled_from = settled if before is None else min(before, settled)
        self._passed += 1
        self._passed_at_size += 1
        if self._passed_at_size >= _UNTIL_LARGER and self._size < self._settings.step:
            self._size = min(2 * self._size, self._settings.step)
            self._passed_at_size = 0

    @property
    def may_be_halved(self) -> bool:
        """Whether the window is not as small as it may get."""
        return self._length > self._settings.smallest

    @property
    def _length(self) -> int:
        return min(self._at + self._size, self._high) - self._at

    def halve(self) -> bool:
        """Has half of the window asked for in its place; the next ones stay as small.

        Returns:
            False where it is as small as it may get.
        """
        unit, smallest = self._settings.scale.unit, self._settings.smallest
        if not self.may_be_halved:
            return False
        self._size = max(smallest, (self._length // unit + 1) // 2 * unit)
        self._passed_at_size = 0
        return True
