"""Shows what is warned of the way to prove who asks: the next run may be refused for it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from headrace.cli.printing import say

_LOGGER = "headrace.http.auth"


class _Kept(logging.Handler):
    """Keeps the messages, since a line that shows progress may be on the screen."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


@contextmanager
def auth_warnings() -> Iterator[None]:
    """Writes to stderr, at the end of the block, what was warned of in it; each warning once."""
    handler, logger = _Kept(), logging.getLogger(_LOGGER)
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        for message in dict.fromkeys(handler.messages):
            say(f"Warning: {message}", to_stderr=True)
