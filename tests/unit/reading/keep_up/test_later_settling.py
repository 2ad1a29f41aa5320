"""Rows that settle a while after they look settled: the text of a time often tells enough."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from headrace.config.built.tail import SettlesAfter
from headrace.core.json_path import JsonPath
from headrace.reading.keep_up.later_settling import LaterSettling
from headrace.sansio.rows.row_facts import RowFacts
from headrace.sansio.tail.keys import instant_of

NOW = datetime(2026, 3, 1, 12, 30, 15, 500_000, UTC)
DAY = 86_400


def as_zulu(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def as_seconds(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def with_offset(time: datetime) -> str:
    return time.astimezone(timezone(timedelta(hours=9))).isoformat()


def with_space(time: datetime) -> str:
    return as_zulu(time).replace("T", " ")


def compact(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


MOMENTS = st.integers(-3 * DAY, DAY).map(lambda seconds: NOW + timedelta(seconds=seconds))
EDGES = st.sampled_from([-1, 0, 1]).map(
    lambda micro: NOW - timedelta(days=1) + timedelta(microseconds=micro * 500_000)
)
WAYS = st.sampled_from([as_zulu, as_seconds, with_offset, with_space, compact])
TIMES = st.builds(lambda way, moment: way(moment), WAYS, MOMENTS | EDGES)
ODD = st.sampled_from(["", "soon", "2026", "2026-W09-7T00:00:00Z", "0000-00-00T00:00:00Z", 7, None])


@given(st.lists(st.tuples(st.booleans(), TIMES | ODD), max_size=20))
def test_a_row_is_as_settled_as_its_time_says(rows: list[tuple[bool, Any]]) -> None:
    later = LaterSettling(SettlesAfter(DAY, JsonPath("stoppedAt"), None))
    facts = RowFacts({"stoppedAt": [time for _, time in rows]}, len(rows))

    found = later.settled([is_settled for is_settled, _ in rows], facts, NOW.timestamp())

    oldest = NOW.timestamp() - DAY
    instants = [instant_of(time) for _, time in rows]
    assert found == [
        is_settled and not (instant is not None and instant > oldest)
        for (is_settled, _), instant in zip(rows, instants, strict=True)
    ]
