"""What is asked for behind windows that were read at once: what has changed since they began.

A row whose time moves while the windows are read, from one that is yet to be read to one that has
been, or behind the last one, comes with none of them. All that has a time from the moment on at
which the windows began is listed once more, and again, until a look brings nothing new: then no
time has moved since the one before it, which has shown all there was. A look of a single page
needs no second one, as it shows one moment.
"""

from __future__ import annotations

from headrace.sansio.windows.settings import WindowSettings

# Where rows change as fast as they can be read, the next sync brings what is still on its way.
_MOST_LOOKS = 10
# So many seconds the clock of this machine may be off, where the API tells no time.
_MOST_OFF = 3_600


class CatchUp:
    """The looks at what has changed since the windows of a range began.

    Args:
        settings: How the range is parted.
        low: The place on the scale where it begins.
        end: The place where it ends; None where it has no end.
        began_at: When the windows began by the clock of this machine, in seconds since 1970.

    Attributes:
        is_settled: Whether nothing has changed unseen.
        looks: How many looks have been made.
    """

    def __init__(
        self, settings: WindowSettings, low: int, end: int | None, began_at: float
    ) -> None:
        self._settings = settings
        self._low, self._end = low, end
        self._since = began_at
        self._latest: float | None = None
        self._is_told = False
        self.is_settled = False
        self.looks = 0

    @property
    def low(self) -> int:
        """Where the next look begins."""
        since = self._since - (0 if self._is_told else _MOST_OFF)
        return max(self._low, self._settings.changed_since(since))

    def meet(self, asked_at: float | None, answered_at: float | None) -> None:
        """Learns of the clock of the API, by the answers of one window.

        Args:
            asked_at: The earliest time that one tells, in seconds since 1970; None where none does.
            answered_at: The latest one.
        """
        if asked_at is not None:
            # The earlier of two clocks counts: a look that begins too early shows some rows twice.
            self._since = min(self._since, asked_at)
            self._is_told = True
        if answered_at is not None:
            self._latest = max(answered_at, self._latest or answered_at)

    def next_look(self, now: float) -> tuple[int, int] | None:
        """The two ends of the next look; None where no other one is needed, or would help.

        Args:
            now: The present by the clock of this machine, in seconds since 1970.
        """
        if self.is_settled or self.looks >= _MOST_LOOKS:
            return None
        low, high = self.low, self._settings.end_ahead(max(now, self._latest or now))
        if self._end is not None:
            high = min(high, self._end)
        if low >= high:
            # What changes from now on leaves the range.
            self.is_settled = True
            return None
        self.looks += 1
        self._high = high
        self._since, self._latest, self._is_told = now, None, False
        return low, high

    def end_look(self, now: float, *, pages: int, new: int) -> None:
        """Learns what a look has brought.

        Args:
            now: The present by the clock of this machine, in seconds since 1970.
            pages: How many pages it had.
            new: How many of its rows had not been seen as they are.
        """
        ended_at = now + _MOST_OFF if self._latest is None else self._latest
        # What has changed behind the end of the look is in none.
        is_in_time = self._high == self._end or (
            self._settings.scale.place_of_time(ended_at) < self._high
        )
        self.is_settled = is_in_time and (pages <= 1 or not new)
