"""A virtual clock, and what happens at which moment of it."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count


class Agenda:
    """What is going to happen, in the order of time; it happens only in `advance`.

    Args:
        now_ms: The moment at which it begins, in milliseconds since 1970.
    """

    def __init__(self, now_ms: int) -> None:
        self.now_ms = now_ms
        self._due: list[tuple[int, int, Callable[[], object]]] = []
        # Of two things that are due at once, the one that was planned first comes first.
        self._order = count()

    def after(self, seconds: float, action: Callable[[], object]) -> None:
        """Plan something.

        Args:
            seconds: In how many seconds from now, 0 or more.
            action: What happens then; it may plan more.
        """
        moment = self.now_ms + round(seconds * 1_000)
        heappush(self._due, (moment, next(self._order), action))

    def advance(self, milliseconds: int) -> None:
        """Let time pass, with all that becomes due meanwhile.

        Args:
            milliseconds: How much time passes, in milliseconds, 0 or more.
        """
        end = self.now_ms + milliseconds
        while self._due and self._due[0][0] <= end:
            self.now_ms, _, action = heappop(self._due)
            action()
        self.now_ms = end
