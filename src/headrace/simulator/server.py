"""The sample API over HTTP: its paths, its key, and a record of the requests."""

from __future__ import annotations

import asyncio
import hmac
import json
import re
import socket
import ssl
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, Protocol

from aiohttp import web

from headrace.simulator.faults import LOOP_PATH, AffectedRequest, Fault, Faults, FaultSequence
from headrace.simulator.listing import workflows_page
from headrace.simulator.more_paths import MorePaths
from headrace.simulator.parameters import BadParameter
from headrace.simulator.refused import Refused
from headrace.simulator.release import OLDER
from headrace.simulator.surrounding_paths import SurroundingPaths

BASE_PATH = "/api/v1"
REQUESTS_KEPT = 10_000

_LISTINGS = ("/executions", "/workflows")
_CURSORS_KEPT = 3
_TURNS_TO_CONNECT = 3
_EXECUTION_PATH = re.compile(r"/executions/([^/]+)")
_EXECUTION_ID = re.compile(r"[1-9][0-9]{0,17}")


@dataclass(frozen=True, slots=True)
class RecordedRequest:
    """A request as the server got it, without its headers, so without its key.

    Args:
        method: `GET`, ...
        path: Below the API's base, as `/executions`.
        query: The decoded parameters.
        fault: The name of the fault that it was answered with; None for none.
    """

    method: str
    path: str
    query: Mapping[str, str]
    fault: str | None = None


class ServedExecutions(Protocol):
    """What the API shows: an `Archive`, which stays as it is, or a `World`."""

    @property
    def blocks_computed(self) -> int:
        """How many blocks of archived rows have been computed so far."""
        ...

    def page(self, query: Mapping[str, str]) -> bytes:
        """Return the JSON text of one page; raises `BadParameter`."""
        ...

    def execution(self, execution_id: int) -> dict[str, Any] | None:
        """Return one row as its own path shows it; None where there is none."""
        ...

    def truth(
        self, *, status: str | None = None, workflow_id: str | None = None
    ) -> Iterator[dict[str, Any]]:
        """Go through the rows, newest first."""
        ...


class ExecutionsApi:
    """Answers requests.

    Args:
        executions: What to show.
        api_key: The key that a client must send.
        key_header: The header in which it must send it.
        on_request: Called before each answer with the request's number, from 1.
        faults: Which requests to answer badly; None answers all of them well.
        more: What a newer release answers besides, and otherwise; None for nothing.
        around: What is listed beside executions.
    """

    def __init__(
        self,
        executions: ServedExecutions,
        *,
        api_key: str,
        key_header: str,
        on_request: Callable[[int], None] | None = None,
        faults: Faults | None = None,
        more: MorePaths | None = None,
        around: SurroundingPaths | None = None,
    ) -> None:
        self.executions = executions
        self.requests: deque[RecordedRequest] = deque(maxlen=REQUESTS_KEPT)
        self.hook_error: Exception | None = None
        """The first error that `on_request` raised."""
        self._on_request = on_request
        self._request_number = 0
        self._more = more
        self._around = around or SurroundingPaths(OLDER)
        self._unauthorized = "unauthorized" if more is None else "Unauthorized"
        self._api_key = api_key.encode()
        self._key_header = key_header
        self._course = FaultSequence(faults) if faults is not None else None
        self._cursors: deque[str | None] = deque(maxlen=_CURSORS_KEPT)

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Return the response to one request."""
        path = request.path.removeprefix(BASE_PATH)
        query = dict(request.query)
        fault = self._fault(request, path) if self._course is not None else None
        name = None if fault is None else fault.name
        self.requests.append(RecordedRequest(request.method, path, query, name))
        if self._on_request is not None:
            self._call_hook(self._on_request)
        good = self._good_answer(request, path, query)
        if self._more is not None and path == "/executions" and good.status == 200:
            await asyncio.sleep(self._more.seconds_to_count(query))
        if fault is None:
            return good
        return await fault.answer(AffectedRequest(request, good, tuple(self._cursors)))

    def _fault(self, request: web.BaseRequest, path: str) -> Fault | None:
        """The fault that a request for rows with the right key is answered with; None for none."""
        is_page = path in _LISTINGS
        asks_for_rows = is_page or _EXECUTION_PATH.fullmatch(path) is not None
        if self._course is None or request.method != "GET" or not asks_for_rows:
            return None
        if not self._may_ask(request):
            return None
        cursor = request.query.get("cursor")
        if is_page and (not self._cursors or self._cursors[-1] != cursor):
            self._cursors.append(cursor)
        return self._course.next(is_page=is_page)

    def _good_answer(
        self, request: web.BaseRequest, path: str, query: Mapping[str, str]
    ) -> web.Response:
        if path == LOOP_PATH and self._course is not None:
            return web.Response(status=307, headers={"Location": request.path})
        if self._more is not None and self._more.knows(request.method, path):
            return self._more_answer(self._more.answer, request, path, query)
        if request.method == "GET" and self._around.knows(path):
            return self._more_answer(self._around.answer, request, path, query)
        execution = _EXECUTION_PATH.fullmatch(path)
        known = path in _LISTINGS or execution is not None
        if not known or not request.path.startswith(BASE_PATH):
            return _message(404, "not found")
        if request.method != "GET":
            response = _message(405, f"{request.method} method not allowed")
            response.headers["Allow"] = "GET"
            return response
        if not self._may_ask(request):
            return _message(401, self._unauthorized)
        if execution is not None:
            return self._execution(execution[1])
        try:
            if path == "/workflows":
                return _json(workflows_page(query))
            return _json(self.executions.page(query))
        except BadParameter as error:
            return _message(400, str(error))

    def _more_answer(
        self,
        answer: Callable[[str, Mapping[str, str]], bytes],
        request: web.BaseRequest,
        path: str,
        query: Mapping[str, str],
    ) -> web.Response:
        if not self._may_ask(request):
            return _message(401, self._unauthorized)
        try:
            return _json(answer(path, query))
        except Refused as error:
            return _message(error.status, error.message)
        except BadParameter as error:
            return _message(400, str(error))

    def _call_hook(self, on_request: Callable[[int], None]) -> None:
        self._request_number += 1
        try:
            on_request(self._request_number)
        except Exception as error:
            # Without this all that anyone would see of it is an answer with status 500.
            self.hook_error = self.hook_error or error
            raise

    def _may_ask(self, request: web.BaseRequest) -> bool:
        sent = request.headers.get(self._key_header, "").encode("utf-8", "surrogateescape")
        return hmac.compare_digest(sent, self._api_key)

    def _execution(self, text: str) -> web.Response:
        row = self.executions.execution(int(text)) if _EXECUTION_ID.fullmatch(text) else None
        if row is None:
            return _message(404, "Not Found")
        return _json(json.dumps(row, separators=(",", ":")).encode())


@asynccontextmanager
async def listening(
    api: ExecutionsApi, host: str, port: int, tls: ssl.SSLContext | None = None
) -> AsyncIterator[str]:
    """Answer requests on a socket for as long as the context lasts.

    Args:
        api: What answers.
        host: The address to listen on.
        port: The port to listen on; 0 takes any free one.
        tls: The TLS settings with the certificate, to be asked with https; None for http.

    Yields:
        The API's base URL.

    Raises:
        OSError: The address cannot be listened on, as when the port is in use.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, port), family=family)
    runner = web.ServerRunner(web.Server(api.answer), shutdown_timeout=5)
    await runner.setup()
    try:
        await web.SockSite(runner, listener, ssl_context=tls).start()
        authority = f"[{host}]" if ":" in host else host
        scheme = "http" if tls is None else "https"
        yield f"{scheme}://{authority}:{listener.getsockname()[1]}{BASE_PATH}"
    finally:
        await _stop_accepting(listener)
        await runner.cleanup()


async def _stop_accepting(listener: socket.socket) -> None:
    """Let connections that were accepted just now become known to the server that is to end.

    If asyncio's server is closed in the turn after it accepted one, that one is never closed.
    """
    with suppress(NotImplementedError):  # on Windows, where asyncio has no readers
        asyncio.get_running_loop().remove_reader(listener)
    for _ in range(_TURNS_TO_CONNECT):
        await asyncio.sleep(0)


def _json(body: bytes, status: int = 200) -> web.Response:
    return web.Response(body=body, status=status, content_type="application/json", charset="utf-8")


def _message(status: int, message: str) -> web.Response:
    return _json(json.dumps({"message": message}).encode(), status)
