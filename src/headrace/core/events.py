"""What happens in a sync, told to Python's logging under `headrace.*`.

The library only tells; what becomes of it is for the program to say.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import Any

from headrace.core.figures import ResourceFigures

_LOGGER = logging.getLogger(__name__)
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


def log_event(logger: logging.Logger, level: int, text: str, event: Event) -> None:
    """Logs that something happened.

    Args:
        logger: to log with.
        level: of the record.
        text: for people; without secrets, as all that the event holds.
        event: for machines.
    """
    logger.log(level, "%s", text, extra={ATTRIBUTE: event})


def log_resource_begins(resource: str) -> None:
    """Logs that a resource begins.

    Args:
        resource: its name.
    """
    text = f"resource `{resource}` begins"
    log_event(_LOGGER, logging.INFO, text, Event("resource begins", resource))


def log_resource_listed(figures: ResourceFigures) -> None:
    """Logs that a resource is listed to its end.

    Args:
        figures: of the resource.
    """
    name, brief = figures.resource, figures.brief
    text = f"resource `{name}` is listed: {figures.pages:,} pages, {figures.rows:,} rows"
    log_event(_LOGGER, logging.INFO, text, Event("resource listed", name, brief))
