"""The figures of a report, as plain values."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

HOURS_IN_WEEK = 7 * 24


@dataclass(frozen=True, slots=True)
class Period:
    """What a report is about; all times in UTC, without a zone of their own.

    Args:
        start: when it begins.
        end: the newest moment that the table knows of.
        bucket: length of the stretches of time that are shown beside each other.
        has_before: whether the table also holds the period before, of the same length.
    """

    start: datetime
    end: datetime
    bucket: timedelta
    has_before: bool

    @property
    def before(self) -> datetime:
        """When the period before it begins."""
        return self.start - (self.end - self.start)

    @property
    def buckets(self) -> list[datetime]:
        """When each of the stretches begins."""
        count = (self.end - self.start) // self.bucket + 1
        return [self.start + number * self.bucket for number in range(count)]


@dataclass(frozen=True, slots=True)
class Counts:
    """ExecutionFigures of some executions.

    Args:
        runs: how many have begun.
        ended: how many of them have ended.
        succeeded: with success.
        failed: with an error, or crashed.
        canceled: by somebody.
        waiting: are parked.
        running: run, or are to run.
        failed_first: failed, and are no retry themselves.
        retried: how many of those were tried again.
        saved: and in the end with success.
        p50: median duration in seconds; None where none has ended.
        p95: 95 % have taken so many seconds or less.
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
        """Part of the ended executions that failed, 0 to 1; None where none has ended."""
        return self.failed / self.ended if self.ended else None


@dataclass(frozen=True, slots=True)
class OpenExecution:
    """An execution that has not ended.

    Args:
        id: its key, as text.
        outcome: `waiting`, `running` or `new`.
        started: in UTC.
        wait_till: when a parked one is to go on, in UTC; None where that is not known.
        seconds: how long ago it started, at the end of the period.
        place: index of its workflow in the report.
    """

    id: str
    outcome: str
    started: datetime
    wait_till: datetime | None
    seconds: float
    place: int


@dataclass(slots=True)
class ExecutionFigures:
    """How the executions of a workflow fare, or of all.

    Args:
        now: in the period.
        before: in the one before.
        series: in each bucket of the period.
        hours_runs: in each hour of the week, Monday 00:00 first.
        hours_ended: how many of them have ended.
        hours_failed: how many of them failed.
        open: those that have not ended, whenever they started; the oldest first.
        open_count: how many there are of them.
    """

    now: Counts
    before: Counts
    series: list[Counts]
    hours_runs: list[int] = field(default_factory=lambda: [0] * HOURS_IN_WEEK)
    hours_ended: list[int] = field(default_factory=lambda: [0] * HOURS_IN_WEEK)
    hours_failed: list[int] = field(default_factory=lambda: [0] * HOURS_IN_WEEK)
    open: list[OpenExecution] = field(default_factory=list)
    open_count: int = 0


@dataclass(frozen=True, slots=True)
class Workflow:
    """A workflow of the report.

    Args:
        id: its key; empty where executions name none.
        name: its name; the key where that is not known.
        figures: of its executions.
        others: how many workflows with few executions are put together in this one; 0 for one.
    """

    id: str
    name: str
    figures: ExecutionFigures
    others: int = 0


@dataclass(frozen=True, slots=True)
class MirrorRun:
    """A sync that has loaded, or was to load, the table.

    Args:
        started: in UTC.
        outcome: `complete`, `stopped`, `failed`, or other words of the table of runs.
        seconds: that it took; None where that is not known.
        requests: that it made; None where that is not known.
        rows_loaded: None where that is not known.
        rows_quarantined: None where that is not known.
        error: what went wrong; empty for nothing.
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
    """How the mirror itself fares.

    Args:
        runs: the newest syncs, the newest first.
        quarantined: rows in quarantine.
        gone: open executions that the API no longer has.
    """

    runs: list[MirrorRun] = field(default_factory=list)
    quarantined: int = 0
    gone: int = 0


@dataclass(frozen=True, slots=True)
class ReportFigures:
    """All that a report tells.

    Args:
        place: where the table is, for people: its name and the kind of the destination.
        period: that it is about; None where the table holds no execution.
        chosen: name of the only workflow that it is about; None for all.
        overall: all workflows together.
        workflows: the one with the most executions first.
        health: of the mirror.
    """

    place: str
    period: Period | None
    chosen: str | None
    overall: ExecutionFigures
    workflows: list[Workflow]
    health: MirrorHealth
