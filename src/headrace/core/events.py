"""What happens in a sync, as log records of Python's logging under `headrace.*`.

The library only logs; where the records go is for the program to decide.
"""

from __future__ import annotations

import logging
from dataclasses import field
from typing import Any

from headrace.core.figures import ResourceFigures
from headrace.core.quick_dataclasses import dataclass

_LOGGER = logging.getLogger(__name__)
ATTRIBUTE = "headrace"
"""The attribute of a log record that holds its event."""


@dataclass(frozen=True, slots=True)
class Event:
    """What a log record is about, for machines.

    Args:
        name: What happened, such as `resource begins`.
        resource: The name of the resource that it happened to; None where it is about the sync.
        figures: Numbers and words that belong to it, by their names.
    """

    name: str
    resource: str | None = None
    figures: dict[str, Any] = field(default_factory=dict)


def log_event(logger: logging.Logger, level: int, text: str, event: Event) -> None:
    """Logs that something happened.

    Args:
        logger: The logger to log with.
        level: The level of the record, such as `logging.INFO`.
        text: What happened, for people; neither it nor the event may hold a secret.
        event: What happened, for machines.
    """
    logger.log(level, "%s", text, extra={ATTRIBUTE: event})


def log_resource_begins(resource: str) -> None:
    """Logs that a resource begins.

    Args:
        resource: The name of the resource.
    """
    text = f"resource `{resource}` begins"
    log_event(_LOGGER, logging.INFO, text, Event("resource begins", resource))


def log_resource_listed(figures: ResourceFigures) -> None:
    """Logs that a resource is listed to its end.

    Args:
        figures: What the sync counted of the resource.
    """
    name, brief = figures.resource, figures.brief
    text = f"resource `{name}` is listed: {figures.pages:,} pages, {figures.rows:,} rows"
    log_event(_LOGGER, logging.INFO, text, Event("resource listed", name, brief))
