"""How much happens in a world by itself, and how fast."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How a living sample API goes on.

    Durations are drawn anew each time, most near the median given, a few far above it. Shares are
    parts of one, 0 to 1.

    Args:
        executions_per_hour: How many start by themselves, retries not counted; 0 for none.
        run_seconds: The median duration of a run, and of what follows a wait step.
        share_failing: How many end in an error.
        share_canceled: How many are canceled.
        share_crashed: How many crash.
        share_parked: How many are parked in a wait step once.
        park_seconds: The median time in the wait step.
        share_retried: How many of those that ended in an error are retried.
        retry_seconds: The median time until somebody retries one.
        share_retries_failing: How many retries end in an error again.
        mark_seconds: How long after a retry's success the older row gains `retrySuccessId`; exact.
        share_late: How many rows appear only some time after their id was given out.
        late_seconds: The median time until they do.
        share_lost: How many ids are given out for rows that never appear.
        old_retries_per_day: How often somebody retries an error from any time in the past.
        deletions_per_day: How often somebody deletes a settled row from any time in the past.
        prune_after_days: Settled rows that stopped so long ago are pruned; None for never.
        prune_above_rows: Settled rows older than the newest so many are pruned; None for never.
        prune_every_seconds: How often the server prunes.
        restarts_per_day: How often the server is restarted, where that changes rows (2.41).
        unsaved_bursts_per_day: How often runs that keep nothing leave a gap, in a world with gaps.
        share_given_up: How many queued ones are canceled before their turn comes.
        give_up_seconds: The median time until they are.

    Raises:
        ValueError: A number is negative, or shares are more than the whole.
    """

    executions_per_hour: float = 600.0
    run_seconds: float = 8.0
    share_failing: float = 0.05
    share_canceled: float = 0.004
    share_crashed: float = 0.002
    share_parked: float = 0.02
    park_seconds: float = 1_800.0
    share_retried: float = 0.5
    retry_seconds: float = 900.0
    share_retries_failing: float = 0.25
    mark_seconds: float = 2.0
    share_late: float = 0.002
    late_seconds: float = 3.0
    share_lost: float = 0.001
    old_retries_per_day: float = 2.0
    deletions_per_day: float = 4.0
    prune_after_days: float | None = 30.0
    prune_above_rows: int | None = None
    prune_every_seconds: float = 3_600.0
    restarts_per_day: float = 6.0
    unsaved_bursts_per_day: float = 24.0
    share_given_up: float = 0.1
    give_up_seconds: float = 5.0

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            if value is not None and not value >= 0:
                raise ValueError(f"{each.name} must be 0 or more, not {value}")
            if each.name.startswith("share_") and value > 1:
                raise ValueError(f"{each.name} must be 1 or less, not {value}")
        if self.share_failing + self.share_canceled + self.share_crashed > 1:
            raise ValueError(
                "share_failing, share_canceled and share_crashed must be 1 or less in sum"
            )
        if self.share_late + self.share_lost > 1:
            raise ValueError("share_late and share_lost must be 1 or less in sum")
        if self.prune_every_seconds == 0:
            raise ValueError("prune_every_seconds must be more than 0")

    @classmethod
    def still(cls) -> Self:
        """Return the pace at which nothing happens by itself.

        What was set going still takes its course: a parked execution is woken in time, and the
        success of a retry is marked on the older row.
        """
        return cls(
            executions_per_hour=0,
            old_retries_per_day=0,
            deletions_per_day=0,
            prune_after_days=None,
            prune_above_rows=None,
            restarts_per_day=0,
            unsaved_bursts_per_day=0,
        )
