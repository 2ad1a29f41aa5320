"""The figures of a report, as plain values."""

from __future__ import annotations

from dataclasses import field
from datetime import datetime, timedelta

from headrace.core.quick_dataclasses import dataclass

HOURS_IN_WEEK = 7 * 24


@dataclass(frozen=True, slots=True)
class Period:
    """The time that a report covers. All times are in UTC, without a zone.

    Args:
        start: When it begins.
        end: When it ends: the newest moment in the table.
        bucket: The length of the parts that it is divided into, for charts.
        has_before: Whether the table also has the period of the same length before it.
    """

    start: datetime
    end: datetime
    bucket: timedelta
    has_before: bool

    @property
    def before(self) -> datetime:
        """When the period of the same length before it begins."""
        return self.start - (self.end - self.start)

    @property
    def buckets(self) -> list[datetime]:
        """When each of the buckets begins."""
        count = (self.end - self.start) // self.bucket + 1
        return [self.start + number * self.bucket for number in range(count)]


@dataclass(frozen=True, slots=True)
class Counts:
    """Figures of a group of executions.

    Args:
        runs: How many executions have begun.
        ended: How many of them have ended.
        succeeded: How many ended with success.
        failed: How many ended with an error, or crashed.
        canceled: How many somebody canceled.
        waiting: How many are parked until a later time.
        running: How many are running, or are queued.
        failed_first: How many failed and are not a retry themselves.
        retried: How many of the failed ones were retried.
        saved: How many of the failed ones succeeded in the end, by a retry.
        p50: The median duration in seconds; None where no execution has ended.
        p95: The duration in seconds that 95 % of the ended executions did not exceed; None where
            no execution has ended.
    """

    runs: int = 0
    ended: int = 0
    succeeded: int = 0
    failed: int = 0
    canceled: int = 0
    waiting: int = 0
    running: int = 0
    failed_first: int = 0
    retried: int = 0
    saved: int = 0
    p50: float | None = None
    p95: float | None = None

    @property
    def failure_rate(self) -> float | None:
        """The share of the ended executions that failed, from 0 to 1; None where none has ended."""
        return self.failed / self.ended if self.ended else None


@dataclass(frozen=True, slots=True)
class OpenExecution:
    """An execution that has not ended.

    Args:
        id: The id of the execution, as text.
        outcome: `waiting`, `running` or `new`.
        started: When it started, in UTC; None while it waits in a queue.
        wait_till: When a parked execution is to go on, in UTC; None where that is not known.
        seconds: How many seconds before the end of the period it started; None while it waits in
            a queue.
        place: The index of its workflow in the report.
    """

    id: str
    outcome: str
    started: datetime | None
    wait_till: datetime | None
    seconds: float | None
    place: int


@dataclass(frozen=True, slots=True)
class NodeFigures:
    """How one node of a workflow fared in the executions of the period.

    Args:
        node: The name of the node.
        place: The index of its workflow in the report.
        workflow: The name of its workflow.
        runs: How often it ran.
        failures: How often it failed in an execution that failed.
        last_failed: When it last did, in UTC; None where it never did.
        timed: Of how many runs it is known how long they took.
        p50: The median of that in milliseconds; None where it is not known of any.
        p95: The milliseconds that 95 % of them did not exceed.
    """

    node: str
    place: int
    workflow: str
    runs: int
    failures: int
    last_failed: datetime | None
    timed: int
    p50: float | None
    p95: float | None


@dataclass(frozen=True, slots=True)
class ErrorGroup:
    """Errors of nodes whose messages say the same of other things.

    Args:
        name: The name of the error; empty where it has none.
        form: What the messages have in common; empty where there is no message.
        example: One of the messages, without credentials.
        times: How many runs of nodes failed with it.
        last: When the last of them did, in UTC; None where that is not known.
        node: The node that failed with it most often.
        place: The index of that node's workflow in the report.
        others: How many other nodes failed with it.
    """

    name: str
    form: str
    example: str
    times: int
    last: datetime | None
    node: str
    place: int
    others: int


@dataclass(slots=True)
class NodesFigures:
    """What the nodes of a workflow, or of all workflows together, did in the period.

    Args:
        failing: Nodes that failed, the one that did so most often first.
        failing_count: How many nodes failed.
        slow: Nodes with the longest p95, the slowest first.
        slow_count: Of how many nodes it is known how long they ran.
        errors: The most frequent errors.
        error_count: How many different errors there are, among those whose messages were read.
        failures: How many runs of nodes failed.
        unread: How many of them have messages that were not read, as there are too many of them.
        unnamed: How many failed executions have no node that failed.
    """

    failing: list[NodeFigures] = field(default_factory=list)
    failing_count: int = 0
    slow: list[NodeFigures] = field(default_factory=list)
    slow_count: int = 0
    errors: list[ErrorGroup] = field(default_factory=list)
    error_count: int = 0
    failures: int = 0
    unread: int = 0
    unnamed: int = 0


@dataclass(slots=True)
class ExecutionFigures:
    """The figures of one workflow, or of all workflows together.

    Args:
        now: The executions that began in the period.
        before: The executions that began in the period before.
        series: The executions that began in each bucket of the period.
        hours_runs: How many executions began in each hour of the week; Monday 00:00 is first.
        hours_ended: How many of those have ended.
        hours_failed: How many of those failed.
        open: Executions that have not ended, whenever they started; the oldest first.
        open_count: How many executions have not ended.
        nodes: What their nodes did; None where the runs of nodes are not loaded.
    """

    now: Counts
    before: Counts
    series: list[Counts]
    hours_runs: list[int] = field(default_factory=lambda: [0] * HOURS_IN_WEEK)
    hours_ended: list[int] = field(default_factory=lambda: [0] * HOURS_IN_WEEK)
    hours_failed: list[int] = field(default_factory=lambda: [0] * HOURS_IN_WEEK)
    open: list[OpenExecution] = field(default_factory=list)
    open_count: int = 0
    nodes: NodesFigures | None = None


@dataclass(frozen=True, slots=True)
class Workflow:
    """A workflow of the report.

    Args:
        id: The id of the workflow; empty for executions that name no workflow.
        name: The name of the workflow; its id where the name is not known.
        figures: The figures of its executions.
        others: How many workflows with few executions are put together here; 0 for a single one.
    """

    id: str
    name: str
    figures: ExecutionFigures
    others: int = 0


@dataclass(frozen=True, slots=True)
class MirrorRun:
    """A sync that loaded the table, or failed to.

    Args:
        started: When it started, in UTC.
        outcome: `complete`, `stopped`, `failed`, or another outcome in the table of runs.
        seconds: How many seconds it took; None where that is not known.
        requests: How many requests were answered; None where that is not known.
        rows_loaded: How many rows it loaded; None where that is not known.
        rows_quarantined: How many rows it set aside; None where that is not known.
        error: The error that made it fail; empty where there is none.
    """

    started: datetime
    outcome: str
    seconds: float | None = None
    requests: int | None = None
    rows_loaded: int | None = None
    rows_quarantined: int | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class MirrorHealth:
    """How well the table is kept equal to the API.

    Args:
        runs: The last syncs, the newest first.
        quarantined: How many rows are in quarantine.
        gone: How many executions the API dropped before they ended.
    """

    runs: list[MirrorRun] = field(default_factory=list)
    quarantined: int = 0
    gone: int = 0


@dataclass(frozen=True, slots=True)
class ReportFigures:
    """All figures of a report.

    Args:
        place: Where the table is, for people: its name and the kind of the destination.
        period: The period that the report covers; None where the table has no execution.
        chosen: The name of the only workflow that it covers; None for all.
        overall: The figures of all workflows together.
        workflows: The workflows, the one with the most executions first.
        health: How well the table is kept equal to the API.
    """

    place: str
    period: Period | None
    chosen: str | None
    overall: ExecutionFigures
    workflows: list[Workflow]
    health: MirrorHealth
