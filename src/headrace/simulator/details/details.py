"""The fields of an execution that a listing leaves out, in the shape of release 2.41."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any

import msgspec

from headrace.simulator.details.failures import cancellation, failure_of, step_failure
from headrace.simulator.details.payloads import payload
from headrace.simulator.details.steps import Step, Times, steps_of
from headrace.simulator.workflows import workflow_rows

PAYLOAD_BYTES = 200
_FAILED = ("error", "crashed")


@dataclass(frozen=True, slots=True)
class Details:
    """Makes up what the steps of executions did: the same for the same row, and in keeping with it.

    Args:
        seed: Any integer; each gives other details.
        payload_bytes: How many bytes of content the steps of an execution hand on in all.

    Raises:
        ValueError: `payload_bytes` is negative.
    """

    seed: int
    payload_bytes: int = PAYLOAD_BYTES

    def __post_init__(self) -> None:
        if self.payload_bytes < 0:
            raise ValueError(f"payload must be 0 or more, not {self.payload_bytes}")

    def listed(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return a row as a listing with `includeData` shows it.

        Args:
            row: The row as a listing without it does.
        """
        data, workflow = self._data(row), _workflow(row["workflowId"])
        return {
            **row,
            "storedAt": "db",
            "jsonSizeBytes": _size(data),
            "workflowVersionId": workflow["versionId"],
            "data": data,
            "workflowData": _workflow_data(workflow),
            "customData": {},
        }

    def single(self, row: Mapping[str, Any], *, include_data: bool) -> dict[str, Any]:
        """Return a row as its own path shows it.

        Args:
            row: The row as an older release's own path shows it.
            include_data: Whether `includeData` was asked for.
        """
        data, workflow = self._data(row), _workflow(row["workflowId"])
        more = {"data": data, "customData": {}, "workflowData": _workflow_data(workflow)}
        return {
            **row,
            "jsonSizeBytes": _size(data),
            "binaryDataSizeBytes": 0,
            "workflowVersionId": workflow["versionId"],
            "usedPrivateCredentials": False,
            **(more if include_data else {}),
        }

    def _data(self, row: Mapping[str, Any]) -> dict[str, Any]:
        chance = Random(f"data {self.seed} {row['id']}")
        token = chance.randbytes(32).hex()
        workflow = _workflow(row["workflowId"])
        result = {"runData": {}} if row["startedAt"] is None else self._run(row, workflow, chance)
        return {"version": 1, "startData": {}, "resultData": result, "resumeToken": token}

    def _run(
        self, row: Mapping[str, Any], workflow: Mapping[str, Any], chance: Random
    ) -> dict[str, Any]:
        status = row["status"]
        times = Times.of(row["startedAt"], row["stoppedAt"])
        nodes = {node["name"]: node for node in workflow["nodes"]}
        failed = (
            failure_of(status, workflow["name"], list(nodes), times.started, times.took, chance)
            if status in _FAILED
            else None
        )
        steps = steps_of(status, times, list(nodes), chance, until=failed.node if failed else None)
        last = steps[-1]
        failure: dict[str, Any] | None = None
        if failed is not None:
            failure = step_failure(failed, nodes[last.node], last.started + last.took)
        elif status == "canceled":
            failure = cancellation(str(row["id"]), last.started + last.took)
        return {
            **({} if failure is None else {"error": failure}),
            "runData": self._run_data(row, steps, failure, chance),
            **({} if status == "running" else {"lastNodeExecuted": last.node}),
        }

    def _run_data(
        self,
        row: Mapping[str, Any],
        steps: Sequence[Step],
        failure: Mapping[str, Any] | None,
        chance: Random,
    ) -> dict[str, list[dict[str, Any]]]:
        share = self.payload_bytes // len(steps)
        runs: dict[str, list[dict[str, Any]]] = {}
        for index, step in enumerate(steps):
            source = {
                "previousNode": step.previous,
                "previousNodeOutput": 0,
                "previousNodeRun": max(0, len(runs.get(step.previous or "", ())) - 1),
            }
            run: dict[str, Any] = {
                "startTime": step.started,
                "executionIndex": index,
                "source": [] if step.previous is None else [source],
                "hints": [],
                "executionTime": step.took,
                "executionStatus": step.status,
            }
            if step.status in _FAILED:
                run["error"] = failure
            else:
                webhook = row["mode"] == "webhook"
                item = payload(int(row["id"]), share, webhook=webhook, chance=chance)
                run["data"] = {"main": [[{"json": item, "pairedItem": {"item": 0}}]]}
            runs.setdefault(step.node, []).append(run)
        return runs


def _size(data: Mapping[str, Any]) -> int:
    return len(msgspec.json.encode(data))


@cache
def _workflows() -> dict[str, Mapping[str, Any]]:
    return {row["id"]: row for row in workflow_rows()}


def _workflow(workflow_id: str) -> Mapping[str, Any]:
    known = _workflows()
    # A world can be told to run workflows that it does not list, as deleted ones are.
    return known.get(workflow_id) or {**next(iter(known.values())), "id": workflow_id}


def _workflow_data(workflow: Mapping[str, Any]) -> dict[str, Any]:
    names = ("id", "name", "nodes", "connections", "settings")
    return {**{name: workflow[name] for name in names}, "nodeGroups": []}
