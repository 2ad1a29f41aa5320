"""Times what a page goes through on its way to Arrow, each step alone.

python -m benchmarks.decode --pages 400
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from typing import Any

import msgspec
import pyarrow as pa

from headrace.sansio.rows import Column, Fields, MainRoad, PageSlicer
from headrace.simulator import Simulator

RUNS = 5


def timed(work: Callable[[], Any]) -> float:
    """Median seconds of a few runs."""
    seconds = []
    for _ in range(RUNS):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds)


def sample_pages(count: int, *, string_ids: bool) -> list[bytes]:
    """Pages of 250 executions, as a server sends them."""
    rows = list(Simulator(rows=count * 250, string_ids=string_ids).truth())
    return [
        msgspec.json.encode({"data": rows[start : start + 250], "nextCursor": "x"})
        for start in range(0, len(rows), 250)
    ]


def new_road() -> MainRoad:
    """A main road whose id is an integer, as a config declares it."""
    kinds = {bool: pa.bool_(), int: pa.int64(), float: pa.float64(), str: pa.string()}
    known = {
        "id": Column("id", pa.int64()),
        "startedAt": Column("startedAt", pa.timestamp("us", "UTC")),
    }
    fields = Fields(
        known,
        lambda path: "__".join(path),
        lambda name, value: Column(name, kinds.get(type(value))),
        lambda path: True,
    )
    return MainRoad(fields)


def main() -> None:
    """Prints rows per second for each step, and for Python's own JSON beside it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=400)
    arguments = parser.parse_args()
    count = arguments.pages * 250
    for string_ids in (False, True):
        print(f"ids as {'text' if string_ids else 'integers'}")
        for name, work in steps(sample_pages(arguments.pages, string_ids=string_ids)).items():
            print(f"  {name:12}{count / timed(work):>12,.0f} rows/s")


def steps(pages: list[bytes]) -> dict[str, Callable[[], Any]]:
    """The steps by name, and Python's own JSON to compare with."""
    slicer = PageSlicer("data")
    rows = [row for page in pages for row in slicer.slice(page).rows]
    return {
        "json.loads": lambda: [json.loads(page) for page in pages],
        "slice": lambda: [slicer.slice(page) for page in pages],
        "type": lambda: new_road().type_rows(rows),
    }


if __name__ == "__main__":
    main()
