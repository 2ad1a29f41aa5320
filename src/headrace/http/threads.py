"""Runs what blocks in a thread, and never waits for a thread that nobody waits for any more."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

Result = TypeVar("Result")


async def in_thread(call: Callable[[], Result]) -> Result:
    """Makes a call in a thread of its own, and returns or raises what it does.

    `asyncio.to_thread` would have a few threads only, fewer than requests under way, and the loop
    would wait for them at its end: a Ctrl-C or a timeout would last as long as the slowest server.

    Args:
        call: What to call; it may block.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[Result] = loop.create_future()

    def tell(result: Result | None, error: BaseException | None) -> None:
        if done.cancelled():
            return
        if error is not None:
            done.set_exception(error)
        else:
            done.set_result(result)  # type: ignore[arg-type]

    def run() -> None:
        result: Result | None = None
        error: BaseException | None = None
        try:
            result = context.run(call)
        except StopIteration as stop:
            error = RuntimeError(f"{type(stop).__name__} raised")
        except BaseException as raised:
            error = raised
        # The loop may have ended meanwhile.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(tell, result, error)

    context = contextvars.copy_context()
    threading.Thread(target=run, name="headrace-request", daemon=True).start()
    return await done
