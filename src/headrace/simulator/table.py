"""The table of executions as it stands now: living rows above an archive."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Collection, Iterator
from heapq import heappop, heappush
from typing import Any, Self

import msgspec

from headrace.simulator.archive import BLOCK_ROWS, Archive
from headrace.simulator.changed_archive import ChangedArchive
from headrace.simulator.execution import RUNNING, WAITING, Execution
from headrace.simulator.gaps import Gaps
from headrace.simulator.listing import PageRows
from headrace.simulator.wanted import ANY, Wanted


class ExecutionTable:
    """All rows, those of the archive below the living ones.

    Args:
        archive: The rows that there are at first.
        parked_hidden: Leave parked executions out of all listings.
        gaps: Which rows of the archive were never there.
    """

    def __init__(self, archive: Archive, *, parked_hidden: bool, gaps: Gaps) -> None:
        self.parked_hidden = parked_hidden
        self._archived = ChangedArchive(archive, gaps)
        self._string_ids = archive.string_ids
        self._living: dict[int, Execution] = {}
        self._ids: list[int] = []
        """The living rows' ids, ascending."""
        self._stops: list[tuple[int, int]] = []
        """A heap of when living rows ended (milliseconds since 1970), and their ids."""

    @property
    def newest_id(self) -> int:
        """The id of the newest row, or of the archive's newest where no row lives."""
        return self._ids[-1] if self._ids else self._archived.newest_id

    def copy(self) -> Self:
        """Return the rows as they stand now, for good; the archive below is shared."""
        archived = self._archived.copy()
        copied = type(self)(archived.archive, parked_hidden=self.parked_hidden, gaps=archived.gaps)
        copied._archived = archived
        copied._living = self._living.copy()
        copied._ids = self._ids.copy()
        copied._stops = self._stops.copy()
        return copied

    def find(self, execution_id: int) -> Execution | None:
        """Return one row; None where there is no such row."""
        if execution_id <= self._archived.newest_id:
            return self._archived.find(execution_id)
        return self._living.get(execution_id)

    def put(self, execution: Execution) -> None:
        """Add a row, or put it in the place of the one with its id."""
        if execution.id <= self._archived.newest_id:
            self._archived.change(execution)
            return
        before = self._living.get(execution.id)
        if before is None:
            insort(self._ids, execution.id)
        self._living[execution.id] = execution
        newly_settled = execution.settled and not (before is not None and before.settled)
        if newly_settled and execution.stopped is not None:
            heappush(self._stops, (execution.stopped, execution.id))

    def remove(self, execution_id: int) -> None:
        """Remove one row, which must be there."""
        if execution_id <= self._archived.newest_id:
            self._archived.remove(execution_id)
        else:
            self._remove_living([execution_id])

    def prune_stopped_by(self, moment_ms: int) -> None:
        """Take away the settled rows that had stopped by then.

        Args:
            moment_ms: The moment, in milliseconds since 1970.
        """
        self._archived.remove_stopped_by(moment_ms)
        found = []
        while self._stops and self._stops[0][0] <= moment_ms:
            _, execution_id = heappop(self._stops)
            row = self._living.get(execution_id)
            if row is None:
                continue
            if row.stopped is not None and row.stopped > moment_ms:
                # A restart has moved it since.
                heappush(self._stops, (row.stopped, execution_id))
            else:
                found.append(execution_id)
        self._remove_living(found)

    def prune_to_newest(self, count: int) -> None:
        """Take away the settled rows older than the newest `count` rows of any kind.

        Args:
            count: 0 or more.
        """
        split = max(0, len(self._ids) - count)
        left = count - (len(self._ids) - split)
        self._remove_living([each for each in self._ids[:split] if self._living[each].settled])
        oldest_kept = self._archived.nth_newest(left) if left else self._archived.newest_id + 1
        if oldest_kept is not None:
            self._archived.remove_up_to(oldest_kept - 1)

    def parts(self, below: int | None = None, wanted: Wanted = ANY) -> Iterator[Execution | range]:
        """Go through the rows, newest first: each on its own, or the ids of archived ones.

        Args:
            below: Only rows with a lower id than this; None begins at the top.
            wanted: Only rows that are like this.
        """
        end = len(self._ids) if below is None else bisect_left(self._ids, below)
        for place in range(end - 1, -1, -1):
            row = self._living[self._ids[place]]
            if wanted.takes(row):
                yield row
        yield from self._archived.parts(below, wanted)

    def count_below(self, below: int | None) -> int:
        """Count the rows below a place, hidden ones too.

        Args:
            below: Only rows with a lower id than this; None begins at the top.
        """
        return sum(len(part) if isinstance(part, range) else 1 for part in self.parts(below))

    def rows_below(self, below: int | None, limit: int, wanted: Wanted) -> PageRows:
        """Return the newest rows below a place, without those that listings hide.

        Args:
            below: Only rows with a lower id than this; None begins at the top.
            limit: How many rows to return at most, 1 or more.
            wanted: Only rows that are like this.
        """
        pieces: list[bytes | memoryview[int]] = []
        oldest, left = 0, limit
        for part in self.parts(below, wanted):
            if isinstance(part, Execution) and self._hides(part, wanted.status):
                continue
            if left == 0:
                return PageRows(pieces, oldest, more=True)
            if isinstance(part, Execution):
                row = part.listed(string_ids=self._string_ids)
                pieces.append(msgspec.json.encode(row) + b",")
                oldest, left = part.id, left - 1
            else:
                ids = part[:left]
                pieces += self._archived.archive.json(ids[0], ids[-1])
                oldest, left = ids[-1], left - len(ids)
                if len(ids) < len(part):
                    return PageRows(pieces, oldest, more=True)
        return PageRows(pieces, oldest, more=False)

    def rows(
        self, status: str | None, workflow_id: str | None, *, hidden: bool
    ) -> Iterator[dict[str, Any]]:
        """Go through the rows as a listing shows them, newest first.

        Args:
            status: Only rows with this status; None takes any.
            workflow_id: Only rows of this workflow; None takes any.
            hidden: Whether rows that listings hide come too.
        """
        for part in self.parts(None, Wanted(status, workflow_id)):
            if isinstance(part, range):
                for place in range(0, len(part), BLOCK_ROWS):
                    ids = part[place : place + BLOCK_ROWS]
                    text = b"".join(self._archived.archive.json(ids[0], ids[-1]))
                    yield from msgspec.json.decode(b"[" + text[:-1] + b"]")
            elif hidden or not self._hides(part, status):
                yield part.listed(string_ids=self._string_ids)

    def _hides(self, execution: Execution, status: str | None) -> bool:
        # Recorded: running rows are listed when asked for by their status, parked ones not even so.
        if execution.status == RUNNING:
            return status != RUNNING
        return execution.status == WAITING and self.parked_hidden

    def _remove_living(self, ids: Collection[int]) -> None:
        if not ids:
            return
        for each in ids:
            del self._living[each]
        first, last = bisect_left(self._ids, min(ids)), bisect_right(self._ids, max(ids))
        self._ids[first:last] = [each for each in self._ids[first:last] if each in self._living]
