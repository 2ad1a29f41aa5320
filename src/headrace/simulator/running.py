"""Starts and stops the sample API: beside a test, or as a program of its own."""

from __future__ import annotations

import asyncio
import signal
import ssl
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from threading import Thread
from types import FrameType, TracebackType
from typing import Any, Self

from headrace.simulator.archive import Archive
from headrace.simulator.details import PAYLOAD_BYTES
from headrace.simulator.faults import BadFaults, Faults
from headrace.simulator.history import History
from headrace.simulator.more_paths import MorePaths
from headrace.simulator.pace import Pace
from headrace.simulator.release import NEWER, OLDER, Release, release_like
from headrace.simulator.server import ExecutionsApi, RecordedRequest, ServedExecutions, listening
from headrace.simulator.surrounding_paths import SurroundingPaths
from headrace.simulator.world import World

_ROWS, _SEED = 20_000, 1


@dataclass(frozen=True, slots=True)
class _Running:
    thread: Thread
    loop: asyncio.AbstractEventLoop
    stop: asyncio.Event
    base_url: str


class Simulator:
    """A sample executions API on a real socket, for as long as the `with` block lasts.

    Args:
        rows: How many executions it has; a million costs no more to start than ten.
        seed: Any integer; the same seed gives the same rows.
        host: The address to listen on.
        port: The port to listen on; 0 takes any free one.
        api_key: The key that clients must send.
        key_header: The header in which they must send it.
        string_ids: Whether `id` and `retrySuccessId` are sent as text, as some live servers do.
        incidents: Whether things go wrong in the history: a bad deploy, a slow dependency,
            executions that are stuck in a wait step and listed so.
        world: What to show instead of executions that stay as they are; it has its own rows, seed,
            kind of ids, release and gaps.
        like: The release to behave like, `2.20` or `2.41`, which always sends ids as text.
        gaps: How many ids in a row answer 404 for good, as where runs keep nothing; 0 for none.
        payload: How many bytes of content `includeData` brings for each execution (2.41).
        slow_counts: Whether a page takes longer the more rows are left, as recorded (2.41).
        licensed: Whether projects and variables are listed, as with a licence, and no 403.
        on_request: Called before each answer with the request's number, from 1, in the thread that
            answers: what it does to the world happens between two pages. What it raises is raised
            again when the block ends.
        faults: Which requests to answer badly; None answers all of them well.
        tls: The TLS settings with the certificate, to be asked with https; None for http.

    Raises:
        ValueError: `rows` is negative, or given beside a world, as are `seed`, `string_ids`,
            `incidents`, `like`, `gaps` and `payload`; there is no such release, or one of them is
            not for it.
        BadFaults: One of the faults needs TLS.
        OSError: (on entering) the address cannot be listened on, as when the port is in use.
    """

    def __init__(
        self,
        rows: int = _ROWS,
        seed: int = _SEED,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        api_key: str = "simulator",
        key_header: str = "X-API-KEY",
        string_ids: bool = False,
        incidents: bool = False,
        world: World | None = None,
        like: str = OLDER.name,
        gaps: int = 0,
        payload: int = PAYLOAD_BYTES,
        slow_counts: bool = False,
        licensed: bool = False,
        on_request: Callable[[int], None] | None = None,
        faults: Faults | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.api_key = api_key
        self._host = host
        self._port = port
        self._tls = tls
        self._executions = _shown(
            History(rows, seed, incidents), string_ids, world, like, gaps, payload
        )
        self._api = ExecutionsApi(
            self._executions,
            api_key=api_key,
            key_header=key_header,
            on_request=on_request,
            faults=_checked(faults, tls),
            more=_more_paths(self._executions, slow_counts),
            around=SurroundingPaths(_release_of(self._executions), licensed=licensed),
        )
        self._running: _Running | None = None

    @property
    def base_url(self) -> str:
        """The API's base, as `http://127.0.0.1:50123/api/v1`; known only while it runs."""
        if self._running is None:
            raise RuntimeError("the simulator is not running: use it in a with block")
        return self._running.base_url

    @property
    def requests(self) -> deque[RecordedRequest]:
        """The requests it got, oldest first; only the last ten thousand are kept."""
        return self._api.requests

    @property
    def blocks_computed(self) -> int:
        """How many blocks of rows it has computed so far; none before the first is asked for."""
        return self._executions.blocks_computed

    def truth(
        self, *, status: str | None = None, workflow_id: str | None = None
    ) -> Iterator[dict[str, Any]]:
        """Go through the rows as a listing shows them, newest first, without HTTP.

        A world's hidden rows are among them.

        Args:
            status: Only rows with this status; None takes any.
            workflow_id: Only rows of this workflow; None takes any.
        """
        return self._executions.truth(status=status, workflow_id=workflow_id)

    def __enter__(self) -> Self:
        ready: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event, str]] = Future()
        thread = Thread(
            target=lambda: asyncio.run(self._run(ready)), name="headrace-simulator", daemon=True
        )
        thread.start()
        try:
            self._running = _Running(thread, *ready.result())
        except OSError:
            thread.join()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        running = self._running
        if running is not None:
            self._running = None
            running.loop.call_soon_threadsafe(running.stop.set)
            running.thread.join()
        hook_error, self._api.hook_error = self._api.hook_error, None
        if hook_error is not None:
            raise hook_error

    async def _run(
        self, ready: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event, str]]
    ) -> None:
        stop = asyncio.Event()
        try:
            async with listening(self._api, self._host, self._port, self._tls) as base_url:
                ready.set_result((asyncio.get_running_loop(), stop, base_url))
                await stop.wait()
        except OSError as error:
            if ready.done():
                raise
            ready.set_exception(error)


def serve(
    rows: int = _ROWS,
    seed: int = _SEED,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    api_key: str = "simulator",
    key_header: str = "X-API-KEY",
    string_ids: bool = False,
    incidents: bool = False,
    world: World | None = None,
    like: str = OLDER.name,
    gaps: int = 0,
    payload: int = PAYLOAD_BYTES,
    slow_counts: bool = False,
    licensed: bool = False,
    on_request: Callable[[int], None] | None = None,
    faults: Faults | None = None,
    on_ready: Callable[[str], None],
) -> None:
    """Run the sample API until SIGINT or SIGTERM; must be called in the main thread.

    Args:
        rows: How many executions it has.
        seed: Any integer; the same seed gives the same rows.
        host: The address to listen on.
        port: The port to listen on; 0 takes any free one.
        api_key: The key that clients must send.
        key_header: The header in which they must send it.
        string_ids: Whether `id` and `retrySuccessId` are sent as text, as some live servers do.
        incidents: Whether things go wrong in the history: a bad deploy, a slow dependency,
            executions that are stuck in a wait step and listed so.
        world: What to show instead of executions that stay as they are; it has its own rows, seed,
            kind of ids, release and gaps.
        like: The release to behave like, `2.20` or `2.41`, which always sends ids as text.
        gaps: How many ids in a row answer 404 for good, as where runs keep nothing; 0 for none.
        payload: How many bytes of content `includeData` brings for each execution (2.41).
        slow_counts: Whether a page takes longer the more rows are left, as recorded (2.41).
        licensed: Whether projects and variables are listed, as with a licence, and no 403.
        on_request: Called before each answer with the request's number, from 1.
        faults: Which requests to answer badly; None answers all of them well.
        on_ready: Called once with the base URL, when requests are answered.

    Raises:
        ValueError: `rows` is negative, or given beside a world, as are `seed`, `string_ids`,
            `incidents`, `like`, `gaps` and `payload`; there is no such release, or one of them is
            not for it.
        BadFaults: One of the faults needs TLS.
        OSError: The address cannot be listened on, as when the port is in use.
    """
    executions = _shown(History(rows, seed, incidents), string_ids, world, like, gaps, payload)
    api = ExecutionsApi(
        executions,
        api_key=api_key,
        key_header=key_header,
        on_request=on_request,
        faults=_checked(faults, None),
        more=_more_paths(executions, slow_counts),
        around=SurroundingPaths(_release_of(executions), licensed=licensed),
    )
    asyncio.run(_serve_until_signal(api, host, port, on_ready))


def _shown(
    history: History, string_ids: bool, world: World | None, like: str, gaps: int, payload: int
) -> ServedExecutions:
    if world is not None:
        own = (history, string_ids, like, gaps, payload)
        if own != (History(_ROWS, _SEED), False, OLDER.name, 0, PAYLOAD_BYTES):
            raise ValueError(
                "rows, seed, string_ids, like, gaps and payload are the world's own: give them to "
                "World(...); incidents are of a history that stays"
            )
        return world
    if release_like(like) is OLDER:
        if (gaps, payload) != (0, PAYLOAD_BYTES):
            raise ValueError(f"gaps and payload are for like={NEWER.name!r}, not {like!r}")
        return Archive(history, string_ids=string_ids)
    return World(
        history.rows,
        history.seed,
        pace=Pace.still(),
        like=like,
        incidents=history.incidents,
        gaps=gaps,
        payload=payload,
    )


def _release_of(executions: ServedExecutions) -> Release:
    return executions.release if isinstance(executions, World) else OLDER


def _more_paths(executions: ServedExecutions, slow_counts: bool) -> MorePaths | None:
    if isinstance(executions, World) and executions.release is not OLDER:
        return MorePaths(executions, slow_counts=slow_counts)
    if slow_counts:
        raise ValueError(f"slow_counts are for like={NEWER.name!r}")
    return None


def _checked(faults: Faults | None, tls: ssl.SSLContext | None) -> Faults | None:
    """The faults; refuses those that make no sense without TLS."""
    if faults is not None and tls is None:
        for fault in faults.all:
            if fault.needs_tls:
                raise BadFaults(
                    f"the fault `{fault.name}` needs a server with TLS, as in Python "
                    "Simulator(tls=...) is"
                )
    return faults


async def _serve_until_signal(
    api: ExecutionsApi, host: str, port: int, on_ready: Callable[[str], None]
) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def end(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(stop.set)

    async with listening(api, host, port) as base_url:
        before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            on_ready(base_url)
            await stop.wait()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
