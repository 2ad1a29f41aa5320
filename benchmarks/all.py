"""Measures each road that rows can take, with Headrace and with dlt's own source in turn.

    python -m benchmarks.all
    python -m benchmarks.all --only wide lists --runs 3
    python -m benchmarks.all --write-docs

Each run is a process of its own. How to read the table: docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path

from benchmarks import (
    children,
    formats,
    keeping_up,
    lanes,
    load_roads,
    made_rows,
    postgres,
    readers,
    start,
)
from benchmarks.results import RECORD, Record, conditions, record, replaced, table
from benchmarks.roads import Road, Run

ROADS = tuple(
    road
    for module in (
        *(load_roads, postgres, formats, children, lanes),
        *(made_rows, keeping_up, start, readers),
    )
    for road in module.ROADS
)
QUICK_ROWS = 1_000
_PROJECT = Path(__file__).parents[1]
# The documents that show a table, and the roads in it.
DOCUMENTS: dict[Path, tuple[str, ...]] = {
    _PROJECT / "docs" / "benchmarks.md": (),
    _PROJECT / "README.md": ("executions",),
}


class Progress:
    """Tells of each run, and how much is left.

    Args:
        roads: how many roads there are.
    """

    def __init__(self, roads: int) -> None:
        self._roads = roads
        self._begun = time.monotonic()

    def tell(self, place: int, share: float, what: str) -> None:
        """One run is done.

        Args:
            place: of its road, from 0.
            share: of that road that is done.
            what: it was.
        """
        done = place + share
        spent = time.monotonic() - self._begun
        left = spent / done * (self._roads - done)
        print(
            f"{what}; road {place + 1} of {self._roads}, {share:.0%}; "
            f"{spent / 60:.1f} min gone, about {left / 60:.1f} left",
            file=sys.stderr,
            flush=True,
        )


def measure(
    road: Road, rows: int, runs: int, place: int, progress: Progress
) -> dict[str, list[Run]]:
    """Lets the contenders of a road run in turn.

    Args:
        road: to measure.
        rows: of a full load.
        runs: of each contender.
        place: of the road among the roads.
        progress: is told of each run.
    """
    with road.contenders(rows) as contenders:
        turns = [each for turn in range(runs) for each in contenders if turn == 0 or not each.once]
        found: dict[str, list[Run]] = {each.name: [] for each in contenders}
        for done, each in enumerate(turns, start=1):
            run = each.measure()
            if each.rows is not None and run.rows != each.rows:
                raise ValueError(f"{each.name} loaded {run.rows} rows of {each.rows}")
            found[each.name].append(run)
            shown = f"{road.name}, {each.name}: {run.seconds:.2f} s, {run.cpu_seconds:.2f} s of CPU"
            progress.tell(place, done / len(turns), shown)
    return found


def measure_all(roads: list[Road], rows: int, runs: int) -> Record:
    """Measures roads one after the other.

    Args:
        roads: to measure.
        rows: of a full load.
        runs: of each contender.
    """
    progress = Progress(len(roads))
    measured = [
        (road, measure(road, rows, runs, place, progress)) for place, road in enumerate(roads)
    ]
    return record(measured, runs)


def write_docs(found: Record) -> None:
    """Keeps the record, and puts its table into the documents."""
    RECORD.write_text(f"{json.dumps(found, indent=1)}\n")
    for document, names in DOCUMENTS.items():
        document.write_text(replaced(document.read_text(), found, names))


def parsed(line: list[str] | None) -> argparse.Namespace:
    """The arguments of the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.all",
        description=__doc__,
        formatter_class=argparse.RawTextHelpFormatter,
    )
    parser.add_argument("--rows", type=int, default=300_000, help="of a full load of executions")
    parser.add_argument("--runs", type=int, default=5, help="of each; medians count")
    parser.add_argument("--only", nargs="+", choices=[road.name for road in ROADS], default=[])
    parser.add_argument(
        "--by-cpu",
        action="store_true",
        help="compare the processor's seconds: where others use the machine as well",
    )
    parser.add_argument("--large", action="store_true", help="the roads that take minutes, too")
    parser.add_argument("--quick", action="store_true", help="one run with few rows: does it work?")
    parser.add_argument("--output", type=Path, default=Path("benchmarks.json"))
    parser.add_argument(
        "--write-docs",
        action="store_true",
        help="put the table into README.md and docs/, and keep its JSON beside this module",
    )
    arguments = parser.parse_args(line)
    if arguments.quick:
        arguments.rows, arguments.runs = QUICK_ROWS, 1
    if arguments.write_docs and (arguments.quick or arguments.only or arguments.by_cpu):
        parser.error("--write-docs takes all roads by the clock: no --quick, --only or --by-cpu")
    return arguments


def main(line: list[str] | None = None) -> None:
    """Measures, prints the table, and writes the JSON.

    Args:
        line: the arguments; those of the process where it is None.
    """
    arguments = parsed(line)
    # Ended as a whole, it ends the servers too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended before all was measured"))
    roads = [
        replace(road, by_cpu=road.by_cpu or arguments.by_cpu)
        for road in ROADS
        if (road.name in arguments.only if arguments.only else arguments.large or not road.large)
    ]
    found = measure_all(roads, arguments.rows, arguments.runs)
    print(f"{table(found)}\n\n{conditions(found)}")
    arguments.output.write_text(f"{json.dumps(found, indent=1)}\n")
    if arguments.write_docs:
        write_docs(found)


if __name__ == "__main__":
    main()
