"""One execution as it stands at some moment, what becomes of it, and how the API shows it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from headrace.simulator.outcomes import STATUSES

NEW, RUNNING, WAITING = "new", "running", "waiting"


@dataclass(frozen=True, slots=True)
class Execution:
    """One execution.

    Args:
        id: The key of the execution.
        workflow_id: The key of the workflow that it runs.
        status: `new` (queued), `running`, `waiting` (parked in a wait step), or how it ended.
        mode: What started it, as `webhook` or `retry`.
        started: When it started, in milliseconds since 1970; None where it was queued and has not.
        stopped: When it last stopped, in milliseconds since 1970; None before it first did.
        wait_till: When a parked one is to go on, in milliseconds since 1970.
        retry_of: The id of the older execution that it retries.
        retry_success: The id of the newer execution that retried it with success.
        created: When its row was made, in milliseconds since 1970; None for just before its start.
    """

    id: int
    workflow_id: str
    status: str
    mode: str
    started: int | None
    stopped: int | None = None
    wait_till: int | None = None
    retry_of: int | None = None
    retry_success: int | None = None
    created: int | None = None

    @property
    def settled(self) -> bool:
        """Whether it has ended."""
        return self.status not in (NEW, RUNNING, WAITING)

    def finish(self, status: str, at: int) -> Self:
        """Return it as it stands when it has ended.

        Args:
            status: How it ended: `success`, `error`, `canceled` or `crashed`.
            at: When it ended, in milliseconds since 1970.

        Raises:
            ValueError: It has ended already, or that is not how one ends.
        """
        if self.settled:
            raise ValueError(f"execution {self.id} has ended already: {self.status}")
        if status not in STATUSES:
            raise ValueError(f"an execution ends in one of {', '.join(STATUSES)}, not {status}")
        if self.status == NEW and status != "canceled":
            raise ValueError(f"execution {self.id} is queued: it can only be canceled")
        return replace(self, status=status, stopped=at, wait_till=None)

    def queue(self) -> Self:
        """Return it as it stands while it waits for its turn."""
        return replace(self, status=NEW, started=None, created=self.started)

    def begin(self, at: int) -> Self:
        """Return it as it stands when its turn has come.

        Args:
            at: When that was, in milliseconds since 1970.

        Raises:
            ValueError: It is not queued.
        """
        if self.status != NEW:
            raise ValueError(f"execution {self.id} is not queued: {self.status}")
        return replace(self, status=RUNNING, started=at)

    def park(self, at: int, wait_till: int) -> Self:
        """Return it as it stands in a wait step.

        Args:
            at: When it got there, in milliseconds since 1970.
            wait_till: When it is to go on, in milliseconds since 1970.

        Raises:
            ValueError: It does not run.
        """
        if self.status != RUNNING:
            raise ValueError(f"execution {self.id} does not run: {self.status}")
        return replace(self, status=WAITING, stopped=at, wait_till=wait_till)

    def wake(self) -> Self:
        """Return it as it stands when it runs on; it keeps `stopped`, as on a live server.

        Raises:
            ValueError: It is not parked.
        """
        if self.status != WAITING:
            raise ValueError(f"execution {self.id} is not parked: {self.status}")
        return replace(self, status=RUNNING, wait_till=None)

    def listed(self, *, string_ids: bool) -> dict[str, Any]:
        """Return it as a listing shows it.

        Args:
            string_ids: Whether `id` and `retrySuccessId` are text, as some live servers send them.
        """
        success = self.retry_success
        return {
            "id": str(self.id) if string_ids else self.id,
            "finished": self.status == "success",
            "mode": self.mode,
            "retryOf": None if self.retry_of is None else str(self.retry_of),
            "retrySuccessId": str(success) if string_ids and success is not None else success,
            "status": self.status,
            "startedAt": None if self.started is None else timestamp_text(self.started),
            "stoppedAt": None if self.stopped is None else timestamp_text(self.stopped),
            "workflowId": self.workflow_id,
            "waitTill": None if self.wait_till is None else timestamp_text(self.wait_till),
        }

    def detailed(self, *, string_ids: bool) -> dict[str, Any]:
        """Return it as its own path shows it, with the fields that listings leave out.

        Args:
            string_ids: Whether `id` and `retrySuccessId` are text, as some live servers send them.
        """
        row = self.listed(string_ids=string_ids)
        head = ("id", "finished", "mode", "retryOf", "retrySuccessId", "status")
        return {
            **{name: row[name] for name in head},
            "createdAt": timestamp_text(self._row_made),
            "startedAt": row["startedAt"],
            "stoppedAt": row["stoppedAt"],
            "deletedAt": None,
            "workflowId": row["workflowId"],
            "waitTill": row["waitTill"],
            "storedAt": "db",
            "tracingContext": None,
            "deduplicationKey": None,
        }

    @property
    def _row_made(self) -> int:
        if self.created is not None:
            return self.created
        if self.started is None:
            raise ValueError(f"nobody knows when execution {self.id} was made")
        return self.started - 1 - self.id % 5


def timestamp_text(milliseconds: int) -> str:
    """Write milliseconds since 1970 as the API does: `2026-11-23T06:34:39.718Z`."""
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
