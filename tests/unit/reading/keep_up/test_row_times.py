"""When a row last changed, read from its own fields."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from headrace.reading.keep_up.row_times import last_change

NOW = 1_795_600_000.0


@pytest.mark.parametrize(
    ("row", "seconds_before"),
    [
        ({"startedAt": "2026-11-25T09:46:00Z", "stoppedAt": "2026-11-25T09:46:20.000Z"}, 20.0),
        (
            {"times": {"began": "2026-11-25T09:46:00+00:00", "ended": "2026-11-25T10:46:30+01:00"}},
            10,
        ),
        ({"startedAt": "2026-11-25T09:46:00Z", "due": "2030-01-01T00:00:00Z"}, 0.0),
        ({"startedAt": "2026-11-25T09:46:00Z"}, None),
        ({"startedAt": "2026-11-25T09:46:00Z", "name": "2026 was a good year"}, None),
        ({"id": 1}, None),
        ([], None),
    ],
)
def test_the_last_of_several_times_counts(row: Any, seconds_before: float | None) -> None:
    expected = None if seconds_before is None else NOW - seconds_before
    assert last_change(msgspec.Raw(json.dumps(row).encode()), NOW) == expected
