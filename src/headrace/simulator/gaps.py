"""Ids in a history that no row has: their runs kept nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

_PERIOD, _PLACE = 4, 2


@dataclass(frozen=True, slots=True)
class Gaps:
    """Gaps of one size, evenly spread: each fourth part of the ids is one.

    Args:
        size: How many ids in a row are missing; 0 for none at all.

    Raises:
        ValueError: `size` is negative.
    """

    size: int = 0

    def __post_init__(self) -> None:
        if self.size < 0:
            raise ValueError(f"gaps must be 0 or more, not {self.size}")

    def __contains__(self, execution_id: int) -> bool:
        return self.size > 0 and (execution_id - 1) // self.size % _PERIOD == _PLACE

    def between(self, ids: range) -> Iterator[range]:
        """Go through the stretches of ids that are there.

        Args:
            ids: Neighbouring ids, newest first.
        """
        if self.size == 0:
            if ids:
                yield ids
            return
        newest, oldest = ids.start, ids.stop + 1
        while newest >= oldest:
            part = (newest - 1) // self.size
            if part % _PERIOD == _PLACE:
                newest = part * self.size
                continue
            # Down to the end of the gap below, which is as far above the parts' beginning.
            gap_end = ((part - _PLACE - 1) // _PERIOD * _PERIOD + _PLACE + 1) * self.size
            lowest = max(oldest, gap_end + 1)
            yield range(newest, lowest - 1, -1)
            newest = lowest - 1
