"""A world that takes notes of what happens in it, as a witness for the tests.

A mirror cannot know everything: that a key was given out and its row comes late, or when a row was
changed by another one. With the notes a test can tell what a mirror could know from what it missed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from headrace.simulator import World
from headrace.simulator.exclusive import exclusive


@dataclass(slots=True)
class Mark:
    """The second step of a retry that succeeds: the older row gains `retrySuccessId`.

    Args:
        retried: The key of the older row.
        ended: The time at which the retry ended, in seconds since 1970.
        written: The time at which the older row changes or has changed, in seconds since 1970.
    """

    retried: int
    ended: float
    written: float


@dataclass(slots=True)
class Notes:
    """What happened in a world.

    Args:
        ids: The ids of all rows that were started.
        reserved: The ids that were given out and whose rows are not there yet.
        appeared: The time at which each row was started, in seconds since 1970, by its id.
        retries: The id of the older row, by the id of its retry.
        marks: The second step of each retry that succeeded, by the id of the retry.
    """

    ids: list[int] = field(default_factory=list)
    reserved: set[int] = field(default_factory=set)
    appeared: dict[int, float] = field(default_factory=dict)
    retries: dict[int, int] = field(default_factory=dict)
    marks: dict[int, Mark] = field(default_factory=dict)


class WatchedWorld(World):
    """A world that takes notes, whether a test makes its steps or it goes on by itself.

    Attributes:
        notes: What happened so far.
    """

    def __init__(self, *args: Any, **settings: Any) -> None:
        self.notes = Notes()
        super().__init__(*args, **settings)

    @exclusive
    def reserve(self) -> int:
        execution_id = super().reserve()
        self.notes.reserved.add(execution_id)
        return execution_id

    @exclusive
    def start(self, /, execution_id: int | None = None, **chosen: Any) -> int:
        execution_id = super().start(execution_id, **chosen)
        self.notes.reserved.discard(execution_id)
        self.notes.ids.append(execution_id)
        self.notes.appeared[execution_id] = self.now
        return execution_id

    @exclusive
    def retry(self, execution_id: int) -> int:
        retry_id = super().retry(execution_id)
        self.notes.retries[retry_id] = execution_id
        return retry_id

    @exclusive
    def finish(self, execution_id: int, status: str = "success") -> None:
        super().finish(execution_id, status)
        retried = self.notes.retries.get(execution_id)
        if retried is not None and status == "success":
            due = self.now + self.pace.mark_seconds
            self.notes.marks[execution_id] = Mark(retried, self.now, due)

    @exclusive
    def mark_retried(self, retry_id: int) -> None:
        super().mark_retried(retry_id)
        self.notes.marks[retry_id].written = self.now

    def started(self, *statuses: str) -> list[int]:
        """The ids of the started rows that are still there, in rising order.

        Args:
            statuses: The statuses of the rows that are wanted; none to want all rows.
        """
        found = []
        for execution_id in sorted(self.notes.ids):
            row = self.execution(execution_id)
            if row is not None and (not statuses or row["status"] in statuses):
                found.append(execution_id)
        return found

    def unmarked(self) -> list[int]:
        """The ids of the retries that succeeded and whose older rows are yet to be changed."""
        return [each for each, mark in self.notes.marks.items() if mark.written > self.now]
