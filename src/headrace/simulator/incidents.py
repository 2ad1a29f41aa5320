"""What goes wrong in the sample API's history, where it is asked for."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.compute as pc

from headrace.simulator.rhythm import HISTORY_END_MS
from headrace.simulator.workflows import WORKFLOWS, Workflow

_HOUR_MS = 3_600_000
STUCK_UNTIL_MS = HISTORY_END_MS + 96 * _HOUR_MS
"""When the stuck executions are due to go on, in milliseconds since 1970."""


@dataclass(frozen=True, slots=True)
class Incident:
    """A time in which the executions of a workflow go differently.

    Args:
        workflow: The name of the workflow.
        begin_ms: When it begins, in milliseconds since 1970.
        end_ms: When it is over, in milliseconds since 1970.
        error_rate: The part of the runs that end in an error, 0 to 1; None leaves it as usual.
        slower: How many times as long as usual the runs take.
        share_stuck: The part of the runs that is parked and never goes on, 0 to 1.
        step: The step in which most of those fail that do.
        error: What its error says, with the places that the kinds of failures have.
        error_code: The code of the error; None where it has none.
    """

    workflow: str
    begin_ms: int
    end_ms: int
    error_rate: float | None = None
    slower: float = 1.0
    share_stuck: float = 0.0
    step: str = ""
    error: str = ""
    error_code: str | None = None

    @property
    def code(self) -> int:
        """Index of the workflow in `WORKFLOWS`."""
        return [each.name for each in WORKFLOWS].index(self.workflow)

    @property
    def as_workflow(self) -> Workflow:
        """The workflow as its executions go during the incident."""
        usual = WORKFLOWS[self.code]
        error_rate = usual.error_rate if self.error_rate is None else self.error_rate
        typical_ms = round(usual.typical_ms * self.slower)
        return replace(usual, error_rate=error_rate, typical_ms=typical_ms)


def _before_the_end(hours: float) -> int:
    return HISTORY_END_MS - round(hours * _HOUR_MS)


INCIDENTS = (
    # A bad deploy, taken back the next morning.
    Incident(
        "Sync CRM contacts",
        _before_the_end(130),
        _before_the_end(110.5),
        error_rate=0.8,
        step="Map fields",
        error="Contact {number}: the field `lifecycle_stage` is not known",
    ),
    # A service that it depends on got slow, and is so still.
    Incident(
        "Enrich new leads",
        _before_the_end(92),
        _before_the_end(0),
        error_rate=0.2,
        slower=3.2,
        step="Look up company",
        error="timeout of {milliseconds}ms exceeded",
        error_code="ECONNABORTED",
    ),
    # An approval step that nobody answers.
    Incident("Send invoices", _before_the_end(86), _before_the_end(2), share_stuck=0.25),
)


def going(started: pa.Int64Array, workflow: pa.Int64Array) -> pa.Int64Array:
    """Tell how executions go: as is usual for their workflow, or as in an incident.

    Args:
        started: When each execution started, in milliseconds since 1970.
        workflow: The workflow of each execution, as an index into `WORKFLOWS`.

    Returns:
        Indexes into `WORKFLOWS` followed by `INCIDENTS`.
    """
    codes = workflow
    for number, incident in enumerate(INCIDENTS, start=len(WORKFLOWS)):
        meanwhile = pc.and_(
            pc.greater_equal(started, incident.begin_ms), pc.less(started, incident.end_ms)
        )
        befallen = pc.and_(meanwhile, pc.equal(workflow, incident.code))
        codes = pc.if_else(befallen, pa.scalar(number, pa.int64()), codes)
    return codes
