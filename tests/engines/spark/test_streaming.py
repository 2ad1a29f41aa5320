"""A range that grows as a stream: planned bounds, kept in Spark's checkpoint."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from headrace.reading.travelling import travelling_text
from tests.stories.backfills.test_following import TIMES, config, rows_between
from tests.stories.lanes.test_lanes_by_key import BY_CURSOR, FOLLOWING, SlowListing, row
from tests.support.servers import Answer, Asked, JsonServer

pytestmark = pytest.mark.engines


@pytest.fixture
def server() -> Iterator[JsonServer]:
    def answer(asked: Asked) -> Answer:
        since, until = (datetime.fromisoformat(asked.query[name]) for name in ("since", "until"))
        return Answer({"data": rows_between(since, until - timedelta(microseconds=1))})

    with JsonServer() as server:
        server.handler = answer
        yield server


def stream(spark: SparkSession, text: str, to: Path, schema: str) -> Any:
    reading = spark.readStream.format("headrace").options(config=text, workers="2", lanes="6")
    frame = reading.schema(schema).load()
    return (
        frame.writeStream.format("parquet")
        .option("path", str(to / "rows"))
        .option("checkpointLocation", str(to / "checkpoint"))
        .start()
    )


def test_it_goes_on_where_it_ended(spark: SparkSession, server: JsonServer, tmp_path: Path) -> None:
    ends = ("2026-01-03T00:00:00Z", "2026-01-12T00:00:00Z")
    counts = []
    for end in ends:
        text = config(server.base_url, range_end="open", end_value=end)
        query = stream(spark, text, tmp_path, "id BIGINT, at TIMESTAMP")
        query.processAllAvailable()
        query.stop()
        rows = spark.read.parquet(str(tmp_path / "rows")).collect()
        counts.append(len(rows))
        assert len({row.id for row in rows}) == len(rows)
    assert counts == [8, len(TIMES)]


def test_rows_that_a_listing_by_key_gets_at_its_top_come_once(
    spark: SparkSession, tmp_path: Path
) -> None:
    with SlowListing(page=50) as listing:
        listing.put(*(row(number) for number in range(1, 1_001)))
        document = listing.config(**FOLLOWING)
        document["resources"][0]["endpoint"]["lanes"] = BY_CURSOR
        text = travelling_text(document)
        for last in (1_000, 1_003):
            listing.put(*(row(number) for number in range(1_001, last + 1)))
            query = stream(spark, text, tmp_path, "id BIGINT, status STRING")
            query.processAllAvailable()
            query.stop()
            found = [each.id for each in spark.read.parquet(str(tmp_path / "rows")).collect()]
            assert sorted(found) == list(range(1, last + 1))
