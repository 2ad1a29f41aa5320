"""What went wrong in an execution that failed, in the shape of a live server's errors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any
from uuid import UUID

from headrace.simulator.details.kinds import CRASH, OF_ANY_STEP, OF_STEPS, OPERATION, Kind
from headrace.simulator.incidents import INCIDENTS

_CANCELED = "The execution was cancelled manually"
_OF_THE_INCIDENT = 0.85


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an execution failed, and in which of its steps.

    Args:
        node: The name of the step.
        name: The name of the error.
        message: What it says.
        code: The status of HTTP, or the code of the connection; None where it was neither.
    """

    node: str
    name: str
    message: str
    code: str | None


def failure_of(
    status: str, workflow: str, nodes: Sequence[str], started: int, took: int, chance: Random
) -> Failure:
    """Make up why an execution failed or crashed.

    Args:
        status: `error` or `crashed`.
        workflow: The name of its workflow.
        nodes: The names of the workflow's nodes, in their order.
        started: When it started, in milliseconds since 1970.
        took: How long it ran, in milliseconds.
        chance: What decides.
    """
    steps = nodes[1:] or nodes
    if status == "crashed":
        return _failure(chance.choice(steps), CRASH, took, chance)
    for incident in INCIDENTS:
        is_hit = incident.workflow == workflow and incident.begin_ms <= started < incident.end_ms
        if is_hit and incident.step in steps and chance.random() < _OF_THE_INCIDENT:
            return _failure(incident.step, Kind(incident.error, incident.error_code), took, chance)
    kinds = [(step, kind) for step in steps for kind in OF_STEPS.get(step, ())]
    if not kinds:
        return _failure(chance.choice(steps), chance.choice(OF_ANY_STEP), took, chance)
    step, kind = chance.choices(kinds, [each.weight for _, each in kinds])[0]
    return _failure(step, kind, took, chance)


def _failure(step: str, kind: Kind, took: int, chance: Random) -> Failure:
    message = kind.message.format(
        number=chance.randint(10_000, 99_999),
        few=chance.randint(2, 9),
        uuid=UUID(bytes=chance.randbytes(16), version=4),
        milliseconds=max(100, took // 100 * 100),
    )
    return Failure(step, kind.name, message, kind.code)


def step_failure(failure: Failure, node: Mapping[str, Any], at_ms: int) -> dict[str, Any]:
    """Return the error of a node that failed or crashed.

    Args:
        failure: Why it did.
        node: The node, as the workflow has it.
        at_ms: When that was, in milliseconds since 1970.
    """
    name, message = failure.name, failure.message
    return {
        **_head("warning" if name == OPERATION else "error", at_ms, report=True),
        "name": name,
        "node": node,
        "messages": [],
        **({} if failure.code is None else {"httpCode": failure.code}),
        "message": message,
        "stack": f"{name}: {message}",
    }


def cancellation(execution_id: str, at_ms: int) -> dict[str, Any]:
    """Return the error of an execution that was canceled while it ran.

    Args:
        execution_id: Its id.
        at_ms: When that was, in milliseconds since 1970.
    """
    head = _head("warning", at_ms, report=False)
    name = "ManualExecutionCancelledError"
    return {
        **{key: head[key] for key in ("level", "shouldReport", "tags")},
        "extra": {"executionId": execution_id},
        **{key: head[key] for key in ("timestamp", "context", "functionality")},
        "name": name,
        "reason": "manual",
        "message": _CANCELED,
        "stack": f"{name}: {_CANCELED}",
    }


def _head(level: str, at_ms: int, *, report: bool) -> dict[str, Any]:
    return {
        "level": level,
        "shouldReport": report,
        "tags": {},
        "timestamp": at_ms,
        "context": {},
        "functionality": "regular",
    }
