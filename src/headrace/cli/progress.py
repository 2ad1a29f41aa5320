"""Shows on stderr how a sync is doing: live in a terminal, else as lines every five seconds."""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import Any, TextIO

from rich.live import Live
from rich.table import Table

from headrace.cli.console import new_console, plain
from headrace.cli.plurals import counted
from headrace.core.durations import format_duration
from headrace.core.events import Event, log_event
from headrace.core.figures import Figures, ResourceFigures
from headrace.core.quick_dataclasses import dataclass
from headrace.core.secrets.outlets import CleanStream

_LOGGER = logging.getLogger("headrace.progress")
_SECONDS_BETWEEN_LINES = 5.0


@contextmanager
def show_progress(figures: Figures, after_listing: str = "loading") -> Iterator[None]:
    """Shows the figures until the block ends.

    Args:
        figures: The figures that the sync counts on.
        after_listing: What is done with a resource once it is listed: `loading`, `comparing`.
    """
    console = new_console(stderr=True)
    progress = Progress(figures, after_listing)
    if console.is_terminal:
        live = Live(
            console=console, get_renderable=progress.table, refresh_per_second=8, transient=True
        )
        # rich takes what is written meanwhile for text with styles, and writes it above the table.
        with live, redirect_stdout(_clean(sys.stdout)), redirect_stderr(_clean(sys.stderr)):
            yield
        return

    def print_lines() -> None:
        for line in progress.lines():
            console.print(plain(line), soft_wrap=True)

    with _again_and_again(print_lines):
        yield


def _clean(stream: TextIO) -> Any:
    return CleanStream(stream)


@contextmanager
def log_progress(figures: Figures) -> Iterator[None]:
    """Logs the figures every five seconds until the block ends.

    Args:
        figures: The figures that the sync counts on.
    """
    with _again_and_again(Progress(figures, "loading").log):
        yield


@contextmanager
def _again_and_again(show: Callable[[], None]) -> Iterator[None]:
    ended = threading.Event()

    def show_on() -> None:
        while not ended.wait(_SECONDS_BETWEEN_LINES):
            show()

    showing = threading.Thread(target=show_on, daemon=True)
    showing.start()
    try:
        yield
    finally:
        ended.set()
        showing.join()


@dataclass(slots=True)
class _Reading:
    """How much of a listing had been read at a moment.

    Args:
        at: The moment, in seconds of the clock.
        share: The share of the listing, from 0 to 1.
    """

    at: float
    share: float


class Progress:
    """Says how a sync is doing.

    Args:
        figures: The figures that the sync counts on.
        after_listing: What is done with a resource once it is listed: `loading`, `comparing`.
        clock: Gives seconds that only ever grow.
    """

    def __init__(
        self,
        figures: Figures,
        after_listing: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._figures = figures
        self._after_listing = after_listing
        self._clock = clock
        self._started = clock()
        self._first: dict[str, _Reading] = {}

    def table(self) -> Table:
        """Makes a table of the figures, with one line for each resource."""
        table = Table(box=None, pad_edge=False)
        table.add_column("resource")
        for name in ("pages", "rows", "rows/s"):
            table.add_column(name, justify="right")
        table.add_column("")
        for name, counts in list(self._figures.resources.items()):
            pages, rows = f"{counts.pages:,}", f"{counts.rows:,}"
            speed, doing = f"{self._speed(counts):,.0f}", self._doing(name, counts)
            table.add_row(plain(name), pages, rows, speed, plain(doing))
        return table

    def lines(self) -> list[str]:
        """Makes the same as plain lines."""
        return [self._line(*each) for each in list(self._figures.resources.items())]

    def log(self) -> None:
        """Logs the same, one record for each resource."""
        for name, counts in list(self._figures.resources.items()):
            figures = {
                **counts.brief,
                "rows_per_second": round(self._speed(counts), 1),
                "waits_for": _wait_of(counts),
                "share_read": counts.share,
                "seconds_left": self._seconds_left(name, counts),
            }
            event = Event("progress", name, figures)
            log_event(_LOGGER, logging.INFO, self._line(name, counts), event)

    def _line(self, name: str, counts: ResourceFigures) -> str:
        return (
            f"{name}: {counted(counts.pages, 'page')}, {counted(counts.rows, 'row')}, "
            f"{self._speed(counts):,.0f} rows/s, {self._doing(name, counts)}"
        )

    def _speed(self, counts: ResourceFigures) -> float:
        return counts.rows / max(self._clock() - self._started, 0.001)

    def _doing(self, name: str, counts: ResourceFigures) -> str:
        doing = self._after_listing if counts.listings_ended else "listing"
        if counts.retries or counts.seconds_waited:
            doing += f" (retries: {counts.retries:,}, waits: {counts.seconds_waited:,.0f} s)"
        wait = _wait_of(counts)
        if wait is not None:
            doing += f", waiting: {wait}"
        left = self._seconds_left(name, counts)
        if left is not None:
            doing += f", {counts.share:.0%} read, about {format_duration(left)} left"
        return doing

    def _seconds_left(self, name: str, counts: ResourceFigures) -> float | None:
        """How long the listing will still take, at its speed since it was first looked at."""
        share = counts.share
        if share is None or counts.listings_ended:
            return None
        now = self._clock()
        first = self._first.setdefault(name, _Reading(now, share))
        if share <= first.share or now <= first.at:
            return None
        return round((1 - share) * (now - first.at) / (share - first.share), 1)


def _wait_of(counts: ResourceFigures) -> str | None:
    """What the resource waits for now. Another thread changes the list meanwhile."""
    waits = counts.waits[-1:]
    return waits[0] if waits else None
