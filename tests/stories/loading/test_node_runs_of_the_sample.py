"""What the nodes of the sample API's executions did, loaded as it is listed."""

from __future__ import annotations

from datetime import datetime

from headrace.config import load_config
from headrace.config.selection import select_resources
from headrace.dlt_source.source import build_source
from headrace.simulator import Pace, Simulator, World
from headrace.syncing.sync import sync
from tests.support.tables import Warehouse


def test_each_run_of_each_node_is_a_row(warehouse: Warehouse) -> None:
    world = World(rows=400, pace=Pace.still(), like="2.41", at_once=1, gaps=10, payload=2_000)
    for status in ("success", "error", "canceled", "crashed"):
        world.finish(world.start(mode="webhook"), status)
    for _ in range(3):
        world.start(mode="webhook")
    with Simulator(world=world) as simulator:
        config = load_config(
            "executions",
            lookup={"API_KEY": simulator.api_key, "EXECUTIONS_BASE_URL": simulator.base_url}.get,
        )
        sync(warehouse.pipeline(), build_source(select_resources(config, ["node_runs"])))

    expected = set()
    for listed in world.truth():
        row = world.execution(int(listed["id"]), include_data=True)
        assert row is not None
        for node, runs in row["data"]["resultData"]["runData"].items():
            for place, run in enumerate(runs):
                error = run.get("error", {})
                facts = (run["executionStatus"], error.get("name"), run["executionTime"])
                expected.add((int(row["id"]), node, place, run["startTime"], *facts))
    loaded = [
        (
            *(row["execution_id"], row["node"], row["run"], milliseconds(row["started"])),
            *(row["status"], row["error_name"], row["milliseconds"]),
        )
        for row in warehouse.rows("test_data.node_runs", order="execution_id")
    ]
    assert len(loaded) == len(expected) > 900
    assert set(loaded) == expected


def test_a_release_without_details_has_none_and_is_not_listed_again(warehouse: Warehouse) -> None:
    with Simulator(rows=60) as simulator:
        config = load_config(
            "executions",
            lookup={"API_KEY": simulator.api_key, "EXECUTIONS_BASE_URL": simulator.base_url}.get,
        )
        chosen = select_resources(config, ["node_runs"])
        reports = [sync(warehouse.pipeline(), build_source(chosen)) for _ in range(3)]

    # The hidden ones are listed in each, in one request.
    assert [each.figures.total.requests for each in reports] == [4, 2, 2]
    assert "lost all its rows" not in str([each.figures for each in reports])


def milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1_000)
