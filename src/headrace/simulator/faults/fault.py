"""What a fault is: an answer of its own in place of the good one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum

from aiohttp import web


class Outcome(Enum):
    """What a fault comes to for a client that does all it can."""

    PASSES = "pass when asked again"
    HARMLESS = "are harmless"
    COSTS_A_ROW = "cost a row, and no other"
    FAILS = "fail, at once and with a clear error"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that is to be answered badly.

    Args:
        request: as it came.
        good: what would be answered without the fault.
        cursors: of the listing's requests until this one, oldest first and each once in a row;
            None for the top.
    """

    request: web.BaseRequest
    good: web.Response
    cursors: Sequence[str | None]

    @property
    def body(self) -> bytes:
        """The body of the good answer."""
        body = self.good.body
        return body if isinstance(body, bytes) else b""


Answering = Callable[[Asked], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Fault:
    """A way to answer badly.

    Args:
        name: as it is written in `--faults`.
        does: what the server does, in a line.
        outcome: what it comes to.
        answer: gives the answer, or breaks the connection.
        pages_only: it makes no sense for a single row.
        takes_time: it costs a client seconds rather than a request.
        needs_tls: it makes no sense where the server is asked without TLS.
    """

    name: str
    does: str
    outcome: Outcome
    answer: Answering = field(repr=False)
    pages_only: bool = False
    takes_time: bool = False
    needs_tls: bool = False


def at_once(make: Callable[[Asked], web.Response]) -> Answering:
    """An answer that is whole, however odd.

    Args:
        make: the response from the request.
    """

    async def answer(asked: Asked) -> web.StreamResponse:
        return make(asked)

    return answer


def with_body(asked: Asked, body: bytes, **headers: str) -> web.Response:
    """The good answer with another body.

    Args:
        asked: the request.
        body: in place of the good one.
        headers: besides those of the good answer, or instead; `_` in a name stands for `-`.
    """
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    kept = {"Content-Type": asked.good.headers["Content-Type"]}
    return web.Response(body=body, status=asked.good.status, headers={**kept, **given})
