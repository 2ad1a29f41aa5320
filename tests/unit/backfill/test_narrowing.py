"""Stretches are left out where no row wanted can be in them, and only there."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from headrace.backfill.lanes import Lane, plan_lanes
from headrace.backfill.narrowing import Bounds, within_bounds
from headrace.reading.stretches.stretch import KeyStretch, Stretch, WholeStretch, WindowStretch

KEYS = (KeyStretch(None, "300"), KeyStretch("300", "200"), KeyStretch("200", "100"))
LAST = KeyStretch("100", None)


def text(endpoint: dict[str, Any]) -> str:
    resource = {
        "name": "rows",
        "primary_key": "itemId",
        "write_disposition": "merge",
        "endpoint": {"path": "rows", **endpoint},
    }
    client = {"base_url": "http://127.0.0.1:1", "paginator": {"type": "cursor"}}
    return json.dumps({"client": client, "resources": [resource]})


BY_KEY = text(
    {
        "incremental": {
            "cursor_path": "itemId",
            "row_order": "desc",
            "settled_when": "done",
            "refresh_path": "rows/{itemId}",
            "late_rows": "none",
        }
    }
)
BY_TIME = text(
    {
        "incremental": {
            "cursor_path": "createdAt",
            "initial_value": "2026-01-01T00:00:00Z",
            "end_value": "2026-01-11T00:00:00Z",
            "start_param": "since",
            "end_param": "until",
            "range_end": "open",
            "step": "1d",
        }
    }
)


def left(config: str, *stretches: Stretch, **wanted: Bounds) -> list[Stretch]:
    lanes = within_bounds(config, "rows", [Lane(0, stretches)], wanted)
    return [stretch for lane in lanes for stretch in lane.stretches]


@pytest.mark.parametrize(
    ("bounds", "first", "last"),
    [
        (Bounds(), 0, 4),
        (Bounds(low=301), 0, 1),
        (Bounds(low=300), 0, 2),
        (Bounds(low=201, high=300), 1, 2),
        (Bounds(high=200), 2, 4),
        (Bounds(high=201), 1, 4),
        (Bounds(low=101, high=101), 2, 3),
        (Bounds(high=100), 3, 4),
        (Bounds(high=-5), 3, 4),
        (Bounds(low=datetime(2026, 1, 1, tzinfo=UTC)), 0, 4),
    ],
)
def test_keys(bounds: Bounds, first: int, last: int) -> None:
    assert left(BY_KEY, *KEYS, LAST, item_id=bounds) == [*KEYS, LAST][first:last]


def test_a_column_that_does_not_order_the_listing_leaves_nothing_out() -> None:
    assert left(BY_KEY, *KEYS, other=Bounds(low=500)) == list(KEYS)
    assert left(BY_KEY, WholeStretch(), item_id=Bounds(low=500)) == [WholeStretch()]


def test_keys_that_are_no_numbers_leave_nothing_out() -> None:
    times = (KeyStretch(None, "2026-01-02"), KeyStretch("2026-01-02", None))
    assert left(BY_KEY, *times, item_id=Bounds(low=5)) == list(times)


def test_windows() -> None:
    lanes, _ = plan_lanes(BY_TIME, "rows", lanes=10)
    windows = [stretch for lane in lanes for stretch in lane.stretches]
    assert len(windows) == 10
    assert all(isinstance(each, WindowStretch) for each in windows)
    at = datetime(2026, 1, 3, 12, tzinfo=UTC)
    there = at.astimezone(timezone(timedelta(hours=5)))

    assert left(BY_TIME, *windows, created_at=Bounds(low=at)) == windows[2:]
    assert left(BY_TIME, *windows, created_at=Bounds(low=there, high=there)) == windows[2:3]
    assert left(BY_TIME, *windows, created_at=Bounds(high=at)) == windows[:3]
    # The API may count both ends of a window in.
    edge = datetime(2026, 1, 3, tzinfo=UTC)
    assert left(BY_TIME, *windows, created_at=Bounds(low=edge, high=edge)) == windows[1:3]
    assert left(BY_TIME, *windows, created_at=Bounds(low=5)) == windows
