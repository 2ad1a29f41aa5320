"""Which runs have to wait because too many run already."""

from __future__ import annotations

from collections import deque

from headrace.simulator.execution import NEW, RUNNING, Execution

_LIMITED_MODES = ("webhook", "trigger")
"""What people start by hand, retries and workflows that others call never wait."""


class RunQueue:
    """Counts the runs under way, and keeps those that wait in their order.

    Args:
        at_once: How many may run at once; None for any number.

    Raises:
        ValueError: `at_once` is less than 1.
    """

    def __init__(self, at_once: int | None) -> None:
        if at_once is not None and at_once < 1:
            raise ValueError(f"at_once must be 1 or more, not {at_once}")
        self._at_once = at_once
        self._running: set[int] = set()
        self._waiting: deque[int] = deque()

    @property
    def full(self) -> bool:
        """Whether the next run has to wait."""
        return self._at_once is not None and len(self._running) >= self._at_once

    def holds_back(self, execution: Execution) -> bool:
        """Tell whether a run that is about to begin has to wait."""
        return self.full and execution.mode in _LIMITED_MODES

    def note(self, execution: Execution) -> None:
        """Take notice of a row that is new, or has changed."""
        if self._at_once is None or execution.mode not in _LIMITED_MODES:
            return
        if execution.status == RUNNING:
            self._running.add(execution.id)
        else:
            self._running.discard(execution.id)
        if execution.status == NEW:
            self._waiting.append(execution.id)

    def forget(self, execution_id: int) -> None:
        """Take notice of a row that is gone."""
        self._running.discard(execution_id)

    def next_in_line(self) -> int | None:
        """Take the run whose turn has come; None where none waits, or none may begin.

        It may have been canceled or deleted meanwhile.
        """
        return self._waiting.popleft() if self._waiting and not self.full else None
