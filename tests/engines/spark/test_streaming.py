"""The windows of an incremental as a stream: planned bounds, kept in Spark's checkpoint."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from tests.stories.backfills.test_following import TIMES, config, rows_between
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


def stream(spark: SparkSession, text: str, to: Path) -> Any:
    reading = spark.readStream.format("headrace").options(config=text, workers="2", lanes="6")
    frame = reading.schema("id BIGINT, at TIMESTAMP").load()
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
        query = stream(spark, text, tmp_path)
        query.processAllAvailable()
        query.stop()
        rows = spark.read.parquet(str(tmp_path / "rows")).collect()
        counts.append(len(rows))
        assert len({row.id for row in rows}) == len(rows)
    assert counts == [8, len(TIMES)]
