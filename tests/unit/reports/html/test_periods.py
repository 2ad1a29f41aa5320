"""Which time a report is about."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace import ConfigError
from headrace.reports.html.periods import period_since

FIRST = datetime(2026, 1, 10, 7, 30)
LAST = datetime(2026, 5, 20, 15, 45)


@pytest.mark.parametrize(
    ("since", "start", "bucket"),
    [
        ("30d", datetime(2026, 4, 21), timedelta(days=1)),
        ("1d", datetime(2026, 5, 20), timedelta(hours=1)),
        ("12h", datetime(2026, 5, 20, 4), timedelta(hours=1)),
        ("8w", datetime(2026, 3, 26), timedelta(days=1)),
        ("2026-05-01", datetime(2026, 5, 1), timedelta(days=1)),
        ("2026-05-01T12:00:00+02:00", datetime(2026, 5, 1, 10), timedelta(days=1)),
        # Nothing to show before the first execution.
        ("2000-01-01", datetime(2026, 1, 10), timedelta(days=7)),
        ("9999d", datetime(2026, 1, 10), timedelta(days=7)),
    ],
)
def test_it_ends_with_the_newest_execution(since: str, start: datetime, bucket: timedelta) -> None:
    period = period_since(since, FIRST, LAST)

    assert (period.start, period.end, period.bucket) == (start, LAST, bucket)


def test_the_one_before_must_be_there_to_be_compared_with() -> None:
    assert period_since("30d", FIRST, LAST).has_before
    assert not period_since("100d", FIRST, LAST).has_before
    assert not period_since("2000-01-01", FIRST, LAST).has_before


@given(
    since=st.one_of(
        st.integers(1, 99_999).map(lambda number: f"{number}d"),
        st.integers(1, 99_999).map(lambda number: f"{number}h"),
        st.integers(1, 99_999).map(lambda number: f"{number}w"),
    ),
    last=st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1)),
    age=st.timedeltas(timedelta(0), timedelta(days=20_000)),
)
def test_buckets_cover_any_period_and_are_few(since: str, last: datetime, age: timedelta) -> None:
    period = period_since(since, last - age, last)

    assert period.start <= last < period.buckets[-1] + period.bucket
    assert period.buckets[0] == period.start
    assert len(period.buckets) <= 94


@pytest.mark.parametrize("since", ["", "yesterday", "0d", "-3d", "30", "30m", "2026-13-01"])
def test_what_is_neither_a_span_nor_a_date_is_refused(since: str) -> None:
    with pytest.raises(ConfigError, match="is neither a span nor a date; give a span as `30d`"):
        period_since(since, FIRST, LAST)


def test_the_future_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"is after the newest execution \(2026-05-20 15:45 UTC"):
        period_since("2027-01-01", FIRST, LAST)
