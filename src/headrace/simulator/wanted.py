"""Which executions a listing is asked for."""

from __future__ import annotations

from dataclasses import dataclass

from headrace.simulator.execution import Execution


@dataclass(frozen=True, slots=True)
class Wanted:
    """What rows must be like to be listed.

    Args:
        status: Their status; None takes any.
        workflow_id: Their workflow; None takes any.
        started_from: The first moment of their start, in milliseconds since 1970; None takes any.
        started_to: The last moment of their start, in milliseconds since 1970; None takes any.
    """

    status: str | None = None
    workflow_id: str | None = None
    started_from: int | None = None
    started_to: int | None = None

    @property
    def asks_for_start(self) -> bool:
        """Whether it matters when rows started; those that did not are left out then."""
        return self.started_from is not None or self.started_to is not None

    @property
    def any(self) -> bool:
        """Whether all rows are wanted."""
        return self.status is None and self.workflow_id is None and not self.asks_for_start

    def takes(self, execution: Execution) -> bool:
        """Tell whether a row is one of them."""
        if self.status not in (None, execution.status):
            return False
        if self.workflow_id not in (None, execution.workflow_id):
            return False
        if not self.asks_for_start:
            return True
        started = execution.started
        return (
            started is not None
            and (self.started_from is None or started >= self.started_from)
            and (self.started_to is None or started <= self.started_to)
        )


ANY = Wanted()
