"""Times the typing of a batch in which rows stand that do not fit, beside one without them.

python -m benchmarks.odd_rows
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Sequence
from typing import Any

import msgspec

from benchmarks.decode import new_road
from headrace.sansio.rows import TypedBatch
from headrace.simulator import Simulator

ODD_ROWS: dict[str, Any] = {
    "null": None,
    "a number": 7,
    "without its key": {"mode": "manual"},
    "text for the key": {"id": "twelve"},
    "an object for the key": {"id": {"number": 12}},
    "a fraction for the key": {"id": 1.5},
    "a key beyond 64 bits": {"id": 2**70},
    "a list": {"id": 12, "tags": ["a", "b"]},
    "a number for a text": {"id": 12, "mode": 7},
    "no time": {"id": 12, "startedAt": "soon"},
}


def with_odd_rows(rows: Sequence[msgspec.Raw], odd: Any, every: int) -> list[msgspec.Raw]:
    """The rows, one in so many replaced."""
    mixed = list(rows)
    for place in range(every // 2, len(rows), every):
        mixed[place] = msgspec.Raw(json.dumps(odd).encode())
    return mixed


def typed(rows: Sequence[msgspec.Raw]) -> TypedBatch:
    """What a road that knows the fields from a batch before makes of the rows."""
    road = new_road()
    road.type_rows(rows[:100])
    return road.type_rows(rows)


def ratio(clean: Sequence[msgspec.Raw], mixed: Sequence[msgspec.Raw], runs: int) -> float:
    """Speed with odd rows by speed without, the median of pairs taken in turn."""
    ratios = []
    for _ in range(runs):
        seconds = []
        for rows in (clean, mixed):
            started = time.perf_counter()
            typed(rows)
            seconds.append(time.perf_counter() - started)
        ratios.append(seconds[0] / seconds[1])
    return statistics.median(ratios)


def main() -> None:
    """Prints the speed with one odd row in the batch, and with each tenth, by the clean speed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=15)
    arguments = parser.parse_args()
    truth = Simulator(rows=arguments.rows).truth()
    clean = [msgspec.Raw(msgspec.json.encode(row)) for row in truth]
    print(f"{'':24}{'one row':>10}{'each tenth':>12}")
    for name, odd in ODD_ROWS.items():
        shown = "".join(
            f"{ratio(clean, with_odd_rows(clean, odd, every), arguments.runs):>{width}.2f}"
            for every, width in ((len(clean), 10), (10, 12))
        )
        print(f"{name:24}{shown}", flush=True)


if __name__ == "__main__":
    main()
