"""Which rows of a window are in it, so that a row at a seam of two comes once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from headrace.core.value_order import compare, placed, sortable
from headrace.sansio.windows.settings import WindowSettings
from headrace.sansio.windows.walk import Window

_NUMBERS = {int, float}


class WindowCut:
    """Tells the rows of a window from those of others.

    Args:
        window: The window.
        settings: How its range is parted.
    """

    def __init__(self, window: Window, settings: WindowSettings) -> None:
        self._is_first = window.is_first
        self._overlaps = settings.overlaps
        self._scale = settings.scale
        self._low = settings.scale.comparable(window.low)
        self._high = settings.scale.comparable(window.high)

    def outside(self, values: Sequence[Any]) -> list[int]:
        """The places of the rows, from 0, that another window brings.

        Args:
            values: The cursor value of each row; None for a row without one.
        """
        if self._are_all_within(values):
            return []
        return [place for place, value in enumerate(values) if self._is_outside(value)]

    def is_at_seam(self, value: Any) -> bool:
        """Whether a value is that at which two windows meet that have it in common.

        Args:
            value: The cursor value of a row.
        """
        found = None if value is None or not self._overlaps else placed(value)
        return found is not None and 0 in (compare(found, self._low), compare(found, self._high))

    def _are_all_within(self, values: Sequence[Any]) -> bool:
        """Whether all lie between the ends, seen from the first and the last of them alone."""
        types = set(map(type, values))
        if types <= _NUMBERS:
            order: Sequence[Any] | None = values
        else:
            order = sortable(values) if types == {str} else None
        if not order:
            return not values
        extremes = (values[order.index(each)] for each in (min(order), max(order)))
        return not any(map(self._is_outside, extremes))

    def _is_outside(self, value: Any) -> bool:
        found = None if value is None or value == "" else placed(value)
        if found is None or not self._scale.is_written_alike(value):
            return False
        above_low, above_high = compare(found, self._low), compare(found, self._high)
        if above_low is None or above_high is None:
            return False
        if not self._overlaps:
            return above_low < 0 or above_high >= 0
        begins_later = above_low < 0 or (above_low == 0 and not self._is_first)
        return begins_later or above_high > 0
