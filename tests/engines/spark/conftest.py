"""A cluster that the tests share, and a session for those of a module."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark import SparkContext
from pyspark.sql import SparkSession

from headrace.simulator.running import Simulator
from tests.engines.spark.cluster import Cluster
from tests.engines.spark.sessions import session
from tests.support.project import ROOT

KEY = "simulator"


@pytest.fixture(scope="session")
def simulator() -> Iterator[Simulator]:
    with Simulator(rows=3_000, api_key=KEY) as simulator:
        yield simulator


@pytest.fixture(scope="session")
def machines(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the cluster, whose modules all of its machines can import."""
    return tmp_path_factory.mktemp("cluster")


@pytest.fixture(scope="session")
def cluster(simulator: Simulator, machines: Path) -> Iterator[Cluster]:
    told = {
        "API_KEY": KEY,
        "EXECUTIONS_BASE_URL": simulator.base_url,
        "PYTHONPATH": f"{ROOT}:{machines}",
    }
    # What the driver's Python sees is what its Java was started with.
    os.environ.update(told, PYSPARK_PYTHON=sys.executable, SPARK_LOCAL_IP="127.0.0.1")
    with Cluster(machines, told) as cluster:
        # Its Java stays in the folder where it was started: that of a test goes away.
        SparkContext._ensure_initialized()
        yield cluster


@pytest.fixture(scope="module")
def spark(cluster: Cluster) -> Iterator[SparkSession]:
    made = session(cluster.url)
    yield made
    made.stop()
