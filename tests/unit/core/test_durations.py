"""Durations: what is read as one, and how one is written."""

from __future__ import annotations

import pytest

from headrace.core.durations import Duration, format_duration, parse_duration, seconds_in
from headrace.core.exceptions import ConfigError


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90.0),
        ("30s", 30.0),
        ("5m", 300.0),
        ("1.5h", 5_400.0),
        (" 2 d ", 172_800.0),
        ("0.5", 0.5),
    ],
)
def test_a_number_and_a_unit_are_a_duration(text: str, seconds: float) -> None:
    assert seconds_in(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "soon", "0", "0s", "-5m", "5 minutes", "5M", "m", "1h30m", "1e3", "2w", "inf"]
)
def test_what_is_no_duration_is_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(ConfigError, match="is no span of time; write 30s, 5m, 2h or 1d"):
        seconds_in(text)


def test_the_unit_is_kept_and_only_the_allowed_ones_are_read() -> None:
    assert parse_duration("8w", "hdw") == Duration(8, "w")
    assert Duration(8, "w").seconds == 8 * 7 * 86_400
    assert parse_duration("8w", "hd") is None
    assert parse_duration("30", "hdw") is None


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 seconds"),
        (1, "1 second"),
        (59.9, "59 seconds"),
        (60, "1 minute"),
        (7_199, "1 hour"),
        (86_400, "1 day"),
        (86_400 * 1_234, "1,234 days"),
    ],
)
def test_it_is_written_in_its_largest_unit(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text
