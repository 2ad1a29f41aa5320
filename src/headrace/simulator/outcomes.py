"""How executions go by themselves, before any of them is taken for a retry of another."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from statistics import NormalDist

import pyarrow as pa
import pyarrow.compute as pc

from headrace.simulator.draws import bits, draw_words
from headrace.simulator.incidents import INCIDENTS, going
from headrace.simulator.rhythm import HISTORY_END_MS, start_times
from headrace.simulator.workflows import WORKFLOWS

STATUSES = ("success", "error", "canceled", "crashed")
"""How executions end."""
SHOWN_STATUSES = (*STATUSES, "waiting")
"""How executions end, and the status of those that are stuck in an incident."""
MODES = ("webhook", "trigger", "integrated", "manual", "retry")
SUCCESS, ERROR, CANCELED, CRASHED, STUCK = range(5)

_CANCELED_RATE, _CRASHED_RATE, _MANUAL_RATE = 0.004, 0.002, 0.03
_DURATION_SPREAD = 0.6
_WORKFLOW_DRAWS = 1 << 10
_DURATION_DRAWS = 1 << 10
_OUTCOME_DRAWS = 1 << 12
_MODE_DRAWS = 1 << 7
_PLACE_DRAWS = 1 << 14


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Neighbouring executions, oldest first, as each would be if nothing were ever retried.

    Args:
        first_id: The id of the first one.
        workflow: The workflow of each one, as an index into `WORKFLOWS`.
        status: The status of each one, as an index into `SHOWN_STATUSES`.
        mode: What started each one, as an index into `MODES`.
        started: When each one started, in milliseconds since 1970.
        stopped: When each one stopped, in milliseconds since 1970.
        duration_draw: The random number that the duration came from.
        retry_draw: Eleven random bits about retries.
    """

    first_id: int
    workflow: pa.Int64Array
    status: pa.Int64Array
    mode: pa.Int64Array
    started: pa.Int64Array
    stopped: pa.Int64Array
    duration_draw: pa.Int64Array
    retry_draw: pa.Int64Array

    def __len__(self) -> int:
        return len(self.started)


def draw_outcomes(
    seed: int, rows: int, first_id: int, last_id: int, *, incidents: bool = False
) -> Outcomes:
    """Compute the outcomes of the executions from `first_id` to `last_id`.

    Args:
        seed: Any integer; each gives others.
        rows: How many executions the whole history has.
        first_id: The oldest id.
        last_id: The newest id, computed as well.
        incidents: Whether things go wrong now and then.
    """
    tables = _tables()
    words = draw_words(seed, first_id, last_id)
    workflow = tables.workflow.take(bits(words, 0, 10))
    mode = tables.mode.take(_entry(workflow, _MODE_DRAWS, bits(words, 10, 7)))
    duration_draw = bits(words, 29, 10)
    ids = pa.arange(first_id - 1, last_id).cast(pa.float64())
    within = pc.divide(bits(words, 50, 14).cast(pa.float64()), float(_PLACE_DRAWS))
    started = start_times(pc.divide(pc.add(ids, within), float(rows)))
    how = going(started, workflow) if incidents else workflow
    status = tables.status.take(_entry(how, _OUTCOME_DRAWS, bits(words, 17, 12)))
    return Outcomes(
        first_id,
        workflow=workflow,
        status=status,
        mode=mode,
        started=started,
        stopped=stop_times(started, workflow, duration_draw, incidents=incidents),
        duration_draw=duration_draw,
        retry_draw=bits(words, 39, 11),
    )


def stop_times(
    started: pa.Int64Array,
    workflow: pa.Int64Array,
    duration_draw: pa.Int64Array,
    *,
    incidents: bool = False,
) -> pa.Int64Array:
    """Tell when executions stop, in milliseconds since 1970; never after the history's end."""
    how = going(started, workflow) if incidents else workflow
    duration = _tables().duration.take(_entry(how, _DURATION_DRAWS, duration_draw))
    return pc.min_element_wise(pc.add(started, duration), HISTORY_END_MS)


@dataclass(frozen=True, slots=True)
class _Tables:
    """What a draw means; where it depends on the workflow, one stretch of draws for each.

    In `status` and `duration` further stretches follow for the incidents.
    """

    workflow: pa.Int64Array
    status: pa.Int64Array
    mode: pa.Int64Array
    duration: pa.Int64Array


def _entry(workflow: pa.Int64Array, draws: int, draw: pa.Int64Array) -> pa.Int64Array:
    return pc.add(pc.multiply(workflow, draws), draw)


@cache
def _tables() -> _Tables:
    status: list[int] = []
    mode: list[int] = []
    duration: list[int] = []
    quantiles = [
        NormalDist().inv_cdf((draw + 0.5) / _DURATION_DRAWS) for draw in range(_DURATION_DRAWS)
    ]
    stuck_shares = [0.0] * len(WORKFLOWS) + [each.share_stuck for each in INCIDENTS]
    going_on = (*WORKFLOWS, *(each.as_workflow for each in INCIDENTS))
    for each, share_stuck in zip(going_on, stuck_shares, strict=True):
        failed = round(each.error_rate * _OUTCOME_DRAWS)
        canceled = round(_CANCELED_RATE * _OUTCOME_DRAWS)
        crashed = round(_CRASHED_RATE * _OUTCOME_DRAWS)
        status += [ERROR] * failed + [CANCELED] * canceled + [CRASHED] * crashed
        stuck = round(share_stuck * _OUTCOME_DRAWS)
        status += [STUCK] * stuck
        status += [SUCCESS] * (_OUTCOME_DRAWS - failed - canceled - crashed - stuck)
        manual = round(_MANUAL_RATE * _MODE_DRAWS)
        mode += [MODES.index("manual")] * manual
        mode += [MODES.index(each.mode)] * (_MODE_DRAWS - manual)
        duration += [
            max(1, round(each.typical_ms * math.exp(_DURATION_SPREAD * quantile)))
            for quantile in quantiles
        ]
    columns = (_workflow_codes(), status, mode, duration)
    return _Tables(*(pa.array(column, pa.int64()) for column in columns))


def _workflow_codes() -> list[int]:
    total = sum(each.share for each in WORKFLOWS)
    codes: list[int] = []
    for code, end in enumerate(accumulate(each.share for each in WORKFLOWS)):
        codes += [code] * (round(end * _WORKFLOW_DRAWS / total) - len(codes))
    return codes
