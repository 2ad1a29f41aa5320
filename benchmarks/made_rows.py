"""The road of rows made of parts of rows: the steps of runs, with 20 kB of payload in each run.

dlt's own source makes tables of all that it gets, payload and all; tuned, it makes the same rows as
Headrace, by a function of the user over each listed row, and Parquet is the loader's format.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

from benchmarks.clock import Clock, rows_in
from benchmarks.loading import import_all, new_pipeline
from benchmarks.processes import run_alone, served
from benchmarks.roads import DLT, DLT_TUNED, FULL, WITH_IDS, Contender, Road, Run

KEY = ["execution_id", "node", "run"]
FIELDS = {
    "execution_index": "executionIndex",
    "started": "startTime",
    "milliseconds": "executionTime",
    "status": "executionStatus",
    "error_name": "error.name",
    "source_node": "source[0].previousNode",
}
KEPT_UP = "headrace, kept up with"
_STEPS = 4
# How many runs each loads, of 300,000 rows in a full load.
_RUNS_OF = {DLT: 1_000, DLT_TUNED: 5_000, WITH_IDS: 20_000, KEPT_UP: 20_000}


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
    if variant == DLT:
        items["primary_key"] = "id"
    elif variant == DLT_TUNED:
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
    if variant == KEPT_UP:
        endpoint["incremental"] = {"cursor_path": "id", "row_order": "desc"}
    return {"client": {"base_url": base_url}, "resources": [items]}


def measure(variant: str, base_url: str) -> Run:
    """Loads in a process and a folder of its own."""
    return Run(**run_alone("made_rows", variant, base_url))


@contextmanager
def loads(rows: int) -> Iterator[list[Contender]]:
    """The contenders, while the servers run."""
    with ExitStack() as stack:
        contenders = []
        for name, runs in _RUNS_OF.items():
            count = max(runs * rows // FULL, 100)
            command = ("-m", "benchmarks.serving", "runs", "--rows", str(count))
            base_url = stack.enter_context(served(*command))
            contenders.append(Contender(name, partial(measure, name, base_url), count))
        yield contenders


ROADS = (Road("made-rows", "Steps out of runs with 20 kB of payload", (DLT, DLT_TUNED), loads),)


def main() -> None:
    """Runs one load in the current folder; counts runs, each of which has four steps."""
    import dlt.sources.rest_api

    import headrace

    parser = argparse.ArgumentParser()
    parser.add_argument("variant", choices=_RUNS_OF)
    parser.add_argument("base_url")
    arguments = parser.parse_args()
    document = config(arguments.variant, arguments.base_url)
    pipeline = new_pipeline("duckdb")
    import_all(arguments.variant)
    clock = Clock()
    if arguments.variant in (DLT, DLT_TUNED):
        source = dlt.sources.rest_api.rest_api_source(document)
        pipeline.run(source, loader_file_format="parquet")
    else:
        headrace.sync(pipeline, headrace.rest_api_source(document))
    clock.stop()
    rows = rows_in(pipeline, "items")
    clock.tell(rows if arguments.variant == DLT else rows // _STEPS)


if __name__ == "__main__":
    main()
