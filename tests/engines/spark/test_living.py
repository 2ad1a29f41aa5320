"""A living world is read while workers end, tasks fail and attempts race: the promise holds."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
import yaml
from pyspark.sql import DataFrame, Row, SparkSession

from headrace.config.connectors import find_connector
from headrace.simulator import Simulator
from headrace.simulator.faults import Faults
from tests.engines.living import LivingWorld
from tests.engines.spark.cluster import ADDRESSES, Cluster
from tests.engines.spark.sessions import session

pytestmark = pytest.mark.engines

ROWS = 5_000
# On the first machine the first attempt of the first task has a long time to look its key up.
SLOW_ONCE = """
import time
from pyspark import TaskContext

def look_up(name):
    task = TaskContext.get()
    if task is not None and task.partitionId() == 0 and task.attemptNumber() == 0:
        time.sleep(120)
    return None
"""


def config_of(simulator: Simulator) -> str:
    """The connector's config, with lanes by key."""
    connector = find_connector("executions")
    assert connector is not None
    config: dict[str, Any] = yaml.safe_load(connector.path.read_text())
    config["client"]["base_url"] = simulator.base_url
    executions = next(each for each in config["resources"] if each["name"] == "executions")
    executions["endpoint"]["lanes"] = {
        "by": "key",
        "cursor": '{"lastId":"{key}","limit":{limit}}',
        "encoding": "base64",
    }
    text: str = yaml.safe_dump(config)
    return text


@contextmanager
def events_of(cluster: Cluster, **settings: str) -> Iterator[tuple[SparkSession, Path]]:
    """A session that writes down what happens."""
    events = cluster.folder / "events"
    events.mkdir(exist_ok=True)
    before = set(events.iterdir())
    written = {
        "spark.eventLog.enabled": "true",
        "spark.eventLog.compress": "false",
        "spark.eventLog.dir": f"file://{events}",
    }
    made = session(cluster.url, {**written, **settings})
    try:
        (folder,) = set(events.iterdir()) - before
        yield made, folder
    finally:
        made.stop()


def told(folder: Path, kind: str) -> list[Mapping[str, Any]]:
    """The events of a kind that a session has written down."""
    texts = [path.read_text() for path in folder.glob("events_*")]
    lines = [json.loads(line) for text in texts for line in text.splitlines()]
    return [line for line in lines if line["Event"] == kind]


def executions(spark: SparkSession, simulator: Simulator, **options: str) -> DataFrame:
    given = {"config": config_of(simulator), "resource": "executions", **options}
    return spark.read.format("headrace").options(**given).load()


def as_typed(row: Row) -> dict[str, Any]:
    """A row as the promise compares it: without the column for JSON, times with their zone."""
    values = row.asDict()
    assert values.pop("_headrace_rest") is None
    return {
        name: value.astimezone(UTC) if hasattr(value, "astimezone") else value
        for name, value in values.items()
    }


def test_a_worker_that_loses_its_power_is_made_up_for(cluster: Cluster) -> None:
    killed = threading.Event()

    def kill(number: int) -> None:
        if number == 25:
            # In a thread of its own: the server goes on answering, as it would.
            threading.Thread(target=cluster.kill_worker, args=(ADDRESSES[1],)).start()
            killed.set()

    living = LivingWorld(ROWS, then=kill)
    simulated = Simulator(world=living.world, on_request=living.on_request)
    with events_of(cluster) as (spark, events), simulated as simulator:
        rows = executions(spark, simulator, workers="4").collect()
    cluster.add_worker(ADDRESSES[1])
    assert killed.is_set()
    assert told(events, "SparkListenerExecutorRemoved")
    living.check([as_typed(row) for row in rows])


def test_a_task_that_fails_once_is_tried_again(cluster: Cluster) -> None:
    living = LivingWorld(ROWS)
    simulated = Simulator(
        world=living.world, on_request=living.on_request, faults=Faults.parse("html@25")
    )
    with events_of(cluster) as (spark, events), simulated as simulator:
        rows = executions(spark, simulator, workers="4").collect()
    failed = [
        each
        for each in told(events, "SparkListenerTaskEnd")
        if each["Task End Reason"]["Reason"] != "Success"
    ]
    assert len(failed) == 1
    assert "PageError" in json.dumps(failed)
    living.check([as_typed(row) for row in rows])


def test_a_second_attempt_that_wins_leaves_nothing_twice(cluster: Cluster) -> None:
    (cluster.folder / "slow_once.py").write_text(SLOW_ONCE)
    # Enough for four parts.
    living = LivingWorld(3 * ROWS)
    simulated = Simulator(world=living.world, on_request=living.on_request)
    speculation = {
        "spark.speculation": "true",
        "spark.speculation.interval": "200ms",
        "spark.speculation.quantile": "0.5",
        "spark.speculation.multiplier": "1.2",
        "spark.speculation.minTaskRuntime": "1s",
    }
    with events_of(cluster, **speculation) as (spark, events), simulated as simulator:
        rows = executions(spark, simulator, workers="4", secrets="slow_once:look_up").collect()
    ends = told(events, "SparkListenerTaskEnd")
    assert len({each["Task Info"]["Index"] for each in ends}) == 4
    won = [
        each["Task Info"]
        for each in ends
        if each["Task Info"]["Speculative"] and each["Task End Reason"]["Reason"] == "Success"
    ]
    assert won
    living.check([as_typed(row) for row in rows])
