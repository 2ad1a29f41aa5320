"""A client whose requests wait until a test lets a world answer them, and the answers arrive."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from random import Random
from typing import Any

from headrace.core.exceptions import ResponseStatusError
from headrace.core.exchange import Headers, Request, Response, ShownRequest
from headrace.core.figures import ResourceFigures
from headrace.core.secrets.redaction import Redactor
from headrace.http.ahead import AskedAhead
from headrace.http.auth.base import AnyAuthentication
from headrace.http.response_hooks import ResponseHook
from headrace.reading.client import Read
from tests.unit.reading.keep_up.held_client import PausingLoop

_MOST_STEPS = 20_000

# The status, the headers and the body of an answer.
Answered = tuple[int, dict[str, str], Any]


class HeldAnswers:
    """Lets a test choose the order and the moments in which requests are answered.

    Args:
        answer: What the world answers at the moment.

    Attributes:
        waiting: The requests that are yet to be answered.
        on_their_way: Those whose answers are not back yet.
        most_at_once: The largest number of requests that were under way at once.
        asked: The parameters of all requests.
    """

    def __init__(self, answer: Callable[[Request], Answered]) -> None:
        self._answer = answer
        self.waiting: list[tuple[Request, asyncio.Future[Answered]]] = []
        self.on_their_way: list[tuple[asyncio.Future[Answered], Answered]] = []
        self.most_at_once = 0
        self.asked: list[dict[str, Any]] = []

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
        future: asyncio.Future[Answered] = asyncio.get_running_loop().create_future()
        self.asked.append(dict(request.params))
        self.waiting.append((request, future))
        self.most_at_once = max(self.most_at_once, len(self.waiting) + len(self.on_their_way))
        status, headers, body = await future
        response = Response(
            status, Headers(headers), json.dumps(body).encode(), ShownRequest.of("GET", "/rows")
        )
        if hook is not None:
            response = hook(request, response)
        if status >= 400:
            raise ResponseStatusError(str(body), status)
        return read(response)

    def redactor(self, request: Request, credentials: AnyAuthentication) -> Redactor:
        """Gives one that changes nothing: there are no secrets."""
        return Redactor()

    @property
    def has_some(self) -> bool:
        """Whether a request is under way."""
        return bool(self.waiting or self.on_their_way)

    def go_on(self, pick: int, *, answers: bool) -> None:
        """Has a request answered from the world as it is now, or an answer arrive.

        Args:
            pick: Which one, of all that could be.
            answers: Whether rather a request is answered than an answer arrives.
        """
        if self.waiting and (answers or not self.on_their_way):
            request, future = self.waiting.pop(pick % len(self.waiting))
            self.on_their_way.append((future, self._answer(request)))
            return
        future, answered = self.on_their_way.pop(pick % len(self.on_their_way))
        if not future.done():
            future.set_result(answered)


def run_in_steps(
    reading: Coroutine[Any, Any, None],
    client: HeldAnswers,
    random: Random,
    happens: Callable[[], object],
    crash_at: int | None = None,
) -> bool:
    """Lets a reading go on until it waits, and again after each answer.

    Args:
        reading: What asks the client.
        client: The client.
        random: Chooses which request is answered next, and when its answer arrives.
        happens: Is called before each step.
        crash_at: The step at which the process is killed; None for none.

    Returns:
        Whether it came to its end.
    """
    loop = PausingLoop()
    task = loop.create_task(reading)
    try:
        for step in range(_MOST_STEPS):
            loop.run_forever()
            if task.done():
                task.result()
                return True
            if step == crash_at:
                return False
            happens()
            assert client.has_some, "nothing is under way, and the reading has not ended"
            answers = random.random() < 0.6
            client.go_on(random.randrange(1_000), answers=answers)
    finally:
        task.cancel()
        loop.run_until_complete(asyncio.gather(task, return_exceptions=True))
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
    raise AssertionError("the reading does not end")
