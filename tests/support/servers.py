"""A real HTTP server on loopback whose answers a test writes."""

from __future__ import annotations

import asyncio
import json
import ssl
import threading
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Self

from aiohttp import web


@dataclass(frozen=True)
class Asked:
    """A request as it arrived."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    target: str
    """Path and query as they were sent."""


@dataclass
class Answer:
    """What to send back: JSON, or raw bytes."""

    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: bytes | None = None


Handler = Callable[[Asked], Answer]


class JsonServer:
    """Answers each request with what `handler` makes of it; counts and keeps the requests.

    Args:
        tls: to be asked with https, with the certificate in it.
    """

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self.handler: Handler = lambda asked: Answer({"message": "not found"}, 404)
        self.before_answer: Callable[[Asked], Awaitable[None]] | None = None
        self.asked: list[Asked] = []
        self.base_url = ""

    def answers(self, *pages: Any) -> None:
        """Serves these pages in turn, whatever is asked; the last one again and again."""

        def answer(asked: Asked) -> Answer:
            page = pages[min(len(self.asked), len(pages)) - 1]
            return page if isinstance(page, Answer) else Answer(page)

        self.handler = answer

    def __enter__(self) -> Self:
        ready: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event, int]] = Future()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve(ready)))
        self._thread.start()
        self._loop, self._stop, port = ready.result()
        self.base_url = f"{'https' if self._tls else 'http'}://127.0.0.1:{port}"
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    async def _serve(
        self, ready: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event, int]]
    ) -> None:
        runner = web.ServerRunner(web.Server(self._answer))
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=self._tls)
        await site.start()
        port = runner.addresses[0][1]
        stop = asyncio.Event()
        ready.set_result((asyncio.get_running_loop(), stop, port))
        await stop.wait()
        await runner.cleanup()

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        asked = Asked(
            request.method,
            request.path,
            dict(request.query),
            dict(request.headers),
            await request.read(),
            request.raw_path,
        )
        self.asked.append(asked)
        if self.before_answer is not None:
            await self.before_answer(asked)
        answer = self.handler(asked)
        body = answer.raw if answer.raw is not None else json.dumps(answer.body).encode()
        headers = {"Content-Type": "application/json", **answer.headers}
        return web.Response(body=body, status=answer.status, headers=headers)
