"""A program of its own, with a driver of its own: reads, and shows all that Spark tells of it.

Arguments: the cluster's URL, the folder of the event log, and a JSON list of the options of each
read. What is told goes to standard output as JSON: for each read how many rows there were, or the
error, and the plan; and then the pages of the UI.
"""

from __future__ import annotations

import json
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from typing import Any

from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from tests.engines.spark.sessions import session

_PAGES = ("jobs", "stages", "environment", "executors", "SQL", "storage")
_LISTS = ("jobs", "stages", "executors", "allexecutors", "environment", "sql?details=true")
_MOST = 4


def _read(address: str) -> str:
    try:
        with urllib.request.urlopen(address, timeout=30) as answer:
            return bytes(answer.read()).decode("utf-8", "replace")
    except OSError as error:
        return str(error)


def _shown(spark: SparkSession) -> Iterator[str]:
    """The pages of the UI and of its REST API, with those that they link to."""
    ui = str(spark.sparkContext.uiWebUrl)
    application = f"{ui}/api/v1/applications/{spark.sparkContext.applicationId}"
    for page in _PAGES:
        yield _read(f"{ui}/{page}/")
    for number in range(_MOST):
        yield _read(f"{ui}/SQL/execution/?id={number}")
        yield _read(f"{ui}/jobs/job/?id={number}")
        yield _read(f"{ui}/stages/stage/?id={number}&attempt=0")
        yield _read(f"{application}/stages/{number}")
    for name in _LISTS:
        yield _read(f"{application}/{name}")


def _told_of(spark: SparkSession, options: Mapping[str, str]) -> dict[str, Any]:
    told: dict[str, Any] = {"rows": None, "error": None, "plan": None}
    try:
        reading = spark.read.format("headrace").options(**options)
        rows = reading.schema("id BIGINT").load()
        told["plan"] = rows._jdf.queryExecution().toString()
        told["rows"] = len(rows.collect())
    except PySparkException as error:
        told["error"] = f"{error} {error!r}"
    return told


def main() -> None:
    """Reads, and tells."""
    cluster, events, reads = sys.argv[1:]
    spark = session(
        cluster,
        {
            "spark.ui.enabled": "true",
            "spark.ui.port": "0",
            "spark.eventLog.enabled": "true",
            "spark.eventLog.compress": "false",
            "spark.eventLog.dir": f"file://{events}",
            "spark.log.level": "INFO",
            "spark.task.maxFailures": "2",
        },
    )
    told = [_told_of(spark, options) for options in json.loads(reads)]
    pages = list(_shown(spark))
    spark.stop()
    json.dump({"reads": told, "ui": pages}, sys.stdout)


if __name__ == "__main__":
    main()
