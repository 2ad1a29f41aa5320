"""Loads a resource and another one that depends on it, with Headrace and with dlt's own source.

    python -m benchmarks.children

Each row of the parent has a listing of its own, and the server takes its time over each answer, as
one at the other end of a network does. How to read it: docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import resource
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from aiohttp import web

from benchmarks.processes import run_alone

DLT, DLT_PARALLEL = "dlt", "dlt, parallelized"
HEADRACE = "headrace"
VARIANTS = (DLT, DLT_PARALLEL, HEADRACE)

_PARENTS_A_PAGE = 100
_CHILDREN = 5


@dataclass(frozen=True)
class Loaded:
    """One load.

    Args:
        variant: what it was made with.
        seconds: from its first step to the committed tables.
        rows: of the dependent resource, in the table.
        peak_bytes: the most memory that its process held.
    """

    variant: str
    seconds: float
    rows: int
    peak_bytes: int


def app(parents: int, latency: float) -> web.Application:
    """An API of parents in pages, each with a listing of its own.

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
    served.router.add_get("/parents", listed)
    served.router.add_get("/parents/{number}/children", children)
    return served


def _serve(parents: int, latency: float, announce: Connection) -> None:
    async def serve() -> None:
        runner = web.AppRunner(app(parents, latency))
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        announce.send(f"http://127.0.0.1:{runner.addresses[0][1]}")
        await asyncio.Event().wait()

    asyncio.run(serve())


@contextmanager
def serving(parents: int, latency: float) -> Iterator[str]:
    """Serves in a process of its own; gives the base URL."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(
        target=_serve, args=(parents, latency, there), daemon=True
    )
    process.start()
    try:
        yield here.recv()
    finally:
        process.terminate()
        process.join()


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


def load_here(variant: str, base_url: str) -> tuple[float, int]:
    """Loads into the current folder; gives seconds and rows."""
    # Imports are not what is measured, of neither.
    import dlt
    from dlt.sources.rest_api import rest_api_source as dlt_rest_api_source

    from headrace import rest_api_source, sync

    pipeline = dlt.pipeline(
        "benchmark",
        destination=dlt.destinations.duckdb("benchmark.duckdb"),
        dataset_name="loaded",
        pipelines_dir="pipelines",
    )
    document = config(base_url, parallelized=variant == DLT_PARALLEL)
    started = time.perf_counter()
    if variant == HEADRACE:
        sync(pipeline, rest_api_source(document))
    else:
        pipeline.run(dlt_rest_api_source(document))
    seconds = time.perf_counter() - started
    with pipeline.sql_client() as client:
        found = client.execute_sql("SELECT count(*) FROM children")
    return seconds, int(found[0][0]) if found else 0


def load_in_process(variant: str, base_url: str) -> Loaded:
    """Loads in a process and a folder of its own."""
    return Loaded(variant, **run_alone("children", "--load", variant, base_url))


def report(loaded: list[Loaded]) -> list[str]:
    """A line for each variant: medians, and how many times as fast as dlt's source."""
    seconds = {
        variant: statistics.median(each.seconds for each in loaded if each.variant == variant)
        for variant in dict.fromkeys(each.variant for each in loaded)
    }
    lines = []
    for variant, median in seconds.items():
        ratios = [
            f"{seconds[other] / median:.1f}x {other}"
            for other in (DLT, DLT_PARALLEL)
            if other in seconds
        ]
        peak = max(each.peak_bytes for each in loaded if each.variant == variant)
        lines.append(f"{variant:20}{median:>8.2f} s{peak / 1e6:>8,.0f} MB   {', '.join(ratios)}")
    return lines


def main() -> None:
    """Measures and reports."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--parents", type=int, default=1_000)
    parser.add_argument("--latency", type=float, default=0.02, help="Seconds before each answer.")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--variants", nargs="*", choices=VARIANTS, default=list(VARIANTS))
    parser.add_argument("--output", type=Path, default=Path("children.json"))
    parser.add_argument("--load", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.load:
        seconds, rows = load_here(*arguments.load)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        print(json.dumps({"seconds": seconds, "rows": rows, "peak_bytes": peak}))
        return
    with serving(arguments.parents, arguments.latency) as base_url:
        loaded = [
            load_in_process(variant, base_url)
            for _ in range(arguments.runs)
            for variant in arguments.variants
        ]
    assert {each.rows for each in loaded} == {arguments.parents * _CHILDREN}
    print("\n".join(report(loaded)))
    arguments.output.write_text(json.dumps([asdict(each) for each in loaded], indent=2))


if __name__ == "__main__":
    main()
