"""The road of a slow API that is asked by offset: one page after the other, and several at once.

The server takes its time over each answer, as one at the other end of a network does. It counts the
requests.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from multiprocessing.connection import Connection
from typing import Any

from aiohttp import web

from benchmarks.clock import Clock, rows_in
from benchmarks.loading import import_all, new_pipeline
from benchmarks.processes import run_alone
from benchmarks.roads import DLT, Contender, Road, Run, share

_LATENCY = 0.05
_PAGE = 250
_ROWS = 30_000
ONE_LANE = "headrace, one page at a time"
# By the name of a contender: how many pages it asks for at once.
LANES = {ONE_LANE: 1, "headrace, 8 lanes": 8, "headrace, 16 lanes": 16}


def app(rows: int, latency: float) -> web.Application:
    """An API that lists by `offset` and `limit`, and tells a total.

    Args:
        rows: how many there are.
        latency: seconds before each answer.
    """
    texts = [
        json.dumps({"id": number, "name": f"row {number}", "amount": number / 4, "ok": number % 3})
        for number in range(rows, 0, -1)
    ]
    counted = {"requests": 0}

    async def listed(request: web.Request) -> web.Response:
        counted["requests"] += 1
        await asyncio.sleep(latency)
        offset, limit = int(request.query["offset"]), int(request.query["limit"])
        items = ",".join(texts[offset : offset + limit])
        text = f'{{"items":[{items}],"total":{rows}}}'
        return web.Response(text=text, content_type="application/json")

    async def requests(_: web.Request) -> web.Response:
        told, counted["requests"] = counted["requests"], 0
        return web.json_response(told)

    served = web.Application()
    served.router.add_get("/rows", listed)
    served.router.add_get("/requests", requests)
    return served


def _serve(rows: int, latency: float, announce: Connection) -> None:
    async def serve() -> None:
        runner = web.AppRunner(app(rows, latency))
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        announce.send(f"http://127.0.0.1:{runner.addresses[0][1]}")
        await asyncio.Event().wait()

    asyncio.run(serve())


@contextmanager
def serving(rows: int, latency: float = _LATENCY) -> Iterator[str]:
    """Serves in a process of its own; gives the base URL."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(
        target=_serve, args=(rows, latency, there), daemon=True
    )
    process.start()
    try:
        yield here.recv()
    finally:
        process.terminate()
        process.join()


def config(base_url: str, lanes: int = 0) -> Any:
    """The same for both sources, but for the lanes."""
    paginator = {"type": "offset", "limit": _PAGE, "total_path": "total"}
    endpoint: dict[str, Any] = {"path": "rows", "data_selector": "items", "paginator": paginator}
    client: dict[str, Any] = {"base_url": base_url}
    if lanes > 1:
        endpoint["lanes"] = {"by": "pages", "at_once": lanes}
        client["concurrency"] = lanes
    return {
        "client": client,
        "resources": [
            {
                "name": "rows",
                "primary_key": "id",
                "write_disposition": "replace",
                "endpoint": endpoint,
            }
        ],
    }


def measure(variant: str, base_url: str) -> Run:
    """Loads in a process and a folder of its own; the server tells how often it was asked."""
    counted = f"{base_url}/requests"
    urllib.request.urlopen(counted).close()
    run = Run(**run_alone("lanes", variant, base_url))
    with urllib.request.urlopen(counted) as answer:
        return replace(run, requests=json.load(answer))


@contextmanager
def loads(rows: int) -> Iterator[list[Contender]]:
    """The contenders, while the server runs."""
    wanted = share(_ROWS, rows)
    with serving(wanted) as base_url:
        yield [Contender(name, partial(measure, name, base_url), wanted) for name in (DLT, *LANES)]


ROADS = (Road("lanes", "By offset, 50 ms a page", (DLT, ONE_LANE), loads),)


def main() -> None:
    """Runs one load in the current folder."""
    import dlt.sources.rest_api

    import headrace

    parser = argparse.ArgumentParser()
    parser.add_argument("variant", choices=(DLT, *LANES))
    parser.add_argument("base_url")
    arguments = parser.parse_args()
    pipeline = new_pipeline("duckdb")
    import_all()
    clock = Clock()
    if arguments.variant == DLT:
        pipeline.run(dlt.sources.rest_api.rest_api_source(config(arguments.base_url)))
    else:
        document = config(arguments.base_url, LANES[arguments.variant])
        pipeline.run(headrace.rest_api_source(document))
    clock.stop()
    clock.tell(rows_in(pipeline, "rows"))


if __name__ == "__main__":
    main()
