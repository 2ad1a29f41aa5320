"""A range that grows with time, read batch by batch: each row once, also at the bounds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from headrace import ConfigError
from headrace.backfill.following import lanes_between, places_to_follow
from headrace.backfill.lanes import read_lane
from headrace.reading.travelling import travelling_text
from tests.stories.lanes.test_lanes_by_key import (
    BY_CURSOR,
    BY_FILTER,
    FOLLOWING,
    SlowListing,
    row,
)
from tests.support.servers import Answer, Asked, JsonServer

BEGINS = datetime(2026, 1, 1, tzinfo=UTC)
TIMES = {number: BEGINS + timedelta(hours=6 * number) for number in range(41)}


def written(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def rows_between(since: datetime, until: datetime) -> list[dict[str, Any]]:
    """The rows of a range, whose end is counted in."""
    return [
        {"id": number, "at": written(at)} for number, at in TIMES.items() if since <= at <= until
    ]


def config(base_url: str, **incremental: Any) -> str:
    described = {
        "cursor_path": "at",
        "initial_value": written(BEGINS),
        "start_param": "since",
        "end_param": "until",
        "step": "1d",
        **incremental,
    }
    endpoint = {"path": "rows", "data_selector": "data", "incremental": described}
    resource = {
        "name": "rows",
        "primary_key": "id",
        "write_disposition": "merge",
        "endpoint": endpoint,
    }
    client = {"base_url": base_url, "paginator": "single_page"}
    return json.dumps({"client": client, "resources": [resource]})


@pytest.mark.parametrize("range_end", ["open", "closed"])
def test_each_row_is_in_one_batch(server: JsonServer, range_end: str) -> None:
    def answer(asked: Asked) -> Answer:
        since, until = (datetime.fromisoformat(asked.query[name]) for name in ("since", "until"))
        counted = until if range_end == "closed" else until - timedelta(microseconds=1)
        return Answer({"data": rows_between(since, counted)})

    server.handler = answer
    text = config(server.base_url, range_end=range_end)
    first, now = places_to_follow(text, "rows", lag=0)
    day = 24 * 3_600 * 1_000_000
    bounds = [first, first + day, first + 3 * day, first + 3 * day + day // 4, now]
    batches = []
    for low, high in pairwise(bounds):
        lanes = lanes_between(text, "rows", low, high, 3)
        assert 1 <= len(lanes) <= 3
        batches.append(
            [
                key
                for lane in lanes
                for batch in read_lane(text, "rows", lane)
                for key in batch.column("id").to_pylist()
            ]
        )
    # What lies at a bound is in the batch before it where the API counts it in.
    counts = {"open": [4, 8, 1, 28], "closed": [5, 8, 1, 27]}
    assert [len(each) for each in batches] == counts[range_end]
    assert sorted(key for each in batches for key in each) == list(TIMES)
    assert lanes_between(text, "rows", now, now, 3) == []


def test_it_stays_behind_the_present_and_ends_where_the_config_does() -> None:
    text = config("http://127.0.0.1:1", range_end="open")
    _, now = places_to_follow(text, "rows", lag=0)
    _, behind = places_to_follow(text, "rows", lag=3_600)
    assert 3_590 < (now - behind) / 1_000_000 < 3_601
    ends = config("http://127.0.0.1:1", range_end="open", end_value="2026-01-05T00:00:00Z")
    first, last = places_to_follow(ends, "rows", lag=3_600)
    assert last - first == 4 * 24 * 3_600 * 1_000_000


def test_what_has_no_windows_is_refused() -> None:
    client = {"base_url": "http://127.0.0.1:1"}
    text = json.dumps({"client": client, "resources": ["rows"]})
    with pytest.raises(ConfigError, match="cannot be followed as a stream: that takes"):
        places_to_follow(text, "rows", lag=0)


@pytest.fixture
def living() -> Iterator[SlowListing]:
    with SlowListing(page=50) as running:
        running.put(*(row(number) for number in range(1, 3_001) if number % 7))
        yield running


@pytest.mark.parametrize("lanes", [BY_CURSOR, BY_FILTER], ids=["cursor", "filter"])
def test_each_row_of_a_listing_by_key_is_in_one_batch(
    lanes: dict[str, Any], living: SlowListing
) -> None:
    document = living.config(**FOLLOWING)
    document["resources"][0]["endpoint"]["lanes"] = lanes
    text = travelling_text(document)
    low, high = places_to_follow(text, None, lag=60)
    batches: list[list[int]] = []
    for _ in range(3):
        planned = lanes_between(text, None, low, high, lanes=4)
        # Newer rows, and such as are read again with a batch that failed, are in no other batch.
        newest = max(living.rows)
        living.put(row(newest + 1), row(newest + 2, status="running"))
        found: list[int] = []
        for lane in planned:
            with read_lane(text, None, lane) as reader:
                found += [each["id"] for batch in reader for each in batch.to_pylist()]
        batches.append(found)
        low, high = high, places_to_follow(text, None, lag=60)[1]
    # What the listing hides while it runs comes with its batch.
    read = [number for batch in batches for number in batch]
    assert sorted(read) == [number for number in sorted(living.rows) if number <= low]
    assert len(batches[0]) > 2_500
    assert [len(each) for each in batches[1:]] == [2, 2]


def test_a_listing_by_key_that_tells_no_way_to_a_range_is_refused(living: SlowListing) -> None:
    with pytest.raises(ConfigError, match="cannot be followed as a stream"):
        places_to_follow(travelling_text(living.config(**FOLLOWING)), None, lag=60)
