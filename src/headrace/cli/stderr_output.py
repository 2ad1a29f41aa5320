"""What a command writes to stderr meanwhile: for people, for machines, or nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headrace.cli.exit_codes import print_to_stderr

if TYPE_CHECKING:
    from headrace.core.figures import Figures


@dataclass(frozen=True, slots=True)
class StderrOutput:
    """What goes to stderr while a command runs.

    Args:
        quiet: nothing but what went wrong.
        as_json: one JSON object a line.
    """

    quiet: bool = False
    as_json: bool = False

    def error(self, text: str) -> None:
        """Says that something went wrong, or that someone stopped it."""
        if not self.as_json:
            print_to_stderr(text)
            return
        import logging

        from headrace.core.events import Event, tell

        tell(logging.getLogger("headrace.cli"), logging.ERROR, text, Event("error"))

    @contextmanager
    def logs(self) -> Iterator[None]:
        """Has what is logged in the block written where that is wanted."""
        if not self.as_json:
            yield
            return
        import logging

        from headrace.cli.json_logs import json_logs

        with json_logs(logging.WARNING if self.quiet else logging.INFO):
            yield

    def progress(self, figures: Figures) -> AbstractContextManager[None]:
        """Shows the figures until the block ends.

        Args:
            figures: that the sync counts on.
        """
        if self.quiet:
            return nullcontext()
        from headrace.cli.progress import log_progress, show_progress

        return log_progress(figures) if self.as_json else show_progress(figures)
