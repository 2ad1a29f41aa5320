"""What happens in a sync, told to Python's logging under `headrace.*`.

The library only tells; what becomes of it is for the program to say.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import Any

ATTRIBUTE = "headrace"
"""Of a log record: its event."""


@dataclass(frozen=True, slots=True)
class Event:
    """What a log record is about, for machines.

    Args:
        name: what happened, as `resource begins`.
        resource: that it happened to; None where it is about the whole sync.
        figures: that belong to it.
    """

    name: str
    resource: str | None = None
    figures: dict[str, Any] = field(default_factory=dict)


def tell(logger: logging.Logger, level: int, text: str, event: Event) -> None:
    """Logs that something happened.

    Args:
        logger: to log with.
        level: of the record.
        text: for people; without secrets, as all that the event holds.
        event: for machines.
    """
    logger.log(level, "%s", text, extra={ATTRIBUTE: event})
