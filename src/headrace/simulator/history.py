"""The executions of the sample API: a pure function of the seed, the number of rows and the id."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from headrace.simulator.columns import replace_at
from headrace.simulator.execution import Execution
from headrace.simulator.incidents import STUCK_UNTIL_MS
from headrace.simulator.outcomes import (
    CANCELED,
    MODES,
    SHOWN_STATUSES,
    STUCK,
    SUCCESS,
    Outcomes,
    draw_outcomes,
    stop_times,
)
from headrace.simulator.retries import RETRY_REACH, find_retries, retry_statuses
from headrace.simulator.workflows import WORKFLOWS


@dataclass(frozen=True, slots=True)
class Executions:
    """Neighbouring executions as columns, oldest first.

    Args:
        first_id: The id of the first row; each next one is one higher.
        workflow: The workflow of each one, as an index into `WORKFLOWS`.
        status: The status of each one, as an index into `SHOWN_STATUSES`.
        mode: What started each one, as an index into `MODES`.
        started: When each one started, in milliseconds since 1970.
        stopped: When each one stopped, in milliseconds since 1970.
        retry_of: The id of a row that is a retry -> the older id that it retries.
        retry_success: The id of a failed row -> the newer id of the retry that succeeded.
        never_started: The ids of those that were canceled while they were queued; `started` is then
            when their row was made.
    """

    first_id: int
    workflow: pa.Int64Array
    status: pa.Int64Array
    mode: pa.Int64Array
    started: pa.Int64Array
    stopped: pa.Int64Array
    retry_of: Mapping[int, int]
    retry_success: Mapping[int, int]
    never_started: frozenset[int] = frozenset()

    def __len__(self) -> int:
        return len(self.started)

    @property
    def last_id(self) -> int:
        """The id of the newest row."""
        return self.first_id + len(self) - 1

    def execution(self, execution_id: int) -> Execution:
        """Return one row.

        Args:
            execution_id: The row's id, one of these executions'.
        """
        index = execution_id - self.first_id
        status = self.status[index].as_py()
        started = self.started[index].as_py()
        was_queued = execution_id in self.never_started
        return Execution(
            execution_id,
            workflow_id=WORKFLOWS[self.workflow[index].as_py()].id,
            status=SHOWN_STATUSES[status],
            mode=MODES[self.mode[index].as_py()],
            started=None if was_queued else started,
            stopped=self.stopped[index].as_py(),
            wait_till=STUCK_UNTIL_MS if status == STUCK else None,
            retry_of=self.retry_of.get(execution_id),
            retry_success=self.retry_success.get(execution_id),
            created=started if was_queued else None,
        )

    def listed(self, execution_id: int, *, string_ids: bool) -> dict[str, Any]:
        """Return one row as a listing shows it.

        Args:
            execution_id: The row's id, one of these executions'.
            string_ids: Whether `id` and `retrySuccessId` are text, as some live servers send them.
        """
        return self.execution(execution_id).listed(string_ids=string_ids)


@dataclass(frozen=True, slots=True)
class History:
    """All executions that the sample API has; holds no rows, computes them when asked.

    Args:
        rows: How many executions there are; their ids are 1 to `rows`.
        seed: Any integer; each gives another history.
        incidents: Whether things go wrong now and then (`INCIDENTS`).
        queues: Whether runs may have waited for their turn, and some were canceled meanwhile.

    Raises:
        ValueError: `rows` is negative.
    """

    rows: int
    seed: int
    incidents: bool = False
    queues: bool = False

    def __post_init__(self) -> None:
        if self.rows < 0:
            raise ValueError(f"rows must be 0 or more, not {self.rows}")

    def executions(self, first_id: int, last_id: int) -> Executions:
        """Compute the executions from `first_id` to `last_id`, both within 1 to `rows`."""
        window_first = max(1, first_id - RETRY_REACH)
        window_last = min(self.rows, last_id + RETRY_REACH)
        window = draw_outcomes(
            self.seed, self.rows, window_first, window_last, incidents=self.incidents
        )
        found = find_retries(window, last_id)
        retries = sorted(found)
        places = [new - window_first for new in retries]
        old_places = pa.array([found[new] - window_first for new in retries], pa.int64())

        # A retry runs the workflow of the row that it retries, and has an outcome of its own.
        workflow = window.workflow.take(old_places)
        of_retries = pa.array(places, pa.int64())
        status = retry_statuses(window.retry_draw.take(of_retries)).to_pylist()
        stopped = stop_times(
            window.started.take(of_retries),
            workflow,
            window.duration_draw.take(of_retries),
            incidents=self.incidents,
        )
        succeeded = [new for new, code in zip(retries, status, strict=True) if code == SUCCESS]

        def column(values: pa.Int64Array, replacements: list[int]) -> pa.Int64Array:
            replaced = replace_at(values, places, replacements)
            return replaced.slice(first_id - window_first, last_id - first_id + 1)

        ended = column(window.status, status)
        queued = self._canceled_in_queue(ended, window, first_id) if self.queues else frozenset()
        return Executions(
            first_id,
            workflow=column(window.workflow, workflow.to_pylist()),
            status=ended,
            mode=column(window.mode, [MODES.index("retry")] * len(retries)),
            started=window.started.slice(first_id - window_first, last_id - first_id + 1),
            stopped=column(window.stopped, stopped.to_pylist()),
            retry_of={new: old for new, old in found.items() if first_id <= new <= last_id},
            retry_success={found[new]: new for new in succeeded if first_id <= found[new]},
            never_started=queued,
        )

    def _canceled_in_queue(
        self, status: pa.Int64Array, window: Outcomes, first_id: int
    ) -> frozenset[int]:
        """The ids of each fourth canceled run that a webhook or a schedule had started."""
        before = first_id - window.first_id
        draw = window.duration_draw.slice(before, len(status))
        limited = pc.less(window.mode.slice(before, len(status)), MODES.index("integrated"))
        chosen = pc.and_(pc.equal(pc.bit_wise_and(draw, 0b11), 0), limited)
        found = pc.indices_nonzero(pc.and_(pc.equal(status, CANCELED), chosen)).to_pylist()
        return frozenset(first_id + index for index in found)
