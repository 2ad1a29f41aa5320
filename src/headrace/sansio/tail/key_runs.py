"""Which keys a listing has shown, kept as runs of neighbours."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from typing import Any

from headrace.sansio.tail.keys import Key


class KeyRuns:
    """A set of keys that takes little room where they are neighbouring whole numbers."""

    def __init__(self) -> None:
        # Negated, as listings go downwards: then a run is added at the end, as a rule.
        self._begins: list[int] = []
        self._ends: list[int] = []
        self._texts: set[str] = set()

    def add(self, keys: Iterable[Any]) -> None:
        """Adds keys that it does not hold.

        Args:
            keys: The keys, newest first.
        """
        begin = end = None
        for key in keys:
            if isinstance(key, str):
                self._texts.add(key)
            elif end is not None and -key == end + 1:
                end = -key
            else:
                self._add(begin, end)
                begin = end = -key
        self._add(begin, end)

    def _add(self, begin: int | None, end: int | None) -> None:
        if begin is None or end is None:
            return
        at = bisect_left(self._begins, begin)
        if at and self._ends[at - 1] == begin - 1:
            self._ends[at - 1] = end
        else:
            self._begins.insert(at, begin)
            self._ends.insert(at, end)

    def __contains__(self, key: Key) -> bool:
        if isinstance(key, str):
            return key in self._texts
        at = bisect_right(self._begins, -key)
        return at > 0 and -key <= self._ends[at - 1]
