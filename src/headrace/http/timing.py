"""The clock and the sleep of a client: tests bring their own, so that none has to wait."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timing:
    """How time is told and passed.

    Args:
        clock: gives seconds that only ever grow.
        wall_clock: gives seconds since 1970.
        sleep: waits so many seconds; a cancellation ends it at once.
    """

    clock: Callable[[], float] = time.monotonic
    wall_clock: Callable[[], float] = time.time
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
