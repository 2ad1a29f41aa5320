"""Whatever a server sends, reading it ends with rows or with a documented error."""

from __future__ import annotations

import asyncio
import os
import random
import resource
import socket
import time
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import msgspec
import pyarrow as pa
import pytest

from headrace.core.exceptions import ExpressionError, HeadraceError, PageError
from headrace.core.exchange import Headers, Request, Response, ShownRequest
from headrace.core.figures import ResourceFigures
from headrace.core.json_path import JsonPath
from headrace.core.secrets.redaction import Redactor
from headrace.http.ahead import AskedAhead
from headrace.http.auth.base import AnyAuthentication
from headrace.http.auth.credentials import Credentials
from headrace.http.client import HttpClient
from headrace.http.response_hooks import ResponseHook
from headrace.http.retrying import RetrySettings
from headrace.http.settings import ClientSettings
from headrace.reading.fetched_page import FetchedPage
from headrace.reading.listing import Listing
from headrace.sansio.paging import CursorPaginator
from headrace.sansio.paging.cursor import CursorSettings
from headrace.sansio.rows import Column, Fields, MainRoad
from tests.support.mutations import FuzzedAnswer, fuzzed, on_the_wire
from tests.unit.http.asking import PassingTime
from tests.unit.http.brokenness import socket_server

Read = TypeVar("Read")

ANSWERS = int(os.environ.get("HEADRACE_ANSWERS", "4000"))
ANSWERS_ON_THE_WIRE = ANSWERS // 20
PARTS = 4
SEED = int(os.environ.get("HEADRACE_ANSWER_SEED", "1"))
MOST_GROWTH = 64 * 1024 * 1024
# An answer is read in about a millisecond; this many seconds mean a hang, on a busy machine too.
LONGEST = 20.0
KINDS: dict[type, pa.DataType] = {
    bool: pa.bool_(),
    int: pa.int64(),
    float: pa.float64(),
    str: pa.string(),
}
KNOWN = {
    "id": Column("id", pa.int64(), nullable=False),
    "started_at": Column("started_at", pa.timestamp("us", "UTC")),
}


class FakeClient:
    """A client that gives the same answer to each request, without a network."""

    def __init__(self, answer: FuzzedAnswer) -> None:
        headers = Headers(answer.headers)
        self._response = Response(
            answer.status, headers, answer.body, ShownRequest.of("GET", "/items")
        )

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
        return read(self._response)

    def redactor(self, request: Request, credentials: AnyAuthentication) -> Redactor:
        return Redactor()


def listing(selector: str | None) -> Listing:
    settings = CursorSettings(JsonPath("nextCursor"), has_more_path=None, limit=250)
    return Listing(
        "items",
        Request("GET", "/items"),
        Credentials(),
        selector,
        partial(CursorPaginator, settings),
    )


def typed(page: FetchedPage) -> int:
    """The number of rows of a page that are typed, go the side road, or are rejected."""

    def infer(name: str, value: Any) -> Column:
        return Column(name, KINDS.get(type(value)))

    fields = Fields(dict(KNOWN), "__".join, infer, lambda path: len(path) < 3)
    typed_batch = MainRoad(fields, ("id",)).type_rows(page.rows)
    rows_on_main_road: int = typed_batch.table.num_rows
    return rows_on_main_road + len(typed_batch.side_rows) + len(typed_batch.rejected)


async def read_whole(answer: FuzzedAnswer, selector: str | None) -> str:
    """Reads an answer as a listing does; gives `rows`, or the name of the error that ends it."""
    of = listing(selector)
    client = FakeClient(answer)
    opened = of.open(client, ResourceFigures())
    walk = opened.new_pass()
    try:
        page, _ = await opened.page(of.request, walk, walk.paginator.next_cursor)
    except (PageError, ExpressionError) as error:
        return _located(error, "resource `items`, GET /items: ")
    for row in (each.row for each in page.unreadable):
        with pytest.raises((msgspec.MsgspecError, UnicodeDecodeError, RecursionError)):
            msgspec.json.decode(bytes(row).decode("utf-8"))
    assert typed(page) == len(page.rows)
    return "rows"


def _located(error: HeadraceError, place: str) -> str:
    """Checks that an error says where it arose, and gives the name of its class."""
    assert place in str(error), error
    return type(error).__name__


def peak_memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


@pytest.mark.parametrize("part", range(PARTS))
def test_any_answer_gives_rows_or_a_documented_error(part: int) -> None:
    draw = random.Random(f"{SEED}/{part}")
    ends = {"rows": 0, "PageError": 0, "IncompletePage": 0}

    async def read_all() -> None:
        for number in range(ANSWERS // PARTS):
            answer = fuzzed(draw)
            began = time.monotonic()
            try:
                end = await read_whole(answer, draw.choice(["data", "data", "$", None]))
            except Exception as error:
                raise AssertionError(f"answer {number} of part {part}: {answer}") from error
            assert time.monotonic() - began < LONGEST, answer
            ends[end] += 1

    before = peak_memory()
    asyncio.run(read_all())
    assert peak_memory() - before < MOST_GROWTH
    # The answers are neither all sound nor all broken.
    assert min(ends.values()) > ANSWERS // PARTS // 50, ends


@pytest.mark.parametrize("part", range(PARTS))
def test_any_bytes_on_the_wire_give_rows_or_a_documented_error(part: int) -> None:
    draw = random.Random(f"wire {SEED}/{part}")
    sent: list[bytes] = []

    def serve(connection: socket.socket) -> None:
        connection.settimeout(10)
        connection.recv(65536)
        connection.sendall(sent[-1])

    async def ask(base_url: str) -> dict[bool, int]:
        retry = RetrySettings(max_attempts=1)
        settings = ClientSettings(base_url, retry=retry, timeout=5.0, max_response_bytes=1_000_000)
        of, ends = listing("data"), {True: 0, False: 0}
        for _ in range(ANSWERS_ON_THE_WIRE // PARTS):
            sent.append(on_the_wire(draw, fuzzed(draw)))
            async with HttpClient(settings, PassingTime().timing) as client:
                opened = of.open(client, ResourceFigures())
                walk = opened.new_pass()
                try:
                    page, _ = await opened.page(of.request, walk, walk.paginator.next_cursor)
                except HeadraceError as error:
                    _located(error, "GET http://127.0.0.1")
                    ends[False] += 1
                except Exception as error:
                    raise AssertionError(f"of the bytes {sent[-1]!r}") from error
                else:
                    ends[True] += typed(page) == len(page.rows)
        return ends

    before = peak_memory()
    with socket_server(serve) as address:
        ends = asyncio.run(ask(f"http://{address}"))
    assert peak_memory() - before < MOST_GROWTH
    assert sum(ends.values()) == len(sent)
    assert min(ends.values()) > len(sent) // 20, ends
