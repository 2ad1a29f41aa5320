"""Loads a whole listing with dlt's own source and with Headrace, in turn, and compares.

    python -m benchmarks.full_load --rows 500000

Each load runs in a process of its own, against one server. How to read it: docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.loading import FLOOR, VARIANTS
from benchmarks.processes import run_alone
from benchmarks.shapes import SHAPES, Shape


@dataclass(frozen=True)
class Measured:
    """One load.

    Args:
        seconds: from the first request to the committed table.
        peak_bytes: the most memory that its process held.
    """

    seconds: float
    peak_bytes: int


@contextmanager
def served(shape: Shape, rows: int) -> Iterator[str]:
    """Serves a listing from a process of its own; gives its base URL."""
    command = [sys.executable, *shape.serve, "--rows", str(rows)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            announcement = server.stdout.readline()
            yield next(word for word in announcement.split() if word.startswith("http"))
        finally:
            server.terminate()


def write_rows(shape: Shape, base_url: str, file: Path) -> None:
    """Writes the served rows to a file, one JSON a line, for the floor to read."""
    import msgspec

    from headrace.config import parse_config
    from headrace.config.selection import listed_resources
    from headrace.core.figures import ResourceFigures
    from headrace.http.lanes import Lanes
    from headrace.reading.build import build_listing
    from headrace.reading.client_settings import client_settings

    config = parse_config(shape.config(base_url))
    listing = build_listing(config, listed_resources(config)[0])
    with file.open("wb") as out:
        for page in Lanes(client_settings(config)).read(
            lambda client: listing.pages(client, ResourceFigures()), lambda page: page.size
        ):
            out.writelines(msgspec.json.format(bytes(row), indent=-1) + b"\n" for row in page.rows)


def measure(variant: str, shape: Shape, base_url: str, rows_file: Path) -> Measured:
    """Runs one load in an empty folder and a new process."""
    place = ("--shape", shape.name, "--base-url", base_url, "--rows-file", str(rows_file))
    result = run_alone("loading", variant, *place)
    return Measured(result["seconds"], result["peak_bytes"])


def report(rows: int, measured: dict[str, list[Measured]]) -> list[dict[str, object]]:
    """Prints the medians with their ratios, and returns them."""
    seconds = {
        name: statistics.median(run.seconds for run in runs) for name, runs in measured.items()
    }
    lines: list[dict[str, object]] = []
    print(f"\n{'':24}{'rows/s':>10}{'seconds':>10}{'memory':>10}{'x defaults':>12}{'x tuned':>9}")
    for name, runs in measured.items():
        memory = max(run.peak_bytes for run in runs)
        ratios = {
            other: seconds[other] / seconds[name]
            for other in ("dlt, defaults", "dlt, tuned")
            if other in seconds
        }
        shown = "".join(
            f"{ratios[other]:>{width}.1f}" if other in ratios else f"{'':>{width}}"
            for other, width in (("dlt, defaults", 12), ("dlt, tuned", 9))
        )
        print(
            f"{name:24}{rows / seconds[name]:>10,.0f}{seconds[name]:>10.2f}"
            f"{memory / 1e6:>7,.0f} MB{shown}"
        )
        lines.append(
            {
                "variant": name,
                "rows": rows,
                "seconds": [run.seconds for run in runs],
                "peak_bytes": memory,
                "times_faster_than": ratios,
            }
        )
    return lines


def main() -> None:
    """Runs the variants in turn and reports."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=500_000)
    parser.add_argument("--runs", type=int, default=3, help="of each variant; medians count")
    parser.add_argument("--shape", choices=SHAPES, default="executions")
    parser.add_argument(
        "--variants", nargs="*", choices=[*VARIANTS, FLOOR], default=[*VARIANTS, FLOOR]
    )
    parser.add_argument("--output", type=Path, default=Path("full_load.json"))
    arguments = parser.parse_args()
    shape = SHAPES[arguments.shape]
    measured: dict[str, list[Measured]] = {name: [] for name in arguments.variants}
    with tempfile.TemporaryDirectory() as folder, served(shape, arguments.rows) as base_url:
        rows_file = Path(folder) / "rows.jsonl"
        if FLOOR in measured:
            write_rows(shape, base_url, rows_file)
        for run in range(arguments.runs):
            for name, runs in measured.items():
                runs.append(measure(name, shape, base_url, rows_file))
                print(f"run {run + 1}, {name}: {runs[-1].seconds:.2f} s", flush=True)
    lines = report(arguments.rows, measured)
    arguments.output.write_text(json.dumps({"shape": shape.name, "loads": lines}, indent=2))


if __name__ == "__main__":
    main()
