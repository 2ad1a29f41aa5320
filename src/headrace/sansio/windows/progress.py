"""How much of a range has been listed, whatever windows it was listed in."""

from __future__ import annotations

from headrace.sansio.windows.settings import WindowSettings


class WindowProgress:
    """What has been listed of a range, from its beginning on.

    Args:
        settings: How the range is parted.
        low: The place on the scale where it begins.
        high: The place where it ends.

    Attributes:
        reached: The place up to which all windows have been passed.
        passed: How many windows that were.
    """

    def __init__(self, settings: WindowSettings, low: int, high: int) -> None:
        self._settings = settings
        self._low, self._high = low, high
        self._unsettled_from: int | None = None
        self.reached = low
        self.passed = 0

    @property
    def settled(self) -> int:
        """The place up to which all windows had shown what will come when they were asked for."""
        if self._unsettled_from is None:
            return self.reached
        return min(self.reached, self._unsettled_from)

    @property
    def share(self) -> float:
        """Which part of the range has been passed, from 0 to 1."""
        whole = self._high - self._low
        return (self.reached - self._low) / whole if whole > 0 else 1.0

    def pass_to(self, place: int, asked_at: float | None = None) -> None:
        """Learns that all of the next window was listed.

        Args:
            place: The place where that window ends.
            asked_at: When it was asked for by the clock of the API, in seconds since 1970; None
                where that is not known.
        """
        self.reached = place
        self.passed += 1
        if asked_at is not None and (settled := self._settings.settled(asked_at)) < place:
            before = self._unsettled_from
            self._unsettled_from = settled if before is None else min(before, settled)
