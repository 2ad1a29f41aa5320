"""The scale of windows: what a config means by its values, and what requests carry."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.sansio.windows import ScaleFault, scale_of, step_on


@pytest.mark.parametrize(
    ("initial_value", "step", "value_format", "next_value"),
    [
        ("2026-06-01", "31d", None, "2026-07-02"),
        ("2026-06-01", "2w", None, "2026-06-15"),
        (date(2026, 6, 1), "1d", None, "2026-06-02"),
        (datetime(2026, 6, 1, tzinfo=UTC), "1d", None, "2026-06-02T00:00:00+00:00"),
        ("2026-06-01T00:00:00Z", "6h", None, "2026-06-01T06:00:00Z"),
        ("2026-06-01T00:00:00+02:00", "30m", None, "2026-06-01T00:30:00+02:00"),
        ("2026-06-01T00:00:00-0330", "30m", None, "2026-06-01T00:30:00-0330"),
        ("2026-06-01 00:00", "30m", None, "2026-06-01 00:30"),
        ("2026-06-01T00:00:00.000Z", "10s", None, "2026-06-01T00:00:10.000Z"),
        ("2026-06-01T00:00:00.000000", "10s", None, "2026-06-01T00:00:10.000000"),
        (1_780_272_000, "1d", None, 1_780_358_400),
        (1_780_272_000_000, "1d", None, 1_780_358_400_000),
        ("1780272000", "1d", None, "1780358400"),
        ("2026-06-01", "1d", "%d/%m/%Y", "02/06/2026"),
        ("2026-06-01", "1d", "%Y%m%d", "20260602"),
        ("2026-06-01", "1d", "%s", "1780358400"),
        ("2026-06-01", "12h", "%Y-%m-%dT%H:%MZ", "2026-06-01T12:00Z"),
        ("2026-06-01T02:00:00+02:00", "12h", "%Y-%m-%dT%H:%M:%SZ", "2026-06-01T12:00:00Z"),
        ("2026-06-01T02:00:00+02:00", "12h", "%d.%m.%Y %H:%M", "01.06.2026 14:00"),
        (1_780_272_000, "1d", "%Y-%m-%d", "2026-06-02"),
        ("2026-06-01T00:00:00-05:00", "1d", "%Y-%m-%d", "2026-06-02"),
        ("2026-06-01T00:00:00-05:00", "1d", "%Y-%m-%dT%H:%M%z", "2026-06-02T00:00-0500"),
        (0, 10_000, None, 10_000),
        ("0", 100, None, "100"),
    ],
)
def test_values_are_sent_as_the_config_writes_them(
    initial_value: Any, step: str | int, value_format: str | None, next_value: Any
) -> None:
    scale = scale_of(initial_value, step, value_format)
    place = scale.read(initial_value)
    assert place is not None
    assert scale.write(place + step_on(scale, step, "step")) == next_value


@pytest.mark.parametrize(
    ("initial_value", "step", "value_format", "key", "told"),
    [
        ("2026-06-01", "6h", None, "step", "whole days"),
        ("2026-06-01", 10, None, "step", "a duration"),
        (1.5, 10, None, "step", "a whole number"),
        (0, 10, "%Y", "value_format", "leave it out"),
        ("2026-06-01", "31d", "%Y-%m", "value_format", "writes different times alike"),
        ("2026-06-01", "1h", "%Y%m%d %I", "value_format", "writes different times alike"),
        ("2026-06-01", "1d", "day", "value_format", "has no part of a time"),
        ("2026-06-01T00:00Z", "30s", None, "step", "0:01:00"),
        (20_260_601, "1d", None, "initial_value", "may be a date or seconds"),
        ("June", "1d", None, "initial_value", "2026-06-01T00:00:00Z"),
    ],
)
def test_what_does_not_go_together_is_refused(
    initial_value: Any, step: str | int, value_format: str | None, key: str, told: str
) -> None:
    with pytest.raises(ScaleFault, match=told) as refused:
        step_on(scale_of(initial_value, step, value_format), step, "step")
    assert refused.value.key == key


@given(st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1)))
def test_no_value_is_read_as_later_than_it_is(moment: datetime) -> None:
    for initial, step in (
        ("2026-06-01", "1d"),
        ("2026-06-01T00:00:00Z", "1h"),
        ("2026-06-01T00:00:00+05:00", "1h"),
        (1_780_272_000, "1h"),
    ):
        scale = scale_of(initial, step, None)
        place = scale.read(moment.replace(tzinfo=UTC).isoformat())
        assert place is not None
        again = scale.read(scale.write(scale.floored(place)))
        assert again is not None
        assert again <= place
        # What is kept in the state is read as what it was.
        assert scale.read(scale.shown(place)) == place


def test_a_local_time_counts_from_the_earlier_of_its_two_readings() -> None:
    dates = scale_of("2026-06-01", "1d", None)
    for text in ("2026-06-02T01:00:00+05:00", "2026-06-01T22:00:00-05:00"):
        assert dates.read(text) == dates.read("2026-06-01")
