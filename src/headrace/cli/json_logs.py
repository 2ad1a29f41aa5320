"""Writes what is logged to stderr as JSON, one object per line."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from headrace.core.events import ATTRIBUTE, Event

# dlt does not pass its records on to the root logger.
_LOGGERS = ("", "dlt")


@contextmanager
def json_logs(level: int) -> Iterator[None]:
    """Writes all that is logged in the block, by other libraries too.

    Args:
        level: The lowest level of Headrace's own records that is written, as in `logging`.
    """
    handler = _JsonLines(sys.stderr)
    own = logging.getLogger("headrace")
    before = own.level
    own.setLevel(level)
    logging.captureWarnings(True)
    for name in _LOGGERS:
        logging.getLogger(name).addHandler(handler)
    try:
        yield
    finally:
        for name in _LOGGERS:
            logging.getLogger(name).removeHandler(handler)
        logging.captureWarnings(False)
        own.setLevel(before)


class _JsonLines(logging.StreamHandler[Any]):
    # This is no formatter, since dlt sets its own formatter on the handlers that it finds.
    def format(self, record: logging.LogRecord) -> str:
        event = getattr(record, ATTRIBUTE, None)
        if not isinstance(event, Event):
            event = Event("log")
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "event": event.name,
            "resource": event.resource,
            "message": record.getMessage(),
            "figures": event.figures,
            "logger": record.name,
        }
        return json.dumps(line)
