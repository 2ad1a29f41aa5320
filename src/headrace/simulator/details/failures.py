"""What went wrong in an execution that failed, in the shape of a live server's errors."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

_OPERATION, _API = "NodeOperationError", "NodeApiError"
_FAILURES: tuple[tuple[str, str, str | None], ...] = (
    (_OPERATION, "The field `email` is missing", None),
    (_OPERATION, "No item has the id that was asked for", None),
    (_OPERATION, "The JSON of the answer is not valid", None),
    (_API, "The service is receiving too many requests from you", "429"),
    (_API, "Authorization failed - please check your credentials", "401"),
    (_API, "The service was not able to process your request", "500"),
    (_API, "The connection was aborted, perhaps the server is offline", "ECONNABORTED"),
)
_CRASH = "Node crashed, possible out-of-memory issue"
_CANCELED = "The execution was cancelled manually"


def step_failure(
    status: str, node: Mapping[str, Any], at_ms: int, chance: Random
) -> dict[str, Any]:
    """Make up the error of a node that failed or crashed.

    Args:
        status: `error` or `crashed`.
        node: The node, as the workflow has it.
        at_ms: When that was, in milliseconds since 1970.
        chance: What decides.
    """
    name, message, code = chance.choice(_FAILURES)
    if status == "crashed":
        name, message, code = "NodeCrashedError", _CRASH, None
    return {
        **_head("warning" if name == _OPERATION else "error", at_ms, report=True),
        "name": name,
        "node": node,
        "messages": [],
        **({} if code is None else {"httpCode": code}),
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
