"""Serves an application of aiohttp, which what is measured need not import."""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any

from aiohttp import web


def _serve(app: Callable[..., web.Application], arguments: tuple[Any, ...], to: Connection) -> None:
    async def serve() -> None:
        runner = web.AppRunner(app(*arguments))
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        to.send(f"http://127.0.0.1:{runner.addresses[0][1]}")
        await asyncio.Event().wait()

    asyncio.run(serve())


@contextmanager
def served_app(app: Callable[..., web.Application], *arguments: Any) -> Iterator[str]:
    """Serves an application from a process of its own while the block runs; gives the base URL.

    Args:
        app: Makes the application; a function of a module.
        arguments: What it is called with.
    """
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(
        target=_serve, args=(app, arguments, there), daemon=True
    )
    process.start()
    try:
        yield here.recv()
    finally:
        process.terminate()
        process.join()
