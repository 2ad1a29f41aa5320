"""Works out the period that a report covers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from headrace.core.durations import parse_duration
from headrace.core.exceptions import ConfigError, Fault
from headrace.reports.html.figures import Period

_HOUR = timedelta(hours=1)
_SPAN_UNITS = "hdw"
_MOST_UNITS = 99_999
_BUCKETS = tuple(timedelta(days=days) for days in (1, 7, 28, 364))
_MOST_BUCKETS = 92
# Up to this length a period is shown by the hour.
_SHORT = timedelta(days=3)
# The period before is compared when no more than this share of it is missing.
_MISSING = 0.05


def period_since(since: str, first: datetime, last: datetime) -> Period:
    """Works out the period that a report covers.

    A duration counts back from the newest execution, not from now: a table that was not synced for
    a week still shows its last 30 days. Days are whole days, that of the newest execution included.

    Args:
        since: A duration (`30d`, `12h`, `8w`), or a date or time in ISO form, in UTC where it has
            no zone.
        first: The oldest moment in the table, in UTC, without a zone.
        last: The newest moment in the table, in UTC, without a zone.

    Raises:
        ConfigError: `since` is neither a duration nor a date, or is later than `last`.
    """
    start = _start(since.strip(), last)
    if start > last:
        raise _error(since, f"is after the newest execution ({last:%Y-%m-%d %H:%M} UTC)")
    begin = first.replace(minute=0, second=0, microsecond=0)
    if last - max(start, begin) > _SHORT:
        begin = begin.replace(hour=0)
    # There is nothing to show from before the first execution.
    start = max(start, begin)
    span = last - start
    fitting = (each for each in _BUCKETS if span / each <= _MOST_BUCKETS)
    bucket = _HOUR if span <= _SHORT else next(fitting, _BUCKETS[-1])
    has_before = first < start and first <= start - (1 - _MISSING) * span
    return Period(start, last, bucket, has_before)


def _start(since: str, last: datetime) -> datetime:
    span = parse_duration(since, _SPAN_UNITS)
    if span is not None and span.count <= _MOST_UNITS:
        length = timedelta(seconds=span.seconds)
        if span.unit == "h":
            whole_hour = last.replace(minute=0, second=0, microsecond=0)
            return whole_hour - length + timedelta(hours=1)
        midnight = last.replace(hour=0, minute=0, second=0, microsecond=0)
        return midnight - length + timedelta(days=1)
    try:
        moment = datetime.fromisoformat(since)
    except ValueError:
        raise _error(since, "is neither a span nor a date") from None
    return moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)


def _error(since: str, problem: str) -> ConfigError:
    message = f"`{since}` {problem}; give a span as `30d`, `12h`, `8w`, or a date as `2026-01-31`"
    return ConfigError([Fault("since", message)])
