"""An archive in which single rows have changed, and others are gone."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator
from typing import Self

from headrace.simulator.archive import BLOCK_ROWS, Archive
from headrace.simulator.execution import Execution
from headrace.simulator.gaps import Gaps
from headrace.simulator.wanted import ANY, Wanted

_NO_GAPS = Gaps()


class ChangedArchive:
    """The rows of an archive as they stand now.

    What has changed is kept beside the archive, so what has not is still served in slices.

    Args:
        archive: The rows as they were.
        gaps: Which of its rows were never there.
    """

    def __init__(self, archive: Archive, gaps: Gaps = _NO_GAPS) -> None:
        self.archive = archive
        self.gaps = gaps
        self.newest_id = archive.history.rows
        # All ids up to the floor are gone; whatever else is kept here lies above it.
        self._floor = 0
        self._changed: dict[int, Execution] = {}
        self._gone: set[int] = set()
        self._breaks: list[int] = []
        """The ids of changed and removed rows, ascending; between two of them no row changed."""

    def copy(self) -> Self:
        """Return the rows as they stand now, for good; the archive below is shared."""
        copied = type(self)(self.archive, self.gaps)
        copied._floor = self._floor
        copied._changed = self._changed.copy()
        copied._gone = self._gone.copy()
        copied._breaks = self._breaks.copy()
        return copied

    def find(self, execution_id: int) -> Execution | None:
        """Return one row; None where there is no such row."""
        absent = execution_id in self._gone or execution_id in self.gaps
        if execution_id <= self._floor or absent:
            return None
        return self._changed.get(execution_id) or self.archive.find(execution_id)

    def change(self, execution: Execution) -> None:
        """Put a row in the place of the one with its id."""
        if execution.id not in self._changed:
            insort(self._breaks, execution.id)
        self._changed[execution.id] = execution

    def remove(self, execution_id: int) -> None:
        """Remove one row, which must be there."""
        if self._changed.pop(execution_id, None) is None:
            insort(self._breaks, execution_id)
        self._gone.add(execution_id)
        self._raise_floor()

    def remove_up_to(self, execution_id: int) -> None:
        """Remove a row and all older ones."""
        self._floor = max(self._floor, min(execution_id, self.newest_id))
        self._raise_floor()

    def remove_stopped_by(self, moment_ms: int) -> None:
        """Take away the rows that had stopped by then.

        Args:
            moment_ms: The moment, in milliseconds since 1970.
        """
        for number in range(self._floor // BLOCK_ROWS, -(-self.newest_id // BLOCK_ROWS)):
            block = self.archive.block(number)
            # Executions are ordered by their start, so no later one can have stopped by then.
            if block.executions.started[0].as_py() > moment_ms:
                return
            found = [each for each in block.stopped_by(moment_ms) if each > self._floor]
            for each in found:
                self._changed.pop(each, None)
            self._gone.update(found)
            self._breaks = sorted(self._changed.keys() | self._gone)
            self._raise_floor()

    def nth_newest(self, count: int) -> int | None:
        """Return the id of the newest row but `count - 1`; None where there are fewer rows."""
        for part in self.parts(None, ANY):
            if isinstance(part, Execution):
                count -= 1
                if count == 0:
                    return part.id
            elif count <= len(part):
                return part[count - 1]
            else:
                count -= len(part)
        return None

    def parts(self, below: int | None, wanted: Wanted) -> Iterator[Execution | range]:
        """Go through the rows, newest first: each changed one, and the ids of untouched ones.

        Args:
            below: Only rows with a lower id than this; None begins at the top.
            wanted: Only rows that are like this.
        """
        top = self.newest_id + 1
        below = top if below is None else min(below, top)
        if wanted.any:
            for part in self._stretches(below):
                yield from (part,) if isinstance(part, Execution) else self.gaps.between(part)
            return
        # A change leaves an archived row's status, workflow and start as they were.
        for each in self.archive.matching(wanted, below):
            if each <= self._floor:
                return
            if each not in self._gone and each not in self.gaps:
                yield self._changed.get(each) or range(each, each - 1, -1)

    def _stretches(self, below: int) -> Iterator[Execution | range]:
        newest = below - 1
        for place in range(bisect_left(self._breaks, below) - 1, -1, -1):
            cut = self._breaks[place]
            if cut < newest:
                yield range(newest, cut, -1)
            if cut in self._changed:
                yield self._changed[cut]
            newest = cut - 1
        if self._floor < newest:
            yield range(newest, self._floor, -1)

    def _raise_floor(self) -> None:
        while self._floor + 1 in self._gone:
            self._floor += 1
        under = bisect_right(self._breaks, self._floor)
        for each in self._breaks[:under]:
            self._changed.pop(each, None)
            self._gone.discard(each)
        del self._breaks[:under]
