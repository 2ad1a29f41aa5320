"""The road of a slow API that is asked by offset: one page after the other, and several at once.

The server takes its time over each answer, as one at the other end of a network does. It counts the
requests.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib import import_module
from typing import Any

from aiohttp import web
from dlt.sources import rest_api

import headrace
from benchmarks.app_serving import served_app
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


def execution(number: int) -> dict[str, Any]:
    """A row with the fields of an execution."""
    started = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=7 * number)
    stopped = started + timedelta(milliseconds=number % 9_000)
    return {
        "id": number,
        "finished": number % 20 != 0,
        "mode": "trigger" if number % 3 else "webhook",
        "retryOf": number - 9 if number % 50 == 0 else None,
        "retrySuccessId": None,
        "status": "success" if number % 20 else "error",
        "startedAt": started.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "stoppedAt": stopped.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "workflowId": f"workflow-{number % 40}",
        "waitTill": None,
    }


def app(rows: int, latency: float) -> web.Application:
    """An API that lists by `offset` and `limit`, and tells a total.

    Args:
        rows: how many there are.
        latency: seconds before each answer.
    """
    texts = [json.dumps(execution(number)) for number in range(rows, 0, -1)]
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
                "write_disposition": "merge",
                "endpoint": endpoint,
            }
        ],
    }


def measure(what: str, variant: str, base_url: str) -> Run:
    """Loads or reads in a process of its own; the server tells how often it was asked."""
    counted = f"{base_url}/requests"
    urllib.request.urlopen(counted).close()
    run = Run(**run_alone("lanes", what, variant, base_url))
    with urllib.request.urlopen(counted) as answer:
        return replace(run, requests=json.load(answer))


@contextmanager
def contenders(what: str, rows: int) -> Iterator[list[Contender]]:
    """The contenders, while the server runs."""
    wanted = share(_ROWS, rows)
    with served_app(app, wanted, _LATENCY) as base_url:
        names = (DLT, *LANES)
        yield [Contender(name, partial(measure, what, name, base_url), wanted) for name in names]


_LOAD, _READ = "load", "read"
_PEERS = (DLT, ONE_LANE)
ROADS = (
    Road("lanes", "By offset, 50 ms a page, into DuckDB", _PEERS, partial(contenders, _LOAD)),
    Road("lanes-read", "The same without a pipeline", _PEERS, partial(contenders, _READ)),
)


def source_of(variant: str, base_url: str) -> Any:
    """The source of a contender."""
    if variant == DLT:
        return rest_api.rest_api_source(config(base_url))
    return headrace.rest_api_source(config(base_url, LANES[variant]))


def read(variant: str, base_url: str) -> int:
    """Reads all rows, as dicts or in Arrow; gives their number."""
    if variant == DLT:
        return sum(1 for _ in source_of(variant, base_url).resources["rows"])
    return int(headrace.read(config(base_url, LANES[variant])).to_reader().read_all().num_rows)


def main() -> None:
    """Loads or reads once, in the current folder, and prints what it took as JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=(_LOAD, _READ))
    parser.add_argument("variant", choices=(DLT, *LANES))
    parser.add_argument("base_url")
    arguments = parser.parse_args()
    import_all(arguments.variant)
    import_module("headrace.dlt_source.plain_reading")
    variant, base_url = arguments.variant, arguments.base_url
    pipeline = new_pipeline("duckdb") if arguments.what == _LOAD else None
    clock = Clock()
    if pipeline is None:
        rows = read(variant, base_url)
        clock.stop()
    else:
        pipeline.run(source_of(variant, base_url))
        clock.stop()
        rows = rows_in(pipeline, "rows")
    clock.tell(rows)


if __name__ == "__main__":
    main()
