"""What steps hand on to each other; all of it is made up."""

from __future__ import annotations

from random import Random
from typing import Any


def payload(execution_id: int, size: int, *, webhook: bool, chance: Random) -> dict[str, Any]:
    """Make up an item as a step hands it on.

    Args:
        execution_id: The id of the execution.
        size: How many bytes of content it has beside its usual fields.
        webhook: Whether the workflow was called over HTTP.
        chance: What decides.
    """
    content = chance.randbytes(-(-size // 2)).hex()[:size]
    body = {"i": execution_id, "content": content}
    if not webhook:
        return {"params": {}, "body": body}
    return {
        "headers": {
            "host": "automation.example.com",
            "user-agent": "example-shop/1.0",
            "content-type": "application/json",
            "content-length": str(len(content) + 32),
            "x-forwarded-for": f"203.0.113.{chance.randint(1, 254)}",
            "authorization": f"Bearer {chance.randbytes(16).hex()}",
        },
        "params": {},
        "query": {},
        "body": body,
        "webhookUrl": "https://automation.example.com/webhook/example",
        "executionMode": "production",
    }
