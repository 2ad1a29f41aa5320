"""Workflows as release 2.41 lists them, their versions and tags."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from headrace.simulator.surroundings.made_up import PROJECT_ID, key_of, moment_of, uuid_of
from headrace.simulator.workflows import WORKFLOWS, Workflow, workflow_row, workflow_rows

_AUTHORS = "Some Owner"
_UNSAVED = Workflow(
    "2PSPhBhNfzZo1Amu", "Answer health checks", "webhook", 1, 20, 0.0, ("Answer", "Forget")
)
PINNED_TOKEN = "Bearer made-up-and-pinned"
"""What is in all pinned data, so that it can be looked for."""
_KEEPS_NOTHING = {"saveDataErrorExecution": "none", "saveDataSuccessExecution": "none"}


def tags() -> list[dict[str, Any]]:
    """Return the tags as the API lists them."""
    names = sorted({tag for workflow in WORKFLOWS for tag in workflow.tags})
    return [{"id": key_of(name), "name": name, **_made(name)} for name in names]


@cache
def newer_workflows(*, with_pinned: bool = False) -> tuple[Mapping[str, Any], ...]:
    """Return the workflows as the API lists them; the runs of one of them keep nothing.

    Args:
        with_pinned: Whether the data comes too that was pinned to their first nodes.
    """
    unsaved = {**workflow_row(_UNSAVED), "settings": _KEEPS_NOTHING}
    rows = sorted([*workflow_rows(), unsaved], key=lambda row: str(row["id"]))
    newer = [_newer(row) for row in rows]
    return tuple({**row, "pinData": _pinned(row)} if with_pinned else row for row in newer)


def _pinned(row: Mapping[str, Any]) -> dict[str, Any] | None:
    """What a webhook once got, as whoever built the workflow has pinned it; None for most."""
    first = row["nodes"][0]["name"]
    if first != "Webhook":
        return None
    return {first: [{"json": {"headers": {"authorization": PINNED_TOKEN}, "body": {"id": 1}}}]}


def versions(workflow_id: str) -> list[dict[str, Any]] | None:
    """Return the versions of a workflow, newest first; None where there is no such workflow.

    Args:
        workflow_id: The workflow's key.
    """
    for row in newer_workflows():
        if row["id"] == workflow_id:
            older = [f"{workflow_id} {number}" for number in range(len(row["nodes"]), 0, -1)]
            keys = [row["versionId"], *map(uuid_of, older)]
            return [_version(workflow_id, key, place) for place, key in enumerate(keys)]
    return None


def _newer(row: Mapping[str, Any]) -> dict[str, Any]:
    made = {"createdAt": row["createdAt"], "updatedAt": row["updatedAt"]}
    what = {"nodes": row["nodes"], "connections": row["connections"], "nodeGroups": []}
    version = {
        "versionId": row["versionId"],
        "workflowId": row["id"],
        **what,
        "authors": _AUTHORS,
        "name": None,
        "description": None,
        "autosaved": False,
        **made,
    }
    return {
        "id": row["id"],
        "name": row["name"],
        "active": row["active"],
        "activeVersionId": row["activeVersionId"],
        **made,
        "isArchived": row["isArchived"],
        "versionId": row["versionId"],
        "triggerCount": row["triggerCount"],
        **what,
        "settings": row["settings"],
        "staticData": None,
        "meta": None,
        "tags": [{**tag, **_made(tag["name"])} for tag in row["tags"]],
        "shared": [
            {
                "role": "workflow:owner",
                "workflowId": row["id"],
                "projectId": PROJECT_ID,
                **made,
            }
        ],
        "activeVersion": version if row["active"] else None,
    }


def _version(workflow_id: str, key: str, place: int) -> dict[str, Any]:
    made = moment_of(workflow_id, after_days=-place)
    return {
        "versionId": key,
        "workflowId": workflow_id,
        "authors": _AUTHORS,
        "name": None,
        "description": None,
        "createdAt": made,
        "updatedAt": made,
    }


def _made(thing: str) -> dict[str, str]:
    made = moment_of(thing)
    return {"createdAt": made, "updatedAt": made}
