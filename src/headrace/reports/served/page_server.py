"""Serves one page on this machine's own address, to who has its token, and takes nothing."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from html import escape
from threading import Thread
from types import TracebackType
from typing import Self

from aiohttp import web

from headrace.core.quick_dataclasses import dataclass

ADDRESS = "127.0.0.1"
_TOKEN_BYTES = 24
# By these names alone a browser may come: a page of another site that has its own name lead here
# (DNS rebinding) would come by that one. The port may be that of a tunnel.
_OWN_NAME = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?", re.IGNORECASE)
_READING = ("GET", "HEAD")
_FORBIDDEN, _NOT_FOUND, _NOT_ALLOWED = 403, 404, 405
_NOTHING = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Server": "headrace",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_NO_PAGE_YET = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="refresh" content="2">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>How the executions fare</title>
<link rel="icon" href="data:,">
</head>
<body>
<h1>There is no report yet</h1>
<p>{}</p>
<p>This page looks again by itself.</p>
</body>
</html>
"""


@dataclass(frozen=True, slots=True)
class Shown:
    """What a server shows.

    Args:
        page: The page, in HTML; None where there is none yet.
        version: What tells it from an earlier page.
        policy: Its Content-Security-Policy.
        problem: Why there is no newer page; empty where nothing is wrong.
    """

    page: str | None = None
    version: str = ""
    policy: str = ""
    problem: str = ""


class PageServer:
    """A server for a page, for as long as the `with` block lasts.

    It listens on 127.0.0.1 alone, answers who knows the token in its address, by GET and HEAD, and
    writes nothing.

    Args:
        shown: A function that gives what is shown now. It is called in the server's thread.
        port: The port to listen on; 0 takes any free one.

    Raises:
        OSError: (on entering) The port cannot be listened on, as when it is in use.
    """

    def __init__(self, shown: Callable[[], Shown], port: int = 0) -> None:
        self._shown = shown
        self._port = port
        self._token = secrets.token_urlsafe(_TOKEN_BYTES)
        self._thread: Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop = asyncio.Event()

    @property
    def url(self) -> str:
        """The address of the page; it is a secret, as whoever has it can read the page."""
        return f"http://{ADDRESS}:{self._port}/{self._token}/"

    def __enter__(self) -> Self:
        ready: Future[int] = Future()
        self._thread = Thread(
            target=lambda: asyncio.run(self._serve(ready)), name="headrace-serve", daemon=True
        )
        self._thread.start()
        try:
            self._port = ready.result()
        except OSError:
            self._thread.join()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._loop is not None and self._thread is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join()

    async def _serve(self, ready: Future[int]) -> None:
        self._loop = asyncio.get_running_loop()
        runner = web.ServerRunner(web.Server(self._answer, access_log=None), shutdown_timeout=1)
        await runner.setup()
        try:
            await web.TCPSite(runner, ADDRESS, self._port).start()
            ready.set_result(runner.addresses[0][1])
            await self._stop.wait()
        except OSError as error:
            ready.set_exception(error)
        finally:
            await runner.cleanup()

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        if not _comes_from_here(request) or not self._has_token(request):
            return _response(_FORBIDDEN)
        if request.method not in _READING:
            return _response(_NOT_ALLOWED, headers={"Allow": ", ".join(_READING)})
        shown = self._shown()
        match _path(request)[1:]:
            case []:
                return _response(308, headers={"Location": f"/{self._token}/"})
            case [""]:
                return _tagged(request, _page(shown))
            case ["version"]:
                told = json.dumps({"version": shown.version, "problem": shown.problem})
                return _tagged(request, _response(200, told, "application/json"))
            case _:
                return _response(_NOT_FOUND)

    def _has_token(self, request: web.BaseRequest) -> bool:
        given = _path(request)[0].encode(errors="surrogateescape")
        return hmac.compare_digest(given, self._token.encode())


def _path(request: web.BaseRequest) -> list[str]:
    """The parts of the path as it was sent: nothing in it is decoded, or led upwards."""
    path = request.raw_path.partition("?")[0]
    return path.split("/")[1:] if path.startswith("/") else [""]


def _comes_from_here(request: web.BaseRequest) -> bool:
    """Whether a request was made to this machine by name, and by no page of another site."""
    headers = request.headers
    host = headers.getall("Host", [])
    if len(host) != 1 or not _OWN_NAME.fullmatch(host[0]):
        return False
    if headers.get("Origin", f"http://{host[0]}") != f"http://{host[0]}":
        return False
    if headers.get("Sec-Fetch-Site", "none") in ("none", "same-origin"):
        return True
    # A link may lead here, but nothing be built into another page.
    wanted = headers.get("Sec-Fetch-Mode"), headers.get("Sec-Fetch-Dest")
    return wanted == ("navigate", "document")


def _page(shown: Shown) -> web.Response:
    if shown.page is None:
        told = escape(shown.problem or "It is being made.")
        policy = f"{_NOTHING}; img-src data:"
        return _response(200, _NO_PAGE_YET.format(told), "text/html", policy=policy)
    policy = f"{shown.policy}; frame-ancestors 'none'"
    return _response(200, shown.page, "text/html", policy=policy)


def _tagged(request: web.BaseRequest, response: web.Response) -> web.Response:
    """Gives the answer an ETag, and leaves out what is in it where the asker has that already."""
    digest = hashlib.sha256(response.body if isinstance(response.body, bytes) else b"")
    tag = f'"{digest.hexdigest()[:32]}"'
    if request.headers.get("If-None-Match") == tag:
        response = _response(304)
        response.headers.popall("Content-Type", None)
    response.headers["ETag"] = tag
    return response


def _response(
    status: int,
    text: str = "",
    kind: str = "text/plain",
    *,
    policy: str = _NOTHING,
    headers: Mapping[str, str] | None = None,
) -> web.Response:
    return web.Response(
        status=status,
        body=text.encode(),
        content_type=kind,
        charset="utf-8",
        headers={**_HEADERS, "Content-Security-Policy": policy, **(headers or {})},
    )
