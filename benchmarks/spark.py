"""A slow API, read with Spark on a cluster of this machine, with dlt's own source, and alone.

    .engines/spark/bin/python -m benchmarks.spark

One server, 50 ms a page, in a process of its own; each contender in turn, all in one run. A cluster
has two workers, each a process with its executor and its Python; what they all use of the processor
is counted, warm, from outside.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aiohttp import web

from benchmarks.app_serving import served_app
from benchmarks.lanes import execution

LATENCY = 0.05
PAGE = 100
ROWS = 100_000
_TICKS = os.sysconf("SC_CLK_TCK")


def app(rows: int, latency: float, page: int) -> web.Application:
    """An API that lists the newest first, from below a key; it counts and times the requests.

    Args:
        rows: how many there are.
        latency: seconds before each answer.
        page: how many rows a page has.
    """
    texts = [json.dumps(execution(number)) for number in range(1, rows + 1)]
    asked: list[float] = []

    async def listed(request: web.Request) -> web.Response:
        asked.append(time.monotonic())
        await asyncio.sleep(latency)
        newest = int(request.query.get("before", rows + 1)) - 1
        oldest = max(newest - page, 0)
        items = ",".join(reversed(texts[oldest:newest]))
        after = oldest + 1 if oldest else "null"
        text = f'{{"data":[{items}],"next":{after}}}'
        return web.Response(text=text, content_type="application/json")

    async def requests(_: web.Request) -> web.Response:
        told = list(asked)
        asked.clear()
        return web.json_response(told)

    served = web.Application()
    served.router.add_get("/rows", listed)
    served.router.add_get("/requests", requests)
    return served


def config(base_url: str, concurrency: int = 0, **client: Any) -> dict[str, Any]:
    """The listing: for dlt as it is, for Headrace with lanes by key.

    Args:
        base_url: of the server.
        concurrency: how many requests may be under way; 0 for what both sources read.
        client: more of the client's keys.
    """
    paginator = {"type": "cursor", "cursor_param": "before", "cursor_path": "next"}
    endpoint: dict[str, Any] = {"path": "rows", "data_selector": "data", "paginator": paginator}
    client = {"base_url": base_url, **client}
    if concurrency:
        client["concurrency"] = concurrency
        endpoint["lanes"] = {"by": "key", "below_param": "before"}
        endpoint["incremental"] = {
            "cursor_path": "id",
            "row_order": "desc",
            "settled_when": "finished",
            "refresh_path": "rows/{id}",
            "late_rows": "none",
        }
    resource = {
        "name": "rows",
        "primary_key": "id",
        "write_disposition": "merge",
        "endpoint": endpoint,
    }
    return {"client": client, "resources": [resource]}


def requests_since(base_url: str) -> list[float]:
    """When the server was asked since the last time, in seconds."""
    with urllib.request.urlopen(f"{base_url}/requests") as answer:
        found: list[float] = json.load(answer)
    return found


def _cpu_seconds(pids: list[int]) -> float:
    """What processes have used of the processor, with their children that have ended."""
    used = 0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        used += sum(map(int, fields[11:15]))
    return used / _TICKS


def _measured(what: Callable[[], int], pids: Callable[[], list[int]]) -> dict[str, float]:
    before, started = _cpu_seconds(pids()), time.perf_counter()
    rows = what()
    seconds = time.perf_counter() - started
    return {"rows": rows, "seconds": seconds, "cpu_seconds": _cpu_seconds(pids()) - before}


def _alone(base_url: str) -> dict[str, float]:
    import headrace

    def read(limit_rows: int | None = None) -> int:
        with headrace.read(config(base_url, 16), limit_rows=limit_rows) as reader:
            return sum(batch.num_rows for batch in reader)

    read(5_000)
    requests_since(base_url)
    return _measured(read, lambda: [os.getpid()]) | _asked(base_url)


def _with_dlt(base_url: str) -> dict[str, float]:
    from dlt.sources.rest_api import rest_api_source

    source = rest_api_source(config(base_url))  # type: ignore[arg-type]
    requests_since(base_url)

    def read() -> int:
        return sum(1 for _ in source.resources["rows"])

    return _measured(read, lambda: [os.getpid()]) | _asked(base_url)


def _with_spark(base_url: str, workers: int, folder: Path) -> dict[str, float]:
    from tests.engines.running import descendants
    from tests.engines.spark.cluster import Cluster
    from tests.engines.spark.sessions import session

    # Such as the server.
    others = set(descendants(os.getpid()))

    def pids() -> list[int]:
        return [os.getpid(), *(each for each in descendants(os.getpid()) if each not in others)]

    with Cluster(folder, {"PYTHONPATH": str(Path(__file__).parents[1])}, cores=1) as cluster:
        spark = session(cluster.url)
        text = json.dumps(config(base_url, 8 * workers))
        options = {"config": text, "workers": str(workers), "lanes": str(8 * workers)}
        frame = spark.read.format("headrace").options(**options).load()

        def read() -> int:
            return int(frame.count())

        for _ in range(2):
            read()
        requests_since(base_url)
        found = _measured(read, pids) | _asked(base_url)
        spark.stop()
    return found


def _asked(base_url: str) -> dict[str, float]:
    return {"requests": len(requests_since(base_url))}


def main() -> None:
    """Measures all contenders in one run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    arguments = parser.parse_args()
    os.environ.update(PYSPARK_PYTHON=sys.executable, SPARK_LOCAL_IP="127.0.0.1")
    found: dict[str, dict[str, float]] = {}
    with (
        served_app(app, arguments.rows, LATENCY, PAGE) as base_url,
        tempfile.TemporaryDirectory() as folder,
    ):
        os.environ["DLT_DATA_DIR"] = folder
        contenders: dict[str, Callable[[], dict[str, float]]] = {
            "dlt's own source": lambda: _with_dlt(base_url),
            "headrace.read": lambda: _alone(base_url),
            "Spark, 1 worker x 8 lanes": lambda: _with_spark(base_url, 1, Path(folder)),
            "Spark, 2 workers x 8 lanes": lambda: _with_spark(base_url, 2, Path(folder)),
        }
        for name, run in contenders.items():
            found[name] = run()
            told = ", ".join(f"{key} {value:,.2f}" for key, value in found[name].items())
            print(f"{name}: {told}", flush=True)
    dlts, alone, one, two = found.values()
    print(f"Spark 2 x 8 to dlt: {dlts['seconds'] / two['seconds']:.1f} times as fast")
    print(f"Spark 2 x 8 to 1 x 8: {one['seconds'] / two['seconds']:.2f} times as fast")
    print(f"Spark's CPU to headrace.read's: {two['cpu_seconds'] / alone['cpu_seconds']:.2f} times")


if __name__ == "__main__":
    main()
