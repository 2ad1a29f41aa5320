"""What the API is asked for: hardly more than its pages, and never faster than it allows."""

from __future__ import annotations

import json

import pytest
from benchmarks.app_serving import served_app
from benchmarks.spark import LATENCY, app, config, requests_since
from pyspark.sql import SparkSession

pytestmark = pytest.mark.engines

PAGE = 100
# A request that left in time may come a little late, and so nearer to the one behind it.
JITTER = 0.15


def read(spark: SparkSession, config: object, **options: str) -> list[int]:
    given = {"config": json.dumps(config), **options}
    return [row.id for row in spark.read.format("headrace").options(**given).load().collect()]


def test_each_page_is_asked_for_once_and_each_lane_costs_one_request_at_most(
    spark: SparkSession,
) -> None:
    with served_app(app, 12_000, LATENCY, PAGE) as base_url:
        ids = read(spark, config(base_url, 16), workers="2", lanes="16")
        asked = requests_since(base_url)
    assert sorted(ids) == list(range(1, 12_001))
    assert 120 <= len(asked) <= 120 + 16


def test_all_workers_together_keep_to_the_rate_limit(spark: SparkSession) -> None:
    limit = {"requests": 15, "seconds": 1}
    with served_app(app, 6_000, LATENCY, PAGE) as base_url:
        limited = config(base_url, 16, rate_limit=limit)
        ids = read(spark, limited, workers="4", lanes="16")
        times = requests_since(base_url)
    assert sorted(ids) == list(range(1, 6_001))
    windows = [
        sum(first <= other < first + limit["seconds"] - JITTER for other in times)
        for first in times
    ]
    assert max(windows) <= limit["requests"]
    # They do not wait for each other either.
    assert len(times) / (times[-1] - times[0]) > limit["requests"] / 3


def test_a_filter_on_the_key_narrows_what_is_asked_for_and_nothing_else(
    spark: SparkSession,
) -> None:
    with served_app(app, 12_000, LATENCY, PAGE) as base_url:
        text = json.dumps(config(base_url, 16))
        reading = spark.read.format("headrace").options(config=text, workers="2", lanes="16")
        asked, found = {}, {}
        for is_on in ("false", "true"):
            spark.conf.set("spark.sql.python.filterPushdown.enabled", is_on)
            wanted = reading.load().where("id > 11000 and id <= 11500 and finished")
            requests_since(base_url)
            found[is_on] = sorted(row.id for row in wanted.collect())
            asked[is_on] = len(requests_since(base_url))
        spark.conf.unset("spark.sql.python.filterPushdown.enabled")
    expected = [number for number in range(11_001, 11_501) if number % 20]
    assert found == {"false": expected, "true": expected}
    assert asked["false"] >= 120
    assert asked["true"] < 40
