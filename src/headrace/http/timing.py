"""The clock and the sleep of a client: tests bring their own, so that none has to wait."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from headrace.core.quick_dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timing:
    """How time is told and passed.

    Args:
        clock: Gives the time in seconds since some moment in the past; it never goes backwards.
        wall_clock: Gives the time in seconds since 1970.
        sleep: Waits for a number of seconds. A cancellation ends it at once.
    """

    clock: Callable[[], float] = time.monotonic
    wall_clock: Callable[[], float] = time.time
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
