"""The road of dependent resources: each row of the parent has a listing of its own.

The server takes its time over each answer, as one at the other end of a network does. dlt's source
is tuned by `parallelized`.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from aiohttp import web

from benchmarks.app_serving import served_app
from benchmarks.clock import Clock, rows_in
from benchmarks.loading import import_all, new_pipeline
from benchmarks.processes import run_alone
from benchmarks.roads import DLT, DLT_TUNED, FULL, WITH_IDS, Contender, Road, Run

_PARENTS_A_PAGE = 100
_CHILDREN = 5


def app(parents: int, latency: float) -> web.Application:
    """An API of parents in pages, each with a listing of its own; below any account the same.

    Args:
        parents: how many there are.
        latency: seconds before each answer.
    """

    async def listed(request: web.Request) -> web.Response:
        await asyncio.sleep(latency)
        first = int(request.query.get("cursor", 0))
        last = min(first + _PARENTS_A_PAGE, parents)
        rows = [{"id": number, "name": f"parent {number}"} for number in range(first, last)]
        return web.json_response({"data": rows, "next": last if last < parents else None})

    async def children(request: web.Request) -> web.Response:
        await asyncio.sleep(latency)
        number = int(request.match_info["number"])
        rows = [{"id": number * 10 + n, "text": f"child {n}"} for n in range(_CHILDREN)]
        return web.json_response({"data": rows, "next": None})

    served = web.Application()
    for above in ("", "/{account}"):
        served.router.add_get(f"{above}/parents", listed)
        served.router.add_get(f"{above}/parents/{{number}}/children", children)
    return served


def config(base_url: str, *, parallelized: bool) -> Any:
    """The same for both sources."""
    paginator = {"type": "cursor", "cursor_path": "next", "cursor_param": "cursor"}
    own = {"parallelized": True} if parallelized else {}
    return {
        "client": {"base_url": base_url, "paginator": paginator},
        "resource_defaults": {
            "primary_key": "id",
            "write_disposition": "merge",
            "endpoint": {"data_selector": "data"},
        },
        "resources": [
            "parents",
            {
                "name": "children",
                "include_from_parent": ["id"],
                "endpoint": "parents/{resources.parents.id}/children",
                **own,
            },
        ],
    }


def measure(variant: str, base_url: str) -> Run:
    """Loads in a process and a folder of its own."""
    return Run(**run_alone("children", variant, base_url))


@contextmanager
def loads(rows: int) -> Iterator[list[Contender]]:
    """The contenders, while the server runs: 500 parents in a full load."""
    with served_app(app, 500 * rows // FULL or 1, 0.02) as base_url:
        variants = (DLT, DLT_TUNED, WITH_IDS)
        yield [Contender(name, partial(measure, name, base_url)) for name in variants]


ROADS = (
    Road("children", "A listing for each of 500 rows, 20 ms an answer", (DLT, DLT_TUNED), loads),
)


def main() -> None:
    """Runs one load in the current folder."""
    import dlt.sources.rest_api

    import headrace

    parser = argparse.ArgumentParser()
    parser.add_argument("variant", choices=(DLT, DLT_TUNED, WITH_IDS))
    parser.add_argument("base_url")
    arguments = parser.parse_args()
    pipeline = new_pipeline("duckdb")
    document = config(arguments.base_url, parallelized=arguments.variant == DLT_TUNED)
    import_all(arguments.variant)
    clock = Clock()
    if arguments.variant == WITH_IDS:
        headrace.sync(pipeline, headrace.rest_api_source(document))
    else:
        pipeline.run(dlt.sources.rest_api.rest_api_source(document))
    clock.stop()
    clock.tell(rows_in(pipeline, "children"))


if __name__ == "__main__":
    main()
