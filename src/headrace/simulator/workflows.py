"""The workflows whose executions the simulator shows, and their rows as the API shows them."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any


@dataclass(frozen=True, slots=True)
class Workflow:
    """One workflow, and how its executions go.

    Args:
        id: Its key, sixteen letters and digits.
        name: As a person would call it.
        mode: How it is usually started (`webhook`, `trigger`, `integrated`).
        share: Its part of all executions, relative to the others.
        typical_ms: The median duration of a run, in milliseconds.
        error_rate: The part of its runs that end in an error, 0 to 1.
        steps: The names of its nodes after the first.
        tags: The labels it carries.
    """

    id: str
    name: str
    mode: str
    share: int
    typical_ms: int
    error_rate: float
    steps: tuple[str, ...]
    tags: tuple[str, ...] = ()


WORKFLOWS = (
    Workflow(
        "0c6f81RpIcAKtfil",
        "Sync CRM contacts",
        "trigger",
        20,
        2_400,
        0.04,
        ("Fetch contacts", "Map fields", "Upsert contacts"),
        ("crm", "sync"),
    ),
    Workflow(
        "57dzdPT4P4xOhwo0",
        "Route support tickets",
        "webhook",
        18,
        350,
        0.02,
        ("Classify", "Assign team"),
        ("support",),
    ),
    Workflow(
        "hZHI423uQMRxfq7w",
        "Receive orders",
        "webhook",
        30,
        120,
        0.01,
        ("Validate order", "Store order"),
        ("shop",),
    ),
    Workflow(
        "A3kQm9ZtXw2LrB7n",
        "Send invoices",
        "trigger",
        6,
        5_200,
        0.06,
        ("Render PDF", "Send e-mail"),
        ("finance",),
    ),
    Workflow(
        "Jd8VfT1yPs6HcE4u",
        "Update stock levels",
        "trigger",
        14,
        900,
        0.03,
        ("Read warehouse", "Update shop"),
        ("shop", "sync"),
    ),
    Workflow(
        "bN5xRg0KqW3mYz9o",
        "Post alerts to chat",
        "webhook",
        10,
        200,
        0.015,
        ("Format message", "Post message"),
    ),
    Workflow(
        "LuC7eI2hSa4vDj6k",
        "Enrich new leads",
        "integrated",
        7,
        8_500,
        0.11,
        ("Look up company", "Score lead"),
        ("crm",),
    ),
    Workflow(
        "Xp1MwO8tGf5nQr3y",
        "Back up documents",
        "trigger",
        2,
        95_000,
        0.05,
        ("List documents", "Copy documents"),
        ("ops",),
    ),
    Workflow(
        "Vz6BkH9aUe2dTs0c",
        "Check payments",
        "trigger",
        9,
        1_500,
        0.05,
        ("Fetch payments", "Match invoices"),
        ("finance", "sync"),
    ),
    Workflow(
        "iY4oLq7JxN1gWm8p",
        "Transcribe calls",
        "integrated",
        3,
        48_000,
        0.14,
        ("Download call", "Transcribe", "Store text"),
    ),
    Workflow(
        "rE3fCv5ZbK0uAh2S",
        "Import survey answers",
        "webhook",
        4,
        650,
        0.08,
        ("Clean answers", "Append rows"),
        ("research",),
    ),
    Workflow(
        "Tg9sDn6MyI8jPw4X",
        "Build weekly report",
        "trigger",
        1,
        31_000,
        0.09,
        ("Query tables", "Draw charts", "Send e-mail"),
        ("finance", "reports"),
    ),
)

_NEVER_ACTIVE = {"Build weekly report"}
_START_TYPES = {"webhook": "core.webhook", "trigger": "core.schedule", "integrated": "core.called"}


@cache
def workflow_rows() -> tuple[Mapping[str, Any], ...]:
    """Return the workflows as the API lists them, ordered by id, with nested nodes and tags."""
    return tuple(workflow_row(workflow) for workflow in sorted(WORKFLOWS, key=lambda each: each.id))


@cache
def workflow_json() -> tuple[bytes, ...]:
    """Return the JSON text of each of `workflow_rows`."""
    return tuple(json.dumps(row, separators=(",", ":")).encode() for row in workflow_rows())


def workflow_row(workflow: Workflow) -> Mapping[str, Any]:
    """Return a workflow as the API lists it.

    Args:
        workflow: The workflow.
    """
    digest = hashlib.sha256(workflow.id.encode()).digest()
    version = str(uuid.UUID(bytes=digest[:16], version=4))
    start = {"webhook": "Webhook", "trigger": "Schedule", "integrated": "Called"}[workflow.mode]
    names = (start, *workflow.steps)
    active = workflow.name not in _NEVER_ACTIVE
    return {
        "updatedAt": f"2026-10-{1 + digest[16] % 20:02}T{digest[17] % 24:02}:13:08.588Z",
        "createdAt": f"2026-0{1 + digest[18] % 9}-14T09:{digest[19] % 60:02}:41.062Z",
        "id": workflow.id,
        "name": workflow.name,
        "active": active,
        "isArchived": False,
        "nodes": [_start_node(workflow, start), *map(_step_node, range(2, 9), workflow.steps)],
        "connections": {
            source: {"main": [[{"node": target, "type": "main", "index": 0}]]}
            for source, target in pairwise(names)
        },
        "settings": {"executionOrder": "v1"} if workflow.typical_ms > 1_000 else {},
        "versionId": version,
        "activeVersionId": version if active else None,
        "triggerCount": 1 if active else 0,
        "tags": [
            {"id": hashlib.sha256(tag.encode()).hexdigest()[:16], "name": tag}
            for tag in workflow.tags
        ],
    }


def _start_node(workflow: Workflow, name: str) -> Mapping[str, Any]:
    node: dict[str, Any] = {
        "id": "1",
        "name": name,
        "type": _START_TYPES[workflow.mode],
        "typeVersion": 2,
        "position": [0, 0],
    }
    if workflow.mode == "webhook":
        path = workflow.name.lower().replace(" ", "-")
        return node | {
            "webhookId": path,
            "parameters": {"path": path, "httpMethod": "POST", "responseMode": "onReceived"},
        }
    if workflow.mode == "trigger":
        return node | {"parameters": {"rule": {"interval": [{"field": "minutes"}]}}}
    return node | {"parameters": {}}


def _step_node(number: int, name: str) -> Mapping[str, Any]:
    return {
        "id": str(number),
        "name": name,
        "position": [200 * (number - 1), 0],
        "type": "core.step",
        # Whole and fractional versions are mixed, as live servers do.
        "typeVersion": 1 if number % 2 else 1.1,
        "parameters": {},
    }
