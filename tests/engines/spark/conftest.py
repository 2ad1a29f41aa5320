"""A cluster and a session, shared by all tests that neither end a worker nor look at the logs."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from headrace.simulator.running import Simulator
from headrace.spark import RestSource
from tests.engines.spark.cluster import Cluster

KEY = "simulator"


def session(cluster: Cluster, **settings: str) -> SparkSession:
    """A session on a cluster; what is set goes by names with `_` for each dot."""
    builder = SparkSession.builder.master(cluster.url).config("spark.driver.host", "127.0.0.1")
    quiet = {
        "spark.ui.enabled": "false",
        "spark.executor.memory": "600m",
        "spark.driver.memory": "600m",
        "spark.sql.shuffle.partitions": "2",
        "spark.log.level": "ERROR",
        **{name.replace("_", "."): value for name, value in settings.items()},
    }
    for name, value in quiet.items():
        builder = builder.config(name, value)
    made = builder.getOrCreate()
    made.dataSource.register(RestSource)
    return made


@pytest.fixture(scope="session", autouse=True)
def python_of_the_driver() -> None:
    os.environ["PYSPARK_PYTHON"] = sys.executable
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"


@pytest.fixture(scope="session")
def simulator() -> Iterator[Simulator]:
    with Simulator(rows=3_000, api_key=KEY) as simulator:
        yield simulator


@pytest.fixture(scope="session")
def spark(simulator: Simulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    folder: Path = tmp_path_factory.mktemp("cluster")
    told = {"API_KEY": KEY, "EXECUTIONS_BASE_URL": simulator.base_url}
    # What the driver's Python sees is what its Java was started with.
    os.environ.update(told)
    with Cluster(folder, told) as cluster:
        made = session(cluster)
        yield made
        made.stop()
