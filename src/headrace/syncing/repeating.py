"""Syncs again and again until told to stop."""

from __future__ import annotations

import re
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from headrace.core.exceptions import ConfigError, Fault, HeadraceError

_SPAN = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|h|d)?")
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0, None: 1.0}


def seconds_in(span: str) -> float:
    """A span of time as it is written on the command line.

    Args:
        span: a number and `s`, `m`, `h` or `d`, as `5m`; seconds without a letter.

    Returns:
        Seconds, more than 0.

    Raises:
        ConfigError: it is written otherwise.
    """
    written = _SPAN.fullmatch(span.strip())
    seconds = float(written[1]) * _SECONDS[written[2]] if written else 0.0
    if seconds <= 0:
        raise ConfigError([Fault("", f"`{span}` is no span of time; write 30s, 5m, 2h or 1d")])
    return seconds


def keep_syncing(
    sync_once: Callable[[], None],
    every: float,
    stop: threading.Event,
    failed: Callable[[HeadraceError], None],
) -> None:
    """Syncs, waits, and syncs again; what failed is tried again the next time.

    Args:
        sync_once: one whole sync.
        every: seconds from the beginning of a sync to that of the next.
        stop: ends the wait and the repeating.
        failed: is told of a sync that failed.

    Raises:
        ConfigError: no later sync could do better.
    """
    while not stop.is_set():
        began = time.monotonic()
        try:
            sync_once()
        except ConfigError:
            raise
        except HeadraceError as error:
            failed(error)
        stop.wait(max(0.0, every - (time.monotonic() - began)))


@contextmanager
def set_on_signals(stop: threading.Event) -> Iterator[None]:
    """Sets the event on the first SIGINT or SIGTERM; a second one acts as it always does.

    Args:
        stop: to be set.
    """
    before = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}

    def handle(number: int, frame: FrameType | None) -> None:
        stop.set()
        signal.signal(number, before[signal.Signals(number)])

    for each in before:
        signal.signal(each, handle)
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
