"""What a command writes to stderr meanwhile: for people, for machines, or nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING

from headrace.cli.auth_warnings import auth_warnings
from headrace.cli.exit_codes import print_to_stderr
from headrace.core.quick_dataclasses import dataclass

if TYPE_CHECKING:
    from headrace.core.figures import Figures


@dataclass(frozen=True, slots=True)
class StderrOutput:
    """What goes to stderr while a command runs.

    Args:
        quiet: Whether only errors are written.
        as_json: Whether all is written as JSON, one object per line.
    """

    quiet: bool = False
    as_json: bool = False

    def error(self, text: str) -> None:
        """Writes that something failed, or that someone stopped it.

        Args:
            text: The message.
        """
        if not self.as_json:
            print_to_stderr(text)
            return
        import logging

        from headrace.core.events import Event, log_event

        log_event(logging.getLogger("headrace.cli"), logging.ERROR, text, Event("error"))

    @contextmanager
    def logs(self) -> Iterator[None]:
        """Writes what is logged in the block, if JSON is wanted; else only what users must know."""
        if not self.as_json:
            with nullcontext() if self.quiet else auth_warnings():
                yield
            return
        import logging

        from headrace.cli.json_logs import json_logs

        with json_logs(logging.WARNING if self.quiet else logging.INFO):
            yield

    def progress(self, figures: Figures) -> AbstractContextManager[None]:
        """Shows the figures, again and again, until the block ends.

        Args:
            figures: The figures that the sync counts on.
        """
        if self.quiet:
            return nullcontext()
        from headrace.cli.progress import log_progress, show_progress

        return log_progress(figures) if self.as_json else show_progress(figures)
