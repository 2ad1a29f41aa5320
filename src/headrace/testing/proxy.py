"""Stands between a connector and its server: keeps what was asked and answered, and can break."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web
from yarl import URL

from headrace.core.quick_dataclasses import dataclass

_BROKEN = 503
# Of the one connection alone, or no longer true of a body that was unpacked.
_NOT_PASSED_ON = frozenset(
    {"connection", "content-encoding", "content-length", "host", "keep-alive", "transfer-encoding"}
)


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and its answer.

    Args:
        method: `GET`, ...
        path: The path, with that of the base URL.
        query: The parameters.
        status: The status of the answer.
        body: The body of the answer, unpacked.
    """

    method: str
    path: str
    query: Mapping[str, str]
    status: int
    body: bytes


class WatchingProxy:
    """Passes requests on to a server, for as long as the `with` block lasts.

    Links to the server that are in its answers lead to the proxy.

    Args:
        base_url: The base URL of the server.

    Attributes:
        exchanges: What was asked and answered since they were last taken.
        breaks_at: The number of the request, from 1, from which on each answers 503; None for none.
        broken: How many requests were answered so.
        on_break: Is called before each of these answers.
    """

    def __init__(self, base_url: str) -> None:
        parts = urlsplit(base_url)
        self._origin = f"{parts.scheme}://{parts.netloc}"
        self._path = parts.path
        self._own_origin = ""
        self.exchanges: list[Exchange] = []
        self.breaks_at: int | None = None
        self.broken = 0
        self.on_break: Callable[[], object] = lambda: None
        self._asked = 0

    @property
    def base_url(self) -> str:
        """The base URL of the proxy."""
        return self._own_origin + self._path

    def take(self) -> list[Exchange]:
        """Gives the exchanges since the last call; the next request is the first one again."""
        taken, self.exchanges = self.exchanges, []
        self._asked = 0
        return taken

    def __enter__(self) -> Self:
        ready: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event, int]] = Future()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve(ready)))
        self._thread.start()
        self._loop, self._stop, port = ready.result()
        self._own_origin = f"http://127.0.0.1:{port}"
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    async def _serve(
        self, ready: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event, int]]
    ) -> None:
        stop = asyncio.Event()
        async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:

            async def answer(request: web.BaseRequest) -> web.StreamResponse:
                return await self._answer(session, request)

            runner = web.ServerRunner(web.Server(answer))
            await runner.setup()
            await web.SockSite(runner, socket.create_server(("127.0.0.1", 0))).start()
            ready.set_result((asyncio.get_running_loop(), stop, runner.addresses[0][1]))
            await stop.wait()
            await runner.cleanup()

    async def _answer(
        self, session: aiohttp.ClientSession, request: web.BaseRequest
    ) -> web.StreamResponse:
        self._asked += 1
        if self.breaks_at is not None and self._asked >= self.breaks_at:
            self.broken += 1
            self.on_break()
            return web.json_response({"message": "broken off on purpose"}, status=_BROKEN)
        headers = _passed_on(request.headers)
        async with session.request(
            request.method,
            URL(self._origin + request.raw_path, encoded=True),
            headers=headers,
            data=await request.read(),
            allow_redirects=False,
        ) as answered:
            body = await answered.read()
            own, theirs = self._own_origin, self._origin
            body = body.replace(theirs.encode(), own.encode())
            shown = Exchange(
                request.method, request.path, dict(request.query), answered.status, body
            )
            self.exchanges.append(shown)
            back = {
                name: value.replace(theirs, own)
                for name, value in _passed_on(answered.headers).items()
            }
            return web.Response(body=body, status=answered.status, headers=back)


def _passed_on(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower() not in _NOT_PASSED_ON}
