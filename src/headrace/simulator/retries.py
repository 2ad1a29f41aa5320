"""Which executions are retries, and of which older ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import pyarrow as pa
import pyarrow.compute as pc

from headrace.simulator.columns import numbers_view
from headrace.simulator.outcomes import ERROR, SUCCESS, Outcomes

RETRY_DISTANCES = (2, 5, 11, 23, 47, 96, 150, 240)
"""How many ids after a failed execution its retry may come."""

RETRY_REACH = max(RETRY_DISTANCES)


def find_retries(outcomes: Outcomes, last_id: int) -> dict[int, int]:
    """Find the retries of the failed executions up to `last_id`.

    Each failed row chooses the row that retries it by its own draw; a row that several chose
    belongs to the oldest. So newer rows never change what is found for older ones, and the answer
    is the same for every window that reaches `RETRY_REACH` ids to either side.

    Args:
        outcomes: The rows, with those within `RETRY_REACH` of the ones that matter.
        last_id: The newest id whose retry is looked for.

    Returns:
        The id of each retry -> the id of the row that it retries.
    """
    signs = _Signs.of(outcomes)
    failed = pc.indices_nonzero(pc.equal(outcomes.status, ERROR)).to_pylist()
    retries: dict[int, int] = {}
    for index in failed:
        if outcomes.first_id + index > last_id:
            break
        chosen = signs.chosen_retry(index) if signs.wants_retry(index) else None
        if chosen is not None:
            retries.setdefault(outcomes.first_id + chosen, outcomes.first_id + index)
    return retries


def retry_statuses(retry_draw: pa.Int64Array) -> pa.Int64Array:
    """Tell how retries end: three quarters in success, the others in an error."""
    succeeds = pc.less(pc.bit_wise_and(pc.shift_right(retry_draw, 5), 0b111), 6)
    return pc.if_else(succeeds, pa.scalar(SUCCESS, pa.int64()), pa.scalar(ERROR, pa.int64()))


@dataclass(frozen=True, slots=True)
class _Signs:
    """What decides about retries, as views that Python reads without Arrow's cost for each."""

    started: memoryview[int]
    stopped: memoryview[int]
    draw: memoryview[int]

    @classmethod
    def of(cls, outcomes: Outcomes) -> Self:
        columns = (outcomes.started, outcomes.stopped, outcomes.retry_draw)
        return cls(*map(numbers_view, columns))

    def may_be_retry(self, index: int) -> bool:
        """A quarter of the rows; these are never retried themselves, so no chain can form."""
        return self.draw[index] & 0b11 == 0

    def wants_retry(self, index: int) -> bool:
        return not self.may_be_retry(index) and self.draw[index] >> 2 & 0b111 < 5

    def chosen_retry(self, index: int) -> int | None:
        count = len(RETRY_DISTANCES)
        first = self.draw[index] >> 8
        for step in range(count):
            candidate = index + RETRY_DISTANCES[(first + step) % count]
            if (
                candidate < len(self.started)
                and self.may_be_retry(candidate)
                and self.started[candidate] >= self.stopped[index]
            ):
                return candidate
        return None
