"""Loads the steps of runs, with 20 kB of payload in each run, and compares with dlt's own source.

    python -m benchmarks.made_rows --rows 100000 --dlt-rows 1000 --function-rows 20000

dlt's own source makes tables of all that it gets, payload and all; the second variant makes the
same rows as Headrace, by a function of the user over each listed row, and Parquet is the loader's
format. As both take the same time for each row, they may load fewer of them.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

from benchmarks.processes import run_alone

KEY = ["execution_id", "node", "run"]
FIELDS = {
    "execution_index": "executionIndex",
    "started": "startTime",
    "milliseconds": "executionTime",
    "status": "executionStatus",
    "error_name": "error.name",
    "source_node": "source[0].previousNode",
}
VARIANTS = ("dlt", "dlt, with a function", "headrace", "headrace, kept up with")


def steps_of(row: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The rows that Headrace makes, for dlt."""
    for node, runs in row["data"]["resultData"]["runData"].items():
        for place, run in enumerate(runs):
            source = run["source"]
            yield {
                "execution_id": row["id"],
                "node": node,
                "run": place,
                "execution_index": run["executionIndex"],
                "started": run["startTime"],
                "milliseconds": run["executionTime"],
                "status": run["executionStatus"],
                "error_name": run.get("error", {}).get("name"),
                "source_node": source[0]["previousNode"] if source else None,
            }


def config(variant: str, base_url: str) -> Any:
    """The config of one variant."""
    endpoint: dict[str, Any] = {
        "path": "items",
        "params": {"limit": 20},
        "data_selector": "data",
        "paginator": {"type": "cursor", "cursor_param": "cursor", "cursor_path": "nextCursor"},
    }
    items: dict[str, Any] = {
        "name": "items",
        "primary_key": KEY,
        "write_disposition": "merge",
        "endpoint": endpoint,
    }
    if variant == "dlt":
        items["primary_key"] = "id"
    elif variant == "dlt, with a function":
        items["processing_steps"] = [{"yield_map": steps_of}]
    else:
        each = {
            "path": "data.resultData.runData",
            "key_as": "node",
            "index_as": "run",
            "fields": FIELDS,
            "of_row": {"execution_id": "id"},
        }
        endpoint["rows"] = {"each": each}
    if variant == VARIANTS[-1]:
        endpoint["incremental"] = {"cursor_path": "id", "row_order": "desc"}
    return {"client": {"base_url": base_url}, "resources": [items]}


def load(variant: str, base_url: str) -> None:
    """Loads in the current folder, which should be empty; prints seconds and peak memory."""
    import dlt
    from dlt.sources.rest_api import rest_api_source

    import headrace

    database = dlt.destinations.duckdb("benchmark.duckdb")
    pipeline: Any = dlt.pipeline("benchmark", destination=database, pipelines_dir="pipelines")
    used = resource.getrusage(resource.RUSAGE_SELF)
    cpu_before = used.ru_utime + used.ru_stime
    started = time.perf_counter()
    if variant.startswith("dlt"):
        source = rest_api_source(config(variant, base_url))
        pipeline.run(source, loader_file_format="parquet")
    else:
        headrace.sync(pipeline, headrace.rest_api_source(config(variant, base_url)))
    seconds = time.perf_counter() - started
    used = resource.getrusage(resource.RUSAGE_SELF)
    cpu = used.ru_utime + used.ru_stime - cpu_before
    with pipeline.sql_client() as client:
        ((rows,),) = client.execute_sql("SELECT count(*) FROM items")
    peak = used.ru_maxrss * 1024
    print(json.dumps({"seconds": seconds, "cpu": cpu, "peak_bytes": peak, "rows": rows}))


def measure(variant: str, rows: int) -> dict[str, float]:
    """One load in a new process, of listed rows that another process serves."""
    command = [sys.executable, "-m", "benchmarks.serving", "runs", "--rows", str(rows)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            words = server.stdout.readline().split()
            base_url = next(word for word in words if word.startswith("http"))
            found: dict[str, float] = run_alone("made_rows", "--load", variant, base_url)
        finally:
            server.terminate()
    assert found["rows"] == rows if variant == "dlt" else 4 * rows
    return found


def main() -> None:
    """Runs the variants in turn and reports."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--dlt-rows", type=int)
    parser.add_argument("--function-rows", type=int)
    parser.add_argument("--load", nargs=2, metavar=("VARIANT", "URL"))
    arguments = parser.parse_args()
    if arguments.load:
        load(*arguments.load)
        return
    dlts = 0.0
    print(f"{'':26}{'runs':>10}{'seconds':>10}{'runs/s':>10}{'CPU':>8}{'memory':>10}{'x dlt':>8}")
    for variant in VARIANTS:
        fewer = {VARIANTS[0]: arguments.dlt_rows, VARIANTS[1]: arguments.function_rows}
        rows = fewer.get(variant) or arguments.rows
        found = measure(variant, rows)
        pace = rows / found["seconds"]
        dlts = dlts or pace
        print(
            f"{variant:26}{rows:>10,}{found['seconds']:>10.1f}{pace:>10,.0f}{found['cpu']:>8.1f}"
            f"{found['peak_bytes'] / 1e6:>7,.0f} MB{pace / dlts:>8.1f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
