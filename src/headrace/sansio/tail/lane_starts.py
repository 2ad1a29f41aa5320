"""Where the next lane begins: so far below the lowest one, or in the middle of the longest hole."""

from __future__ import annotations

from collections.abc import Sequence

from headrace.core.quick_dataclasses import dataclass
from headrace.sansio.tail.coverage import Coverage
from headrace.sansio.tail.keys import Key
from headrace.sansio.tail.settings import KeyLaneSettings


@dataclass(slots=True)
class Density:
    """How far the keys of neighbouring rows are apart, over all pages that were read.

    Args:
        extent: The distance between the first and the last key of what was read.
        rows: How many rows lie in it.
    """

    extent: int = 0
    rows: int = 0

    def see(self, above: Key, low: Key, rows: int) -> None:
        """Learns from a page.

        Args:
            above: The key right above it, or its first one.
            low: Its last key.
            rows: How many rows it has.
        """
        self.extent += above - low
        self.rows += rows

    def keys_of(self, rows: int) -> int:
        """How far the keys are apart of rows with so many others between them."""
        return max(self.extent * rows // max(self.rows, 1), 1)


@dataclass(frozen=True, slots=True)
class Starts:
    """The starts that were made in a sync.

    Args:
        waiting: Those of lanes that have read no row yet.
        lowest: The lowest with rows below it, also of lanes that have ended; None for none.
    """

    waiting: Sequence[Key]
    lowest: Key | None


def next_start(
    coverage: Coverage,
    top: Key,
    starts: Starts,
    barren: Sequence[Key],
    density: Density,
    lanes: KeyLaneSettings,
) -> Key | None:
    """Chooses the key below which the next lane begins.

    Args:
        coverage: What has been read.
        top: No lane begins above this key.
        starts: The starts that were made before.
        barren: Keys below which there is no row before the next span, or before the end.
        density: How far keys are apart.
        lanes: How the listing is parted.

    Returns:
        None where no hole is long enough for another lane, or each has a start that has read no
        row yet: where rows are, its first page tells.
    """
    least, holes = density.keys_of(lanes.least_rows), []
    tops = [span.high for span in coverage.spans]
    for span in coverage.spans:
        front = span.low
        end = max((top for top in tops if top < front), default=None)
        is_waiting = any(key < front and (end is None or key > end) for key in starts.waiting)
        if front > top or is_waiting or not coverage.has_hole_under(span):
            continue
        empty = [key for key in barren if key < front and (end is None or key > end)]
        if end is None:
            above = front if starts.lowest is None else starts.lowest
            key = min(above - density.keys_of(lanes.rows), front - least)
            if all(key - each >= least for each in empty):
                return key
        end = max(empty, default=end)
        if end is not None:
            holes.append((front - end, front))
    extent, front = max(holes, default=(0, 0))
    return front - extent // 2 if extent >= 2 * least else None
