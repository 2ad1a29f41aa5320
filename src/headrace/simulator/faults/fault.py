"""What a fault is: another answer in place of the good one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum

from aiohttp import web


class Outcome(Enum):
    """What a fault means for a client that does all it can."""

    PASSES = "pass when asked again"
    HARMLESS = "are harmless"
    COSTS_A_ROW = "cost a row, and no other"
    FAILS = "fail, at once and with a clear error"


@dataclass(frozen=True, slots=True)
class AffectedRequest:
    """A request that is to be answered badly.

    Args:
        request: The request as it came.
        good: The answer that it would get without the fault.
        cursors: The cursors of the listing's requests up to this one, oldest first, repeated ones
            once; None stands for the top.
    """

    request: web.BaseRequest
    good: web.Response
    cursors: Sequence[str | None]

    @property
    def body(self) -> bytes:
        """The body of the good answer."""
        body = self.good.body
        return body if isinstance(body, bytes) else b""


Answering = Callable[[AffectedRequest], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Fault:
    """A way to answer badly.

    Args:
        name: The name by which `--faults` calls it.
        does: What the server does, in one line.
        outcome: What it means for a client that does all it can.
        answer: Gives the answer, or breaks the connection.
        pages_only: Whether it makes no sense for a single row.
        takes_time: Whether it costs a client seconds rather than a request.
        needs_tls: Whether it makes no sense where the server is asked without TLS.
    """

    name: str
    does: str
    outcome: Outcome
    answer: Answering = field(repr=False)
    pages_only: bool = False
    takes_time: bool = False
    needs_tls: bool = False


def at_once(make: Callable[[AffectedRequest], web.Response]) -> Answering:
    """Makes a fault of an answer that is whole, however odd.

    Args:
        make: Makes the response from the request.
    """

    async def answer(asked: AffectedRequest) -> web.StreamResponse:
        return make(asked)

    return answer


def with_body(asked: AffectedRequest, body: bytes, **headers: str) -> web.Response:
    """The good answer with another body.

    Args:
        asked: The request.
        body: The body to send in place of the good one.
        headers: Headers that are added to those of the good answer, or replace them; `_` in a name
            stands for `-`.
    """
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    kept = {"Content-Type": asked.good.headers["Content-Type"]}
    return web.Response(body=body, status=asked.good.status, headers={**kept, **given})
