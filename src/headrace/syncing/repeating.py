"""Syncs again and again until it is told to stop."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from headrace.core.exceptions import ConfigError


def keep_syncing(
    sync_once: Callable[[], None],
    every: float,
    stop: threading.Event,
    failed: Callable[[Exception], None],
) -> None:
    """Syncs, waits, and syncs again; a sync that failed is tried again the next time.

    That holds for any error: a disk that is full today, or a fault that one answer leads to, is no
    reason to sync no more.

    Args:
        sync_once: A function that does one whole sync.
        every: Seconds from the beginning of a sync to the beginning of the next one.
        stop: An event that ends the wait and the repeating once it is set.
        failed: A function that is called with the error of a sync that failed.

    Raises:
        ConfigError: The config is wrong, so no later sync could succeed.
    """
    while not stop.is_set():
        began = time.monotonic()
        try:
            sync_once()
        except ConfigError:
            raise
        except Exception as error:
            failed(error)
        stop.wait(max(0.0, every - (time.monotonic() - began)))


@contextmanager
def set_on_signals(stop: threading.Event) -> Iterator[None]:
    """Sets an event at the first SIGINT, SIGTERM or SIGHUP; a second signal acts as usual.

    SIGHUP is left alone where it is ignored, as under `nohup`.

    Args:
        stop: The event to set.
    """
    before = {
        each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    }
    if before[signal.SIGHUP] is signal.SIG_IGN:
        del before[signal.SIGHUP]

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
