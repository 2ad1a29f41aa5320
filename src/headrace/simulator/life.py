"""What happens in a world by itself: executions start and end, and people interfere."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from random import Random
from typing import Protocol

from headrace.simulator.agenda import Agenda
from headrace.simulator.execution import NEW, RUNNING, Execution
from headrace.simulator.pace import Pace
from headrace.simulator.table import ExecutionTable
from headrace.simulator.wanted import Wanted

_HOUR, _DAY = 3_600, 86_400
_DURATION_SPREAD = 1.2


class Steps(Protocol):
    """The steps that can be made in a world: by its life, and by a test."""

    def reserve(self) -> int:
        """Gives out an id whose row is not there yet."""

    def start(self, execution_id: int | None = None) -> int:
        """Starts an execution, under a reserved id or a new one; gives its id."""

    def finish(self, execution_id: int, status: str = "success") -> None:
        """Ends an execution."""

    def park(self, execution_id: int, seconds: float) -> None:
        """Parks an execution in a wait step for so many seconds."""

    def retry(self, execution_id: int) -> int:
        """Starts a retry of an execution; gives the retry's id."""

    def delete(self, execution_id: int) -> None:
        """Deletes an execution."""

    def prune(self) -> None:
        """Deletes the executions that are too old."""

    def stop(self, execution_id: int) -> None:
        """Cancels an execution, queued or not."""

    def restart(self) -> None:
        """Restarts the server."""

    def keep_nothing(self, runs: int) -> range:
        """Lets so many runs come and go that keep nothing; gives their ids."""


class Life:
    """Makes a world's steps when they are due.

    Args:
        world: The world in which things happen.
        table: The rows of that world.
        agenda: The clock of that world.
        pace: How much happens, and how often.
        seed: Any integer; each gives another course of things.
        restarts: Whether the server is restarted now and then.
        unsaved: How many runs that keep nothing come at once; 0 for none.
    """

    def __init__(
        self,
        world: Steps,
        table: ExecutionTable,
        agenda: Agenda,
        pace: Pace,
        seed: int,
        *,
        restarts: bool,
        unsaved: int,
    ) -> None:
        self._world = world
        self._table = table
        self._agenda = agenda
        self._pace = pace
        self._restarts = restarts
        self._unsaved = unsaved
        self._chance = Random(f"life {seed}")
        self._queued_outcomes: dict[int, str] = {}

    def begin(self) -> None:
        """Plan the first of each thing that happens again and again."""
        pace = self._pace
        self._again_and_again(pace.executions_per_hour / _HOUR, self._arrive)
        self._again_and_again(pace.old_retries_per_day / _DAY, self._retry_an_old_one)
        self._again_and_again(pace.deletions_per_day / _DAY, self._delete_one)
        if pace.prune_after_days is not None or pace.prune_above_rows is not None:
            self._agenda.after(pace.prune_every_seconds, self._prune)
        if self._restarts:
            self._again_and_again(pace.restarts_per_day / _DAY, self._world.restart)
        if self._unsaved:
            self._again_and_again(pace.unsaved_bursts_per_day / _DAY, self._burst)

    def begun(self, execution_id: int) -> None:
        """Take notice of a queued execution whose turn has come."""
        outcome = self._queued_outcomes.pop(execution_id, None)
        if outcome is not None:
            self._run(execution_id, outcome)

    def _again_and_again(self, times_a_second: float, action: Callable[[], None]) -> None:
        def happen() -> None:
            self._again_and_again(times_a_second, action)
            action()

        if times_a_second > 0:
            self._agenda.after(self._chance.expovariate(times_a_second), happen)

    def _arrive(self) -> None:
        draw = self._chance.random()
        if draw < self._pace.share_lost:
            self._world.reserve()
        elif draw < self._pace.share_lost + self._pace.share_late:
            execution_id = self._world.reserve()
            self._agenda.after(
                self._duration(self._pace.late_seconds), partial(self._appear, execution_id)
            )
        else:
            self._run(self._world.start(), self._draw_outcome())

    def _appear(self, execution_id: int) -> None:
        self._run(self._world.start(execution_id), self._draw_outcome())

    def _run(self, execution_id: int, outcome: str) -> None:
        """Plan how an execution that has just started goes on and ends."""
        if self._has(execution_id, NEW):
            self._queued_outcomes[execution_id] = outcome
            if self._chance.random() < self._pace.share_given_up:
                seconds = self._duration(self._pace.give_up_seconds)
                self._agenda.after(seconds, partial(self._give_up, execution_id))
            return
        ends_after = self._duration(self._pace.run_seconds)
        if self._chance.random() < self._pace.share_parked:
            parked_for = self._duration(self._pace.park_seconds)
            self._agenda.after(ends_after, partial(self._park, execution_id, parked_for))
            ends_after += parked_for + self._duration(self._pace.run_seconds)
        self._agenda.after(ends_after, partial(self._end, execution_id, outcome))

    # A person, or a test, may have come first: each of these looks whether it can still be done.

    def _park(self, execution_id: int, seconds: float) -> None:
        if self._has(execution_id, RUNNING):
            self._world.park(execution_id, seconds)

    def _end(self, execution_id: int, outcome: str) -> None:
        if not self._has(execution_id, RUNNING):
            return
        self._world.finish(execution_id, outcome)
        if outcome == "error" and self._chance.random() < self._pace.share_retried:
            self._agenda.after(
                self._duration(self._pace.retry_seconds), partial(self._retry, execution_id)
            )

    def _retry(self, execution_id: int) -> None:
        row = self._table.find(execution_id)
        if row is not None and row.retry_success is None:
            again = self._chance.random() < self._pace.share_retries_failing
            self._run(self._world.retry(execution_id), "error" if again else "success")

    def _retry_an_old_one(self) -> None:
        for part in self._table.parts(self._any_place(), Wanted(status="error")):
            self._retry(part.id if isinstance(part, Execution) else part[0])
            return

    def _delete_one(self) -> None:
        for part in self._table.parts(self._any_place()):
            if isinstance(part, range) or part.settled:
                self._world.delete(part.id if isinstance(part, Execution) else part[0])
                return

    def _prune(self) -> None:
        self._world.prune()
        self._agenda.after(self._pace.prune_every_seconds, self._prune)

    def _burst(self) -> None:
        self._world.keep_nothing(self._chance.randint((self._unsaved + 1) // 2, self._unsaved))

    def _give_up(self, execution_id: int) -> None:
        if self._has(execution_id, NEW):
            self._queued_outcomes.pop(execution_id, None)
            self._world.stop(execution_id)

    def _has(self, execution_id: int, status: str) -> bool:
        row = self._table.find(execution_id)
        return row is not None and row.status == status

    def _any_place(self) -> int:
        return self._chance.randint(2, self._table.newest_id + 2)

    def _draw_outcome(self) -> str:
        pace = self._pace
        shares = (pace.share_failing, pace.share_canceled, pace.share_crashed)
        (outcome,) = self._chance.choices(
            ("error", "canceled", "crashed", "success"), (*shares, 1 - sum(shares))
        )
        return outcome

    def _duration(self, median_seconds: float) -> float:
        return median_seconds * math.exp(self._chance.gauss(0, _DURATION_SPREAD))
