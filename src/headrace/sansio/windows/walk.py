"""Which window of a range is asked for next, and how it gets smaller where one is too large."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from headrace.core.quick_dataclasses import dataclass
from headrace.sansio.windows.progress import WindowProgress
from headrace.sansio.windows.settings import WindowSettings

# After so many windows at a smaller size, twice that size is tried again.
_UNTIL_LARGER = 10


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
        within: The two ends of the range that this one is a part of; None where it is no part.
        on_halved: Is told how long a window is from now on, where one was too large.
    """

    def __init__(
        self,
        settings: WindowSettings,
        low: int,
        high: int,
        *,
        within: tuple[int, int] | None = None,
        on_halved: Callable[[int], object] = lambda size: None,
    ) -> None:
        self._settings = settings
        self._high = high
        self._size = settings.step
        self._passed_at_size = 0
        self._progress = WindowProgress(settings, settings.scale.floored(low), high)
        self._within = within or (self._progress.reached, high)
        self._on_halved = on_halved

    @property
    def window(self) -> Window | None:
        """The window to ask for; None at the end of the range."""
        at = self._progress.reached
        if at >= self._high:
            return None
        first, last = self._within
        end = min(at + self._size, self._high)
        number = self._progress.passed + 1
        return Window(at, end, number=number, is_first=at == first, is_last=end == last)

    @property
    def reached(self) -> int:
        """The place up to which all windows have been passed."""
        return self._progress.reached

    @property
    def settled(self) -> int:
        """The place up to which all windows had shown what will come when they were asked for."""
        return self._progress.settled

    @property
    def share(self) -> float:
        """Which part of the range has been passed, from 0 to 1."""
        return self._progress.share

    def pass_on(self, asked_at: float | None = None) -> None:
        """Goes on to the next window: all of this one was listed.

        Args:
            asked_at: When it was asked for by the clock of the API, in seconds since 1970; None
                where that is not known.
        """
        end = min(self._progress.reached + self._size, self._high)
        self._progress.pass_to(end, asked_at)
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
        at = self._progress.reached
        return min(at + self._size, self._high) - at

    def halve(self) -> bool:
        """Has half of the window asked for in its place; the next ones stay as small.

        Returns:
            False where it is as small as it may get.
        """
        unit, smallest = self._settings.scale.unit, self._settings.smallest
        if not self.may_be_halved:
            return False
        self.shrink(max(smallest, (self._length // unit + 1) // 2 * unit))
        self._on_halved(self._size)
        return True

    def shrink(self, size: int) -> None:
        """Asks for no window that is longer, for a while.

        Args:
            size: The length.
        """
        self._size = min(self._size, size)
        self._passed_at_size = 0
