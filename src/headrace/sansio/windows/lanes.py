"""Which windows of a range are asked for at once."""

from __future__ import annotations

from headrace.sansio.windows.progress import WindowProgress
from headrace.sansio.windows.settings import WindowSettings
from headrace.sansio.windows.walk import WindowWalk


class WindowLanes:
    """Gives out the windows of a range, one after the other, to lanes that read them at once.

    A lane that finds its window too large reads it in halves; what is given out after that is as
    small, as where one window is read after the other.

    Args:
        settings: How the range is parted.
        low: The place on the scale where it begins.
        high: The place where it ends.
        within: The two ends of the range that this one is a part of; None where it is no part.

    Attributes:
        progress: How much of the range has been passed on, in its order.
    """

    def __init__(
        self,
        settings: WindowSettings,
        low: int,
        high: int,
        within: tuple[int, int] | None = None,
    ) -> None:
        self._settings = settings
        self._walk = WindowWalk(settings, low, high, within=within)
        self._range = within or (self._walk.reached, high)
        self.progress = WindowProgress(settings, self._walk.reached, high)

    def take(self) -> WindowWalk | None:
        """The way through the next window, for one lane; None where all have been given out."""
        window = self._walk.window
        if window is None:
            return None
        self._walk.pass_on()
        return WindowWalk(
            self._settings,
            window.low,
            window.high,
            within=self._range,
            on_halved=self._walk.shrink,
        )
