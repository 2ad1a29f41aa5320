"""A client without a network: each request waits until the test lets it be answered."""

from __future__ import annotations

import asyncio
import json
import selectors
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from headrace.core.exceptions import ResponseStatusError
from headrace.core.exchange import Headers, Request, Response, ShownRequest
from headrace.core.figures import ResourceFigures
from headrace.core.secrets.redaction import Redactor
from headrace.http.ahead import AskedAhead
from headrace.http.auth.base import AnyAuthentication
from headrace.http.response_hooks import ResponseHook
from headrace.reading.client import Read
from headrace.simulator import BadParameter, World

Row = dict[str, Any]

_LISTING = "/executions"


class PausingLoop(asyncio.SelectorEventLoop):
    """An event loop that stops as soon as all of its tasks wait for something outside of it."""

    def __init__(self) -> None:
        super().__init__(_ReportsIdleness(self.stop))


class _ReportsIdleness(selectors.DefaultSelector):
    """Tells when an event loop has nothing to run, and returns to it without waiting."""

    def __init__(self, on_idle: Callable[[], None]) -> None:
        super().__init__()
        self._on_idle = on_idle

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or timeout > 0:
            self._on_idle()
        return super().select(0)


@dataclass(eq=False, slots=True)
class HeldRequest:
    """A request under way.

    Args:
        request: The request.
        asked_at: The time at which it was made, in seconds since 1970.
        arrived: Gets its result when the answer is back at the client.
        answer: The answer of the server; None before the server has answered.
        rows: The rows in that answer.
    """

    request: Request
    asked_at: float
    arrived: asyncio.Future[Response]
    answer: Response | ResponseStatusError | None = None
    rows: list[Row] | None = None

    @property
    def is_list(self) -> bool:
        """Whether it asks for a page of the listing."""
        return self.place == _LISTING and not self.is_of_one_kind

    @property
    def is_of_one_kind(self) -> bool:
        """Whether it asks for a page of the rows that run, or that are parked."""
        return "status" in self.request.params

    @property
    def cursor(self) -> str | None:
        """The cursor that it asks for; None for the top of the listing."""
        return self.request.params.get("cursor")

    @property
    def key(self) -> int:
        """The key of the single row that it asks for."""
        return int(self.place.removeprefix(f"{_LISTING}/"))

    @property
    def place(self) -> str:
        """The path that it asks for, without what the config has written behind it as a query."""
        return self.request.path.partition("?")[0]

    @property
    def next_cursor(self) -> str | None:
        """The cursor of the next page, which the answer names; None at the end of the listing."""
        assert isinstance(self.answer, Response)
        cursor: str | None = json.loads(self.answer.body)["nextCursor"]
        return cursor


class HeldClient:
    """Lets a test choose the order and the moments in which a world answers requests.

    Args:
        world: The world that answers.
        heeds_status: Whether it lists by status, or takes no notice of that.

    Attributes:
        under_way: The requests whose answers are not back yet, in the order in which they were
            made.
    """

    def __init__(self, world: World, *, heeds_status: bool = True) -> None:
        self._world = world
        self._heeds_status = heeds_status
        self.under_way: list[HeldRequest] = []

    async def read(
        self,
        request: Request,
        credentials: AnyAuthentication,
        read: Callable[[Response], Read],
        figures: ResourceFigures,
        hook: ResponseHook | None = None,
        most_attempts: int | None = None,
        ahead: AskedAhead | None = None,
    ) -> Read:
        """Makes a request and waits for its answer, as `Client.read` does."""
        held = HeldRequest(request, self._world.now, asyncio.get_running_loop().create_future())
        self.under_way.append(held)
        return read(await held.arrived)

    def redactor(self, request: Request, credentials: AnyAuthentication) -> Redactor:
        """Gives one that changes nothing: there are no secrets."""
        return Redactor()

    def answer(self, held: HeldRequest) -> None:
        """Answers a request from the rows as they are now; the answer is then on its way back.

        Args:
            held: The request.
        """
        query = {name: str(value) for name, value in held.request.params.items()}
        if not self._heeds_status:
            query.pop("status", None)
        has_data = held.request.path.endswith("?includeData=true")
        if held.place == _LISTING:
            try:
                body = self._world.page(query | ({"includeData": "true"} if has_data else {}))
            except BadParameter as error:
                held.answer, held.rows = ResponseStatusError(str(error), 400), []
                return
            held.rows = json.loads(body)["data"]
        else:
            row = self._world.execution(held.key, include_data=has_data)
            if row is None:
                held.answer, held.rows = ResponseStatusError("Not Found", 404), []
                return
            held.rows, body = [row], json.dumps(row).encode()
        headers = Headers({"Content-Type": "application/json"})
        held.answer = Response(200, headers, body, ShownRequest.of("GET", held.request.path))

    def hand_over(self, held: HeldRequest) -> None:
        """Gives the answer of a request to the client.

        Args:
            held: The request, which has been answered.
        """
        self.under_way.remove(held)
        if isinstance(held.answer, Response):
            held.arrived.set_result(held.answer)
        elif held.answer is not None:
            held.arrived.set_exception(held.answer)
