"""A sample API like release 2.41: what single rows and `includeData` bring."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest

from headrace.simulator import Pace, Simulator, World

from .asking import ask
from .newer import recorded, shape

STATUSES = ("success", "error", "canceled", "crashed")


def milliseconds(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1_000)


def ended(status: str, workflow_id: str = "hZHI423uQMRxfq7w", **more: Any) -> dict[str, Any]:
    """One execution that ended so after 1.5 seconds, with its data."""
    world = World(rows=0, pace=Pace.still(), like="2.41", **more)
    execution_id = world.start(workflow_id=workflow_id, mode="webhook")
    world.advance(1.5)
    world.finish(execution_id, status)
    row = world.execution(execution_id, include_data=True)
    assert row is not None
    return row


def runs_of(row: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """The runs of its nodes, in their order."""
    data = row["data"]["resultData"]["runData"]
    runs = [(node, run) for node, found in data.items() for run in found]
    return sorted(runs, key=lambda each: each[1]["executionIndex"])


def test_a_single_row_has_the_recorded_fields() -> None:
    with Simulator(rows=300, like="2.41") as simulator:
        answer = ask(simulator, "/executions/300").body

    told = recorded("t0 one that succeeded")
    assert list(answer) == list(told)
    # The recorded one was no retry, and nobody has retried it: what can be null is not compared.
    filled = {name for name in told if told[name] is not None and answer[name] is not None}
    assert all(shape(answer[name]) == shape(told[name]) for name in filled)
    assert {"jsonSizeBytes", "workflowVersionId", "usedPrivateCredentials"} <= filled


def test_a_failed_row_has_the_recorded_data() -> None:
    told = recorded("t0 one failed, with data")
    rows = [ended("error", seed=seed) for seed in range(20)]
    named = {row["data"]["resultData"]["error"]["name"] for row in rows}

    assert {"NodeOperationError", "NodeApiError"} == named
    for row in rows:
        assert list(row) == list(told)
        result, failed = row["data"]["resultData"], runs_of(row)[-1]
        assert list(row["data"]) == list(told["data"])
        assert list(result) == list(told["data"]["resultData"])
        assert failed[0] == result["lastNodeExecuted"] == result["error"]["node"]["name"]
        assert failed[1]["error"] == result["error"]
        assert failed[1]["executionStatus"] == "error"
        assert all(run["executionStatus"] == "success" for _, run in runs_of(row)[:-1])
        if result["error"]["name"] == "NodeOperationError":
            assert list(result["error"]) == list(told["data"]["resultData"]["error"])
        first, last = runs_of(row)[0][1], failed[1]
        told_runs = told["data"]["resultData"]["runData"]
        assert list(first) == list(told_runs["Webhook"][0])
        assert list(last) == list(told_runs["Step1"][0])
        assert shape(last["source"]) == shape(told_runs["Step1"][0]["source"])
        item, told_item = (each["data"]["main"][0][0] for each in (first, told_runs["Webhook"][0]))
        assert list(item) == list(told_item)
        assert list(item["json"]) == list(told_item["json"])
        assert list(row["workflowData"]) == [
            name for name in told["workflowData"] if name in row["workflowData"]
        ]


def test_a_canceled_row_has_the_recorded_error() -> None:
    told = recorded("t0 with data")["data"][2]
    result = ended("canceled")["data"]["resultData"]

    assert shape(result["error"]) == shape(told["data"]["resultData"]["error"])
    assert list(result) == list(told["data"]["resultData"])


def test_a_page_has_the_data_of_its_rows() -> None:
    with Simulator(rows=600, like="2.41") as simulator:
        plain = ask(simulator, "/executions", limit=50)
        page = ask(simulator, "/executions", limit=50, includeData="true")
        one = ask(simulator, "/executions/590", includeData="true").body

    told = recorded("t0 with data")["data"][0]
    assert page.body["nextCursor"] == plain.body["nextCursor"]
    for row, without in zip(page.body["data"], plain.body["data"], strict=True):
        assert list(row) == list(told)
        assert {name: row[name] for name in without} == without
        size = len(json.dumps(row["data"], separators=(",", ":"), ensure_ascii=False).encode())
        assert row["jsonSizeBytes"] == size
    (listed,) = [row for row in page.body["data"] if row["id"] == "590"]
    assert listed == {name: one[name] for name in listed}


@pytest.mark.parametrize("status", STATUSES)
def test_the_times_of_the_steps_add_up(status: str) -> None:
    looped = 0
    for seed in range(40):
        row = ended(status, seed=seed)
        runs = runs_of(row)
        started, stopped = milliseconds(row["startedAt"]), milliseconds(row["stoppedAt"])
        assert [run["executionIndex"] for _, run in runs] == list(range(len(runs)))
        at = runs[0][1]["startTime"]
        assert started <= at <= started + 10
        for _, run in runs:
            assert run["startTime"] == at
            at += run["executionTime"]
        end = started if status == "crashed" else stopped
        assert at == end
        error = row["data"]["resultData"].get("error")
        assert (error is None) == (status == "success")
        assert error is None or error["timestamp"] == end
        looped += len(runs) > len({node for node, _ in runs})
        names = {node for node, _ in runs}
        assert all(each["previousNode"] in names for _, run in runs for each in run["source"])
    assert (looped > 0) == (status == "success")


def test_rows_that_have_not_ended_have_what_is_known_of_them() -> None:
    world = World(rows=0, pace=Pace.still(), like="2.41", at_once=1)
    parked, running, queued = (world.start(mode=mode) for mode in ("manual", "webhook", "webhook"))
    world.park(parked, 60)
    results = []
    for each in (parked, running, queued):
        row = world.execution(each, include_data=True)
        assert row is not None
        results.append(row["data"]["resultData"])

    (last,) = results[0]["runData"][results[0]["lastNodeExecuted"]]
    assert last["executionStatus"] == "waiting"
    assert len(results[1]["runData"]) == 1
    assert "lastNodeExecuted" not in results[1]
    assert results[2] == {"runData": {}}


def test_the_data_depends_on_the_seed_and_the_row_alone() -> None:
    assert ended("error", seed=3) == ended("error", seed=3)
    assert ended("error", seed=3)["data"] != ended("error", seed=4)["data"]


def test_the_size_of_the_content_can_be_set() -> None:
    none, some, much = (ended("success", payload=size) for size in (0, 3_000, 1_000_000))

    assert 2_900 < some["jsonSizeBytes"] - none["jsonSizeBytes"] <= 3_100
    assert 999_000 < much["jsonSizeBytes"] - none["jsonSizeBytes"] < 1_000_100
    with Simulator(rows=5, like="2.41", payload=50_000) as simulator:
        assert ask(simulator, "/executions/5").body["jsonSizeBytes"] > 49_000
    with pytest.raises(ValueError, match="payload must be 0 or more, not -1"):
        World(like="2.41", payload=-1)


def test_the_older_release_brings_no_data() -> None:
    with Simulator(rows=5) as simulator:
        bodies = [
            ask(simulator, "/executions", **more).body for more in ({"includeData": "true"}, {})
        ]
        assert bodies[0] == bodies[1]
        assert "jsonSizeBytes" not in ask(simulator, "/executions/5", includeData="true").body
