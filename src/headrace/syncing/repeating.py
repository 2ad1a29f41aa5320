"""Does something again and again, as syncs, until it is told to stop."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from headrace.core.exceptions import ConfigError


def keep_repeating(
    turn: Callable[[], None],
    every: float,
    stop: threading.Event,
    failed: Callable[[Exception], None],
) -> None:
    """Takes a turn, waits, and takes the next; what failed is tried again the next time.

    That holds for any error: a disk that is full today, or a fault that one answer leads to, is no
    reason to give up.

    Args:
        turn: A function that does all once, as one whole sync.
        every: Seconds from the beginning of a turn to the beginning of the next one.
        stop: An event that ends the wait and the repeating once it is set.
        failed: A function that is called with the error of a turn that failed.

    Raises:
        ConfigError: The config is wrong, so no later turn could succeed.
    """
    while not stop.is_set():
        began = time.monotonic()
        try:
            turn()
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
