"""Sessions of Spark, small ones."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import SparkSession

from headrace.spark import RestSource

_SMALL = {
    "spark.driver.host": "127.0.0.1",
    "spark.driver.memory": "600m",
    "spark.executor.memory": "600m",
    "spark.log.level": "ERROR",
    "spark.sql.shuffle.partitions": "2",
    "spark.ui.enabled": "false",
}


def session(cluster: str, settings: Mapping[str, str] | None = None) -> SparkSession:
    """A session on a cluster.

    Args:
        cluster: the cluster's URL.
        settings: beside those of a small session.
    """
    builder = SparkSession.builder.master(cluster)
    for name, value in {**_SMALL, **(settings or {})}.items():
        builder = builder.config(name, value)
    made: SparkSession = builder.getOrCreate()
    made.dataSource.register(RestSource)
    return made
