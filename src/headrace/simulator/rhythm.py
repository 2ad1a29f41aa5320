"""When executions start: more by day than by night, over the 30 days before a fixed instant."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from functools import cache

import pyarrow as pa
import pyarrow.compute as pc

HISTORY_DAYS = 30
HISTORY_END = datetime(2026, 11, 23, tzinfo=UTC)
HISTORY_END_MS = int(HISTORY_END.timestamp()) * 1_000

_HOUR_MS = 3_600_000
_WEEKDAY = (2, 2, 1, 1, 1, 2, 4, 8, 12, 14, 14, 13, 11, 13, 14, 14, 12, 10, 7, 5, 4, 3, 3, 2)
_WEEKEND = (2, 2, 1, 1, 1, 1, 2, 3, 4, 5, 5, 5, 5, 5, 5, 5, 4, 4, 4, 3, 3, 3, 2, 2)


@cache
def _quantum_starts() -> pa.Int64Array:
    """Return the starts of the stretches of time that get equally many executions."""
    begin = HISTORY_END_MS - HISTORY_DAYS * 24 * _HOUR_MS
    # No two days, and no two hours, are alike.
    chance = random.Random("rhythm")
    starts: list[int] = []
    day_factor = 1.0
    for hour in range(HISTORY_DAYS * 24):
        hour_start = begin + hour * _HOUR_MS
        moment = datetime.fromtimestamp(hour_start / 1_000, UTC)
        if moment.hour == 0:
            day_factor = chance.uniform(8, 11)
        usual = (_WEEKEND if moment.weekday() >= 5 else _WEEKDAY)[moment.hour]
        busy = round(usual * day_factor * chance.uniform(0.85, 1.15))
        starts += [hour_start + part * _HOUR_MS // busy for part in range(busy)]
    return pa.array([*starts, HISTORY_END_MS], pa.int64())


def start_times(progress: pa.DoubleArray) -> pa.Int64Array:
    """Tell when the executions start that stand so far in the history.

    Args:
        progress: From 0 (the oldest moment) up to, not with, 1 (the newest).

    Returns:
        Milliseconds since 1970, growing with `progress`.
    """
    starts = _quantum_starts()
    place = pc.multiply(progress, float(len(starts) - 1))
    quantum = pc.floor(place).cast(pa.int64())
    begin = starts.take(quantum)
    width = pc.subtract(starts.take(pc.add(quantum, 1)), begin)
    within = pc.multiply(pc.subtract(place, pc.floor(place)), width.cast(pa.float64()))
    return pc.add(begin, pc.floor(within).cast(pa.int64()))
