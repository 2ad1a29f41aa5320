"""Shows on stderr how a sync is doing: live in a terminal, else a line every few seconds."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from headrace.figures import Figures, ResourceFigures

_SECONDS_BETWEEN_LINES = 5.0


@contextmanager
def show_progress(figures: Figures, after_listing: str = "loading") -> Iterator[None]:
    """Shows the figures until the block ends.

    Args:
        figures: that the sync counts on.
        after_listing: what is being done with a resource once it is listed.
    """
    console = Console(stderr=True)
    progress = _Progress(figures, after_listing)
    if console.is_terminal:
        live = Live(
            console=console, get_renderable=progress.table, refresh_per_second=8, transient=True
        )
        with live:
            yield
        return
    ended = threading.Event()
    lines = threading.Thread(target=_print_lines, args=(progress, console, ended), daemon=True)
    lines.start()
    try:
        yield
    finally:
        ended.set()
        lines.join()


class _Progress:
    def __init__(self, figures: Figures, after_listing: str) -> None:
        self._figures = figures
        self._after_listing = after_listing
        self._started = time.monotonic()

    def table(self) -> Table:
        """The figures, a line a resource."""
        table = Table(box=None, pad_edge=False)
        table.add_column("resource")
        for name in ("pages", "rows", "rows/s"):
            table.add_column(name, justify="right")
        table.add_column("")
        for name, counts in list(self._figures.resources.items()):
            pages, rows = f"{counts.pages:,}", f"{counts.rows:,}"
            table.add_row(
                Text(name), pages, rows, f"{self._speed(counts):,.0f}", self._doing(counts)
            )
        return table

    def lines(self) -> list[str]:
        """The same as plain lines."""
        return [
            f"{name}: {counts.pages:,} pages, {counts.rows:,} rows, "
            f"{self._speed(counts):,.0f} rows/s, {self._doing(counts)}"
            for name, counts in list(self._figures.resources.items())
        ]

    def _speed(self, counts: ResourceFigures) -> float:
        return counts.rows / max(time.monotonic() - self._started, 0.001)

    def _doing(self, counts: ResourceFigures) -> str:
        doing = self._after_listing if counts.listings_ended else "listing"
        if not counts.retries and not counts.seconds_waited:
            return doing
        return f"{doing} (retries: {counts.retries:,}, waits: {counts.seconds_waited:,.0f} s)"


def _print_lines(progress: _Progress, console: Console, ended: threading.Event) -> None:
    while not ended.wait(_SECONDS_BETWEEN_LINES):
        for line in progress.lines():
            console.print(Text(line), soft_wrap=True)
